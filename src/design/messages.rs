//! Messages: who puts them into a queue or topic, who takes them, and how those share them.

use std::collections::HashSet;

use petgraph::Direction;
use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::{Arrow, Design, Step};
use crate::catalog::Kind;

/// How the consumers of one group divide the messages among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shares {
    /// Each takes whole partitions: order holds in a partition, and no more can work than there are partitions.
    Partitions,
    /// Each takes a key at a time: order holds for a key.
    Keys,
    /// Each takes the next message: two that follow each other are worked on at the same time.
    Messages,
}

/// How its consumers divide the messages, as far as that is known.
pub fn shares(design: &Design, broker: NodeIndex) -> Option<Shares> {
    let node = &design.graph[broker];
    let partitioned = node.attrs.number("partitions").value().is_some_and(|partitions| partitions >= 2.0);
    match node.tech.and_then(|tech| tech.shares.as_deref()) {
        Some("partitions") => Some(Shares::Partitions),
        Some("keys") => Some(Shares::Keys),
        // A queue for each part, with a consumer each, as by a consistent-hash exchange.
        _ if partitioned => Some(Shares::Partitions),
        Some("messages") => Some(Shares::Messages),
        _ if node.tech.is_none() && node.kind == Kind::Queue => Some(Shares::Messages),
        _ => None,
    }
}

/// It passes messages on to who listens at that moment, and keeps none.
pub fn keeps_nothing(design: &Design, broker: NodeIndex) -> bool {
    design.graph[broker].tech.is_some_and(|tech| tech.durability.as_deref() == Some("none"))
}

/// For each node, whether some queue or topic names it as its dead letters, or consumers park in it what they fail on.
pub fn dead_letters(design: &Design) -> Vec<bool> {
    let mut dead_letters = vec![false; design.graph.node_count()];
    for node in design.graph.node_weights() {
        if let Some(dlq) = node.attrs.text("dlq").value().and_then(|id| design.node(id)) {
            dead_letters[dlq.index()] = true;
        }
    }
    for node in design.graph.node_indices().filter(|&node| design.graph[node].kind.is_broker()) {
        dead_letters[node.index()] |= is_parking(design, node);
    }
    dead_letters
}

/// All that is put into the queue or topic comes `on=error` from those who consume another one.
fn is_parking(design: &Design, node: NodeIndex) -> bool {
    let consumes = |step: &Step| {
        let polls = |polled: &Step| {
            polled.attrs.has("reads") && design.graph[polled.to].kind.is_broker() && polled.to != node
        };
        let mut before = design.graph.neighbors_directed(step.from, Direction::Incoming);
        before.any(|before| design.graph[before].kind.is_broker()) || design.steps_from(step.from).any(polls)
    };
    let mut puts = design.steps_to(node).filter(|step| writes(design, step)).peekable();
    puts.peek().is_some() && puts.all(|step| step.attrs.text("on").value() == Some("error") && consumes(step))
}

/// The step may change what its target keeps: it says `writes`, or says neither and leads to a store or broker.
pub fn writes(design: &Design, step: &Step) -> bool {
    let kind = design.graph[step.to].kind;
    step.attrs.has("writes")
        || (!step.attrs.has("reads")
            && (kind.is_store() || kind.is_broker())
            && design.graph[step.hop].arrow != Arrow::Control)
}

/// The steps that put messages into it, in the order of the file.
pub fn puts(design: &Design, broker: NodeIndex) -> Vec<&Step> {
    let puts = |step: &&Step| design.graph[step.hop].arrow != Arrow::Control && writes(design, step);
    design.steps_to(broker).filter(puts).collect()
}

/// Who takes messages from it: handed to by it, or polling it with `reads`; not its dead letters.
pub fn consumers(design: &Design, dead_letters: &[bool], broker: NodeIndex) -> Vec<NodeIndex> {
    let mut handed: Vec<_> = design
        .graph
        .edges_directed(broker, Direction::Outgoing)
        .filter(|edge| edge.weight().arrow != Arrow::Control && !dead_letters[edge.target().index()])
        .map(|edge| (edge.weight().span, edge.target()))
        .collect();
    handed.sort_by_key(|(span, _)| *span);
    let polling = design.steps_to(broker).filter(|step| step.attrs.has("reads")).map(|step| step.from);
    let mut seen = HashSet::new();
    handed.into_iter().map(|(_, target)| target).chain(polling).filter(|node| seen.insert(*node)).collect()
}

/// The steps by which a broker hands to one consumer, in the order of the file.
pub fn handed(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> impl Iterator<Item = &Step> {
    let mut steps: Vec<usize> = between(design, broker, consumer)
        .into_iter()
        .map(|hop| &design.graph[hop])
        .filter(|hop| hop.arrow != Arrow::Control)
        .flat_map(|hop| hop.steps.iter().copied())
        .collect();
    steps.sort_unstable();
    steps.into_iter().map(|at| &design.steps[at])
}

/// The hops from one node to another: a broker may have thousands of consumers, and a consumer thousands of brokers, so that
/// both are looked through at once until one is done.
fn between(design: &Design, from: NodeIndex, to: NodeIndex) -> Vec<EdgeIndex> {
    let mut out = design.graph.edges_directed(from, Direction::Outgoing);
    let mut into = design.graph.edges_directed(to, Direction::Incoming);
    let (mut of_out, mut of_into) = (Vec::new(), Vec::new());
    loop {
        match out.next() {
            Some(edge) if edge.target() == to => of_out.push(edge.id()),
            Some(_) => {}
            None => return of_out,
        }
        match into.next() {
            Some(edge) if edge.source() == from => of_into.push(edge.id()),
            Some(_) => {}
            None => return of_into,
        }
    }
}

/// What the consumer does on taking a message from this broker: the steps that leave it then, in each flow.
pub fn work_on(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> Vec<&Step> {
    let takes = |step: &Step| {
        let handed = step.from == broker && step.to == consumer;
        let polled = step.from == consumer && step.to == broker && step.attrs.has("reads");
        handed || polled
    };
    // For each flow (None: outside flows), the first step at which it takes a message.
    let mut taken: Vec<(Option<usize>, &Step)> = Vec::new();
    for step in design.steps_from(consumer).chain(design.steps_to(consumer)) {
        if takes(step) && !taken.iter().any(|(flow, _)| *flow == step.flow) {
            taken.push((step.flow, step));
        }
    }
    let in_flows = taken.iter().any(|(flow, _)| flow.is_some());
    design
        .steps_from(consumer)
        .filter(|step| {
            // Hops outside flows only declare what the flows use, where a flow says how messages are taken.
            let counts = step.flow.is_some() || !in_flows;
            let after = |(flow, first): &(Option<usize>, &Step)| {
                *flow == step.flow && (flow.is_none() || first.span <= step.span)
            };
            counts && step.to != broker && taken.iter().any(after)
        })
        .collect()
}
