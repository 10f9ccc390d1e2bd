use std::collections::HashMap;

use petgraph::graph::EdgeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{show_duration, show_number};

/// How many times its flow's p99 a call may wait before it is waiting for nobody.
const FAR_BEYOND: f64 = 5.0;

/// Of a hundred requests the p99 leaves out one.
const PROMISED_TO_NONE: f64 = 0.010_001;

pub static RULE: Rule = Rule {
    id: "timeout-exceeds-budget",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "a call may wait many times longer than its flow promises to take",
    question: None,
    reads: &["async", "attempts", "hit_rate", "long", "managed", "p99", "share", "timeout"],
    page: Page {
        checks: "What a call may wait beside the `p99` of the flow that waits for it.",
        when: "On a flow that states `p99` and that someone waits for, the `timeout` of a call times its `attempts` is more \
               than 5 times the `p99`. Where several flows use the hop, each of them states a `p99` and the longest \
               counts. Once for each flow, and once for what `every call` says. A timeout above the `p99` is \
               as it should be: one request in a hundred is slower. Left alone: calls by clients and by managed load balancers, firewalls and CDNs, calls that at most one request in a hundred makes (by `share` or `hit_rate`: the promise is of the others), calls behind a queue or topic, for which nobody waits, hops that are `long`, flows that are \
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

/// A call that may wait too long, and where that is written.
struct Wait<'d> {
    step: &'d Step,
    span: Span,
    timeout: f64,
    attempts: f64,
}

impl Wait<'_> {
    fn seconds(&self) -> f64 {
        self.timeout * self.attempts
    }
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    // One setting, one finding; and one for all settings of a flow.
    let mut known: HashMap<Span, usize> = HashMap::new();
    let mut budgets: HashMap<EdgeIndex, Option<f64>> = HashMap::new();
    for calls in facts.calls() {
        let Some(flow) = calls.flow.filter(|flow| !flow.attrs.has("async")) else { continue };
        let Some(p99) = flow.attrs.number("p99").value() else { continue };
        let mut waits: Vec<Wait> = calls
            .steps
            .iter()
            .filter(|step| calls.waited_for.contains(&step.from))
            .filter_map(|step| wait(facts, step))
            .collect();
        waits.retain(|wait| {
            if wait.seconds() <= p99 * FAR_BEYOND {
                return false;
            }
            // The flow that allows most is what the connection was made for.
            let budget = *budgets.entry(wait.step.hop).or_insert_with(|| budget(facts, wait.step));
            let too_long = budget.is_some_and(|most| wait.seconds() > most * FAR_BEYOND * 1.000_001);
            if let Some(&at) = known.get(&wait.span).filter(|_| too_long)
                && found[at].flows.last() != Some(&flow.id)
            {
                found[at].flows.push(flow.id.clone());
            }
            too_long && !known.contains_key(&wait.span)
        });
        waits.sort_by(|a, b| b.seconds().total_cmp(&a.seconds()));
        if !waits.is_empty() {
            known.extend(waits.iter().map(|wait| (wait.span, found.len())));
            found.push(finding(facts, flow, p99, &waits));
        }
    }
    found
}

fn wait<'d>(facts: &Facts, step: &'d Step) -> Option<Wait<'d>> {
    let attrs = &facts.design.graph[step.hop].attrs;
    let timeout = attrs.number("timeout");
    let attempts = attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
    // A vendor's machines hold no thread of yours.
    let caller = facts.node(step.from);
    let elsewhere = caller.kind == Kind::Client
        || (caller.is_managed() && matches!(caller.kind, Kind::Lb | Kind::Waf | Kind::Cdn));
    let seldom = step.load.per_request.is_some_and(|share| share <= PROMISED_TO_NONE);
    if elsewhere || seldom || step.attrs.has("long") {
        return None;
    }
    Some(Wait { step, span: timeout.span()?, timeout: timeout.value()?, attempts })
}

/// The longest p99 of the flows that use the hop; None where one of them states none.
fn budget(facts: &Facts, step: &Step) -> Option<f64> {
    let mut most: f64 = 0.0;
    for flow in facts.flows_on(&facts.design.graph[step.hop]) {
        most = most.max(flow.attrs.number("p99").value()?);
    }
    Some(most)
}

