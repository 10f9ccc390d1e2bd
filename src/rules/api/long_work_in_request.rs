use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Calls, Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "long-work-in-request",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "somebody waits on an open request for work that takes seconds",
    question: None,
    reads: &["bulkhead", "latency", "latency_p99", "long", "p50", "p99", "protocol", "rate"],
    page: Page {
        checks: "Calls that take long, on flows that somebody waits for.",
        when: "On a flow that somebody waits for, a `->` hop says `long`, or leads to a service, function or worker whose stated \
               `latency` or `latency_p99` is above one second. A warning where the hop or its caller has a `bulkhead` (then at most so many requests hang, and the others are refused at once), where it leads to an external \
               service (which cannot be made to answer sooner; its stated latency does not count, only `long`), and where only calls behind the client's own hop stream. Silent where the flow promises a `p99` or `p50` between that latency and 10 seconds, or \
               of two to 10 seconds where only `long` is said; where the answer streams back to whoever asks \
               (the hop by which the flow starts is `<->`, or has a `protocol` of sse, websocket or webrtc); on webhooks (an external starts the flow over a hop with a `signature`), which are `webhook-answers-late`'s; and on flows of 10 requests a second or fewer without an `availability`.",
        why: "Every request in progress holds a thread and a connection on each node before it: at 100 a second and 5 seconds \
              each that is 500 at once. Load balancers and browsers give up first, the client tries again, and the work is \
              done twice for somebody who has left; each deployment kills what was nearly done.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\nservice render x4\n\
              flow export rate=50/s { web -> front -> api -> render long timeout=60s }\n",
        good: "client web\nlb front managed\nservice api x4\nsqs jobs dlq=dead\nsqs dead alert\nworker render x4 idempotent\n\
               flow export rate=50/s { web -> front -> api ~> jobs ~> render }\n",
        ignore: "A long poll, which is meant to wait.",
    },
    check,
};

/// From here on it is work, not an answer.
const LONG: f64 = 1.0;
/// Nobody looks at a blank page longer than this, whatever was promised.
const PATIENCE: f64 = 10.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for calls in facts.calls() {
        let ours = |flow| facts.is_small(flow) || facts.webhook(flow).is_some();
        if calls.flow.is_some_and(ours) || streams_back(facts, &calls) {
            continue;
        }
        let inside = calls.steps.iter().any(|step| streams(facts, step));
        for &step in calls.steps.iter().filter(|step| calls.waited_for.contains(&step.from)) {
            if facts.node(step.to).kind.is_broker() {
                continue;
            }
            let Some((takes, span)) = duration(facts, step) else { continue };
            let least = takes.unwrap_or(2.0 * LONG);
            let promised = calls.flow.is_some_and(|flow| {
                let promises = [flow.attrs.number("p99").value(), flow.attrs.number("p50").value()];
                promises.into_iter().flatten().any(|promise| promise >= least && promise <= PATIENCE)
            });
            if !promised {
                let finding = finding(facts, step, takes, span);
                found.push(if inside { finding.at_most(Severity::Warning) } else { finding });
            }
        }
    }
    found
}

/// Its answer comes in pieces, as it is made.
fn streams(facts: &Facts, step: &Step) -> bool {
    let protocol = facts.design.graph[step.hop].attrs.text("protocol").value();
    facts.arrow(step) == Arrow::Stream || matches!(protocol, Some("sse" | "websocket" | "webrtc"))
}

/// So do the answers to whoever starts it; what streams further in may end in one long wait.
fn streams_back(facts: &Facts, calls: &Calls) -> bool {
    let Some(flow) = calls.flow else { return calls.steps.iter().any(|step| streams(facts, step)) };
    let steps = facts.design.steps_of(flow);
    let starts = |node| steps.first().is_some_and(|first| first.from == node);
    let at_start = |step: &Step| starts(step.from) || (facts.arrow(step) == Arrow::Stream && starts(step.to));
    steps.iter().any(|step| at_start(step) && streams(facts, step))
}

/// How long a call takes, where that is long, and where it is said; None for the number where only `long` is.
fn duration(facts: &Facts, step: &Step) -> Option<(Option<f64>, Span)> {
    let node = facts.node(step.to);
    let own = [node.attrs.number("latency_p99"), node.attrs.number("latency")];
    let works = matches!(node.kind, Kind::Service | Kind::Function | Kind::Worker);
    let stated = own.into_iter().filter(|_| works).find_map(|time| Some((time.value()?, time.span()?)));
    match stated.filter(|(time, _)| *time > LONG) {
        Some((time, span)) => Some((Some(time), span)),
        None if step.attrs.has("long") => Some((None, step.attrs.get("long")?.span)),
        None => None,
    }
}

