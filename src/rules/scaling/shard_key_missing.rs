use crate::catalog::Kind;
use crate::design::{Node, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "shard-key-missing",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "a database has shards, and nothing says by what its rows are spread over them",
    question: Some(Question { topic: "shard key", text: "a request arrives: which shard has its rows?" }),
    reads: &["replica_of", "rows", "shards"],
    page: Page {
        checks: "Databases with `shards`: whether their tables say by what they are spread.",
        when: "Always a question. `shards` is above one and no table has a `shard`, or no table is drawn; or some have one, and a table without has \
               ten million `rows` or more. Left alone: replicas, and technologies that spread rows by the key's first field (Cassandra, \
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
            let many = |table: &&Table| {
                table.shard.is_empty() && table.attrs.number("rows").value().is_some_and(|rows| rows >= MANY)
            };
            found.extend(node.tables.iter().find(many).map(|table| finding(node, Some(table), shards)));
        }
    }
    found
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
        case("mysql d shards=1 { table t { key id } }", &[]);
        case("mysql d { table t { key id } }", &[]);
        case("cassandra d shards=4 { table t { key id } }", &[]);
    }
}
