//! What one request puts into queues at once.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::consumers::factor;
use crate::design::messages::writes;
use crate::design::{Arrow, Design, Flow};

/// For each queue or topic, how many messages a single request of the flow puts into it at once: `fanout` × `calls` ×
/// `share` ÷ `batch` along its way. Behind another queue a message is worked on by itself, and counts as one.
pub fn at_once(design: &Design, flow: &Flow) -> HashMap<NodeIndex, f64> {
    let mut sizes: HashMap<NodeIndex, f64> = HashMap::new();
    let mut bursts: HashMap<NodeIndex, f64> = HashMap::new();
    for step in design.steps_of(flow) {
        if design.graph[step.hop].arrow == Arrow::Control {
            continue;
        }
        let from_broker = design.graph[step.from].kind.is_broker();
        let before = if from_broker { 1.0 } else { sizes.get(&step.from).copied().unwrap_or(1.0) };
        let size = before * factor(step);
        let to_broker = design.graph[step.to].kind.is_broker();
        if to_broker && writes(design, step) {
            *bursts.entry(step.to).or_insert(0.0) += size;
        }
        // What it becomes behind the broker is one message at a time.
        let size = if from_broker { factor(step).min(1.0) } else { size };
        let known = sizes.entry(step.to).or_insert(0.0);
        *known = known.max(size);
    }
    bursts
}
