//! Who waits for whom: the calls of each flow, and the heaviest chain of them.

use std::collections::{HashMap, HashSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Facts;
use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Hop, Step};

/// The calls of one flow, in order; in a design that draws no flows, all of its calls.
pub struct Calls<'d> {
    pub flow: Option<&'d Flow>,
    pub steps: Vec<&'d Step>,
    /// The nodes for whose answer the flow's starter waits, itself included; empty where nobody waits.
    pub waited_for: HashSet<NodeIndex>,
}

impl<'d> Facts<'d> {
    /// The calls of each flow that has any. Hops outside flows count only where there are no flows.
    pub fn calls(&self) -> Vec<Calls<'d>> {
        let is_call = |step: &&Step| self.arrow(step) == Arrow::Call;
        let mut all = Vec::new();
        if self.design.flows.is_empty() {
            let steps = self.design.steps.iter().filter(is_call).collect();
            all.push(Calls { flow: None, steps, waited_for: self.waited_for_at_all() });
        }
        for flow in &self.design.flows {
            let steps = self.design.steps_of(flow).iter().filter(is_call).collect();
            all.push(Calls { flow: Some(flow), steps, waited_for: self.waited_for_in(flow) });
        }
        all.retain(|calls| !calls.steps.is_empty());
        all
    }

    /// The flows that use a hop, in the order of the file; one that uses it twice is there twice.
    pub fn flows_on<'h>(&'h self, hop: &'h Hop) -> impl Iterator<Item = &'d Flow> + 'h {
        hop.steps.iter().filter_map(|&at| self.flow_of(&self.design.steps[at]))
    }

    /// A small flow makes this step, and makes it seldom: one request a day may send a million mails.
    pub fn is_seldom(&self, step: &Step) -> bool {
        let seldom = step.load.rate.is_none_or(|per_second| per_second <= 10.0);
        seldom && self.flow_of(step).is_some_and(|flow| self.is_small(flow))
    }

    /// The steps of flows that use a hop, in the order of the file.
    pub fn steps_on<'h>(&'h self, hop: &'h Hop) -> impl Iterator<Item = &'d Step> + 'h {
        hop.steps.iter().map(|&at| &self.design.steps[at]).filter(|step| step.flow.is_some())
    }

    /// A flow that someone waits for, that needs the node, and that never uses this hop of it; one of weight, if there is one.
    pub fn another_flow(&self, node: NodeIndex, hop: &Hop) -> Option<&'d Flow> {
        let using: HashSet<&str> = self.flows_on(hop).map(|flow| flow.id.as_str()).collect();
        self.flows_needing(node)
            .filter(|flow| !using.contains(flow.id.as_str()) && !self.is_background(flow))
            .min_by_key(|flow| self.is_small(flow))
    }

    /// Nobody waits for what the flow does: a timer, a worker or a message starts it, or an instance does it as it starts.
    pub fn is_background(&self, flow: &Flow) -> bool {
        let Some(first) = self.design.steps_of(flow).first() else { return false };
        let kind = self.node(first.from).kind;
        !somebody_waits_at(kind) || (flow.attrs.has("connects") && kind != Kind::Client)
    }

    /// The nodes for whose answer the flow's starter waits, itself included.
    pub fn waited_for_in(&self, flow: &Flow) -> HashSet<NodeIndex> {
        let mut waited_for = HashSet::new();
        let mut reached = HashSet::new();
        for step in self.design.steps_of(flow) {
            if step.leg == 0 && !reached.contains(&step.from) && somebody_waits_at(self.node(step.from).kind)
            {
                waited_for.insert(step.from);
            }
            reached.extend([step.from, step.to]);
            let waits = matches!(self.arrow(step), Arrow::Call | Arrow::Stream);
            if waits && waited_for.contains(&step.from) && !self.node(step.to).kind.is_broker() {
                waited_for.insert(step.to);
            }
        }
        waited_for
    }

    /// The nodes for whose answer somebody waits, over all hops.
    pub fn waited_for_at_all(&self) -> HashSet<NodeIndex> {
        let mut waiting: Vec<NodeIndex> = self.entries().to_vec();
        waiting.retain(|&entry| somebody_waits_at(self.node(entry).kind));
        let mut waited_for: HashSet<NodeIndex> = waiting.iter().copied().collect();
        while let Some(at) = waiting.pop() {
            for (next, hop) in self.hops_from(at) {
                let waits = matches!(hop.arrow, Arrow::Call | Arrow::Stream);
                if waits && !self.node(next).kind.is_broker() && waited_for.insert(next) {
                    waiting.push(next);
                }
            }
        }
        waited_for
    }
}

/// What a kind does first is done for someone who waits, rather than because it is time or a message lies there.
fn somebody_waits_at(kind: Kind) -> bool {
    !(kind.is_broker() || kind.is_store() || matches!(kind, Kind::Scheduler | Kind::Worker | Kind::Monitor))
}

/// The chain of calls with the greatest sum of weights, of its nodes and of its calls; the first one of several.
///
/// Calls in a circle count for nothing: their chain would never end.
pub fn heaviest_chain<'d>(
    steps: &[&'d Step],
    node_weight: impl Fn(NodeIndex) -> f64,
    step_weight: impl Fn(&Step) -> f64,
) -> (f64, Vec<&'d Step>) {
    let mut graph: DiGraph<NodeIndex, usize> = DiGraph::new();
    let mut local = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        let [from, to] =
            [step.from, step.to].map(|node| *local.entry(node).or_insert_with(|| graph.add_node(node)));
        graph.add_edge(from, to, at);
    }
    let circles = kosaraju_scc(&graph);
    let mut circle_of = vec![0; graph.node_count()];
    for (circle, nodes) in circles.iter().enumerate() {
        for node in nodes {
            circle_of[node.index()] = circle;
        }
    }
    // The heaviest chain into each circle (most are single nodes), without the circle's own weight, and its last call.
    let mut into: Vec<(f64, Option<usize>)> = vec![(0.0, None); circles.len()];
    let mut best = (0.0, 0);
    for (circle, nodes) in circles.iter().enumerate().rev() {
        let own: f64 = nodes.iter().map(|&node| node_weight(graph[node])).fold(0.0, f64::max);
        let total = into[circle].0 + own;
        if total > best.0 {
            best = (total, circle);
        }
        for edge in nodes.iter().flat_map(|&node| graph.edges(node)) {
            let next = circle_of[petgraph::visit::EdgeRef::target(&edge).index()];
            let at = *edge.weight();
            let sum = total + step_weight(steps[at]);
            // Edges are listed in no order that a reader knows: of equal chains the one written first wins.
            let earlier = sum == into[next].0 && into[next].1.is_some_and(|other| at < other);
            if next != circle && (sum > into[next].0 || earlier) {
                into[next] = (sum, Some(at));
            }
        }
    }
    let mut chain = Vec::new();
    let mut circle = best.1;
    while let Some(at) = into.get(circle).and_then(|(_, last)| *last) {
        chain.push(steps[at]);
        circle = circle_of[local[&steps[at].from].index()];
    }
    chain.reverse();
    (best.0, chain)
}
