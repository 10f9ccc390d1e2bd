use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

/// Services that call one and the same, from which on its trouble is everybody's.
const MANY_CALLERS: usize = 3;

pub static RULE: Rule = Rule {
    id: "no-circuit-breaker",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "callers go on calling what is down, and each call waits out its timeout",
    question: Some(Question {
        topic: "breakers",
        text: "it is down for ten minutes: does every request still try it?",
    }),
    reads: &["attempts", "breaker", "bulkhead", "fallback", "on", "optional", "timeout"],
    page: Page {
        checks: "Calls to externals, and to services that three or more others call: whether anything stops the calls while it is down.",
        when: "Wrong where `breaker=none` is stated on a call to an external. A question, one for each target, where a service, \
               worker, function or connection server calls an external that somebody waits for, or that is tried several \
               times (`attempts` above one), and none of its hops says `breaker`; and where at least three services, workers, functions or \
               connection servers call one service, function or identity service without any `breaker`. Silenced on a \
               hop by `breaker`, by `bulkhead` on it or its caller, and by a `timeout` together with `fallback`, `optional` or another \
               hop of the caller with `on=error` or `on=failover`. Not asked outside flows, nor where all flows of the hop are of 10 requests a second or fewer, \
               state no `availability` and bring no more than that over it; nor where `no-bulkhead` speaks of the same external.",
        why: "While the other side is down each call costs a thread for the whole timeout, to learn what the last thousand \
              calls have learnt. And what comes up again is met by all of them at once.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs jobs dlq=dead\nsqs dead alert\nworker sender x4 idempotent\nexternal mail\n\
              flow sign-up {\n  web -> front -> api idempotency_key\n  api ~> jobs ~> sender -> mail timeout=2s attempts=3 backoff jitter\n}\n",
        good: "client web\nlb front managed\nservice api x2\nsqs jobs dlq=dead\nsqs dead alert\nworker sender x4 idempotent\nexternal mail\n\
               flow sign-up {\n  web -> front -> api idempotency_key\n  api ~> jobs ~> sender -> mail timeout=2s attempts=3 backoff jitter breaker\n}\n",
        ignore: "The timeout is so short that a breaker would save nothing.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut waited_for = HashSet::new();
    for calls in facts.calls() {
        waited_for.extend(calls.waited_for);
    }
    for target in facts.nodes(is_judged) {
        let external = facts.node(target).kind == Kind::External;
        let callers: Vec<(NodeIndex, &Hop)> = facts
            .hops_to(target)
            .into_iter()
            .filter(|(caller, hop)| hop.arrow == Arrow::Call && counts(facts.node(*caller).kind))
            .collect();
        if external {
            for &(caller, hop) in &callers {
                if let Some(none) = hop.attrs.get("breaker").filter(|_| !hop.attrs.has("breaker")) {
                    let message = format!(
                        "{} goes on calling {} while it is down",
                        facts.node(caller).name(),
                        facts.node(target).name()
                    );
                    let finding = Diagnostic::wrong(message, none.span, "said to have none");
                    found.push(describe(facts, target, &[(caller, hop)], finding));
                }
            }
        } else if callers.len() < MANY_CALLERS {
            continue;
        }
        let asked: Vec<(NodeIndex, &Hop)> = callers
            .into_iter()
            .filter(|&(caller, hop)| {
                let tried = hop.attrs.number("attempts").value().is_some_and(|attempts| attempts > 1.0);
                is_open(facts, caller, hop) && (waited_for.contains(&caller) || (external && tried))
            })
            .collect();
        let enough = if external { 1 } else { MANY_CALLERS };
        if asked.len() < enough {
            continue;
        }
        let (first, hop) = asked[0];
        let name = facts.node(target).name();
        let message = match external {
            true => {
                format!("nothing stops {} from calling {name} while it is down", facts.node(first).name())
            }
            false => {
                format!("{} services wait for {name}, and none of them stops while it is down", asked.len())
            }
        };
        let finding = Diagnostic::unstated(message, hop.span, "no `breaker` here")
            .question(format!("{name} is down for ten minutes: does every request still try it?"));
        found.push(describe(facts, target, &asked, finding));
    }
    found
}

/// Nothing is said that would keep calls from piling up, and enough of them come to matter.
fn is_open(facts: &Facts, caller: NodeIndex, hop: &Hop) -> bool {
    let guarded = hop.attrs.get("breaker").is_some()
        || hop.attrs.has("bulkhead")
        || facts.node(caller).attrs.has("bulkhead");
    let optional =
        !hop.steps.is_empty() && hop.steps.iter().all(|&at| facts.design.steps[at].attrs.has("optional"));
    let elsewhere = |step: &Step| matches!(step.attrs.text("on").value(), Some("error" | "failover"));
    let another = || facts.design.steps_from(caller).any(elsewhere);
    let goes_on = hop.attrs.has("timeout") && (hop.attrs.has("fallback") || optional || another());
    let busy = facts.steps_on(hop).any(|step| !facts.is_seldom(step));
    !guarded && !goes_on && busy
}

fn is_judged(kind: Kind) -> bool {
    matches!(kind, Kind::External | Kind::Service | Kind::Function | Kind::Auth)
}

fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Worker | Kind::Function | Kind::Socket)
}

