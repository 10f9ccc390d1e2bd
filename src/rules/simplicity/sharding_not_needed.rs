use crate::catalog::{Grade, Kind};
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Arrivals;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "sharding-not-needed",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "a database is split although one machine holds and serves all of it ten times over",
    question: Some(Question { topic: "shards", text: "what does one machine not hold?" }),
    reads: &["capacity", "rows", "shards", "size", "storage", "tenant_key", "tenants"],
    page: Page {
        checks: "Databases with `shards`: how much they keep and how much arrives, against what one machine keeps and \
                 serves.",
        when: "`shards` is two or more, every table states `rows` and `size`, and the load is known; all tables together \
               are less than a tenth of the `storage` of one instance (of 1 TB, where that is not stated), and what \
               arrives at the busiest time is less than a tenth of the `capacity` of one (a question where that is a rule \
               of thumb about the technology). Silent where the technology spreads rows by itself (as Cassandra does), \
               with `tenants` or `tenant_key`, and where a `decide` names shards or partitions. Not evaluated where only \
               `rows` or only `size` are missing.",
        why: "Shards take away what made the database pleasant: a transaction, a join, a unique key over all rows, one \
              backup, one schema change. They are the price for what does not fit one machine. What does fit pays the \
              price for nothing, and resharding later is no easier than sharding later.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x8 shards=4 failover=auto capacity=5k/s {\n  table user { key id; shard id; rows = 2M; size = 1KB }\n}\n\
              flow login rate=50/s { web -> front -> api -> store reads=user by=id }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto capacity=5k/s {\n  table user { key id; rows = 2M; size = 1KB }\n}\n\
               flow login rate=50/s { web -> front -> api -> store reads=user by=id }\n",
        ignore: "The shards keep customers apart, or the growth that they are for is under contract.",
    },
    check,
};

/// What a plain machine keeps on its disks.
const DISK: f64 = 1e12;
/// Data and load up to this share of one machine leave room for years.
const SMALL: f64 = 0.1;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(at);
        let Some(shards) = node.attrs.number("shards").value().filter(|shards| *shards >= 2.0) else {
            continue;
        };
        let by_itself = node.tech.is_some_and(|tech| tech.placement.is_some() || tech.managed);
        let for_tenants = node.attrs.has("tenants") || node.attrs.has("tenant_key");
        let arrivals = facts.arriving(at, |_| true);
        let silent = by_itself || for_tenants || node.tables.is_empty() || arrivals.unknown.is_some();
        if silent || arrivals.parts.is_empty() {
            continue;
        }
        let Some(bytes) = bytes(node) else {
            if let Some(table) =
                node.tables.iter().find(|table| table.attrs.has("rows") != table.attrs.has("size"))
            {
                let missing = if table.attrs.has("rows") { "size" } else { "rows" };
                let wants = format!("`{missing}` of table `{}` in {}", table.id, node.name());
                found.push(Diagnostic::not_evaluated(wants, table.span));
            }
            continue;
        };
        if !facts.is_decided(&["shard", "partition"], &[]) {
            found.extend(shared(node, shards, bytes, &arrivals));
        }
    }
    found
}

