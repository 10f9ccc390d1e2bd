use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::primaries;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_count, show_number, show_share, show_size};

pub static RULE: Rule = Rule {
    id: "working-set-exceeds-memory",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "what a database has to have in memory does not fit into that of one machine",
    question: None,
    reads: &["copies", "managed", "memory", "replica_of", "rows", "shards", "size", "working_set"],
    page: Page {
        checks: "The share of its rows that a database must have in memory to be fast, against the memory of each of its parts.",
        when: "The sum of `rows` × `size` over its tables, times its `working_set`, divided by its parts (its `shards`, one if not stated; where rows \
               spread by themselves, its instances divided by its `copies`, three if not stated), is more than its `memory`. Not evaluated where `working_set` and `memory` are stated and a table lacks its `rows` \
               or `size`. Left alone: managed databases, and replicas without tables of their own.",
        why: "While what is asked for lies in memory, a read takes microseconds; from disk it takes a hundred times as long, and a machine has far \
              fewer of those to give. There is no slope in between: with a little more data than memory, each read drives out what the next one needs.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h memory=64GB working_set=20% {\n  table event { key id; rows = 2G; size = 400B; ttl = 2y }\n}\n\
              flow show { web -> front -> api -> store reads=event by=id }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h memory=256GB working_set=20% {\n  table event { key id; rows = 2G; size = 400B; ttl = 2y }\n}\n\
               flow show { web -> front -> api -> store reads=event by=id }\n",
        ignore: "Its disks are quick enough for all reads to come from them.",
    },
    check,
};

/// How many copies of each row a store keeps that spreads them by itself, where it does not say.
const USUAL_COPIES: f64 = 3.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let stores = facts.nodes(|kind| kind == Kind::Database).map(|store| facts.node(store));
    stores.filter(|node| !node.is_managed() && !node.tables.is_empty()).filter_map(too_large).collect()
}

fn too_large(node: &Node) -> Option<Diagnostic> {
    let setting = node.attrs.get("memory")?;
    let memory = node.attrs.number("memory").value()?;
    let share = node.attrs.number("working_set").value()?;
    let mut sum = 0.0;
    let mut lines = Vec::new();
    for table in &node.tables {
        let lacks =
            |name: &str| Diagnostic::not_evaluated(format!("`{name}` of table `{}`", table.id), table.span);
        let Some(rows) = table.attrs.number("rows").value() else { return Some(lacks("rows")) };
        let Some(size) = table.attrs.number("size").value() else { return Some(lacks("size")) };
        sum += rows * size;
        lines.push(format!(
            "`{}`: {} x {} = {}",
            table.id,
            show_count(rows),
            show_size(size),
            show_size(rows * size)
        ));
    }
    let parts = parts(node);
    let each = sum * share / parts;
    if each <= memory {
        return None;
    }
    let name = node.name();
    let found = Diagnostic::wrong(
        format!(
            "each machine of {name} has to have {} in memory to be fast, and has {}",
            show_size(each),
            show_size(memory)
        ),
        setting.span,
        "of one machine",
    );
    let found = lines.into_iter().fold(found.node(&node.id), Diagnostic::evidence);
    Some(
        found
            .evidence(format!(
                "{} x {} / {} = {}",
                show_size(sum),
                show_share(share),
                show_number(parts),
                show_size(each)
            ))
            .consequence(format!(
                "reads of {name} come from disk, each one drives out what another needs, and all of them are a hundred times slower at once"
            ))
            .fix(format!(
                "`memory` of {} or more on {name}, `shards={}` with a `shard` in its tables, or the `working_set` that was measured",
                show_size(each),
                show_number((sum * share / memory).ceil())
            )),
    )
}

/// Over how many machines one copy of everything is spread.
fn parts(node: &Node) -> f64 {
    primaries(node).unwrap_or_else(|| {
        let copies = node.attrs.number("copies").value().unwrap_or(USUAL_COPIES.min(node.instances as f64));
        (node.instances as f64 / copies.max(1.0)).max(1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, table: &str, expected: &[&str]| {
            expect(&RULE, &format!("{store} {{ table t {{ key id; {table} }} }}"), expected);
        };
        // 100 GB of 1 TB.
        let table = "rows = 1G; size = 1KB";
        case("postgres d memory=64GB working_set=10%", table, &["wrong d"]);
        case("postgres d x3 memory=64GB working_set=10%", table, &["wrong d"]);
        case("postgres d memory=128GB working_set=10%", table, &[]);
        case("postgres d x4 shards=2 memory=64GB working_set=10%", table, &[]);
        case("cassandra d x6 copies=3 memory=64GB working_set=10%", table, &[]);
        case("cassandra d x6 copies=6 memory=64GB working_set=10%", table, &["wrong d"]);
        // A number is missing.
        case("postgres d memory=64GB", table, &[]);
        case("postgres d working_set=10%", table, &[]);
        case("postgres d memory=64GB working_set=10%", "rows = 1G", &["wants size of table t"]);
    }
}
