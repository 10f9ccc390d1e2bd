//! The ways that requests and messages travel: where they start, how they get anywhere, what they cannot get around.

use std::collections::VecDeque;

use petgraph::Direction;
use petgraph::algo::dominators;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Design};

/// Clients, schedulers, and outsiders that nobody calls; without any, whatever has nothing before it.
pub fn entries(design: &Design) -> Vec<NodeIndex> {
    let incoming = |node: NodeIndex| {
        design
            .graph
            .edges_directed(node, Direction::Incoming)
            .any(|edge| edge.weight().arrow != Arrow::Control)
    };
    let nodes = || design.graph.node_indices();
    let entries: Vec<NodeIndex> = nodes()
        .filter(|&node| match design.graph[node].kind {
            Kind::Client => true,
            Kind::Scheduler | Kind::External => !incoming(node),
            _ => false,
        })
        .collect();
    if entries.is_empty() { nodes().filter(|&node| !incoming(node)).collect() } else { entries }
}

/// The ways that requests and messages travel, with one root before all entries as the last node.
///
/// A consumer that polls its queue is one that the queue hands to.
pub fn travel(design: &Design, entries: &[NodeIndex]) -> DiGraph<(), ()> {
    let mut travel = DiGraph::with_capacity(design.graph.node_count() + 1, design.graph.edge_count());
    for _ in design.graph.node_indices() {
        travel.add_node(());
    }
    let root = travel.add_node(());
    for &entry in entries {
        travel.add_edge(root, entry, ());
    }
    for edge in design.graph.edge_references() {
        let hop = edge.weight();
        if hop.arrow == Arrow::Control {
            continue;
        }
        travel.add_edge(edge.source(), edge.target(), ());
        let to_broker = design.graph[edge.target()].kind.is_broker();
        if to_broker && hop.steps.iter().any(|&step| design.steps[step].attrs.has("reads")) {
            travel.add_edge(edge.target(), edge.source(), ());
        }
    }
    travel
}

/// Breadth first from the root: which nodes are reached, and from where on a shortest way.
pub fn shortest_ways(
    travel: &DiGraph<(), ()>,
    entries: usize,
    nodes: usize,
) -> (Vec<bool>, Vec<Option<NodeIndex>>) {
    let root = NodeIndex::new(nodes);
    let mut reached = vec![false; nodes + 1];
    let mut came_from = vec![None; nodes];
    let mut queue = VecDeque::with_capacity(entries);
    reached[nodes] = true;
    queue.push_back(root);
    while let Some(at) = queue.pop_front() {
        // petgraph lists the newest edge first; the first one written is the one to show.
        let mut next: Vec<_> = travel.edges(at).map(|edge| (edge.id(), edge.target())).collect();
        next.sort_unstable();
        for (_, target) in next {
            if !std::mem::replace(&mut reached[target.index()], true) {
                came_from[target.index()] = (at != root).then_some(at);
                queue.push_back(target);
            }
        }
    }
    reached.truncate(nodes);
    (reached, came_from)
}

/// The tree of immediate dominators, without its root: for each node, its children.
pub fn last_before(travel: &DiGraph<(), ()>, nodes: usize) -> Vec<Vec<NodeIndex>> {
    let root = NodeIndex::new(nodes);
    let tree = dominators::simple_fast(travel, root);
    let mut last_before = vec![Vec::new(); nodes];
    for node in (0..nodes).map(NodeIndex::new) {
        if let Some(dominator) = tree.immediate_dominator(node).filter(|&dominator| dominator != root) {
            last_before[dominator.index()].push(node);
        }
    }
    last_before
}
