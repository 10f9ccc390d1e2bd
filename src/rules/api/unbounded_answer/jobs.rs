//! What a job reads, for which nobody waits.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::HUGE;
use crate::catalog::Kind;
use crate::design::{Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::Facts;
use crate::rules::facts::{finds_many, finds_one};
use crate::source::Span;
use crate::units::show_number;

/// A page: a job that reads fewer takes one step at a time.
const PAGE: f64 = 50.0;

/// The tables that a job changes, so that its next run finds other rows in them. None where it is no job: a timer, a worker
/// by itself or the news of a store starts one, and what it reads is its work, while what a message asks for is as much as
/// the message says; nor where it hands its work to a consumer that is drawn elsewhere, which may change anything.
pub fn changed_by_job(facts: &Facts, steps: &[Step]) -> Option<HashSet<Span>> {
    let starts = |kind: Kind| kind.is_store() || matches!(kind, Kind::Scheduler | Kind::Worker);
    let first = steps.first().is_some_and(|first| starts(facts.node(first.from).kind));
    let told = |step: &Step| step.leg == 0 && facts.node(step.from).kind.is_store();
    let taken: HashSet<NodeIndex> = steps.iter().map(|step| step.from).collect();
    let elsewhere = |step: &Step| facts.node(step.to).kind.is_broker() && !taken.contains(&step.to);
    if !(first || steps.iter().any(told)) || steps.iter().any(elsewhere) {
        return None;
    }
    Some(steps.iter().flat_map(|step| facts.tables_written(step)).map(|table| table.span).collect())
}

/// A job reads the first rows of a table, or all at once.
pub fn begins_and_stops(facts: &Facts, step: &Step, table: &Table) -> bool {
    let fields = step.attrs.words("by");
    let rows = table.attrs.number("rows").value();
    let stops = match step.attrs.number("limit").value() {
        Some(limit) => limit >= PAGE && rows.is_none_or(|rows| rows > limit) && !finds_one(table, fields),
        None => rows.is_some_and(|rows| rows > HUGE) && finds_many(table, fields),
    };
    stops
        && facts.node(step.from).kind.is_app()
        && !table.keys.is_empty()
        && !["on", "optional", "page"].iter().any(|how| step.attrs.get(how).is_some())
}

/// Nobody waits for it: it is not slow but wrong, or too large for the memory of one worker.
pub fn of_a_job(facts: &Facts, step: &Step, table: &Table) -> Diagnostic {
    let reader = facts.node(step.from).name();
    let (from, to) = (facts.id(step.from), facts.id(step.to));
    let rows =
        table.attrs.number("rows").value().map_or(String::new(), |rows| format!(" of {}", show_number(rows)));
    let by = match step.attrs.words("by") {
        [] => String::new(),
        fields => format!(" by {}", fields.join(", ")),
    };
    let (message, question, consequence) = match step.attrs.number("limit").value().map(show_number) {
        Some(limit) => (
            format!(
                "{reader} reads the first {limit}{rows} rows of `{}`{by}, and nothing says how it goes on from there",
                table.id
            ),
            format!(
                "{reader} has done the first {limit} rows of `{}`: how does it find the next ones?",
                table.id
            ),
            format!(
                "each run of {reader} begins with the same {limit} rows; whatever stands behind them is never done, and no error says so"
            ),
        ),
        None => (
            format!("{reader} reads{rows} rows of `{}`{by} in one answer", table.id),
            format!("how many rows of `{}`{by} does {reader} hold at once?", table.id),
            format!(
                "{reader} runs out of memory on the largest of them, is started again, and runs out of it again"
            ),
        ),
    };
    Diagnostic::unstated(message, step.span, "no `page` here")
        .at_most(Severity::Info)
        .question(question)
        .label(table.span, "its key")
        .node(to)
        .node(from)
        .hop(from, to)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!(
            "the key of `{}` is {}; no line of this flow writes it",
            table.id,
            table.keys.join(", ")
        ))
        .consequence(consequence)
        .fix(format!(
            "`page=cursor limit=500` on `{from} -> {to}`, so that each piece starts after the last one"
        ))
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn jobs() {
        let case = |table: &str, read: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "scheduler s x2\nworker w x2\nqueue q\npostgres d {{ table t {{ key id; index o, at; {table} }} }}\n\
                 flow f {{ s -> w -> d reads=t {read}\n{more} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("rows = 1M", "limit=1k", "", &["unstated d, w"]);
        case("", "by=o limit=1k", "", &["unstated d, w"]);
        case("rows = 50M", "by=o", "", &["unstated d, w"]);
        case("rows = 1M", "limit=1k page", "", &[]);
        case("rows = 1M", "by=o", "", &[]);
        case("rows = 500", "limit=1k", "", &[]);
        case("rows = 1M", "limit=20", "", &[]);
        case("rows = 1M", "by=id limit=100", "", &[]);
        // What is done is not found again.
        case("rows = 1M", "by=o limit=1k", "w -> d writes=t", &[]);
        case("rows = 1M", "by=o limit=1k", "w ~> q", &[]);
    }
}
