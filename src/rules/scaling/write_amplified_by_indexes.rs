use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "write-amplified-by-indexes",
    severity: Severity::Warning,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Scaling,
    summary: "each row of a busy table is written many times over, once for each of its indexes",
    question: None,
    reads: &["batch", "by", "peak", "rate", "shards", "writes"],
    page: Page {
        checks: "Indexes of tables that are written often.",
        when: "A table of a database that keeps its indexes as trees of pages (relational ones, document stores, PostgreSQL's kin, or of no stated technology; not those that spread \
               rows by themselves, nor wide-column and key-value stores, which only append) has five indexes or more (`index` and `unique`; its key is not counted), and what flows write to it at their peak, with one \
               entry in each of them, comes to more than 10,000 entries a second for each of its `shards`. Silent where the rate is not known.",
        why: "An insert into a table is one write at its end, and one more somewhere in the middle of each index. Those pages must be in \
              memory and are written again to the log, to every replica and to every backup. Reads hardly notice an index \
              that nobody uses; every write pays for it.",
        outage: None,
        bad: "client app\nlb front managed\nservice track x4\npostgres store x2 failover=auto backup=1h capacity=20k/s {\n  table event { key id; index user; index kind; index day; index device; index source; ttl = 90d }\n}\n\
              flow save rate=4k/s { app -> front -> track idempotency_key -> store writes=event }\n",
        good: "client app\nlb front managed\nservice track x4\npostgres store x2 failover=auto backup=1h capacity=20k/s {\n  table event { key id; index user, day; ttl = 90d }\n}\n\
               flow save rate=4k/s { app -> front -> track idempotency_key -> store writes=event }\n",
        ignore: "Each of them serves a read that cannot be served otherwise, and the disks were measured with all of them.",
    },
    check,
};

const MANY: usize = 5;
const MUCH: f64 = 10_000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    // Rows a second at the peak, and the first hop that brings them.
    let mut rates: HashMap<(NodeIndex, &str), (f64, &Step)> = HashMap::new();
    for step in &facts.design.steps {
        let rows =
            facts.busiest(step).map(|rate| rate * step.attrs.number("batch").value().unwrap_or(1.0).max(1.0));
        let Some(rows) = rows else { continue };
        for table in facts.tables_written(step) {
            rates.entry((facts.holder(step.to), &table.id)).or_insert((0.0, step)).0 += rows;
        }
    }
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database).filter(|&store| has_trees(facts.node(store))) {
        let shards = facts.node(store).attrs.number("shards").value().unwrap_or(1.0).max(1.0);
        for table in &facts.node(store).tables {
            let Some(&(rate, step)) = rates.get(&(store, table.id.as_str())) else { continue };
            let indexes = table.indexes.len() + table.uniques.len();
            if indexes >= MANY && rate / shards * indexes as f64 > MUCH {
                found.push(finding(facts, store, table, rate, step));
            }
        }
    }
    found
}

/// Each index is changed in place, in the middle of it. Where rows are spread by the technology it appends and merges.
fn has_trees(node: &Node) -> bool {
    node.tech.is_none_or(|tech| {
        tech.placement.is_none() && !matches!(tech.model.as_deref(), Some("wide-column" | "key-value"))
    })
}

fn finding(facts: &Facts, store: NodeIndex, table: &Table, rate: f64, step: &Step) -> Diagnostic {
    let name = facts.node(store).name();
    let indexes = table.indexes.len() + table.uniques.len();
    let entries = rate * indexes as f64;
    let used: HashSet<&String> =
        facts.design.steps_to(store).filter_map(|step| step.attrs.words("by").first()).collect();
    let unused: Vec<String> = table
        .indexes
        .iter()
        .filter_map(|index| index.first())
        .filter(|first| !used.contains(first))
        .map(|first| format!("`{first}`"))
        .collect();
    let which = if unused.is_empty() {
        "those of one read merged into one with several fields".to_string()
    } else {
        format!("without those that no read here asks `by`: {}", unused.join(", "))
    };
    Diagnostic::wrong(
        format!("{} rows of `{}` become {} index entries in {name}", show_rate(rate), table.id, show_rate(entries)),
        table.span,
        format!("{indexes} indexes beside its key"),
    )
    .label(step.span, "written here")
    .node(facts.id(store))
    .hop(facts.id(step.from), facts.id(store))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(format!("{} × {} indexes = {}", show_rate(rate), show_number(indexes as f64), show_rate(entries)))
    .consequence(format!("as the indexes outgrow memory each entry becomes a read and a write of a page, {name} and its replicas fall behind, and nothing in the design explains it"))
    .fix(format!("fewer `index` lines in `table {}`, {which}", table.id))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, indexes: &str, rate: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\npostgres d {store} {{ table t {{ key id; {indexes} }} }}\nflow f rate={rate} {{ u -> a -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        let five = "index a; index b; index c; index e; unique f";
        case("", five, "4k/s", &["wrong d"]);
        case("", five, "1k/s", &[]);
        case("", "index a; index b", "9k/s", &[]);
        case("shards=4", five, "4k/s", &[]);
        let of = |tech: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{tech} d x3 {{ table t {{ key id; {five} }} }}\nflow f rate=4k/s {{ u -> a -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        of("mongodb", &["wrong d"]);
        of("database", &["wrong d"]);
        of("cassandra", &[]);
        of("cockroachdb", &[]);
        expect(
            &RULE,
            &format!("service a\npostgres d {{ table t {{ key id; {five} }} }}\na -> d writes=t"),
            &[],
        );
    }
}
