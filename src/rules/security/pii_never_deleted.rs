use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Attrs, Setting, Step, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "pii-never-deleted",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Security,
    summary: "personal data is kept for ever",
    question: Some(Question {
        topic: "deletion",
        text: "how long is personal data kept, and what deletes it?",
    }),
    reads: &["data", "lifecycle", "retention", "ttl", "writes"],
    page: Page {
        checks: "Databases, object stores, warehouses, search indexes, queues and topics that say of themselves or of \
                 a table `data=pii`: whether it ever goes away.",
        when: "Wrong: `retention`, `lifecycle` or `ttl` is said to be `none`, and nothing else there sets an end. A \
               question: a database, object store, warehouse or search index says of itself or of a table `data=pii` \
               and states no `retention` for the whole store, nor a `ttl` on each table with \
               `data=pii` (on each table, where the store itself says `data=pii`). A table that a flow labelled `DELETE …` writes goes when somebody asks for it, and so does a store without tables. A `lifecycle` is no end: it may \
               only move data to a cheaper tier. Not asked of queues and topics, \
               which expire messages by themselves unless told not to, of caches, and of copies (`replica_of`).",
        why: "Every year makes the leak that will come one year larger. A customer who asks to be forgotten has to be \
              found in every store, index and topic, within a month; a design that never thought of it finds him in \
              all of them but one.",
        outage: None,
        bad: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice care x2 auth=oauth authz\n\
              postgres charts x2 failover=auto backup=1h data=pii encryption retention=none\n\
              flow visit { app -> front -> care -> charts reads }\n",
        good: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice care x2 auth=oauth authz\n\
               postgres charts x2 failover=auto backup=1h data=pii encryption retention=10y\n\
               flow visit { app -> front -> care -> charts reads }\n",
        ignore: "The law says how long it must be kept, and that is for ever; or accounts are deleted by hand, from a \
                 list of all places.",
    },
    check,
};

/// What ends it: of a whole node, or of a table.
const ENDS: [&str; 2] = ["retention", "ttl"];

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let keeps = |kind: Kind| (kind.is_store() && kind != Kind::Cache) || kind.is_broker();
    facts.nodes(keeps).filter_map(|store| finding(facts, store)).collect()
}

fn finding(facts: &Facts, store: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(store);
    let whole = is_personal(&node.attrs);
    let tables: Vec<&Attrs> =
        node.tables.iter().map(|table| &table.attrs).filter(|attrs| whole || is_personal(attrs)).collect();
    if ends(&node.attrs) || (!whole && tables.is_empty()) || facts.holder(store) != store {
        return None;
    }
    if !tables.is_empty() && tables.iter().all(|table| ends(table)) {
        return None;
    }
    let said_to_stay =
        std::iter::once(&node.attrs).chain(tables.iter().copied()).any(|one| never(one).is_some());
    if !said_to_stay && is_erased(facts, store, whole) {
        return None;
    }
    let name = node.name();
    let mut said = std::iter::once(&node.attrs).chain(tables.into_iter().filter(|table| !ends(table)));
    let finding = match said.find_map(never) {
        Some(never) => {
            let message = format!("{name} keeps personal data for ever");
            Diagnostic::wrong(message, never.span, "said to have no end")
        }
        // They expire messages unless they are told not to.
        None if node.kind.is_broker() => return None,
        None => {
            let message = format!("nothing says how long {name} keeps personal data");
            match node.attrs.get("lifecycle") {
                Some(setting) => {
                    Diagnostic::unstated(message, setting.span, "deletes, or moves to a cheaper tier?")
                }
                None => {
                    Diagnostic::unstated(message, node.span, "neither `retention` nor a `ttl` on its tables")
                }
            }
            .question(format!("a customer asks to be forgotten: what deletes her from {name}, and when?"))
        }
    };
    Some(
        finding
            .node(&node.id)
            .consequence(format!(
                "someone asks to be deleted and is not, and a leak of {name} has in it everybody who ever was a customer"
            ))
            .mend(Mend::node(&node.id, "retention=2y").losing_data())
            .fix(match node.kind {
                Kind::Blob => format!("`retention=2y` on {name}, with the time that the purpose needs"),
                _ => format!("`retention=2y` on {name}, with the time that the purpose needs, or a `ttl` on its tables"),
            }),
    )
}