fn describe(
    facts: &Facts,
    target: NodeIndex,
    callers: &[(NodeIndex, &Hop)],
    mut finding: Diagnostic,
) -> Diagnostic {
    let (first, hop) = callers[0];
    let [who, name] = [first, target].map(|node| facts.node(node).name());
    let names: Vec<NodeIndex> = callers.iter().map(|(caller, _)| *caller).collect();
    finding = finding.node(facts.id(target));
    for &caller in &names {
        finding = finding.node(facts.id(caller)).hop(facts.id(caller), facts.id(target));
    }
    let mut flows: Vec<String> =
        callers.iter().flat_map(|(_, hop)| facts.flows_on(hop)).map(|flow| flow.id.clone()).collect();
    flows.sort_unstable();
    flows.dedup();
    let timeout = hop.attrs.number("timeout").value();
    let waits =
        timeout.map_or(String::new(), |timeout| format!(" for {}", crate::units::show_duration(timeout)));
    finding
        .flows(flows)
        .evidence(format!("{} → {}", names.iter().take(6).map(|&node| facts.id(node)).collect::<Vec<_>>().join(", "), facts.id(target)))
        .consequence(format!(
            "{name} is down: every call of {who} still waits{waits} to learn it, what is behind them queues up, and the \
             moment {name} is back all of them meet it at once"
        ))
        .mend(names.iter().fold(Mend::default(), |mend, &caller| {
            mend.and_hop(facts.id(caller), facts.id(target), "breaker")
        }))
        .fix(format!("`breaker` on `{} -> {}`, with a `timeout`", facts.id(first), facts.id(target)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a\nservice b\nservice c\nservice d\nlb l\nqueue q\nworker w\npostgres p\nexternal e\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f { u -> a -> e breaker=none }", &["wrong e, a"]);
        case("flow f { u -> a -> e timeout=1s }", &["unstated e, a"]);
        case("flow f { u -> a -> e fallback=default }", &["unstated e, a"]);
        case("flow f { u -> a ~> q ~> w -> e attempts=3 }", &["unstated e, w"]);
        case("flow f { u -> a -> d\nu -> b -> d\nu -> c -> d }", &["unstated d, a, b, c"]);
        // Something stops them, or goes on without.
        case("flow f { u -> a -> e timeout=1s breaker }", &[]);
        case("flow f { u -> a -> e bulkhead=20 }", &[]);
        case("flow f { u -> a -> e timeout=1s fallback=default }", &[]);
        case("flow f { u -> a -> e timeout=1s optional }", &[]);
        case("flow f { u -> a -> e timeout=1s\na -> p writes on=error }", &[]);
        case("flow f { u -> a -> d breaker\nu -> b -> d\nu -> c -> d }", &[]);
        // The queue tries again later; nobody waits.
        case("flow f { u -> a ~> q ~> w -> e }", &[]);
        // Stores have their pools; a load balancer only passes on; two callers are few.
        case("flow f { u -> a -> p\nu -> b -> p\nu -> c -> p }", &[]);
        case("flow f { u -> l -> d\nu -> b -> d\nu -> c -> d }", &[]);
        // A sketch, or few requests.
        case("u -> a -> e", &[]);
        case("flow f rate=2/s { u -> a -> e timeout=1s }", &[]);
    }
}