fn finding(facts: &Facts, flow: &Flow, p99: f64, waits: &[Wait]) -> Diagnostic {
    let worst = &waits[0];
    let ends = |wait: &Wait| [wait.step.from, wait.step.to].map(|node| facts.id(node));
    let [who, target] = [worst.step.from, worst.step.to].map(|node| facts.node(node).name());
    let spent = show_duration(worst.seconds());
    let promised = show_duration(p99);
    let [from, to] = ends(worst);
    let mut finding = Diagnostic::wrong(
        format!("`{}` promises {promised}, and {who} may wait {spent} for {target}", flow.id),
        worst.span,
        format!("{} times the p99", show_number((worst.seconds() / p99).round())),
    )
    .node(from)
    .node(to)
    .flows([flow.id.clone()]);
    for (at, wait) in waits.iter().take(6).enumerate() {
        let [from, to] = ends(wait);
        let seconds = show_duration(wait.seconds());
        let sum = match wait.attempts > 1.0 {
            true => {
                format!(
                    "{} attempts × {} = {seconds}",
                    show_number(wait.attempts),
                    show_duration(wait.timeout)
                )
            }
            false => seconds,
        };
        finding = finding.hop(from, to).evidence(format!("{from} → {to}: {sum}; p99={promised}"));
        if at > 0 && wait.span != worst.span {
            finding = finding.label(wait.span, "and this");
        }
    }
    finding
        .mend(waits.iter().fold(Mend::default(), |mend, wait| {
            let [from, to] = ends(wait);
            let each = show_duration(p99 / wait.attempts).replace(' ', "");
            mend.and_hop(from, to, &format!("timeout={each}"))
        }))
        .consequence(format!(
            "{target} hangs: each request holds a thread of {who} for {spent}, long after its user has gone, and those \
             that could be answered find none free"
        ))
        .fix(format!(
            "`{from} -> {to} timeout={}`, a little above its own p99 and well within the flow's; or `long` on the hop \
             if it takes that long by nature",
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
        case(
            "flow f p99=200ms { u -> a -> b timeout=5s -> d timeout=9s }\nflow g p99=200ms { u -> a -> b -> e timeout=2s }",
            &["wrong b, d", "wrong b, e"],
        );
        // A connection that a slower flow uses as well.
        case("flow f p99=200ms { u -> a -> d timeout=5s }\nflow g p99=1s { u -> a -> d }", &[]);
        case("flow f p99=200ms { u -> a -> d timeout=5s }\nflow g { u -> a -> d }", &[]);
        // Slower than 99 of 100 is what a timeout is for.
        case("flow f p99=200ms { u -> a -> d timeout=1s }", &[]);
        case("flow f { u -> a -> d timeout=60s }", &[]);
        // One in a hundred goes there, of whom nothing is promised; and a vendor's edge waits with threads of its own.
        let few = |share: &str, expected: &[&str]| {
            case(&format!("flow f p99=200ms {{ u -> a\na -> b share={share} timeout=5s }}"), expected);
        };
        few("1%", &[]);
        few("2%", &["wrong a, b"]);
        let edge = |edge: &str, expected: &[&str]| {
            case(&format!("{edge}\nflow f p99=200ms {{ u -> c\nc -> a on=miss timeout=5s }}"), expected);
        };
        edge("cloudfront c ttl=1min hit_rate=90%", &[]);
        edge("varnish c ttl=1min hit_rate=90%", &["wrong c, a"]);
        edge("varnish c ttl=1min hit_rate=99%", &[]);
        // Nobody waits, or it is said to take long; the user's own patience is its own.
        case("flow f p99=200ms async { u -> a -> d timeout=5s }", &[]);
        case("flow f p99=200ms { u -> a ~> q ~> w -> e timeout=9s }", &[]);
        case("flow f p99=200ms { u -> a -> e timeout=9s long }", &[]);
        case("flow f p99=200ms { u -> a timeout=9s -> d timeout=200ms }", &[]);
    }
}
