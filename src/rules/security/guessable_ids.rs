use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "guessable-ids",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "codes that users see are handed out in order, and open what is not public",
    question: Some(Question {
        topic: "public codes",
        text: "somebody counts upwards from his own code: what does he get to see?",
    }),
    reads: &["authz", "data", "generates", "scheme"],
    page: Page {
        checks: "Nodes that make the codes which users see (`generates=code`) by counting, `scheme=counter` or \
                 `scheme=range`, or from what others may know, `scheme=hash` or `scheme=snowflake`, and what is kept \
                 under those codes.",
        when: "Wrong: a store that the node writes to keeps, in the tables written or as a whole, `data` other than \
               `public`. A question: nothing says what the data is. With `scheme=hash` or `snowflake` a remark, and \
               only where that data is `pii`, `payment` or `credential`: who knows what is hashed, or when it was \
               made, has few codes to try. Left alone: `scheme=random`; `generates=id`, which users do not see; stores where what is written is `data=public` as \
               far as it is said; and stores where every reader (or the node itself, where there is no other) states \
               `authz`.",
        why: "One code tells the next. A loop over ten million of them copies everything, and how far the counter got \
              tells competitors how much business you do.",
        outage: None,
        bad: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice tickets x2 auth=jwt generates=code scheme=counter\n\
              postgres store x2 failover=auto backup=1h {\n  table ticket { key code; data = private }\n}\n\
              flow buy { app -> front -> tickets -> store writes=ticket }\n",
        good: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice tickets x2 auth=jwt generates=code scheme=random\n\
               postgres store x2 failover=auto backup=1h {\n  table ticket { key code; data = private }\n}\n\
               flow buy { app -> front -> tickets -> store writes=ticket }\n",
        ignore: "The code is no key: what it opens is shown only to who may see it, or to everybody.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let counts = |&node: &NodeIndex| {
        let attrs = &facts.node(node).attrs;
        attrs.text("generates").value() == Some("code")
            && matches!(attrs.text("scheme").value(), Some("counter" | "range" | "hash" | "snowflake"))
    };
    let mut checked = HashMap::new();
    facts.nodes(Kind::is_app).filter(counts).filter_map(|node| finding(facts, node, &mut checked)).collect()
}

fn finding(facts: &Facts, at: NodeIndex, checked: &mut HashMap<NodeIndex, bool>) -> Option<Diagnostic> {
    let node = facts.node(at);
    let written: Vec<&Step> = facts
        .design
        .steps_from(at)
        .filter(|step| facts.node(step.to).kind.is_durable() && facts.writes(step))
        .filter(|step| !*checked.entry(step.to).or_insert_with(|| is_checked(facts, step.to)))
        .collect();
    let data = |step: &&&Step| facts.used_data(step).into_iter().flatten();
    let made_of = node.attrs.text("scheme").value().filter(|scheme| matches!(*scheme, "hash" | "snowflake"));
    let secret = written.iter().find(|step| match made_of {
        Some(_) => facts.sensitive_in(step).is_some(),
        None => data(step).any(|word| word != "public"),
    });
    let step = match secret {
        Some(step) => step,
        None if made_of.is_some() => return None,
        None if written.iter().any(|step| data(&step).next().is_some()) => return None,
        None => written.first()?,
    };
    let (name, store) = (node.name(), facts.node(step.to).name());
    let scheme = node.attrs.get("scheme").map_or(node.span, |setting| setting.span);
    let finding = if let Some(made_of) = made_of {
        let (known, label) = match made_of {
            "hash" => ("what was hashed", "the same for who hashes the same"),
            _ => ("when it was made", "mostly the time"),
        };
        let message = format!(
            "whoever knows {known} has few codes of {name} to try, and in {store} they open what is not public"
        );
        Diagnostic::unstated(message, scheme, label)
            .at_most(Severity::Info)
            .label(step.span, "kept under such a code")
            .question(format!(
                "somebody knows {known}: what keeps him from trying the few codes that {name} may have made of it?"
            ))
    } else if secret.is_some() {
        let message = format!("{name} hands out codes in order, and in {store} they open what is not public");
        Diagnostic::wrong(message, scheme, "one tells the next").label(step.span, "kept under such a code")
    } else {
        let message = format!(
            "{name} hands out codes in order, and nothing says who may see what {store} keeps under them"
        );
        Diagnostic::unstated(message, scheme, "one tells the next").question(format!(
            "somebody counts upwards from a code of {name}: what in {store} does he get to see?"
        ))
    };
    Some(
        finding
            .node(&node.id)
            .consequence(match made_of {
                Some(_) => format!("a loop over the few codes that it can be finds one person's record in {store}, and nothing about it looks like an attack"),
                None => format!("a loop over all codes copies {store} in a night, and nothing about it looks like an attack"),
            })
            .mend(Mend::node(&node.id, "scheme=random"))
            .fix(format!("`scheme=random` on {name}, long enough not to be guessed, or `authz` on what reads {store}; `data=public` if anybody may see it")),
    )
}

/// Whoever reads the store checks who may see what.
fn is_checked(facts: &Facts, store: NodeIndex) -> bool {
    let readers = match facts.readers(store) {
        none if none.is_empty() => facts.writers(store),
        readers => readers,
    };
    readers.iter().all(|&reader| facts.node(reader).attrs.has("authz"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |node: &str, store: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a {node}\npostgres d {store}\nflow f {{ u -> a -> d writes }}"),
                expected,
            );
        };
        case("generates=code scheme=counter", "data=private", &["wrong a"]);
        case("generates=code scheme=range", "data=[public, pii]", &["wrong a"]);
        case("generates=code scheme=counter", "", &["unstated a"]);
        // Public, not to be guessed, not seen by users, checked, or not said how.
        case("generates=code scheme=counter", "data=public", &[]);
        case("generates=code scheme=random", "data=private", &[]);
        case("generates=id scheme=counter", "data=private", &[]);
        case("generates=code scheme=counter authz", "data=private", &[]);
        case("generates=code", "data=private", &[]);
        // Made of what others may know.
        case("generates=code scheme=hash", "data=pii", &["unstated a"]);
        case("generates=code scheme=snowflake", "data=[private, payment]", &["unstated a"]);
        case("generates=code scheme=hash", "data=private", &[]);
        case("generates=code scheme=snowflake", "", &[]);
        case("generates=code scheme=hash authz", "data=pii", &[]);
        // A table of its own for the counter says nothing of the links.
        expect(
            &RULE,
            "client u\nservice a generates=code scheme=range\npostgres d {\n table l { key code; data = public }\n table c { key name }\n}\n\
             flow f {\n u -> a -> d writes=c\n a -> d writes=l\n}",
            &[],
        );
        // Who reads checks.
        expect(
            &RULE,
            "client u\nservice a generates=code scheme=range\nservice b authz\npostgres d data=private\n\
             flow f { u -> a -> d writes }\nflow g { u -> b -> d reads }",
            &[],
        );
    }
}
