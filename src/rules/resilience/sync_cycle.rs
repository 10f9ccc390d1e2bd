use std::collections::{HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "sync-cycle",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Resilience,
    summary: "services call each other in a circle and wait: none can work, or start, without the others",
    question: None,
    reads: &["fallback", "optional"],
    page: Page {
        checks: "Services that call each other with `->` so that the calls lead back to where they began.",
        when: "A circle of `->` hops among services, workers, functions and identity services. An error where one flow goes \
               round it (or no flows are drawn); a warning where only several flows together do. Hand-offs `~>` and \
               connections `<->` may go in circles, and hops that are `optional` or have a `fallback` break one. Load \
               balancers, gateways and connection servers, through which everybody's requests pass, are no part of it.",
        why: "Each holds a thread while it waits for the other. When one slows down, both pools fill with requests that wait \
              for each other, and after a full stop neither becomes ready first.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\nservice stock x2\n\
              flow order {\n  web -> front -> orders -> stock\n  stock -> orders\n}\n",
        good: "client web\nlb front managed\nservice orders x2\nservice stock x2\n\
               flow order {\n  web -> front -> orders -> stock\n  stock ~> orders\n}\n",
        ignore: "The hop back was meant as the answer: leave it out, `->` waits for one.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let design = facts.design;
    let holds = |edge: EdgeIndex| {
        let hop = &design.graph[edge];
        let (from, to) = design.graph.edge_endpoints(edge).expect("it is an edge of this graph");
        let avoidable = hop.attrs.has("fallback")
            || (!hop.steps.is_empty() && hop.steps.iter().all(|&at| design.steps[at].attrs.has("optional")));
        hop.arrow == Arrow::Call && !avoidable && [from, to].iter().all(|&node| counts(facts.node(node).kind))
    };
    let calls = EdgeFiltered::from_fn(&design.graph, |edge| holds(edge.id()));
    let mut circles: Vec<Vec<NodeIndex>> =
        kosaraju_scc(&calls).into_iter().filter(|circle| circle.len() > 1).collect();
    for circle in &mut circles {
        circle.sort_unstable();
    }
    circles.sort_unstable();
    circles
        .iter()
        .map(|circle| {
            let way = shortest_circle(facts, circle, &holds);
            finding(facts, &way)
        })
        .collect()
}

/// A shortest way round that starts and ends at the circle's first node.
fn shortest_circle(
    facts: &Facts,
    circle: &[NodeIndex],
    holds: &impl Fn(EdgeIndex) -> bool,
) -> Vec<EdgeIndex> {
    let start = circle[0];
    let mut by: HashMap<NodeIndex, EdgeIndex> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    'search: while let Some(at) = queue.pop_front() {
        let mut edges: Vec<EdgeIndex> = facts.design.graph.edges(at).map(|edge| edge.id()).collect();
        edges.sort_unstable();
        for edge in edges {
            let (_, to) = facts.design.graph.edge_endpoints(edge).expect("it is an edge of this graph");
            if !holds(edge) || circle.binary_search(&to).is_err() || by.contains_key(&to) {
                continue;
            }
            by.insert(to, edge);
            if to == start {
                break 'search;
            }
            queue.push_back(to);
        }
    }
    let mut way = Vec::new();
    let mut at = start;
    while let Some(&edge) = by.get(&at) {
        way.push(edge);
        at = facts.design.graph.edge_endpoints(edge).expect("it is an edge of this graph").0;
        if at == start {
            break;
        }
    }
    way.reverse();
    way
}

fn finding(facts: &Facts, way: &[EdgeIndex]) -> Diagnostic {
    let graph = &facts.design.graph;
    let ends: Vec<(NodeIndex, NodeIndex)> =
        way.iter().filter_map(|&edge| graph.edge_endpoints(edge)).collect();
    let nodes: Vec<NodeIndex> = ends.iter().map(|&(from, _)| from).collect();
    let back = way[way.len() - 1];
    let [names, first, last] =
        [facts.names(&nodes), facts.node(nodes[0]).name(), facts.node(nodes[nodes.len() - 1]).name()];
    let round = match nodes.len() {
        2 => ": neither works without the other",
        _ => " in a circle: none of them works without the rest",
    };
    let mut finding =
        Diagnostic::wrong(format!("{names} wait for each other{round}"), graph[back].span, "leads back");
    for (&edge, &(from, to)) in way.iter().zip(&ends) {
        finding = finding.node(facts.id(from)).hop(facts.id(from), facts.id(to));
        if edge != back {
            finding = finding.label(graph[edge].span, "waits");
        }
    }
    let mut circle = nodes.clone();
    circle.push(nodes[0]);
    let rounds = flows_around(facts, way);
    let closed = facts.design.flows.is_empty() || !rounds.is_empty();
    finding = finding.evidence(facts.show_way(&circle));
    if !closed {
        finding = finding
            .evidence("no single flow goes all the way round, but they share their threads")
            .at_most(Severity::Warning);
    }
    finding
        .flows(rounds.into_iter().map(|flow| facts.design.flows[flow].id.clone()))
        .consequence(format!(
            "{first} slows down, {last} waits for it, and in the end {first} for {last}: their threads run out, and after \
             a full stop none of them is ready first"
        ))
        .fix(format!(
            "hand off one of them with `~>`, or give {last} what it needs with the call; if the hop was meant as the \
             answer, leave it out: `->` waits for one"
        ))
}

/// The flows that use every hop of the circle.
fn flows_around(facts: &Facts, way: &[EdgeIndex]) -> Vec<usize> {
    let flows_of = |edge: &EdgeIndex| {
        let steps = &facts.design.graph[*edge].steps;
        steps.iter().filter_map(|&at| facts.design.steps[at].flow).collect::<std::collections::BTreeSet<_>>()
    };
    let common = way.iter().map(flows_of).reduce(|all, more| all.intersection(&more).copied().collect());
    common.unwrap_or_default().into_iter().collect()
}

fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Worker | Kind::Function | Kind::Auth)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    #[test]
    fn cases() {
        let nodes = "client u\nservice a\nservice b\nservice c\nsocket s\nlb l\nqueue q\nexternal e\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("u -> a -> b -> a", &["wrong a, b"]);
        case("flow f { u -> a -> b -> c -> a }", &["wrong a, b, c"]);
        case("flow f { u -> a -> b }\nflow g { u -> b -> a }", &["wrong a, b"]);
        // Hand-offs and connections may go in circles.
        case("u -> a -> b ~> a", &[]);
        case("u -> a ~> q ~> b -> a", &[]);
        case("u <-> s -> a -> s", &[]);
        case("u -> a -> b\nb <-> a", &[]);
        // Through a load balancer, or by an outsider's callback, nobody waits for himself.
        case("u -> l -> a -> l -> b", &[]);
        case("u -> a -> e -> a", &[]);
        case("u -> a -> b -> a optional", &[]);
        // A diamond is no circle.
        case("u -> a -> b -> c\na -> c", &[]);
    }

    #[test]
    fn across_flows_it_is_a_warning() {
        for (text, severity) in [
            ("client u\nservice a\nservice b\nflow f { u -> a -> b -> a }", Severity::Error),
            (
                "client u\nservice a\nservice b\nflow f { u -> a -> b }\nflow g { u -> b -> a }",
                Severity::Warning,
            ),
        ] {
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design(text)));
            assert_eq!(found[0].severity, severity);
        }
    }
}
