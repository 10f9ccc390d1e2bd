use crate::catalog::Kind;
use crate::design::{Node, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "one-counter",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "so many requests write the same row that each waits for the one before",
    question: None,
    reads: &["batch", "rows", "skew", "writes"],
    page: Page {
        checks: "Tables of a database that have few rows and are written often.",
        when: "A table states how many `rows` it has, no more than a hundred, and what is written to it (hops with \
               `writes=TABLE`) at the busiest time is a thousand writes a second or more for each row, or for the most \
               wanted one where the table states its `skew`; after `calls=`, `share=` and the `batch=` of the hop or of \
               the worker that writes. Databases that keep everything in one machine's memory are left out.",
        why: "A row is locked while it is written, and the lock is held until the transaction is on disk: a millisecond at \
              the very best, so a thousand writes a second, whatever machine is bought; some hundreds, as a rule. \
              Everyone who counts waits behind everyone else, with a connection and a transaction open.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x8\npostgres store x2 failover=auto {\n  table total { key name; rows = 1 }\n}\n\
              flow click rate=5k/s { web -> front -> api -> store writes=total }\n",
        good: "client web\nlb front managed\nservice api x8\npostgres store x2 failover=auto {\n  table total { key name; rows = 1 }\n}\n\
               flow click rate=5k/s { web -> front -> api -> store writes=total batch=1000 }\n",
        ignore: "The database adds to a counter without locking it, and that was measured.",
    },
    check,
};

/// Few enough rows that each is known by name.
const FEW: f64 = 100.0;
/// Writes of one row in a second that no lock lets through. AWS limits one DynamoDB partition to as many.
const TOO_MANY: f64 = 1000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(at);
        let in_memory = node.tech.is_some_and(|tech| tech.kind() == Kind::Cache);
        for table in node.tables.iter().filter(|_| !in_memory) {
            let Some(rows) = table.attrs.number("rows").value().filter(|rows| (1.0..=FEW).contains(rows))
            else {
                continue;
            };
            let writing: Vec<&Step> = facts
                .design
                .steps_to(at)
                .filter(|step| step.attrs.words("writes").contains(&table.id))
                .collect();
            let load: f64 = writing.iter().filter_map(|step| written(facts, step)).sum();
            let skew = table.attrs.number("skew").value().unwrap_or_default();
            if load * skew.max(1.0 / rows) >= TOO_MANY {
                found.push(counter(facts, node, table, &writing, load, rows));
            }
        }
    }
    found
}

/// What a step writes when its flow is busiest; a worker that says `batch` writes once for so many.
fn written(facts: &Facts, step: &Step) -> Option<f64> {
    let together = match step.attrs.has("batch") {
        true => 1.0,
        false => facts.node(step.from).attrs.number("batch").value().unwrap_or(1.0),
    };
    Some(facts.busiest(step)? / together.max(1.0))
}

fn counter(facts: &Facts, node: &Node, table: &Table, writing: &[&Step], load: f64, rows: f64) -> Diagnostic {
    let (name, heaviest) = (node.name(), writing[0]);
    let one = if rows == 1.0 { "its only row".to_string() } else { format!("{} rows", show_number(rows)) };
    let flows = writing.iter().filter_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone());
    let skew = table.attrs.number("skew").value().filter(|skew| *skew > 1.0 / rows);
    let hottest = match skew {
        Some(skew) => {
            let percent = show_number(skew * 100.0);
            format!("{percent} % of {} = {} for one row", show_rate(load), show_rate(load * skew))
        }
        None => {
            format!("{} / {} = {} for each row", show_rate(load), show_number(rows), show_rate(load / rows))
        }
    };
    Diagnostic::wrong(
        format!("{} write {one} of `{}` in {name}, one after the other", show_rate(load), table.id),
        heaviest.span,
        "writes it with each request",
    )
    .label(table.span, format!("rows = {}", show_number(rows)))
    .node(&node.id)
    .hop(facts.id(heaviest.from), &node.id)
    .flows(flows)
    .evidence(format!("{hottest}; a row that is locked for 1 ms takes 1,000 a second"))
    .consequence(format!(
        "transactions wait for one lock with their connections open; {name} has none left for anybody else, and its processors are idle"
    ))
    .fix(format!(
        "`batch=1000` on `{} -> {}`: count in memory and add up now and then; or one row for each of a hundred buckets, summed when read; or an event for each, counted by a worker",
        facts.id(heaviest.from),
        node.id
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, rows: &str, rate: &str, hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store} {{ table t {{ key k; {rows} }} }}\nflow f rate={rate} {{ u -> a -> d writes=t {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("postgres d", "rows = 1", "5k/s", "", &["wrong d"]);
        case("postgres d", "rows = 3", "5k/s", "", &["wrong d"]);
        case("postgres d", "rows = 10", "5k/s", "", &[]);
        case("postgres d", "rows = 1M", "5k/s", "", &[]);
        case("postgres d", "rows = 10; skew = 40%", "5k/s", "", &["wrong d"]);
        case("postgres d", "rows = 10; skew = 12%", "5k/s", "", &[]);
        case("postgres d", "rows = 1M; skew = 40%", "5k/s", "", &[]);
        case("postgres d", "", "5k/s", "", &[]);
        case("postgres d", "rows = 1", "200/s", "", &[]);
        case("postgres d", "rows = 1", "5k/s", "batch=100", &[]);
        case("postgres d", "rows = 1", "5k/s", "calls=0.001", &[]);
        case("database d tech=redis", "rows = 1", "5k/s", "", &[]);
    }

    #[test]
    fn a_worker_that_adds_up() {
        let case = |worker: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nkafka k\nworker w {worker}\npostgres d {{ table t {{ key k; rows = 1 }} }}\nflow f rate=5k/s {{ u -> a ~> k ~> w -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", &["wrong d"]);
        case("batch=1000", &[]);
    }
}