fn finding(facts: &Facts, step: &Step, takes: Option<f64>, span: Span) -> Diagnostic {
    let (caller, callee) = (facts.node(step.from), facts.node(step.to));
    let (who, name) = (caller.name(), callee.name());
    let time = takes.map_or("seconds".to_string(), show_duration);
    let mut way = facts.way_to(step.from);
    way.push(step.to);
    let at_once = takes.zip(facts.busiest(step)).map_or(String::new(), |(takes, rate)| {
        format!(
            ": {} × {time} = {} requests open at once",
            crate::units::show_rate(rate),
            crate::units::show_number(rate * takes)
        )
    });
    // Who stands at the very start has nobody to keep waiting, and no queue to put the work into.
    let starts = matches!(caller.kind, Kind::Client | Kind::External);
    let message = match starts {
        true => format!("{who} waits on an open request while {name} works for {time}"),
        false => format!("{who} keeps its caller waiting while {name} works for {time}"),
    };
    let finding = Diagnostic::wrong(message, span, "done while somebody waits");
    let contained = facts.design.graph[step.hop].attrs.has("bulkhead") || caller.attrs.has("bulkhead");
    let finding =
        if contained || callee.kind == Kind::External { finding.at_most(Severity::Warning) } else { finding };
    finding
        .label(step.span, "waits here")
        .node(&caller.id)
        .node(&callee.id)
        .hop(&caller.id, &callee.id)
        .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
        .evidence(format!("{}{at_once}", facts.show_way(&way)))
        .consequence(match starts {
            true => format!(
                "twice the usual requests arrive, all threads of {name} are at work, clients give up and try again, and the work is done again for nobody"
            ),
            false => format!(
                "twice the usual requests arrive, all threads of {who} wait for {name}, clients give up and try again, and the work is done again for nobody"
            ),
        })
        .fix(match caller.kind.is_app() {
            true => format!(
                "`{} ~> jobs ~> {}` with a queue `jobs`: answer 202 at once, with an address where the result will be",
                caller.id, callee.id
            ),
            false => format!(
                "a queue `jobs` and a worker behind {name}, `{} ~> jobs ~> work`: answer 202 at once, with an address where the result will be",
                callee.id
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn text(callee: &str, flow: &str, hop: &str) -> String {
        format!("client u\nservice a x2\n{callee}\nflow f {flow} {{ u -> a -> b {hop} }}")
    }

    #[test]
    fn cases() {
        let case = |callee: &str, flow: &str, hop: &str, expected: &[&str]| {
            expect(&RULE, &text(callee, flow, hop), expected);
        };
        case("service b x2", "", "long", &["wrong a, b"]);
        case("service b x2 latency_p99=4s", "rate=50/s", "", &["wrong a, b"]);
        case("service b x2 latency=2s", "", "", &["wrong a, b"]);
        case("service b x2 latency=2s", "p99=1s", "", &["wrong a, b"]);
        case("service b x2 latency=20s", "p99=30s", "", &["wrong a, b"]);
        case("external b", "", "long", &["wrong a, b"]);
        // It is quick, promised, streamed, or few notice.
        case("service b x2 latency_p99=400ms", "", "", &[]);
        case("service b x2", "", "", &[]);
        case("service b x2 latency_p99=2s", "p99=3s", "", &[]);
        case("service b x2", "p99=5s", "long", &[]);
        // What streams only further in ends in one wait.
        case("service b x2", "", "long protocol=sse", &["wrong a, b"]);
        let text = "client u\nservice a x2\nservice b x2\nflow f { u HOP a -> b long }";
        expect(&RULE, &text.replace("HOP", "<->"), &[]);
        let sse = "client u\nservice a x2\nservice b x2\nflow f { u -> a protocol=sse -> b long }";
        expect(&RULE, sse, &[]);
        expect(&RULE, "external e\nservice a x2\nservice b\nflow f { e -> a signature -> b long }", &[]);
        case("service b x2", "rate=1/s", "long", &[]);
        // Nobody waits: a queue lies between, or a timer starts it.
        let queue =
            "client u\nservice a\nqueue q\nworker w\nservice b\nflow f { u -> a ~> q ~> w -> b long }";
        expect(&RULE, queue, &[]);
        expect(&RULE, "scheduler s\nservice b\nflow f { s -> b long }", &[]);
    }

    #[test]
    fn whoever_stands_at_the_start_keeps_nobody_waiting() {
        let of = |text: &str| {
            let design = design(text);
            let finding = run(&RULE, &Facts::new(&design)).remove(0);
            (finding.message, finding.fix)
        };
        let (message, fix) = of("client u\nservice b x2\nflow f { u -> b long }");
        assert_eq!(message, "`u` waits on an open request while `b` works for seconds");
        assert!(fix.contains("`b ~> jobs ~> work`"), "{fix}");
        let (message, fix) = of("client u\nservice a x2\nservice b x2\nflow f { u -> a -> b long }");
        assert_eq!(message, "`a` keeps its caller waiting while `b` works for seconds");
        assert!(fix.contains("`a ~> jobs ~> b`"), "{fix}");
        let (_, fix) = of("client u\nlb l\nservice b x2\nflow f { u -> l -> b long }");
        assert!(fix.contains("`b ~> jobs ~> work`"), "{fix}");
    }

    #[test]
    fn it_weighs_less_where_it_is_contained() {
        let severity =
            |hop: &str| run(&RULE, &Facts::new(&design(&text("service b x2", "", hop))))[0].severity;
        assert_eq!(severity("long"), Severity::Error);
        assert_eq!(severity("long bulkhead=20"), Severity::Warning);
        assert_eq!(severity("long protocol=sse"), Severity::Warning);
    }
}
