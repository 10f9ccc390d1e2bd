use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Calls, Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "chatty-calls",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "one request makes ten calls or more to the same place",
    question: None,
    reads: &["batch", "calls", "p50", "p99", "rate"],
    page: Page {
        checks: "Calls that a request makes many times: one for each item of a list.",
        when: "On a flow that somebody waits for, a `->` hop says `calls=10` or more (divided by its `batch`, where it says one). A remark where it leads to \
               a cache, which answers each in less than a millisecond, and where it says fewer, but together with the `calls` of the hops before it \
               a request makes ten or more (5 × 4), and none of those is a finding itself. Silent for what a timer, a worker or a message starts, for hops to \
               queues and topics, and on flows of 10 requests a second or fewer without `availability`, `p50` and `p99`.",
        why: "A list is read, then each of its items is fetched: it works, and every item adds a round trip. The request is as \
              slow as all of them after one another, or as the slowest of them where they run side by side; the callee gets \
              the traffic many times over; and as lists grow longer both grow with them.",
        outage: None,
        bad: "client web\nlb front managed\nservice feed x4\nservice users x4\n\
              flow home rate=500/s { web -> front -> feed -> users calls=30 timeout=50ms }\n",
        good: "client web\nlb front managed\nservice feed x4\nservice users x4\n\
               flow home rate=500/s { web -> front -> feed -> users timeout=50ms }\n",
        ignore: "They go to different places, as to all shards of an index, and the callee is sized for them.",
    },
    check,
};

const MANY: f64 = 10.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for calls in facts.calls() {
        if calls.flow.is_some_and(|flow| facts.is_small(flow) && !is_timed(flow)) {
            continue;
        }
        let before = calls_before(&calls);
        for &step in &calls.steps {
            let Some(span) = step.attrs.number("calls").span() else { continue };
            let (own, before) = (own_calls(step), before.get(&step.from).copied().unwrap_or(1.0));
            let to = facts.node(step.to).kind;
            if to.is_broker() || !calls.waited_for.contains(&step.from) {
                continue;
            }
            if own >= MANY {
                let finding = finding(facts, step, (own, 1.0), span);
                found.push(if to == Kind::Cache { finding.at_most(Severity::Info) } else { finding });
            } else if own > 1.0 && before < MANY && own * before >= MANY {
                found.push(finding(facts, step, (own, before), span).at_most(Severity::Info));
            }
        }
    }
    found
}

/// It promises how soon it answers: then each round trip counts, however few ask.
fn is_timed(flow: &Flow) -> bool {
    flow.attrs.has("p50") || flow.attrs.has("p99")
}

/// How often one request of its caller takes the step.
fn own_calls(step: &Step) -> f64 {
    let calls = step.attrs.number("calls").value().unwrap_or(1.0);
    calls / step.attrs.number("batch").value().unwrap_or(1.0).max(1.0)
}

/// How often one request gets to each node, by `calls` alone and on the way where that is most.
fn calls_before(calls: &Calls) -> HashMap<NodeIndex, f64> {
    let mut before: HashMap<NodeIndex, f64> = HashMap::new();
    for step in &calls.steps {
        let times = before.get(&step.from).copied().unwrap_or(1.0) * own_calls(step).max(1.0);
        let known = before.entry(step.to).or_insert(times);
        *known = known.max(times);
    }
    before
}

/// `own`: for each request of its caller; `before`: how often that one is called.
fn finding(facts: &Facts, step: &Step, (own, before): (f64, f64), span: crate::source::Span) -> Diagnostic {
    let (caller, callee) = (facts.node(step.from).name(), facts.node(step.to).name());
    let times = show_number(own * before);
    let product = match before > 1.0 {
        true => format!(" ({} × {})", show_number(before), show_number(own)),
        false => String::new(),
    };
    let mut way = facts.way_to(step.from);
    way.push(step.to);
    let load = facts
        .busiest(step)
        .map_or(String::new(), |rate| format!(": {callee} gets {} from it", show_rate(rate)));
    Diagnostic::wrong(
        format!("each request makes {caller} call {callee} {times} times"),
        span,
        "for each request",
    )
    .node(facts.id(step.from))
    .hop(facts.id(step.from), facts.id(step.to))
    .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
    .evidence(format!("{}, {times} times a request{product}{load}", facts.show_way(&way)))
    .consequence(format!(
        "{callee} slows down by 10 ms, and each request takes {times} times that longer, or waits for the slowest of {times}; a longer list makes it worse"
    ))
    .fix(format!(
        "one call that takes the whole list: no `calls=` on `{} -> {}`",
        facts.id(step.from),
        facts.id(step.to)
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |flow: &str, hop: &str, expected: &[&str]| {
            let text = format!("client u\nservice a x2\nservice b x2\nflow f {flow} {{ u -> a -> b {hop} }}");
            expect(&RULE, &text, expected);
        };
        case("rate=1k/s", "calls=20", &["wrong a"]);
        case("", "calls=10", &["wrong a"]);
        case("rate=1k/s", "calls=3", &[]);
        case("rate=1k/s", "calls=20 batch=20", &[]);
        case("rate=1k/s", "", &[]);
        case("rate=1/s", "calls=20", &[]);
        // Few ask, but they were promised to be answered soon.
        case("rate=1/s p99=500ms", "calls=20", &["wrong a"]);
        // Two hundred by tens are still twenty.
        case("rate=1k/s", "calls=200 batch=10", &["wrong a"]);
        // A list of lists; where the first of them is said already, the second adds nothing.
        let lists = |first: &str, second: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\nservice b x2\nservice c x2\nflow f {{ u -> a -> b {first}\nb -> c {second} }}"
            );
            expect(&RULE, &text, expected);
        };
        lists("calls=5", "calls=4", &["wrong b"]);
        lists("calls=5", "", &[]);
        lists("calls=3", "calls=3", &[]);
        lists("calls=20", "calls=2", &["wrong a"]);
        // Nobody waits.
        expect(&RULE, "scheduler s\nworker a\nservice b x2\nflow f { s -> a -> b calls=50 }", &[]);
        expect(&RULE, "client u\nservice a\nkafka b\nflow f { u -> a -> b calls=50 }", &[]);
        // A sketch that says it.
        expect(&RULE, "client u\nservice a\nredis b\nu -> a\na -> b calls=50", &["wrong a"]);
    }
}
