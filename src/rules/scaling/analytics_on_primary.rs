use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Node, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "analytics-on-primary",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "a job on a timer reads whole tables of the database that users are waiting for",
    question: Some(Question {
        topic: "reports",
        text: "it starts at a busy hour: what do the users notice?",
    }),
    reads: &["by", "consistency", "limit", "page", "reads", "replica_of", "rows"],
    page: Page {
        checks: "Flows that a scheduler starts, and the databases that they read which users' flows use too.",
        when: "A flow that starts at a `scheduler` has a hop to a database that says `reads` and none of `by`, `limit` and \
               `page`; the database is not a `replica_of` another; flows that somebody waits for bring it a hundred \
               requests a second or more. Wrong where one of the tables read states a million `rows` or more (of all its \
               tables, where the hop names none), a question where no `rows` are stated, silent where they are fewer. \
               Silent with `consistency=eventual` or `one` on the hop, which a copy may answer.",
        why: "A report over a whole table takes the disk and the memory that the short queries of users live from: pages \
              that were always in memory are pushed out by rows that are read once. A long read also keeps old versions of \
              every row that is changed meanwhile. It works while the table is small, and the job gets slower each month.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4 idempotent\npostgres store x2 failover=auto {\n  table sale { key id; rows = 200M }\n}\n\
              scheduler nightly leader=lease\nservice report idempotent\n\
              flow buy rate=300/s { web -> front -> api -> store writes=sale }\n\
              flow sums { nightly -> report -> store reads=sale }\n",
        good: "client web\nlb front managed\nservice api x4 idempotent\npostgres store x2 failover=auto {\n  table sale { key id; rows = 200M }\n}\n\
               postgres copy replica_of=store\nscheduler nightly leader=lease\nservice report idempotent\n\
               flow buy rate=300/s { web -> front -> api -> store writes=sale }\n\
               flow sums { nightly -> report -> copy reads=sale }\n",
        ignore: "It runs in hours in which nobody buys, and there are such hours.",
    },
    check,
};

/// Below this the database has time for a report.
const BUSY: f64 = 100.0;
/// A table that does not fit between two requests of a user.
const LARGE: f64 = 1e6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        if steps.first().is_none_or(|step| facts.node(step.from).kind != Kind::Scheduler) {
            continue;
        }
        let mut seen: Vec<NodeIndex> = Vec::new();
        for step in steps.iter().filter(|step| reads_all(facts, step)) {
            if !seen.contains(&step.to) {
                seen.push(step.to);
                found.extend(report(facts, flow, step));
            }
        }
    }
    found
}

/// It reads a database that is nobody's copy, and does not say that it reads a part.
fn reads_all(facts: &Facts, step: &Step) -> bool {
    let node = facts.node(step.to);
    let a_part = ["by", "limit", "page"].iter().any(|part| step.attrs.has(part));
    let by_a_copy = matches!(step.attrs.text("consistency").value(), Some("eventual" | "one"));
    node.kind == Kind::Database
        && !node.attrs.has("replica_of")
        && step.attrs.has("reads")
        && !a_part
        && !by_a_copy
}

fn report(facts: &Facts, flow: &Flow, step: &Step) -> Option<Diagnostic> {
    let (node, job) = (facts.node(step.to), facts.node(step.from));
    let waited_for = |other: &Step| facts.flow_of(other).is_some_and(|flow| !facts.is_background(flow));
    let users = facts.arriving(step.to, waited_for);
    let rows = rows(node, step);
    if users.busiest < BUSY || rows.is_some_and(|rows| rows < LARGE) {
        return None;
    }
    let name = node.name();
    let all = if rows.is_some() { "as a whole " } else { "" };
    let message = format!("`{}` reads {name} {all}while it answers {}", flow.id, users.show());
    let finding = match rows {
        Some(_) => Diagnostic::wrong(message, step.span, "no `by`, `limit` or `page`"),
        None => Diagnostic::unstated(message, step.span, "no `by`, `limit` or `page`").question(format!(
            "`{}` starts at a busy hour: how much of {name} does it read, and what do users notice?",
            flow.id
        )),
    };
    let read = match rows {
        Some(rows) => format!("{} rows are read from {name}", show_number(rows)),
        None => format!("how many rows are read from {name} is not said"),
    };
    Some(
        finding
            .node(&node.id)
            .hop(&job.id, &node.id)
            .flows([flow.id.clone()])
            .evidence(format!("{read}, which answers {} of users at its busiest", show_rate(users.busiest)))
            .consequence(format!(
                "`{}` starts, {name} reads from disk what it had in memory, and everybody who waits for it waits longer until the job is done",
                flow.id
            ))
            .fix(format!(
                "`replica_of={}` on a copy that {} reads instead, or a warehouse that is fed from it; `by=` and `limit=` on the hop if it reads a few rows",
                node.id,
                job.name()
            )),
    )
}

/// The largest table that a step reads; None where that is not said.
fn rows(node: &Node, step: &Step) -> Option<f64> {
    let named = step.attrs.words("reads");
    let tables = node.tables.iter().filter(|table| named.is_empty() || named.contains(&table.id));
    tables.filter_map(|table| table.attrs.number("rows").value()).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |rows: &str, rate: &str, hop: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nscheduler s\nservice r\npostgres d {{ table t {{ key k; {rows} }} }}\n\
                 flow f {rate} {{ u -> a -> d writes=t }}\nflow g {{ s -> r -> d {hop} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("rows = 10M", "rate=300/s", "reads=t", &["wrong d"]);
        case("rows = 10M", "rate=300/s", "reads", &["wrong d"]);
        case("", "rate=300/s", "reads=t", &["unstated d"]);
        case("rows = 10k", "rate=300/s", "reads=t", &[]);
        // A part of it, or nobody to disturb.
        case("rows = 10M", "rate=300/s", "reads=t by=due limit=100", &[]);
        case("rows = 10M", "rate=300/s", "reads=t consistency=eventual", &[]);
        case("rows = 10M", "rate=5/s", "reads=t", &[]);
        case("rows = 10M", "", "reads=t", &[]);
        case("rows = 10M", "rate=300/s", "writes=t", &[]);
    }

    #[test]
    fn a_copy_is_there_for_that() {
        let text = "client u\nservice a\nscheduler s\nservice r\npostgres d { table t { key k; rows = 10M } }\npostgres c replica_of=d\n\
                    flow f rate=300/s { u -> a -> d writes=t }\nflow g { s -> r -> c reads=t }";
        expect(&RULE, text, &[]);
    }

    #[test]
    fn users_read_whole_tables_too_and_that_is_another_matter() {
        let text = "client u\nservice a\npostgres d { table t { key k; rows = 10M } }\nflow f rate=300/s { u -> a -> d reads=t }";
        expect(&RULE, text, &[]);
    }
}