/// Somebody can ask for it to be deleted, in each table that has personal data and no end of its own.
fn is_erased(facts: &Facts, store: NodeIndex, whole: bool) -> bool {
    let deletes = |step: &&Step| {
        step.attrs.has("writes") && facts.flow_of(step).is_some_and(|flow| flow.method() == "DELETE")
    };
    let tables = &facts.node(store).tables;
    let mut open = tables.iter().filter(|table| (whole || is_personal(&table.attrs)) && !ends(&table.attrs));
    let mut steps = facts.design.steps_to(store).filter(deletes);
    if tables.is_empty() {
        return steps.next().is_some();
    }
    let erased: Vec<&str> =
        steps.flat_map(|step| facts.tables_written(step)).map(|table| table.id.as_str()).collect();
    open.all(|table| erased.contains(&table.id.as_str()))
}

fn is_personal(attrs: &Attrs) -> bool {
    attrs.words("data").iter().any(|word| word == "pii")
}

fn ends(attrs: &Attrs) -> bool {
    ENDS.into_iter().any(|end| attrs.has(end))
}

fn never(attrs: &Attrs) -> Option<&Setting> {
    let mut said = ENDS.into_iter().chain(["lifecycle"]).filter_map(|end| attrs.get(end));
    said.find(|setting| setting.value == Value::None)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("postgres d data=pii", &["unstated d"]);
        expect("postgres d data=pii retention=none", &["wrong d"]);
        expect("kafka k data=pii retention=none", &["wrong k"]);
        expect("postgres d {\n table a { key id; data = pii; ttl = none }\n}", &["wrong d"]);
        // An end for the whole, or for the tables that matter.
        expect("postgres d data=pii retention=2y\ns3 b data=pii retention=1y", &[]);
        // Moved to a cheaper tier, or never.
        expect("s3 b data=pii lifecycle=1y", &["unstated b"]);
        expect("s3 b data=pii lifecycle=none", &["wrong b"]);
        expect("s3 b data=pii lifecycle=30d retention=1y", &[]);
        expect("postgres d {\n table a { key id; data = pii; ttl = 1y }\n table b { key id }\n}", &[]);
        expect(
            "postgres d {\n table a { key id; data = pii; ttl = 1y }\n table b { key id; data = pii }\n}",
            &["unstated d"],
        );
        expect("postgres d data=pii {\n table a { key id; ttl = 1y }\n}", &[]);
        expect("kafka k data=pii retention=none ttl=7d", &[]);
        // Goes when its owner asks for it: all of it, or not all.
        let erased = |writes: &str, expected: &[&str]| {
            let tables = "table a { key id; data = pii }\ntable b { key id; data = pii }\ntable c { key id }";
            let flow = format!("client u\nservice s\nflow f \"DELETE /me\" {{ u -> s -> d {writes} }}");
            expect(&format!("postgres d {{\n{tables}\n}}\n{flow}"), expected);
        };
        erased("writes=[a, b]", &[]);
        erased("writes=a", &["unstated d"]);
        erased("reads=[a, b]", &["unstated d"]);
        let whole = "client u\nservice s\npostgres d data=pii\nflow f \"LABEL\" { u -> s -> d writes }";
        expect(&whole.replace("LABEL", "DELETE /me"), &[]);
        expect(&whole.replace("LABEL", "PUT /me"), &["unstated d"]);
        expect(&whole.replace("LABEL", "DELETE /me").replace("pii", "pii retention=none"), &["wrong d"]);
        // Expires by itself, is a copy, or is not personal.
        expect("kafka k data=pii\nsqs q data=pii\nredis c data=pii", &[]);
        expect("postgres d data=pii retention=1y\npostgres r replica_of=d", &[]);
        expect("postgres d data=payment retention=none\npostgres e", &[]);
    }
}
