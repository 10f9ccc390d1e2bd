use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Hop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

/// Seconds within which a waiting thread is free again before it is missed.
const SOON: f64 = 1.0;

pub static RULE: Rule = Rule {
    id: "no-bulkhead",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "one slow dependency takes all threads of a service, and with them the flows that never call it",
    question: Some(Question {
        topic: "bulkheads",
        text: "one of them hangs: what keeps threads free for the flows that do not need it?",
    }),
    reads: &["breaker", "bulkhead", "fallback", "long", "optional", "pool", "timeout"],
    page: Page {
        checks: "Services that serve several flows, of which some wait for somebody else's service and some do not.",
        when: "A service, connection server or identity service calls an external, or makes a call that is `long`, on one flow that \
               someone waits for, and another flow needs the same service and never takes that hop. Wrong where `bulkhead=none` is \
               stated on the hop or on the service; a question where nothing is said. Silenced by `bulkhead` on either and by a \
               `pool` on the hop; by a `breaker` with a `timeout` (alone it sees only failures, and a slow call is none until \
               something ends it); and, where `bulkhead=none` is not stated, by a `timeout` of one second or less with a \
               `fallback` or `optional`. Not asked where either flow is of 10 requests a second or fewer and \
               states no `availability`, nor outside flows. Functions have an instance for each request.",
        why: "Threads are shared by all that a service does. The ones that wait for the slow part add up until there are \
              none, and requests that need nothing of it stand in the same line.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x4\npostgres store x2 failover=auto\nexternal maps\n\
              flow plan { web -> front -> api -> maps timeout=2s bulkhead=none fallback=stale }\n\
              flow read { web -> front -> api -> store reads timeout=200ms }\n",
        good: "client web\nlb front managed\nservice api x4\npostgres store x2 failover=auto\nexternal maps\n\
               flow plan { web -> front -> api -> maps timeout=2s bulkhead=20 fallback=stale }\n\
               flow read { web -> front -> api -> store reads timeout=200ms }\n",
        ignore: "Calls do not hold threads, and the memory of those in flight is bounded.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for caller in facts.nodes(|kind| matches!(kind, Kind::Service | Kind::Socket | Kind::Auth)) {
        for (target, hop) in facts.hops_from(caller) {
            if hop.arrow == Arrow::Call
                && is_slow(facts, target, hop)
                && let Some(finding) = judge(facts, caller, target, hop)
            {
                found.push(finding);
            }
        }
    }
    found
}

fn judge(facts: &Facts, caller: NodeIndex, target: NodeIndex, hop: &Hop) -> Option<Diagnostic> {
    let waited = |flow: &&Flow| !facts.is_background(flow);
    let slow = facts.flows_on(hop).filter(waited).min_by_key(|flow| facts.is_small(flow))?;
    let other = facts.another_flow(caller, hop)?;
    let none = [&hop.attrs, &facts.node(caller).attrs]
        .into_iter()
        .find_map(|attrs| attrs.get("bulkhead"))
        .map(|setting| setting.span);
    let kept_apart = hop.attrs.has("bulkhead")
        || (facts.node(caller).attrs.has("bulkhead") && hop.attrs.get("bulkhead").is_none())
        || hop.attrs.has("pool")
        || (hop.attrs.has("breaker") && hop.attrs.has("timeout"))
        || (none.is_none() && goes_on_soon(facts, hop));
    if kept_apart {
        return None;
    }
    let [who, name] = [caller, target].map(|node| facts.node(node).name());
    let message = format!("when {name} hangs, {who} stops serving `{}` too, which never calls it", other.id);
    let finding = match none {
        Some(span) => Diagnostic::wrong(message, span, "said to have none"),
        None if facts.is_small(slow) || facts.is_small(other) => return None,
        None => Diagnostic::unstated(message, hop.span, "no `bulkhead` here").question(format!(
            "{name} hangs: what keeps threads of {who} free for `{}`, which does not need it?",
            other.id
        )),
    };
    Some(
        finding
            .node(facts.id(caller))
            .node(facts.id(target))
            .hop(facts.id(caller), facts.id(target))
            .flows([other.id.clone(), slow.id.clone()])
            .evidence(format!("`{}`: {} → {}", slow.id, facts.id(caller), facts.id(target)))
            .evidence(format!("`{}` needs {who}, not {name}", other.id))
            .consequence(format!(
                "{name} hangs: requests of `{}` take one thread of {who} after another, and `{}`, which needs nothing of \
                 {name}, finds none free",
                slow.id, other.id
            ))
            .mend(Mend::hop(facts.id(caller), facts.id(target), "bulkhead=20"))
            .fix(format!(
                "`bulkhead=20` on `{} -> {}`, the most calls that may wait there; or a `breaker` with a `timeout`",
                facts.id(caller),
                facts.id(target)
            )),
    )
}

/// What hangs is given up soon, and the answer does without.
fn goes_on_soon(facts: &Facts, hop: &Hop) -> bool {
    let soon = hop.attrs.number("timeout").value().is_some_and(|seconds| seconds <= SOON);
    let mut steps = hop.steps.iter().map(|&at| &facts.design.steps[at]);
    soon && (hop.attrs.has("fallback") || steps.all(|step| step.attrs.has("optional")))
}

fn is_slow(facts: &Facts, target: NodeIndex, hop: &Hop) -> bool {
    facts.node(target).kind == Kind::External
        || hop.steps.iter().any(|&at| facts.design.steps[at].attrs.has("long"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes =
            "client u\nservice a x2\nservice b\nfunction n\nqueue q\nworker w\npostgres d\nexternal e\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f { u -> a -> e }\nflow g { u -> a -> d }", &["unstated a, e"]);
        case("flow f { u -> a -> e bulkhead=none }\nflow g { u -> a -> d }", &["wrong a, e"]);
        case("flow f { u -> a -> b long }\nflow g { u -> a -> d }", &["unstated a, b"]);
        // Kept apart, or given up soon.
        case("flow f { u -> a -> e bulkhead=10 }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> a -> e pool=10 }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> a -> e timeout=1s breaker }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> a -> e breaker }\nflow g { u -> a -> d }", &["unstated a, e"]);
        case("flow f { u -> a -> e timeout=1s fallback=stale }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> a -> e timeout=1s optional }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> a -> e timeout=3s fallback=stale }\nflow g { u -> a -> d }", &["unstated a, e"]);
        case("every service bulkhead=20\nflow f { u -> a -> e }\nflow g { u -> a -> d }", &[]);
        // Every flow needs it, or there is no other.
        case("flow f { u -> a -> e }\nflow g { u -> a -> e }", &[]);
        case("flow f { u -> a -> e\na -> d }", &[]);
        // Nobody waits; one's own service; an instance for each request; few requests.
        case("flow f { u -> a ~> q ~> w -> e }\nflow g { q ~> w -> d }", &[]);
        case("flow f { u -> a -> b }\nflow g { u -> a -> d }", &[]);
        case("flow f { u -> n -> e }\nflow g { u -> n -> d }", &[]);
        case("flow f rate=1/s { u -> a -> e }\nflow g { u -> a -> d }", &[]);
    }
}
