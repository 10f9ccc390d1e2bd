//! The lines that a drawing shows: every hop, and what attributes say without one.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::catalog::Kind;
use crate::design::{Arrow, Design};

use super::label;

/// One line, not laid out yet.
pub struct Drawn {
    /// Indices of nodes.
    pub from: usize,
    pub to: usize,
    pub arrow: Arrow,
    /// A connection to a client, who opened it: requests are read from there.
    pub backward: bool,
    pub label: String,
    /// Everything worth a tooltip.
    pub full: String,
}

/// Hops in their order, then what no hop says: where dead letters go, what a replica copies. A connection is the same
/// from either end: one line.
pub fn lines(design: &Design) -> Vec<Drawn> {
    let mut streams = HashSet::new();
    let mut lines: Vec<Drawn> = design
        .graph
        .edge_references()
        .filter(|edge| {
            edge.weight().arrow != Arrow::Stream
                || (streams.insert((edge.source(), edge.target()))
                    && !streams.contains(&(edge.target(), edge.source())))
        })
        .map(|edge| {
            let hop = edge.weight();
            let [(from, opens), (to, opened)] = [edge.source(), edge.target()]
                .map(|end| (&design.graph[end].id, design.graph[end].kind == Kind::Client));
            Drawn {
                from: edge.source().index(),
                to: edge.target().index(),
                arrow: hop.arrow,
                backward: hop.arrow == Arrow::Stream && opened && !opens,
                label: label::text(hop, &design.steps),
                full: label::full(from, to, hop, &design.steps),
            }
        })
        .collect();
    for (from, to, label) in implied(design) {
        let (source, target) = (NodeIndex::new(from), NodeIndex::new(to));
        if !design.graph.contains_edge(source, target) {
            let full = format!("{} ~> {}: {label}", design.graph[source].id, design.graph[target].id);
            lines.push(Drawn {
                from,
                to,
                arrow: Arrow::Handoff,
                backward: false,
                label: label.to_string(),
                full,
            });
        }
    }
    lines
}

/// Dead letters from their queue, replicas from their primary: indices of nodes, and what the line says.
fn implied(design: &Design) -> Vec<(usize, usize, &'static str)> {
    let mut implied = Vec::new();
    for (at, node) in design.graph.node_weights().enumerate() {
        let other =
            |name| node.attrs.text(name).value().and_then(|id| design.node(id)).map(|node| node.index());
        if let Some(dead) = other("dlq").filter(|&dead| dead != at) {
            implied.push((at, dead, "dead letters"));
        }
        if let Some(primary) = other("replica_of").filter(|&primary| primary != at) {
            implied.push((primary, at, "replica"));
        }
    }
    implied
}
