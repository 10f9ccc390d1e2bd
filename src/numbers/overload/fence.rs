//! What keeps retries from holding down the node that they wait for.

use std::collections::HashSet;

use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::attempts::{Chain, Stop};
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Node, Step};
use crate::units::{show_duration, show_number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// A breaker on this hop, at or above the node.
    Breaker(EdgeIndex),
    /// This node takes its work from a queue.
    Pulls(NodeIndex),
    /// This node, itself or right before it, refuses what is too much.
    Sheds(NodeIndex),
    /// Its vendor or owner refuses what is too much.
    Limited(NodeIndex),
    /// On this hop the other side, which is code of one's own, does not work for a caller that has gone.
    Deadline(EdgeIndex),
    /// On this hop no more calls wait than can be answered within their timeout.
    Bounded(EdgeIndex),
}

impl Fence {
    /// "the `breaker` on `a -> b`"
    pub fn in_words(self, design: &Design) -> String {
        let hop = |hop: EdgeIndex| {
            let (from, to) = design.graph.edge_endpoints(hop).expect("a hop has two ends");
            format!("`{} -> {}`", design.graph[from].id, design.graph[to].id)
        };
        let name = |node: NodeIndex| design.graph[node].name();
        match self {
            Fence::Breaker(at) => format!("the `breaker` on {}", hop(at)),
            Fence::Pulls(node) => format!("the queue before {}", name(node)),
            Fence::Sheds(node) => format!("`shed` on {}", name(node)),
            Fence::Limited(node) => format!("the limit of {}", name(node)),
            Fence::Deadline(at) => format!("the `deadline` on {}", hop(at)),
            Fence::Bounded(at) => format!("the bound on calls in flight on {}", hop(at)),
        }
    }
}

/// What stops the retries of one step's requests at the node, or on their way to it.
pub(super) fn fence(
    design: &Design,
    node: NodeIndex,
    step: &Step,
    chain: &Chain,
    bound: &Bound,
) -> Option<Fence> {
    let (to, from) = (&design.graph[node], &design.graph[step.from]);
    if to.attrs.has("shed") {
        return Some(Fence::Sheds(node));
    }
    if refuses(to) {
        return Some(Fence::Limited(node));
    }
    if from.attrs.has("shed") {
        return Some(Fence::Sheds(step.from));
    }
    // A store or an external gets no deadline that it would look at.
    if step.attrs.has("deadline") && to.kind.is_compute() {
        return Some(Fence::Deadline(step.hop));
    }
    if bound.hops.contains(&step.hop) {
        return Some(Fence::Bounded(step.hop));
    }
    chain.stopped_by.map(|stop| match stop {
        Stop::Breaker(hop) => Fence::Breaker(hop),
        Stop::Pulls(node) => Fence::Pulls(node),
    })
}

/// Somebody else's service, a function or a managed part answers at its limit with a refusal, which costs it little; a
/// managed relational database or cache is still machines of one size.
fn refuses(node: &Node) -> bool {
    let relational = node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
    match node.kind {
        Kind::External => node.attrs.has("rate_limit"),
        Kind::Function => true,
        Kind::Cache => false,
        _ => node.is_managed() && !relational,
    }
}

/// The hops into a node on which only so many calls are in flight, if that keeps its waiting line short.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub hops: HashSet<EdgeIndex>,
    /// There are bounds, and they are too wide.
    pub too_wide: Option<String>,
}

/// A bound helps where all that it lets in flight is answered before its callers give up: calls in flight / capacity <
/// timeout, by Little's law; or is no more than the node works on at once. Where neither can be told, it is taken to help.
pub(super) fn bound(design: &Design, index: NodeIndex, carries: Option<f64>) -> Bound {
    let node = &design.graph[index];
    let mut hops = HashSet::new();
    let (mut in_flight, mut timeout) = (0.0, f64::INFINITY);
    for edge in design.graph.edges_directed(index, petgraph::Direction::Incoming) {
        let (caller, attrs) = (&design.graph[edge.source()], &edge.weight().attrs);
        if edge.weight().arrow != Arrow::Call || caller.kind == Kind::Client {
            continue;
        }
        let Some(most) = ["bulkhead", "pool"].iter().find_map(|name| {
            let on_hop = attrs.has(name).then(|| attrs.number(name));
            let on_node = || caller.attrs.has(name).then(|| caller.attrs.number(name));
            on_hop.or_else(on_node)
        }) else {
            continue;
        };
        hops.insert(edge.id());
        if let Some((most, instances)) = most.value().zip(caller.most_instances()) {
            in_flight += most * instances as f64;
        }
        timeout = timeout.min(attrs.number("timeout").value().unwrap_or(f64::INFINITY));
    }
    let answered = carries.map(|carries| carries * timeout).filter(|most| most.is_finite());
    let at_once = node.attrs.number("concurrency").value().zip(node.most_instances());
    let at_once = at_once.map(|(each, instances)| each * instances as f64);
    let room = [answered, at_once].into_iter().flatten().reduce(f64::max);
    match room.filter(|room| in_flight > *room) {
        None => Bound { hops, too_wide: None },
        Some(room) => {
            let line = format!(
                "the bounds on calls in flight let {} wait at {}, which answers {} before they give up{}",
                show_number(in_flight),
                node.name(),
                show_number(room),
                if timeout.is_finite() {
                    format!(" after {}", show_duration(timeout))
                } else {
                    String::new()
                }
            );
            Bound { hops: HashSet::new(), too_wide: Some(line) }
        }
    }
}
