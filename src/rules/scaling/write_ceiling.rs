use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::{Grade, Kind};
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::numbers::Capacity;
use crate::rules::facts::primaries;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "write-ceiling",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "one primary gets more writes than it can take; replicas do not help it",
    question: Some(Question {
        topic: "write load",
        text: "all writes go through one primary: can it take them at the peak?",
    }),
    reads: &["capacity", "conflict", "managed", "peak", "rate", "reads", "replica_of", "shards", "writes"],
    page: Page {
        checks: "What flows write into databases at their peak against what one primary, or one for each shard, can take.",
        when: "The known rates of all hops that say `writes` to a database, at their flows' `peak` (or `rate`; what waits in a queue or topic before it is written counts with the `rate`), with `fanout`, `calls` and \
               `batch`, are more than its `capacity` times its `shards` (one if not stated). Wrong where the design states the `capacity`; a warning at most \
               where a measured default of the technology does; a question where that is a rule of thumb. Its other \
               instances do not count: they copy. Left alone: managed databases, those that spread rows or writes by \
               themselves, and what states `conflict`, where several are written. A line under the report where the writes are 1,000 a second or more and no capacity is known, or a `capacity` is stated and no rate.",
        why: "Reads can be copied, writes cannot: every replica repeats each of them. When the primary is full there is no quick \
              way out; a larger machine takes a failover, and shards take months.",
        outage: None,
        bad: "client sensor\nlb front managed\nservice api x8\npostgres store x3 failover=auto backup=1h capacity=4k/s\n\
              flow measure rate=9k/s { sensor -> front -> api -> store writes }\n",
        good: "client sensor\nlb front managed\nservice api x8\npostgres store x9 failover=auto backup=1h capacity=4k/s shards=3 { table reading { key id; shard id } }\n\
               flow measure rate=9k/s { sensor -> front -> api -> store writes }\n",
        ignore: "Never: if the primary takes more, state its `capacity`.",
    },
    check,
};

/// From here on it is asked what the primary takes.
const CONSIDERABLE: f64 = 1_000.0;

/// A flow that writes to it without saying how often.
fn unknown(facts: &Facts, store: NodeIndex) -> Option<Diagnostic> {
    let step =
        facts.design.steps_to(store).find(|step| facts.writes(step) && facts.busiest(step).is_none())?;
    let flow = facts.flow_of(step).filter(|flow| flow.attrs.get("rate").is_none())?;
    Some(Diagnostic::not_evaluated(format!("`rate` of `{}`", flow.id), flow.span))
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let waiting = waiting(facts);
    for store in facts.nodes(|kind| kind == Kind::Database) {
        let node = facts.node(store);
        let Some(primaries) = primaries(node) else { continue };
        if node.attrs.has("replica_of") {
            continue;
        }
        let (_, writes) = facts.known_writes(store);
        let arrives = |step: &Step| {
            let mean = step.load.rate.filter(|_| waiting.contains(&step.span));
            mean.or(facts.busiest(step)).unwrap_or(0.0)
        };
        let total: f64 = writes.iter().map(|step| arrives(step)).sum();
        let name = node.name();
        let Some(capacity) = Capacity::of(node) else {
            if total >= CONSIDERABLE && node.attrs.get("capacity").is_none() {
                found.push(Diagnostic::not_evaluated(format!("`capacity` of {name}"), node.span));
            }
            continue;
        };
        let most = capacity.each * primaries;
        if capacity.grade.is_none() && total == 0.0 {
            found.extend(unknown(facts, store));
            continue;
        }
        if total <= most * 1.000_001 {
            continue;
        }
        let heaviest = writes
            .iter()
            .copied()
            .reduce(|best, step| if arrives(step) > arrives(best) { step } else { best });
        let Some(heaviest) = heaviest else { continue };
        let one = if primaries > 1.0 {
            format!("{} primaries", show_number(primaries))
        } else {
            "one primary".to_string()
        };
        let takes = if primaries > 1.0 { "take" } else { "takes" };
        let message =
            format!("{} are written to {name}, whose {one} {takes} {}", show_rate(total), show_rate(most));
        let label = format!("{} of them", show_rate(arrives(heaviest)));
        let finding = match capacity.grade {
            Some(Grade::C) => Diagnostic::unstated(message, heaviest.span, label).question(format!(
                "{} are written to {name} at the peak: what can its primary take?",
                show_rate(total)
            )),
            Some(_) => Diagnostic::wrong(message, heaviest.span, label).at_most(Severity::Warning),
            None => Diagnostic::wrong(message, heaviest.span, label),
        };
        let shown: Vec<String> = writes.iter().take(4).map(|step| show_rate(arrives(step))).collect();
        let more = if writes.len() > 4 { " + …" } else { "" };
        let sum = match shown.as_slice() {
            [only] => only.clone(),
            all => format!("{}{more} = {}", all.join(" + "), show_rate(total)),
        };
        let assumed = if capacity.grade.is_some() { " (assumed)" } else { "" };
        let mut flows: Vec<String> =
            writes.iter().filter_map(|step| facts.flow_of(step)).map(|flow| flow.id.clone()).collect();
        flows.dedup();
        let needed = (total / capacity.each).ceil();
        found.push(
            finding
                .node(&node.id)
                .hop(facts.id(heaviest.from), &node.id)
                .flows(flows)
                .evidence(format!(
                    "{sum} written; {}: {} × {} = {}{assumed}",
                    node.id,
                    show_number(primaries),
                    show_rate(capacity.each),
                    show_rate(most)
                ))
                .consequence(format!("the writes that {name} cannot take queue up in its callers until they time out, and no replica can take any of them"))
                .fix(format!("`shards={}` on {name} with a `shard` in its tables, or its real `capacity`; or fewer writes, by `batch` behind a queue", show_number(needed))),
        );
    }
    found
}

