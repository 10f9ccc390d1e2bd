use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Calls, Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "external-hard-dependency",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "a request waits for somebody else's service, and fails when that does",
    question: None,
    reads: &[
        "async",
        "attempts",
        "availability",
        "breaker",
        "fallback",
        "on",
        "optional",
        "rate",
        "share",
        "timeout",
    ],
    page: Page {
        checks: "Calls to externals on flows that someone waits for, and what happens without an answer.",
        when: "A flow reaches an external by `->` before any queue, and the hop has no `fallback`, is not `optional`, and its \
               caller has no other hop `on=error` or `on=failover`. A warning where it has a `timeout` and a `breaker`, \
               or where the flow is of 10 requests a second or fewer and states no `availability`; a remark where a client goes there by itself. \
               Flows that say `async`, or that a timer, a message or a webhook starts (an external that calls with a \
               `signature`), are left alone: they try again later.",
        why: "Its outages, its maintenance and its rate limits become yours, at a time that you do not choose, and your own \
              replicas do not help.",
        outage: Some(Outage {
            name: "PagerDuty",
            what: "a third-party service for SMS and voice calls had an outage",
            link: "https://status.pagerduty.com/incidents/70m30bh7qfmx",
        }),
        bad: "client web\nlb front managed\nservice api x2\nexternal sms\nflow sign-up { web -> front -> api -> sms timeout=2s }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs later\nworker sender x2 idempotent\nexternal sms\n\
               flow sign-up { web -> front -> api ~> later ~> sender -> sms timeout=2s }\n",
        ignore: "There is no second provider, and waiting is worse than failing: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<NodeIndex, usize> = HashMap::new();
    for calls in facts.calls() {
        let again = |flow| facts.is_background(flow) || facts.webhook(flow).is_some();
        if calls.flow.is_some_and(|flow| flow.attrs.has("async") || again(flow)) {
            continue;
        }
        let another_way = with_another_way(facts, calls.flow);
        let mut seen = HashSet::new();
        for step in &calls.steps {
            let external = facts.node(step.to).kind == Kind::External;
            let hard = external && !another_way.contains(&step.from) && is_hard(facts, &calls, step);
            if !hard || !seen.insert(step.to) {
                continue;
            }
            let next = found.len();
            let at = *known.entry(step.to).or_insert(next);
            if at == next {
                found.push(finding(facts, calls.flow, step));
                continue;
            }
            let here = finding(facts, calls.flow, step).severity;
            found[at].severity = found[at].severity.max(here);
            found[at].flows.extend(calls.flow.map(|flow| flow.id.clone()));
            let hop = (facts.id(step.from).to_string(), facts.id(step.to).to_string());
            if !found[at].hops.contains(&hop) {
                found[at].hops.push(hop);
            }
        }
    }
    found
}

fn is_hard(facts: &Facts, calls: &Calls, step: &Step) -> bool {
    let hop = &facts.design.graph[step.hop];
    let avoidable = step.attrs.has("optional")
        || hop.attrs.has("fallback")
        || step.attrs.has("on")
        || step.attrs.number("share").value().is_some_and(|share| share < 1.0)
        || (facts.node(step.from).kind == Kind::Client && facts.node(step.from).attrs.has("fallback"));
    let needed = match calls.flow {
        Some(_) => facts.flows_needing(step.to).any(|flow| calls.flow.is_some_and(|this| this.id == flow.id)),
        None => true,
    };
    !avoidable && needed && calls.waited_for.contains(&step.from)
}

/// The callers that go elsewhere when a call fails, in this flow.
fn with_another_way(facts: &Facts, flow: Option<&Flow>) -> HashSet<NodeIndex> {
    let steps = flow.map_or(facts.design.steps.as_slice(), |flow| facts.design.steps_of(flow));
    steps
        .iter()
        .filter(|step| matches!(step.attrs.text("on").value(), Some("error" | "failover")))
        .map(|step| step.from)
        .collect()
}

