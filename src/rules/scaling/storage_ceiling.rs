use crate::catalog::Kind;
use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::primaries;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_number, show_size};

pub static RULE: Rule = Rule {
    id: "storage-ceiling",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "what a database is to keep does not fit on the disk of one of its machines",
    question: Some(Question { topic: "storage", text: "it all lies on one machine: on which disk?" }),
    reads: &["copies", "managed", "replica_of", "rows", "shards", "size", "storage", "ttl"],
    page: Page {
        checks: "The rows that tables end up with, times their size, against the disk that each part of a database has.",
        when: "Wrong where the sum of `rows` × `size` over its tables is more than `storage` times the parts that the database has: its \
               `shards`, one if not stated; where rows spread by themselves, its instances divided by its `copies` (where not stated, the three that CockroachDB, YugabyteDB and TiDB keep, else one). A warning from 80 % on. A question where a wide-column store states no `copies`, and with three (or as many as it has instances), which is usual, it would be more than its `storage`. \
               A question where `storage` is not stated and more than 16 TB, about the largest volume that one machine gets, come to one part of a database \
               that does not spread by itself. Left alone: managed databases, replicas, and tables without `rows` or \
               `size` (with `storage` stated and one of the two, a line under the report names the other). Indexes, logs and free space (of a wide-column store what it needs to merge its files, up to as much again) come on top, so the sum is the least it can be.",
        why: "A full disk does not slow a database down: it stops it, writes first and then the start after the crash. Every \
              replica is full at the same moment, since it has the same rows, and there is no disk to move them through.",
        outage: Some(Outage {
            name: "Instapaper, 2017",
            what: "a limit of a hosted database was hit, and moving to a new one took many hours",
            link: "https://web.archive.org/web/20211124170124/https://medium.com/making-instapaper/instapaper-outage-cause-recovery-3c32a7e9cc5f",
        }),
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto backup=1h storage=2TB {\n  table event { key id; rows = 20G; size = 400B; ttl = 2y }\n}\n\
              flow save { web -> front -> api idempotency_key -> store writes=event }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x10 failover=auto backup=1h storage=2TB shards=5 {\n  table event { key id; shard id; rows = 20G; size = 400B; ttl = 2y }\n}\n\
               flow save { web -> front -> api idempotency_key -> store writes=event }\n",
        ignore: "Rows are compressed to a fraction of their `size`; better, state the size that they have on disk.",
    },
    check,
};

/// About the largest volume that clouds attach to one machine.
const ONE_MACHINE: f64 = 16e12;
const NEARLY: f64 = 0.8;
const USUAL_COPIES: f64 = 3.0;

/// It keeps copies by itself, as many as its tables are told to.
fn copies_by_itself(node: &Node) -> bool {
    node.tech.is_some_and(|tech| tech.model.as_deref() == Some("wide-column"))
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        if node.is_managed() || node.attrs.has("replica_of") {
            continue;
        }
        let sums: Vec<(f64, String)> = node
            .tables
            .iter()
            .filter_map(|table| {
                let rows = table.attrs.number("rows").value()?;
                let size = table.attrs.number("size").value()?;
                let sum = format!(
                    "`{}`: {} × {} = {}",
                    table.id,
                    show_number(rows),
                    show_size(size),
                    show_size(rows * size)
                );
                Some((rows * size, sum))
            })
            .collect();
        found.extend(lacking(node));
        let total: f64 = sums.iter().map(|(bytes, _)| bytes).sum();
        found.extend(judge(node, total, sums.into_iter().map(|(_, sum)| sum)));
    }
    found
}

/// With a disk stated, the half that is missing of how large a table gets.
fn lacking(node: &Node) -> Option<Diagnostic> {
    node.attrs.number("storage").value()?;
    node.tables.iter().find_map(|table| {
        let has = |name: &str| table.attrs.get(name).is_some();
        let name = match (has("rows"), has("size")) {
            (true, false) => "size",
            // What is written for as long as a row lives says how many there are.
            (false, true) if !has("ttl") => "rows",
            _ => return None,
        };
        let wants = format!("`{name}` of table `{}` in {}", table.id, node.name());
        Some(Diagnostic::not_evaluated(wants, table.span))
    })
}

