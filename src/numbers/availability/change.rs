//! Which single change to a design takes most off a flow's downtime.

use petgraph::graph::NodeIndex;

use super::bdd::{Budget, Diagram};
use super::component::What;
use super::importance::Importance;
use super::model::{Change, Model};
use super::place::{Places, spread};
use super::{Availability, Down, fault_tree, works};
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Flow};

/// A change, and the share of time that the flow is down with it.
#[derive(Debug, Clone, Copy)]
pub struct Better {
    pub change: Change,
    pub down: f64,
}

/// Changes are tried on the nodes that most of the downtime hangs on.
const NODES: usize = 5;

/// What a change has to take off, as a share of the downtime.
const WORTH: f64 = 0.1;

/// None where nothing that is tried helps, or where the exact figure is not known.
pub fn best_change(
    design: &Design,
    flow: &Flow,
    places: Places,
    now: &Availability,
    importance: &[Importance],
) -> Option<Better> {
    let Down::Exact(down) = now.down else { return None };
    let nodes = importance.iter().filter_map(|one| match one.of {
        What::Whole(node) => Some(node),
        _ => None,
    });
    let mut changes: Vec<Change> = nodes.take(NODES).flat_map(|node| of_node(design, flow, node)).collect();
    // Where places fail, what stands in one of them alone is what a spread helps.
    let placed = now.tree.components.iter().filter_map(|component| component.what.node());
    for node in placed {
        let change = Change::Spread(node);
        if changes.len() < 8 * NODES && !changes.contains(&change) && spread(design, node).is_some() {
            changes.push(change);
        }
    }
    let mut budget = Budget::WHOLE;
    let tried = changes.into_iter().filter_map(|change| {
        let mut model = Model::new(design, places, Some(change));
        let tree = fault_tree(&mut model, flow);
        Some(Better { change, down: Diagram::of(&tree, &mut budget)?.down() })
    });
    // To do without an answer is a loss: it has to be worth more than a repair.
    let cost = |better: &Better| match better.change {
        Change::Optional(_) => better.down + WORTH * down,
        _ => better.down,
    };
    tried
        .filter(|better| better.down < down * (1.0 - WORTH))
        .min_by(|one, other| cost(one).total_cmp(&cost(other)))
}

/// What can be changed about a node.
fn of_node(design: &Design, flow: &Flow, index: NodeIndex) -> Vec<Change> {
    let node = &design.graph[index];
    let mut changes = Vec::new();
    if !works::is_whole(node, &super::assumption::Instance::of(node)) {
        changes.push(Change::OneMore(index));
        if node.kind.is_store() && node.instances > 1 {
            changes.push(Change::Failover(index));
        }
        if spread(design, index).is_some() {
            changes.push(Change::Spread(index));
        }
    }
    // A flow may be able to do without an answer; hardly without its data.
    let steps = design.steps_of(flow);
    let is_last = !steps.iter().any(|step| step.from == index);
    if is_last && !node.kind.is_durable() && !node.kind.is_broker() && node.kind != Kind::Client {
        let calls = steps.iter().filter(|step| step.to == index && !step.attrs.has("optional"));
        for step in calls.filter(|step| design.graph[step.hop].arrow != Arrow::Control) {
            if !changes.contains(&Change::Optional(step.hop)) {
                changes.push(Change::Optional(step.hop));
            }
        }
    }
    changes
}

impl Change {
    /// "one more instance of `store`"
    pub fn in_words(self, design: &Design) -> String {
        let name = |node: NodeIndex| design.graph[node].name();
        match self {
            Change::OneMore(node) => {
                format!("one more instance of {} (x{})", name(node), design.graph[node].instances + 1)
            }
            Change::Failover(node) => format!("`failover=auto` on {}", name(node)),
            Change::Spread(node) => format!("{} over all zones of its region", name(node)),
            Change::Optional(hop) => {
                let (from, to) = design.graph.edge_endpoints(hop).expect("a hop of the design");
                format!(
                    "`optional` on the hop from {} to {}, if the flow can do without",
                    name(from),
                    name(to)
                )
            }
        }
    }
}
