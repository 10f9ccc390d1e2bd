use crate::catalog::Kind;
use crate::design::Step;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "chatty-calls",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "one request makes ten calls or more to the same place",
    question: None,
    reads: &["batch", "calls", "rate"],
    page: Page {
        checks: "Calls that a request makes many times: one for each item of a list.",
        when: "On a flow that somebody waits for, a `->` hop says `calls=10` or more and no `batch`. A remark where it leads to \
               a cache, which answers each in less than a millisecond. Silent for what a timer, a worker or a message starts, for hops to \
               queues and topics, and on flows of 10 requests a second or fewer that promise nothing.",
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
        if calls.flow.is_some_and(|flow| facts.is_small(flow)) {
            continue;
        }
        for &step in &calls.steps {
            let count = step.attrs.number("calls");
            let (Some(times), Some(span)) = (count.value(), count.span()) else { continue };
            let to = facts.node(step.to).kind;
            let judged = !to.is_broker() && calls.waited_for.contains(&step.from);
            if times >= MANY && judged && !step.attrs.has("batch") {
                let finding = finding(facts, step, times, span);
                found.push(if to == Kind::Cache { finding.at_most(Severity::Info) } else { finding });
            }
        }
    }
    found
}

fn finding(facts: &Facts, step: &Step, times: f64, span: crate::source::Span) -> Diagnostic {
    let (caller, callee) = (facts.node(step.from).name(), facts.node(step.to).name());
    let times = show_number(times);
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
    .evidence(format!("{}, {times} times a request{load}", facts.show_way(&way)))
    .consequence(format!(
        "{callee} slows down by 10 ms, and each request of {caller} takes {times} times that longer, or waits for the slowest of {times}; a longer list makes it worse"
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
        // Nobody waits.
        expect(&RULE, "scheduler s\nworker a\nservice b x2\nflow f { s -> a -> b calls=50 }", &[]);
        expect(&RULE, "client u\nservice a\nkafka b\nflow f { u -> a -> b calls=50 }", &[]);
        // A sketch that says it.
        expect(&RULE, "client u\nservice a\nredis b\nu -> a\na -> b calls=50", &["wrong a"]);
    }
}