fn shared(node: &Node, shards: f64, bytes: f64, arrivals: &Arrivals) -> Option<Diagnostic> {
    let disk = node.attrs.number("storage").value();
    let default = node.tech.filter(|tech| tech.kind() == node.kind).and_then(|tech| tech.capacity.as_ref());
    let (each, grade) = match (node.attrs.number("capacity").value(), default) {
        (Some(each), _) => (each, None),
        (None, Some(default)) => (default.value, Some(default.grade)),
        (None, None) => return None,
    };
    let whole = disk.unwrap_or(DISK);
    if bytes >= whole * SMALL || arrivals.busiest >= each * SMALL {
        return None;
    }
    let name = node.name();
    let place = node.attrs.get("shards").map_or(node.span, |setting| setting.span);
    let message = format!(
        "{name} is split in {}, and one machine holds its {} and serves its {} ten times over",
        show_number(shards),
        show_size(bytes),
        show_rate(arrivals.busiest)
    );
    let finding = match grade {
        Some(Grade::C) => Diagnostic::unstated(message, place, "split").question(format!(
            "{} and {}: what does one machine not hold?",
            show_size(bytes),
            show_rate(arrivals.busiest)
        )),
        _ => Diagnostic::wrong(message, place, "split"),
    };
    let sums: Vec<String> = node
        .tables
        .iter()
        .filter_map(|table| {
            let rows = table.attrs.number("rows").value()?;
            let size = table.attrs.number("size").value()?;
            Some(format!("`{}` {} × {}", table.id, show_number(rows), show_size(size)))
        })
        .take(4)
        .collect();
    let assumed = |known: bool| if known { "" } else { " (assumed)" };
    Some(
        finding
            .node(&node.id)
            .evidence(format!("{} = {} of {}{}", sums.join(" + "), show_size(bytes), show_size(whole), assumed(disk.is_some())))
            .evidence(format!("{}; one machine: {}{}", arrivals.show(), show_rate(each), assumed(grade.is_none())))
            .consequence(format!(
                "a query that does not name the shard key asks all {} parts of {name}, and what is in two of them cannot be changed in one transaction",
                show_number(shards)
            ))
            .fix(format!("`{} {}` without `shards`, and copies of it for availability; or `decide \"shards\" because …`", word(node), node.id)),
    )
}

fn word(node: &Node) -> &str {
    node.tech.map_or(node.kind.name(), |tech| tech.id.as_str())
}

/// All tables together; None where one of them does not say.
fn bytes(node: &Node) -> Option<f64> {
    let size = |table: &crate::design::Table| {
        Some(table.attrs.number("rows").value()? * table.attrs.number("size").value()?)
    };
    node.tables.iter().map(size).sum()
}

/// `500 B`, `2 GB`
fn show_size(bytes: f64) -> String {
    let units = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB")];
    let (size, unit) = units.into_iter().find(|&(size, _)| bytes >= size).unwrap_or((1.0, "B"));
    format!("{} {unit}", show_number(bytes / size))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, table: &str, rate: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store} {{ table t {{ key k; {table} }} }}\nflow f {rate} {{ u -> a -> d reads=t by=k }}\n{more}"
            );
            expect(&RULE, &text, expected);
        };
        let (small, large) = ("rows = 2M; size = 1KB", "rows = 2G; size = 1KB");
        case("database d shards=4 capacity=5k/s", small, "rate=50/s", "", &["wrong d"]);
        case("postgres d shards=4", small, "rate=50/s", "", &["unstated d"]);
        // Too much for one, in bytes or in requests.
        case("database d shards=4 capacity=5k/s", large, "rate=50/s", "", &[]);
        case("database d shards=4 capacity=5k/s storage=10GB", small, "rate=50/s", "", &[]);
        case("database d shards=4 capacity=5k/s", small, "rate=1k/s", "", &[]);
        case("database d shards=4 capacity=5k/s", small, "rate=50/s peak=1k/s", "", &[]);
        // Not split, or not by choice, or for a reason.
        case("database d capacity=5k/s", small, "rate=50/s", "", &[]);
        case("mongodb d shards=4 capacity=5k/s tenants=shared", small, "rate=50/s", "", &[]);
        case("cassandra d shards=4 capacity=5k/s", small, "rate=50/s", "", &[]);
        let decided = "decide \"four shards\" because \"a customer each\"";
        case("database d shards=4 capacity=5k/s", small, "rate=50/s", decided, &[]);
        // A number is missing.
        case(
            "database d shards=4 capacity=5k/s",
            "rows = 2M",
            "rate=50/s",
            "",
            &["wants size of table t in d"],
        );
        case("database d shards=4 capacity=5k/s", small, "", "", &[]);
        case("database d shards=4", small, "rate=50/s", "", &[]);
    }
}
