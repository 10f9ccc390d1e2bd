use std::collections::{HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

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
               connections `<->` may go in circles, and hops that are `optional` or have a `fallback` break one. Connection servers \
               are no part of it. Load balancers and gateways, through which everybody's requests pass, are none either, \
               but a call that goes through one on a single line, `stock -> inner -> orders`, is a call of \
               `orders` by `stock`.",
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

/// One calls the other and waits: directly, or through what passes requests on.
struct Link {
    from: NodeIndex,
    to: NodeIndex,
    hops: Vec<EdgeIndex>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut links = direct(facts);
    links.extend(passed_on(facts));
    let mut graph: DiGraph<(), usize> = DiGraph::new();
    for _ in facts.design.graph.node_indices() {
        graph.add_node(());
    }
    for (at, link) in links.iter().enumerate() {
        graph.add_edge(link.from, link.to, at);
    }
    let mut circles: Vec<Vec<NodeIndex>> =
        kosaraju_scc(&graph).into_iter().filter(|circle| circle.len() > 1).collect();
    for circle in &mut circles {
        circle.sort_unstable();
    }
    circles.sort_unstable();
    circles
        .iter()
        .map(|circle| {
            let way: Vec<&Link> = shortest_circle(&graph, circle).into_iter().map(|at| &links[at]).collect();
            finding(facts, &way)
        })
        .collect()
}

fn direct(facts: &Facts) -> Vec<Link> {
    let design = facts.design;
    let mut links = Vec::new();
    for edge in design.graph.edge_references() {
        let (hop, from, to) = (edge.weight(), edge.source(), edge.target());
        let avoidable = hop.attrs.has("fallback")
            || (!hop.steps.is_empty() && hop.steps.iter().all(|&at| design.steps[at].attrs.has("optional")));
        if hop.arrow == Arrow::Call
            && !avoidable
            && [from, to].iter().all(|&node| counts(facts.node(node).kind))
        {
            links.push(Link { from, to, hops: vec![edge.id()] });
        }
    }
    links.sort_by_key(|link| link.hops[0]);
    links
}

/// Callers that one line brings to the same load balancer or gateway; nobody draws more of them.
const MOST_CALLERS: usize = 8;

/// Calls through load balancers and gateways, where a single line shows who calls whom.
fn passed_on(facts: &Facts) -> Vec<Link> {
    let mut links = Vec::new();
    // What has come to a load balancer or gateway on this line: from whom, and how.
    let mut waiting: HashMap<NodeIndex, Vec<(NodeIndex, Vec<EdgeIndex>)>> = HashMap::new();
    let (mut here, mut next) = (None, HashMap::new());
    for step in &facts.design.steps {
        let leg = Some((step.flow, step.line, step.leg));
        if leg != here {
            let follows = here.is_some_and(|(flow, line, last): (Option<usize>, usize, usize)| {
                (flow, line, last + 1) == (step.flow, step.line, step.leg)
            });
            waiting = if follows { std::mem::take(&mut next) } else { HashMap::new() };
            next.clear();
            here = leg;
        }
        let hop = &facts.design.graph[step.hop];
        if hop.arrow != Arrow::Call || hop.attrs.has("fallback") || step.attrs.has("optional") {
            continue;
        }
        let [from, to] = [step.from, step.to].map(|node| facts.node(node).kind);
        let came = match from {
            from if counts(from) => vec![(step.from, Vec::new())],
            from if passes_on(from) => waiting.get(&step.from).cloned().unwrap_or_default(),
            _ => continue,
        };
        for (caller, mut hops) in came {
            hops.push(step.hop);
            if passes_on(to) {
                let callers: &mut Vec<_> = next.entry(step.to).or_default();
                if callers.len() < MOST_CALLERS {
                    callers.push((caller, hops));
                }
            } else if counts(to) && hops.len() > 1 && caller != step.to {
                links.push(Link { from: caller, to: step.to, hops });
            }
        }
    }
    links
}

/// A shortest way round that starts and ends at the circle's first node.
fn shortest_circle(graph: &DiGraph<(), usize>, circle: &[NodeIndex]) -> Vec<usize> {
    let start = circle[0];
    let mut by: HashMap<NodeIndex, (NodeIndex, usize)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    'search: while let Some(at) = queue.pop_front() {
        let mut links: Vec<(usize, NodeIndex)> =
            graph.edges(at).map(|edge| (*edge.weight(), edge.target())).collect();
        links.sort_unstable();
        for (link, to) in links {
            if circle.binary_search(&to).is_err() || by.contains_key(&to) {
                continue;
            }
            by.insert(to, (at, link));
            if to == start {
                break 'search;
            }
            queue.push_back(to);
        }
    }
    let mut way = Vec::new();
    let mut at = start;
    while let Some(&(before, link)) = by.get(&at) {
        way.push(link);
        at = before;
        if at == start {
            break;
        }
    }
    way.reverse();
    way
}

fn finding(facts: &Facts, way: &[&Link]) -> Diagnostic {
    let graph = &facts.design.graph;
    let hops: Vec<EdgeIndex> = way.iter().flat_map(|link| link.hops.iter().copied()).collect();
    let nodes: Vec<NodeIndex> = way.iter().map(|link| link.from).collect();
    let back = hops[hops.len() - 1];
    let [names, first, last] =
        [facts.names(&nodes), facts.node(nodes[0]).name(), facts.node(nodes[nodes.len() - 1]).name()];
    let round = match nodes.len() {
        2 => ": neither works without the other",
        _ => " in a circle: none of them works without the rest",
    };
    let mut finding =
        Diagnostic::wrong(format!("{names} wait for each other{round}"), graph[back].span, "leads back");
    for &node in &nodes {
        finding = finding.node(facts.id(node));
    }
    let mut circle = vec![nodes[0]];
    for &hop in &hops {
        let Some((from, to)) = graph.edge_endpoints(hop) else { continue };
        finding = finding.hop(facts.id(from), facts.id(to));
        if hop != back {
            finding = finding.label(graph[hop].span, "waits");
        }
        circle.push(to);
    }
    let rounds = flows_around(facts, &hops);
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

fn passes_on(kind: Kind) -> bool {
    matches!(kind, Kind::Lb | Kind::Gateway)
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
        // A gateway between them hides nothing: who calls whom is drawn on one line.
        case("u -> a -> l -> b\nb -> l -> a", &["wrong a, b"]);
        case("flow f { u -> a -> l -> b -> l -> a }", &["wrong a, b"]);
        case("u -> a -> l -> b -> a", &["wrong a, b"]);
        case("u -> a -> l -> b -> l -> c", &[]);
        case("u -> a -> l -> b\nb -> l -> a optional", &[]);
        case("u -> l -> a\na -> l\nl -> b\nb -> l", &[]);
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
