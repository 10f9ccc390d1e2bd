use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "spof-coordinator",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a lock, registry, configuration or secrets service that runs once stops all that asks it",
    question: Some(Question {
        topic: "lone coordinator",
        text: "its only instance loses its host: how long is that, against what is kept of its last answers?",
    }),
    reads: &["availability", "cached", "instances", "managed", "needs", "rate", "registry"],
    page: Page {
        checks: "Locks, registries, configuration and stores of secrets with a single instance, and which flows stop when that instance does.",
        when: "It is not managed, has one instance (as drawn), and a flow that somebody waits for needs it, or needs a socket that names it as its \
               `registry`. A warning where such a flow only needs something that `..> needs` it without `cached`, and where all \
               the flows are of 10 requests a second or fewer and promise nothing (no `availability`). A question where all that `..> needs` it keeps its answers, and \
               some for less than five minutes: a host takes longer to replace. Silent where all that have hops to it have hops to another node of the same technology too (members drawn one by \
               one), for flows that promise 99 % or less, and in designs without flows.",
        why: "It is small, never changes and is forgotten, and everything that is kept apart elsewhere meets in it. Its host is patched one \
              day, and nothing can take a lock, find a peer or read its settings.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\netcd turns\npostgres store x2 failover=auto\n\
              flow order { web -> front -> api -> turns writes\napi -> store writes }\n",
        good: "client web\nlb front managed\nservice api x3\netcd turns x3\npostgres store x2 failover=auto\n\
               flow order { web -> front -> api -> turns writes\napi -> store writes }\n",
        ignore: "A prototype: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let judged = |kind| matches!(kind, Kind::Config | Kind::Lock | Kind::Registry | Kind::Secrets);
    let sockets = facts.nodes(|kind| kind == Kind::Socket);
    let named_by: HashMap<&str, NodeIndex> = sockets
        .filter_map(|socket| Some((facts.node(socket).attrs.text("registry").value()?, socket)))
        .collect();
    let alone =
        facts.nodes(judged).filter(|&node| !facts.node(node).is_redundant() && !is_member(facts, node));
    alone.filter_map(|node| finding(facts, node, named_by.get(facts.id(node)).copied())).collect()
}

/// One of several members that are drawn one by one: all who have hops to it have hops to another of its technology.
fn is_member(facts: &Facts, index: NodeIndex) -> bool {
    let Some(tech) = facts.node(index).tech else { return false };
    let askers = facts.hops_to(index);
    let has_other =
        |asker: NodeIndex| {
            facts.design.graph.neighbors(asker).any(|other| {
                other != index && facts.node(other).tech.is_some_and(|other| other.id == tech.id)
            })
        };
    !askers.is_empty() && askers.iter().take(MANY_ASKERS).all(|(asker, _)| has_other(*asker))
}

/// Somebody waits for it, and more was promised than an instance keeps alone.
fn matters(facts: &Facts, flow: &Flow) -> bool {
    !facts.is_background(flow) && flow.attrs.number("availability").value().is_none_or(|share| share > 0.99)
}

fn finding(facts: &Facts, coordinator: NodeIndex, named: Option<NodeIndex>) -> Option<Diagnostic> {
    let node = facts.node(coordinator);
    let mut direct: Vec<_> = facts.flows_needing(coordinator).collect();
    direct.extend(named.into_iter().flat_map(|socket| facts.flows_needing(socket)));
    let by_calls = !direct.is_empty();
    let mut flows = if by_calls { direct } else { facts.flows_relying_on(coordinator) };
    flows.retain(|flow| matters(facts, flow));
    let mut seen = HashSet::new();
    flows.retain(|flow| seen.insert(flow.id.as_str()));
    let Some(first) = flows.first() else { return kept_briefly(facts, coordinator) };
    let name = node.name();
    let what = match node.kind {
        Kind::Lock => "nothing can take a lock",
        Kind::Secrets => "nothing gets its secrets",
        Kind::Config => "nothing gets its settings",
        _ => "nothing finds what it looks for",
    };
    let all = flow_names(&flows);
    let stop = if flows.len() == 1 { "stops" } else { "stop" };
    let message = match by_calls {
        true => format!("{all} {stop} when {name} does"),
        false => format!(
            "nothing that {all} need{} can start or find its peers when {name} is down",
            if flows.len() == 1 { "s" } else { "" }
        ),
    };
    let asks = named.or_else(|| facts.hops_to(coordinator).first().map(|(from, _)| *from))?;
    let mut finding = Diagnostic::wrong(message, node.span, "one instance")
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!(
            "`{}` passes {}, which asks {name}; there is no second instance",
            first.id,
            facts.node(asks).name()
        ));
    if !by_calls || facts.are_small(&flows) {
        finding = finding.at_most(Severity::Warning);
    }
    Some(
        finding
            .consequence(format!("{name} is restarted or loses its host, and until it is back {what}"))
            .mend(Mend::instances(&node.id, if node.tech.is_some_and(|tech| tech.votes) { 3 } else { 2 }))
            .fix(match node.tech.is_some_and(|tech| tech.votes) {
                true => format!("`x3` on {name}, over three zones"),
                false => format!("`x2` or more on {name}, or a managed one"),
            }),
    )
}