fn judge(node: &Node, total: f64, sums: impl Iterator<Item = String>) -> Option<Diagnostic> {
    let (parts, what) = parts(node)?;
    let each = total / parts;
    let name = node.name();
    let unsaid = copies_by_itself(node) && node.attrs.get("copies").is_none();
    let usual = unsaid.then(|| USUAL_COPIES.min(node.instances as f64));
    let of = if parts == 1.0 {
        format!("all of it on each machine of {name}")
    } else {
        format!("{} parts", show_number(parts))
    };
    let finding = match node.attrs.number("storage").value().zip(node.attrs.get("storage")) {
        Some((disk, setting)) if each > disk * NEARLY => {
            let message = format!(
                "{} come to each {what} of {name}, whose disk has {}",
                show_size(each),
                show_size(disk)
            );
            let finding = Diagnostic::wrong(message, setting.span, "the disk of one machine");
            if each > disk { finding } else { finding.at_most(Severity::Warning) }
        }
        Some((disk, setting)) if usual.is_some_and(|copies| each * copies > disk) => {
            let copies = usual?;
            let (each, copies) = (show_size(each * copies), show_number(copies));
            Diagnostic::unstated(
                format!("with {copies} copies of each row, {each} come to each {what} of {name}, whose disk has {}", show_size(disk)),
                setting.span,
                "the disk of one machine",
            )
            .question(format!("how many copies of each row does {name} keep? With {copies}, as is usual, {each} lie on a disk of {}", show_size(disk)))
        }
        None if each > ONE_MACHINE && primaries(node).is_some() => Diagnostic::unstated(
            format!(
                "{} come to each {what} of {name}, more than one machine's disk usually has",
                show_size(each)
            ),
            node.span,
            "no `storage=` here",
        )
        .question(format!(
            "{} lie on each {what} of {name}: on which disk, and how long does a copy of it take?",
            show_size(each)
        )),
        _ => return None,
    };
    let needed = (total / node.attrs.number("storage").value().unwrap_or(4e12) / NEARLY).ceil();
    let fix = if primaries(node).is_some() {
        format!(
            "`shards={}` on {name} with a `shard` in its tables, or a larger `storage`; or keep less, by a shorter `ttl`",
            show_number(needed)
        )
    } else {
        format!("more instances of {name}, or a larger `storage`; or keep less, by a shorter `ttl`")
    };
    let mut finding = finding.node(&node.id);
    for sum in sums {
        finding = finding.evidence(sum);
    }
    Some(
        finding
            .evidence(format!("{} / {} = {} each ({of})", show_size(total), show_number(parts), show_size(each)))
            .consequence(format!("the disks of {name} are full, all copies at once: nothing is written, and there is no room to make some"))
            .fix(fix),
    )
}

/// Over how many disks one copy of everything is spread.
fn parts(node: &Node) -> Option<(f64, &'static str)> {
    if let Some(primaries) = primaries(node) {
        return Some((primaries, if primaries > 1.0 { "shard" } else { "machine" }));
    }
    let copies = node.copies().unwrap_or(1.0).max(1.0);
    let by_key = node.tech.is_some_and(|tech| tech.placement.is_some());
    by_key.then(|| ((node.instances as f64 / copies).max(1.0), "machine"))
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
        // 5 TB.
        let table = "rows = 10G; size = 500B";
        case("postgres d storage=2TB", table, &["wrong d"]);
        case("postgres d x3 storage=2TB", table, &["wrong d"]);
        case("postgres d storage=6TB", table, &["wrong d"]);
        case("postgres d storage=8TB", table, &[]);
        case("postgres d storage=2TB shards=4", table, &[]);
        case("cassandra d x9 copies=3 storage=1TB", table, &["wrong d"]);
        case("cassandra d x9 copies=3 storage=4TB", table, &[]);
        // How many copies is not said: 0.6 TB of one, 1.7 TB of three.
        case("cassandra d x9 storage=1500GB", table, &["unstated d"]);
        case("cassandra d x9 storage=2TB", table, &[]);
        // No disk stated: what one machine may have, and what it may not.
        case("postgres d", table, &[]);
        case("postgres d", "rows = 100G; size = 500B", &["unstated d"]);
        case("postgres d shards=8", "rows = 100G; size = 500B", &[]);
        case("cassandra d x3", "rows = 100G; size = 500B", &[]);
        case("aurora d", "rows = 100G; size = 500B", &[]);
        case("postgres d storage=2TB", "rows = 10G", &["wants size of table t in d"]);
        case("postgres d storage=2TB", "size = 1KB", &["wants rows of table t in d"]);
        case("postgres d", "rows = 10G", &[]);
    }
}
