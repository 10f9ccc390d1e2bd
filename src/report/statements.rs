//! The pages of statements and arrows: how each is written.

use super::Style;
use super::explain::Page;
use crate::catalog::{Attribute, Subject, catalog};

/// A statement of the language.
pub(super) struct Statement {
    pub names: &'static [&'static str],
    pub(super) form: &'static str,
    pub(super) meaning: &'static str,
    /// A design that has one.
    pub example: &'static str,
}

/// What the examples use.
#[cfg(test)]
const AROUND: &str = "client web; lb front managed; service api x2; postgres store x2; kafka events x3";

pub(super) const ALL: [Statement; 11] = [
    Statement {
        names: &["design", "solves"],
        form: "design \"Title\" [solves PROBLEM [at small|large]]",
        meaning: "The first line. `solves` has the design scored against a problem: `spof problems` lists them.",
        example: "design \"Links\" solves url-shortener at large",
    },
    Statement {
        names: &["node", "xN", "x3", "id", "label", "@"],
        form: "KIND ID [\"Label\"] [xN] [@ZONE,…] ATTRIBUTE… [{ tables }]",
        meaning: "One thing that there is. `KIND` is a kind (`service`, `cache`) or a technology (`redis`, `postgres`), `ID` is \
                  what hops call it, `x3` is how many there are in all.",
        example: "postgres store \"Links\" x3 failover=auto backup=1h",
    },
    Statement {
        names: &["hop", "arrow", "->", "~>", "<->", "..>", "call", "handoff"],
        form: "A -> B ATTRIBUTE…",
        meaning: "`A -> B` calls and waits, `A ~> B` hands off and goes on, `A <-> B` stays connected both ways, `A ..> B VERB` \
                  acts from outside the request path. Attributes follow the node that the hop leads to.",
        example: "web -> front -> api -> store timeout=200ms\napi ~> events",
    },
    Statement {
        names: &["flow"],
        form: "flow ID [\"Label\"] ATTRIBUTE… { hops }",
        meaning: "One thing that the system does, as the path of its requests. Hops stand in the order in which they are made.",
        example: "flow buy \"POST /orders\" rate=100/s p99=200ms {\n  web -> front -> api -> store writes idempotency_key\n}",
    },
    Statement {
        names: &["given", "numbers", "number", "unit", "units"],
        form: "given { NAME = EXPRESSION … }",
        meaning: "What the interviewer said, or what you assume: arithmetic with units. Times are `ms s min h d w month y`, sizes \
                  `B KB MB GB TB`, counts `k M G T`; a rate is a number over a time.",
        example: "given {\n  users = 5M\n  posts = 2 * users / day\n  kept  = posts * 500B * 5y\n}",
    },
    Statement {
        names: &["group", "region", "zone"],
        form: "region|zone|group ID [\"Label\"] ATTRIBUTE… { nodes }",
        meaning: "Nodes that stand together. A region has zones, over which its nodes spread.",
        example: "region us-east zones=3 {\n  redis hot x3 ttl=1h\n}",
    },
    Statement {
        names: &["every", "default"],
        form: "every KIND|TECHNOLOGY|call|handoff ATTRIBUTE…",
        meaning: "A default for all of that kind; `call` is every `->`, `handoff` every `~>`. What a line says itself goes before.",
        example: "every call timeout=300ms\nevery service health=ready trace",
    },
    Statement {
        names: &["table", "key", "column", "index", "unique", "ref"],
        form: "table ID { key a, b; unique d; index c; shard a; column NAME TYPE; ref a -> TABLE.FIELD; rows = …; size = … }",
        meaning: "What a store keeps, in the store's block. Columns are optional.",
        example: "postgres links x2 {\n  table link { key code; index owner, created_at; rows = 10M; size = 500B }\n}",
    },
    Statement {
        names: &["decide", "because", "over"],
        form: "decide \"what\" because \"why\" [over \"alternative\"]",
        meaning: "A trade-off, on the record.",
        example: "decide \"302, not 301\" because \"clicks are counted\" over \"browsers caching the redirect\"",
    },
    Statement {
        names: &["out"],
        form: "out \"what\"",
        meaning: "Out of scope, and said so.",
        example: "out \"editing a link\"",
    },
    Statement {
        names: &["allow", "until"],
        form: "allow RULE [on ID,…] because \"why\" [until DATE]",
        meaning: "A finding that you have seen and accept. The rule's name stands in the finding; `spof rules` lists them.",
        example: "allow no-backup on store because \"a prototype\" until 2027-06",
    },
];

pub(super) fn page(statement: &Statement, style: Style) -> String {
    let page = Page(style);
    let name = statement.names[0];
    let head = style.paint().bold(name);
    let mut parts = vec![
        format!("{head}  a statement\n{}", page.prose(statement.meaning)),
        page.code("Form", statement.form),
        page.code("Example", statement.example),
    ];
    let subject = match name {
        "hop" => Some(Subject::Hop),
        "flow" => Some(Subject::Flow),
        "group" => Some(Subject::Group),
        "table" => Some(Subject::Table),
        _ => None,
    };
    if let Some(subject) = subject {
        let attributes: Vec<&Attribute> = catalog().attributes_of(subject).collect();
        parts.push(page.table("What may be said of it", &attributes));
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::{ALL, AROUND};

    #[test]
    fn every_example_is_read() {
        for statement in &ALL {
            // Those that come first, or declare a node anew, stand alone.
            let alone = statement.example.starts_with("design") || statement.example.starts_with("postgres");
            let around = if alone { "" } else { AROUND };
            let text = format!("{around}\n{}\n", statement.example);
            let (ast, mut mistakes) = crate::syntax::parse(&text);
            mistakes.extend(crate::design::lower(&ast).1);
            assert_eq!(mistakes, [], "{text}");
        }
    }

    #[test]
    fn every_keyword_of_the_grammar_has_a_page() {
        let grammar = include_str!("../../docs/language.md");
        for statement in &ALL {
            let keyword = statement.names[0];
            assert!(grammar.contains(&format!("### {keyword}\n")), "{keyword}");
        }
    }
}