fn finding(facts: &Facts, flow: Option<&Flow>, step: &Step) -> Diagnostic {
    let [caller, external] = [facts.node(step.from), facts.node(step.to)];
    let [who, name] = [caller.name(), external.name()];
    let stops = match flow {
        Some(flow) => format!("`{}` fails", flow.id),
        None => format!("what {who} does fails"),
    };
    let hop = &facts.design.graph[step.hop];
    let guarded = hop.attrs.has("breaker") && hop.attrs.has("timeout");
    let evidence = match (guarded, hop.attrs.has("attempts")) {
        (true, _) => ": with its breaker it fails fast, but it fails",
        (false, true) => ": trying again helps against a lost packet, not against an outage",
        (false, false) => "",
    };
    let mut way = facts.way_to(step.from);
    way.push(step.to);
    let finding = Diagnostic::wrong(
        format!("{stops} whenever {name} does, which is not yours to repair"),
        step.span,
        "waits, and has no other way",
    );
    // It does not take its caller along, or few notice.
    let small = flow.is_some_and(|flow| facts.is_small(flow));
    let finding = if guarded || small { finding.at_most(Severity::Warning) } else { finding };
    let finding = finding
        .node(&external.id)
        .hop(&caller.id, &external.id)
        .flows(flow.map(|flow| flow.id.clone()))
        .evidence(format!("{}{evidence}", facts.show_way(&way)));
    if caller.kind == Kind::Client {
        // Whoever goes there does so by themselves; nothing of ours stands and waits.
        return finding
            .at_most(Severity::Info)
            .consequence(format!("{name} is down for an hour, and {who} sees its error page in your name"))
            .fix(format!("`fallback=` on {who}: what it shows meanwhile; or a second provider `on=error`"));
    }
    finding
    .consequence(format!(
        "{name} is down or refuses you for an hour: every request that reaches {who} waits, then fails, and all you can \
         do is watch"
    ))
    .mend(Mend::hop(&caller.id, &external.id, "fallback=stale"))
    .fix(format!(
        "a queue and a worker that tries {name} again later (`~>`), or `fallback=stale` on the hop, or a second provider \
         `on=error`; `optional` if the answer can do without"
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nqueue q x3\nworker w\nscheduler t\nexternal e\nexternal o\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f { u -> a -> e }", &["wrong e"]);
        case("u -> a -> e", &["wrong e"]);
        case("u -> a -> e timeout=1s breaker", &["wrong e"]);
        // Two flows, one finding; two externals, two.
        case("flow f { u -> a -> e }\nflow g { u -> a -> e }", &["wrong e"]);
        case("flow f { u -> a -> e\na -> o }", &["wrong e", "wrong o"]);
        // There is another way, or the answer does without.
        case("flow f { u -> a -> e fallback=o }", &[]);
        case("flow f { u -> a -> e fallback=default }", &[]);
        case("flow f { u -> a -> e optional }", &[]);
        case("flow f { u -> a -> e\na -> o on=error }", &[]);
        case("flow f { u -> a -> e\na ~> q on=error\nq ~> w }", &[]);
        case("flow f { u -> a -> e share=50%\na -> o share=50% }", &[]);
        // Tried again later: behind a queue, by a timer, after the answer.
        case("flow f { u -> a ~> q ~> w -> e }", &[]);
        case("u -> a ~> q ~> w -> e", &[]);
        case("flow f { t -> a -> e }", &[]);
        case("flow f async { u -> a -> e }", &[]);
        // It calls us.
        case("flow f { e -> a }", &[]);
        case("flow f { u -> a ~> e }", &[]);
    }

    #[test]
    fn whoever_goes_there_himself_is_told_in_passing() {
        let severity = |text: &str| {
            let design = design(&format!("client u\nservice a x2\nexternal e\n{text}"));
            run(&RULE, &Facts::new(&design))[0].severity
        };
        assert_eq!(severity("flow f { u -> e }"), Severity::Info);
        assert_eq!(severity("flow f { u -> a -> e }"), Severity::Error);
    }
}
