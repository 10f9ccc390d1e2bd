use std::collections::{HashMap, HashSet};

use petgraph::graph::EdgeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_duration, show_number};

/// How many times its flow's p99 a call may wait before it is waiting for nobody.
const FAR_BEYOND: f64 = 5.0;

pub static RULE: Rule = Rule {
    id: "timeout-exceeds-budget",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a call may wait many times longer than its flow promises to take",
    question: None,
    reads: &["async", "attempts", "long", "p99", "timeout"],
    page: Page {
        checks: "What a call may wait beside the `p99` of the flow that waits for it.",
        when: "On a flow that states `p99` and that someone waits for, the `timeout` of a call times its `attempts` is more \
               than 5 times the `p99`. Once for each place where the timeout is written. A timeout above the `p99` is \
               as it should be: one request in a hundred is slower. Left alone: calls by clients, hops that are `long`, flows that are \
               `async`, and those that a timer, worker or message starts.",
        why: "The user is gone after a few seconds; a thread that waits thirty for a store holds a place that the next \
              hundred requests need. Long timeouts turn one slow part into a full stop of all that call it.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
              flow read p99=200ms { web -> front -> api -> store reads timeout=30s }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto\n\
               flow read p99=200ms { web -> front -> api -> store reads timeout=500ms }\n",
        ignore: "The slowest requests are the most valuable ones, and few enough to be waited for.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<Span, usize> = HashMap::new();
    let mut listed: HashSet<(usize, EdgeIndex)> = HashSet::new();
    for calls in facts.calls() {
        let Some(flow) = calls.flow.filter(|flow| !flow.attrs.has("async")) else { continue };
        let Some(p99) = flow.attrs.number("p99").value() else { continue };
        for &step in &calls.steps {
            let attrs = &facts.design.graph[step.hop].attrs;
            let timeout = attrs.number("timeout");
            let (Some(seconds), Some(span)) = (timeout.value(), timeout.span()) else { continue };
            let attempts = attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
            let judged = calls.waited_for.contains(&step.from)
                && facts.node(step.from).kind != Kind::Client
                && !step.attrs.has("long");
            if !judged || seconds * attempts <= p99 * FAR_BEYOND * 1.000_001 {
                continue;
            }
            let next = found.len();
            let at = *known.entry(span).or_insert(next);
            if at == next {
                found.push(finding(facts, flow, step, span, [seconds, attempts, p99]));
            }
            if listed.insert((at, step.hop)) {
                found[at].hops.push((facts.id(step.from).to_string(), facts.id(step.to).to_string()));
            }
            if found[at].flows.last() != Some(&flow.id) {
                found[at].flows.push(flow.id.clone());
            }
        }
    }
    found
}

fn finding(facts: &Facts, flow: &Flow, step: &Step, span: Span, numbers: [f64; 3]) -> Diagnostic {
    let [timeout, attempts, p99] = numbers;
    let [who, target] = [step.from, step.to].map(|node| facts.node(node).name());
    let spent = show_duration(timeout * attempts);
    let promised = show_duration(p99);
    let tries = match attempts > 1.0 {
        true => format!("{} attempts × {} = {spent}", show_number(attempts), show_duration(timeout)),
        false => format!("{} → {} waits up to {spent}", facts.id(step.from), facts.id(step.to)),
    };
    Diagnostic::wrong(
        format!("`{}` promises {promised}, and {who} may wait {spent} for {target}", flow.id),
        span,
        format!("{} times the p99", show_number((timeout * attempts / p99).round())),
    )
    .node(facts.id(step.from))
    .node(facts.id(step.to))
    .evidence(format!("{tries}; p99={promised}"))
    .consequence(format!(
        "{target} hangs: each request holds a thread of {who} for {spent}, long after its user has gone, and those that \
         could be answered find none free"
    ))
    .fix(format!(
        "`{} -> {} timeout={}`, a little above its own p99 and well within the flow's; or `long` on the hop if it takes that \
         long by nature",
        facts.id(step.from),
        facts.id(step.to),
        show_duration(p99).replace(' ', "")
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a\nservice b\nqueue q\nworker w\npostgres d\nexternal e\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f p99=200ms { u -> a -> d timeout=5s }", &["wrong a, d"]);
        case("flow f p99=200ms { u -> a -> d timeout=500ms attempts=3 }", &["wrong a, d"]);
        // One setting, one finding.
        case("every call timeout=30s\nflow f p99=200ms { u -> a -> b -> d }", &["wrong a, b"]);
        // Slower than 99 of 100 is what a timeout is for.
        case("flow f p99=200ms { u -> a -> d timeout=1s }", &[]);
        case("flow f { u -> a -> d timeout=60s }", &[]);
        // Nobody waits, or it is said to take long; the user's own patience is its own.
        case("flow f p99=200ms async { u -> a -> d timeout=5s }", &[]);
        case("flow f p99=200ms { u -> a ~> q ~> w -> e timeout=9s }", &[]);
        case("flow f p99=200ms { u -> a -> e timeout=9s long }", &[]);
        case("flow f p99=200ms { u -> a timeout=9s -> d timeout=200ms }", &[]);
    }
}
