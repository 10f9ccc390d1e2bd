use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "spof-coordinator",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a lock, registry, configuration or secrets service that runs once stops all that asks it",
    question: None,
    reads: &["availability", "cached", "instances", "managed", "needs", "rate", "registry"],
    page: Page {
        checks: "Locks, registries, configuration and stores of secrets with a single instance, and which flows stop when that instance does.",
        when: "It is not managed, has one instance (as drawn), and a flow that somebody waits for needs it, or needs a socket that names it as its \
               `registry`. A warning where such a flow only needs something that `..> needs` it without `cached`, and where all \
               the flows are of 10 requests a second or fewer and promise nothing. Silent for flows that promise 99 % or less, and in designs without flows.",
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
    let alone = facts.nodes(judged).filter(|&node| !facts.node(node).is_redundant());
    alone.filter_map(|node| finding(facts, node, named_by.get(facts.id(node)).copied())).collect()
}

fn finding(facts: &Facts, coordinator: NodeIndex, named: Option<NodeIndex>) -> Option<Diagnostic> {
    let node = facts.node(coordinator);
    let mut direct: Vec<_> = facts.flows_needing(coordinator).collect();
    direct.extend(named.into_iter().flat_map(|socket| facts.flows_needing(socket)));
    let by_calls = !direct.is_empty();
    let mut flows = if by_calls { direct } else { facts.flows_relying_on(coordinator) };
    flows.retain(|flow| {
        !facts.is_background(flow)
            && flow.attrs.number("availability").value().is_none_or(|share| share > 0.99)
    });
    let first = flows.first()?;
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
            .fix(match node.tech.is_some_and(|tech| tech.votes) {
                true => format!("`x3` on {name}, over three zones"),
                false => format!("`x2` or more on {name}, or a managed one"),
            }),
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
        case("lock l", "availability=99% { u -> a -> l }", "", &[]);
        case("lock l\nscheduler t", "{ t -> a -> l }", "", &[]);
        // In a sketch it is a box like any other.
        expect(&RULE, "client u\nservice a\nlock l\nu -> a -> l", &[]);
    }
}
