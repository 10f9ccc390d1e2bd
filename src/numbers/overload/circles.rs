//! Calls that lead back to where they come from.

use std::collections::{HashMap, HashSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::design::{Arrow, Design, Step};

/// Of each node, its circle of calls, numbered so that callers come first; most are circles of one.
pub(super) struct Circles(HashMap<NodeIndex, usize>);

impl Circles {
    pub(super) fn of(design: &Design, steps: impl Iterator<Item = usize>) -> Circles {
        let mut graph: DiGraph<NodeIndex, ()> = DiGraph::new();
        let mut local = HashMap::new();
        let calls = steps.map(|at| &design.steps[at]);
        let mut seen = HashSet::new();
        for step in calls.filter(|step| design.graph[step.hop].arrow == Arrow::Call) {
            let [from, to] =
                [step.from, step.to].map(|node| *local.entry(node).or_insert_with(|| graph.add_node(node)));
            if seen.insert((from, to)) {
                graph.add_edge(from, to, ());
            }
        }
        let circles = kosaraju_scc(&graph);
        let numbered = circles.iter().rev().enumerate();
        Circles(
            numbered
                .flat_map(|(at, nodes)| nodes.iter().map(move |&node| (node, at)))
                .map(|(node, at)| (graph[node], at))
                .collect(),
        )
    }

    /// Callers come before those that they call.
    pub(super) fn order(&self, node: NodeIndex) -> usize {
        self.0.get(&node).copied().unwrap_or(0)
    }

    pub(super) fn turns(&self, step: &Step) -> bool {
        self.order(step.from) == self.order(step.to)
    }
}