/// Where each step stands that is done for what has waited in a queue or topic: a peak is spread out before it.
fn waiting(facts: &Facts) -> HashSet<Span> {
    let mut waiting = HashSet::new();
    for flow in &facts.design.flows {
        let mut behind: HashSet<NodeIndex> = HashSet::new();
        for step in facts.design.steps_of(flow) {
            let broker = |node| facts.node(node).kind.is_broker();
            if broker(step.to) && step.attrs.has("reads") {
                behind.insert(step.from);
            } else if broker(step.from) || behind.contains(&step.from) {
                behind.insert(step.to);
                waiting.insert(step.span);
            }
        }
    }
    waiting
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, flow: &str, hop: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\n{store}\nflow f {flow} {{ u -> a -> d writes {hop} }}"),
                expected,
            );
        };
        case("database d x3 capacity=1k/s", "rate=2k/s", "", &["wrong d"]);
        case("database d capacity=1k/s", "rate=500/s peak=2k/s", "", &["wrong d"]);
        case("database d capacity=1k/s", "rate=500/s", "fanout=4", &["wrong d"]);
        case("database d capacity=1k/s", "rate=900/s", "", &[]);
        case("database d capacity=1k/s shards=4", "rate=2k/s", "", &[]);
        case("database d capacity=1k/s", "rate=20k/s", "batch=100", &[]);
        // What is assumed is asked; measured, it is a warning; unknown, it is a number that is missing.
        case("postgres d", "rate=9k/s", "", &["unstated d"]);
        case("database d", "rate=9k/s", "", &["wants capacity of d"]);
        case("database d", "rate=90/s", "", &[]);
        // Its writes spread.
        case("cassandra d x3 capacity=1k/s", "rate=2k/s", "", &[]);
        case("cockroachdb d x3 capacity=1k/s", "rate=2k/s", "", &[]);
        case("database d managed capacity=1k/s", "rate=2k/s", "", &[]);
    }

    #[test]
    fn a_queue_takes_the_peak() {
        let case = |flow: &str, expected: &[&str]| {
            let nodes = "client u\nservice a\nqueue q\nworker w\nservice b\ndatabase d capacity=1k/s";
            expect(&RULE, &format!("{nodes}\nflow f rate=500/s peak=2k/s {{ {flow} }}"), expected);
        };
        case("u -> a -> d writes", &["wrong d"]);
        case("u -> a ~> q ~> w -> d writes", &[]);
        case("u -> a ~> q ~> w -> b -> d writes", &[]);
        case("u -> a ~> q\nw -> q reads\nw -> d writes", &[]);
        case("u -> a ~> q ~> w -> d writes fanout=4", &["wrong d"]);
        // The same store is written at once as well.
        case("u -> a ~> q ~> w\na -> d writes", &["wrong d"]);
    }

    #[test]
    fn all_flows_count_and_reads_do_not() {
        let text = |more: &str| {
            format!(
                "client u\nservice a\ndatabase d capacity=1k/s\nflow f rate=800/s {{ u -> a -> d writes }}\nflow g rate=800/s {{ u -> a -> d {more} }}"
            )
        };
        expect(&RULE, &text("writes"), &["wrong d"]);
        expect(&RULE, &text("reads"), &[]);
    }
}
