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
        when: "A database (of no other kind: not a search index, warehouse or blob store) states `memory`, of one instance, and `working_set`, and has to have more than 80 % of that memory in it: the rest is for indexes, connections and the \
               system. The finding points at `memory`.\n\n\
               - What it has to have is the sum of `rows` × `size` over its tables, times `working_set`, divided by its parts.\n\
               - Its parts are its `shards`, one if not stated; of a database that spreads rows by itself (as Cassandra and CockroachDB do), its instances divided by its `copies`, where three are taken if none are stated, or as many as there are instances if those are fewer.\n\
               - A copy (`replica_of`) without tables of its own has those of its primary; its `working_set` and `shards` too, where it states none.\n\
               - Where a table lacks its `rows` or `size`, the others count; if those fit, it is not evaluated.\n\
               - Left alone: managed databases.",
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

/// Of its memory, so much is left for rows.
const FOR_ROWS: f64 = 0.8;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let stores = facts.nodes(|kind| kind == Kind::Database).map(|store| facts.node(store));
    stores.filter(|node| !node.is_managed()).filter_map(|node| too_large(facts, node)).collect()
}

/// Whose rows it keeps: its own, or its primary's.
fn source<'n>(facts: &'n Facts, node: &'n Node) -> &'n Node {
    if !node.tables.is_empty() {
        return node;
    }
    let first = node.attrs.words("replica_of").iter().find_map(|id| facts.design.node(id));
    first.map_or(node, |first| facts.node(first))
}

fn too_large(facts: &Facts, node: &Node) -> Option<Diagnostic> {
    let setting = node.attrs.get("memory")?;
    let memory = node.attrs.number("memory").value()?;
    let source = source(facts, node);
    let share = node.attrs.number("working_set").value().or(source.attrs.number("working_set").value())?;
    let mut sum = 0.0;
    let mut lines = Vec::new();
    let mut lacking = None;
    for table in &source.tables {
        let rows = table.attrs.number("rows").value();
        let size = table.attrs.number("size").value();
        let (Some(rows), Some(size)) = (rows, size) else {
            let name = if rows.is_none() { "rows" } else { "size" };
            lacking.get_or_insert((table, name));
            continue;
        };
        sum += rows * size;
        lines.push(format!(
            "`{}`: {} x {} = {}",
            table.id,
            show_count(rows),
            show_size(size),
            show_size(rows * size)
        ));
    }
    let parts = parts(node, source);
    let each = sum * share / parts;
    if each <= memory * FOR_ROWS {
        let (table, name) = lacking?;
        return Some(Diagnostic::not_evaluated(format!("`{name}` of table `{}`", table.id), table.span));
    }
    let name = node.name();
    let message = if each > memory {
        format!(
            "each machine of {name} has to have {} in memory to be fast, and has {}",
            show_size(each),
            show_size(memory)
        )
    } else {
        format!(
            "each machine of {name} has to have {} of rows in its {} of memory to be fast, beside indexes and the system",
            show_size(each),
            show_size(memory)
        )
    };
    let found = Diagnostic::wrong(message, setting.span, "of one machine");
    let mut found = lines.into_iter().fold(found.node(&node.id), Diagnostic::evidence);
    if let Some((table, lacks)) = lacking {
        found = found.evidence(format!("`{}`, of which no `{lacks}` is stated, comes on top", table.id));
    }
    Some(
        found
            .evidence(format!(
                "{} x {} / {} = {}",
                show_size(sum),
                show_share(share),
                show_number(parts),
                show_size(each)
            ))
            .evidence(format!(
                "room for rows: {} x {} = {}",
                show_size(memory),
                show_share(FOR_ROWS),
                show_size(memory * FOR_ROWS)
            ))
            .consequence(format!(
                "reads of {name} come from disk, each one drives out what another needs, and all of them are a hundred times slower at once"
            ))
            .fix(format!(
                "`memory` of {} or more on {name}, `shards={}` with a `shard` in its tables, or the `working_set` that was measured",
                show_size(each / FOR_ROWS),
                show_number((sum * share / (memory * FOR_ROWS)).ceil())
            )),
    )
}

/// Over how many machines one copy of everything is spread.
fn parts(node: &Node, source: &Node) -> f64 {
    let Some(own) = primaries(node) else {
        let copies = node.copies().unwrap_or(USUAL_COPIES.min(node.instances as f64));
        return (node.instances as f64 / copies.max(1.0)).max(1.0);
    };
    if node.attrs.has("shards") { own } else { primaries(source).unwrap_or(own) }
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
        // Memory is not all for rows.
        case("postgres d memory=124GB working_set=10%", table, &["wrong d"]);
        case("postgres d memory=126GB working_set=10%", table, &[]);
    }

    #[test]
    fn what_is_known_may_be_too_much_already() {
        let text = |memory: &str| {
            format!(
                "postgres d memory={memory} working_set=10% {{ table t {{ key id; rows = 1G; size = 1KB }}\ntable s {{ key id }} }}"
            )
        };
        expect(&RULE, &text("64GB"), &["wrong d"]);
        expect(&RULE, &text("128GB"), &["wants rows of table s"]);
    }

    #[test]
    fn copies_need_as_much_as_their_primary() {
        let case = |first: &str, copy: &str, expected: &[&str]| {
            let table = "{ table t { key id; rows = 1G; size = 1KB } }";
            expect(&RULE, &format!("postgres d {first} {table}\npostgres e replica_of=d {copy}"), expected);
        };
        case("memory=128GB working_set=10%", "memory=32GB", &["wrong e"]);
        case("memory=128GB working_set=10%", "memory=128GB", &[]);
        case("memory=128GB working_set=10%", "memory=32GB working_set=2%", &[]);
        case("memory=128GB working_set=10%", "", &[]);
        case("shards=4 x8 memory=64GB working_set=10%", "x4 memory=32GB", &[]);
    }
}
