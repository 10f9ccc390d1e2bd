//! Which copies stand in for a store.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::design::{Flow, Node};
use crate::rules::Facts;

/// How many replicas a store has.
#[derive(Default)]
pub struct Replicas {
    all: usize,
    /// Without those that only timers, workers and messages read.
    serving: usize,
}

/// By the name of the store that they copy.
pub fn replicas<'d>(facts: &Facts<'d>) -> HashMap<&'d str, Replicas> {
    let mut replicas: HashMap<&str, Replicas> = HashMap::new();
    for copy in facts.design.graph.node_indices() {
        for id in facts.design.graph[copy].attrs.words("replica_of") {
            let copies = replicas.entry(id).or_default();
            copies.all += 1;
            copies.serving += usize::from(!is_for_background(facts, copy));
        }
    }
    replicas
}

/// The store is a replica beside others, or the flow goes to its primary as well.
pub fn is_primarys_matter(
    facts: &Facts,
    node: &Node,
    flow: &Flow,
    replicas: &HashMap<&str, Replicas>,
) -> bool {
    let primaries = node.attrs.words("replica_of");
    let visits = |id: &String| facts.design.steps_of(flow).iter().any(|step| facts.id(step.to) == id);
    let background = facts.is_background(flow);
    let others = |id: &String| {
        let copies = replicas.get(id.as_str()).map_or(0, |of| if background { of.all } else { of.serving });
        copies > 1
    };
    primaries.iter().any(|id| others(id) || visits(id))
}

/// Only timers, workers and messages read it, as a copy for reports or exports: it stands in for nobody.
fn is_for_background(facts: &Facts, copy: NodeIndex) -> bool {
    let mut steps = facts.design.steps_to(copy).filter_map(|step| facts.flow_of(step)).peekable();
    steps.peek().is_some() && steps.all(|flow| facts.is_background(flow))
}
