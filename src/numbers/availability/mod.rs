//! The share of time in which each flow is served, exactly: a fault tree over everything that fails by itself, its probability
//! by a decision diagram, and its minimal cut sets.
//!
//! Everything fails independently of everything else but for what is drawn as shared: zones, regions, groups, fates, and
//! nodes that several parts of a flow need. What a component does to the load of others is not looked at here.

mod assumption;
mod bdd;
mod change;
mod component;
mod cuts;
mod importance;
mod many;
mod model;
mod open_psa;
mod place;
mod served;
mod tree;
mod whole;
mod words;
mod works;

pub use assumption::Assumption;
pub use bdd::{Budget, Diagram};
pub use change::{Better, best_change};
pub use component::{Component, What};
pub use cuts::{Cuts, LARGEST_ORDER, Set, cuts};
pub use importance::{Importance, importance};
pub use model::{Change, Model, merged};
pub use open_psa::open_psa;
pub use place::Places;
pub use tree::{FaultTree, Gate};
pub use whole::{State, Whole};
pub use words::in_words;
pub use works::{is_one_thing, parts};

use crate::design::needs::needs;
use crate::design::{Design, Flow};

/// How a flow fares.
#[derive(Debug)]
pub struct Availability {
    pub tree: FaultTree,
    pub down: Down,
    /// The product of what each needed node is up, as if there were one of each and nothing were shared.
    pub naive: f64,
    pub cuts: Cuts,
    pub assumed: Vec<Assumption>,
}

/// The share of time in which a flow is not served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Down {
    Exact(f64),
    /// Where the exact figure would cost too much.
    Between {
        least: f64,
        most: f64,
        /// Of `most`, what stands for the cut sets that were not looked at.
        left_out: f64,
    },
}

impl Down {
    /// No less than it is.
    pub fn most(self) -> f64 {
        match self {
            Down::Exact(down) => down,
            Down::Between { most, .. } => most,
        }
    }

    pub fn is_exact(self) -> bool {
        matches!(self, Down::Exact(_))
    }
}

/// Of every flow, in order; None for one without a hop.
pub fn of_flows(design: &Design, places: Places) -> Vec<Option<Availability>> {
    let mut model = Model::new(design, places, None);
    let mut budget = Budget::WHOLE;
    design.flows.iter().map(|flow| of_flow(&mut model, flow, &mut budget)).collect()
}

fn of_flow(model: &mut Model, flow: &Flow, budget: &mut Budget) -> Option<Availability> {
    if flow.steps.is_empty() {
        return None;
    }
    let tree = fault_tree(model, flow);
    let cuts = cuts(&tree);
    let down = match Diagram::of(&tree, budget) {
        Some(diagram) => Down::Exact(diagram.down()),
        None => between(&tree, &cuts),
    };
    let design = model.design;
    let naive = needs(design, flow)
        .into_iter()
        .map(|node| assumption::Instance::of(&design.graph[node]).up)
        .product();
    let assumed = model.assumptions(tree.components.iter().map(|component| &component.what));
    Some(Availability { tree, down, naive, cuts, assumed })
}

/// What a flow's downtime hangs on, and what would help most.
#[derive(Debug)]
pub struct Study {
    /// The most important first; empty where the exact figure is not known.
    pub importance: Vec<Importance>,
    pub best: Option<Better>,
}

pub fn study(design: &Design, flow: &Flow, places: Places, now: &Availability) -> Study {
    let importance = match Diagram::of(&now.tree, &mut Budget::WHOLE.clone()) {
        Some(diagram) if now.down.is_exact() => importance(&now.tree, &diagram),
        _ => Vec::new(),
    };
    let best = best_change(design, flow, places, now, &importance);
    Study { importance, best }
}

/// When a flow is served, of its own components alone.
pub fn fault_tree(model: &mut Model, flow: &Flow) -> FaultTree {
    let top = served::served(model, flow);
    model.terms.tree(top)
}

/// From the cut sets: one of them fails no more often than all of them do added up, and no less often than the one that fails
/// most, or than the sum without what two of them have in common.
pub fn between(tree: &FaultTree, cuts: &Cuts) -> Down {
    const PAIRS: usize = 300;
    let probability =
        |set: &[u32]| -> f64 { set.iter().map(|&at| tree.components[at as usize].down).product() };
    let sum: f64 = cuts.sets.iter().map(|set| probability(set)).sum();
    let none_fails: f64 = cuts.sets.iter().map(|set| 1.0 - probability(set)).product();
    let most = (sum.min(1.0 - none_fails + f64::EPSILON) + cuts.left_out).min(1.0);
    let first = &cuts.sets[..cuts.sets.len().min(PAIRS)];
    let single = cuts.sets.iter().map(|set| probability(set)).fold(0.0, f64::max);
    let mut least: f64 = first.iter().map(|set| probability(set)).sum();
    for (at, one) in first.iter().enumerate() {
        for other in &first[at + 1..] {
            let more: f64 = other
                .iter()
                .filter(|member| !one.contains(member))
                .map(|&member| tree.components[member as usize].down)
                .product();
            least -= probability(one) * more;
        }
    }
    Down::Between { least: least.max(single).min(most), most, left_out: cuts.left_out }
}
