use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "shard-key-missing",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "a database has shards, and nothing says by what its rows are spread over them",
    question: Some(Question { topic: "shard key", text: "a request arrives: which shard has its rows?" }),
    reads: &["conditional", "replica_of", "rows", "shards", "writes"],
    page: Page {
        checks: "Databases with `shards`: whether their tables say by what they are spread.",
        when: "Always a question. `shards` is above one and no table has a `shard`, or no table is drawn; or some have one, and a table without has \
               ten million `rows` or more, or states none and flows of a known rate add as many in a year (by writes that are not `conditional`). Left alone: replicas, and technologies that spread rows by the key's first field (Cassandra, \
               DynamoDB, CockroachDB, …).",
        why: "The shard key is the one decision about a sharded database that cannot be changed later without moving every row. It decides which \
              queries one shard can answer, which rows can change in one transaction, and whether one customer can fill a shard.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x4\nmysql store x16 shards=8 failover=auto backup=1h {\n  table order { key id; rows = 900M }\n}\n\
              flow see { web -> front -> orders -> store reads=order by=id }\n",
        good: "client web\nlb front managed\nservice orders x4\nmysql store x16 shards=8 failover=auto backup=1h {\n  table order { key id; shard id; rows = 900M }\n}\n\
               flow see { web -> front -> orders -> store reads=order by=id }\n",
        ignore: "Each shard is a whole database of one customer or region, and who is in which is known elsewhere.",
    },
    check,
};

const YEAR: f64 = 365.0 * 86_400.0;

const MANY: f64 = 10e6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        let shards = node.attrs.number("shards").value().unwrap_or(1.0);
        let by_key = node.tech.is_some_and(|tech| tech.placement.is_some());
        if shards <= 1.0 || by_key || node.attrs.has("replica_of") {
            continue;
        }
        if node.tables.iter().all(|table| table.shard.is_empty()) {
            found.push(finding(node, node.tables.first(), shards));
        } else {
            let added = added_in_a_year(facts, store);
            let many = |table: &&Table| {
                let rows = table.attrs.number("rows").value().or(added.get(&table.span).copied());
                table.shard.is_empty() && rows.is_some_and(|rows| rows >= MANY)
            };
            found.extend(node.tables.iter().find(many).map(|table| finding(node, Some(table), shards)));
        }
    }
    found
}

/// The rows that flows of a known rate bring to each table in a year, as far as they are not changes of others.
fn added_in_a_year(facts: &Facts, store: NodeIndex) -> HashMap<Span, f64> {
    let mut added = HashMap::new();
    for step in facts.design.steps_to(store).filter(|step| !step.attrs.has("conditional")) {
        let Some(rate) = step.load.rate else { continue };
        for table in facts.tables_written(step) {
            *added.entry(table.span).or_insert(0.0) += rate * YEAR;
        }
    }
    added
}

fn finding(node: &Node, table: Option<&Table>, shards: f64) -> Diagnostic {
    let name = node.name();
    let shards = show_number(shards);
    let (what, span) = match table {
        Some(table) => (format!("`{}`", table.id), table.span),
        None => ("what it keeps".to_string(), node.span),
    };
    Diagnostic::unstated(
        format!("{name} has {shards} shards, and nothing says by what {what} is spread over them"),
        span,
        "no `shard` here",
    )
    .question(format!("a request for {what} arrives: which of the {shards} shards of {name} has it?"))
    .node(&node.id)
    .evidence(format!("{}: shards={shards}", node.id))
    .consequence(format!(
        "queries ask all {shards} shards, or one of them fills up, and to change that every row has to move"
    ))
    .fix(format!(
        "`shard FIELD` in its table of {name}, with the field that most reads name and that has many values"
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, expected: &[&str]| expect(&RULE, store, expected);
        case("mysql d shards=4", &["unstated d"]);
        case("mysql d shards=4 { table t { key id } }", &["unstated d"]);
        case(
            "mysql d shards=4 { table t { key id; shard id }\ntable s { key id; rows = 50M } }",
            &["unstated d"],
        );
        case("mysql d shards=4 { table t { key id; shard id }\ntable s { key id; rows = 50 } }", &[]);
        case("mysql d shards=4 { table t { key id; shard id } }", &[]);
        // Flows bring 31.5 M a year, or change what is there.
        let flow = |write: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nmysql d shards=4 {{ table t {{ key id; shard id }}\ntable s {{ key id }} }}\n\
                 flow f rate=1/s {{ u -> a -> d writes=s {write} }}"
            );
            case(&text, expected);
        };
        flow("", &["unstated d"]);
        flow("conditional", &[]);
        flow("calls=0.1", &[]);
        case("mysql d shards=1 { table t { key id } }", &[]);
        case("mysql d { table t { key id } }", &[]);
        case("cassandra d shards=4 { table t { key id } }", &[]);
    }
}