/// What holds for so many who ask holds for the others.
const MANY_ASKERS: usize = 100;

/// A lost host is replaced in minutes: what is kept for less than that does not bridge it.
const A_RESTART: f64 = 300.0;

/// All go on with the last answer, and some for too short a time.
fn kept_briefly(facts: &Facts, coordinator: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(coordinator);
    let brief = facts.design.steps_to(coordinator).filter_map(|step| {
        let kept = step.attrs.number("cached").value().filter(|kept| *kept > 0.0 && *kept < A_RESTART)?;
        let mut flows: Vec<_> = facts.flows_needing(step.from).collect();
        flows.retain(|flow| matters(facts, flow));
        (step.attrs.has("needs") && !flows.is_empty() && !facts.are_small(&flows))
            .then_some((step, kept, flows))
    });
    let (step, kept, flows) = brief.min_by(|one, other| one.1.total_cmp(&other.1))?;
    let [name, who] = [node.name(), facts.node(step.from).name()];
    Some(
        Diagnostic::unstated(
            format!("{who} goes on for {} without {name}, which is one instance", show_duration(kept)),
            step.span,
            format!("kept for {}", show_duration(kept)),
        )
        .at_most(Severity::Info)
        .question(format!("the only instance of {name} loses its host: how long until it is back, and what does {who} do after {}?", show_duration(kept)))
        .label(node.span, "one instance")
        .node(&node.id)
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{} keeps what {name} said for {}, and {} needs it", who, show_duration(kept), flow_names(&flows)))
        .consequence(format!("{name} loses its host, {who} works on for {}, and then stops until there is a new one", show_duration(kept)))
        .fix(format!("`cached=1h` on `{} ..> {}`, or more than one instance of {name}", facts.id(step.from), node.id)),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |nodes: &str, flow: &str, more: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a x2\n{nodes}\nflow f {flow}\n{more}"), expected);
        };
        case("lock l", "{ u -> a -> l }", "", &["wrong l"]);
        case("etcd e", "{ u -> a }", "a ..> e needs", &["wrong e"]);
        case("etcd e\nsocket s x2 registry=e", "{ u <-> s -> a }", "", &["wrong e"]);
        case("etcd e x3\nlock l managed", "{ u -> a -> l\na -> e }", "", &[]);
        case("etcd e", "{ u -> a }", "a ..> e needs cached=1h", &[]);
        case("etcd e\nservice b", "{ u -> a }", "b ..> e needs", &[]);
        // A host is not replaced in that time.
        case("etcd e", "{ u -> a }", "a ..> e needs cached=30s", &["unstated e"]);
        case("etcd e x3", "{ u -> a }", "a ..> e needs cached=30s", &[]);
        // Members drawn one by one; and two that different services ask.
        case("etcd e\netcd g\netcd h", "{ u -> a }", "a ..> e, g, h needs", &[]);
        case("etcd e\netcd g\nservice b", "{ u -> a }", "a ..> e needs\nb ..> g needs", &["wrong e"]);
        case("etcd e", "{ u -> a }", "a ..> e needs cached", &[]);
        case("etcd e", "rate=5/s { u -> a }", "a ..> e needs cached=30s", &[]);
        case("lock l", "availability=99% { u -> a -> l }", "", &[]);
        case("lock l\nscheduler t", "{ t -> a -> l }", "", &[]);
        // In a sketch it is a box like any other.
        expect(&RULE, "client u\nservice a\nlock l\nu -> a -> l", &[]);
    }
}
