//! Which nodes work and which flows are served while some things are down: the terms of a whole design, asked for a state
//! instead of a probability.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::component::What;
use super::model::Model;
use super::place::Places;
use super::served;
use super::tree::{Gate, Term};
use crate::design::Design;

/// When everything works and everything is served. Each instance and each place counts, also what never fails.
pub struct Whole {
    gates: Vec<Gate>,
    /// Of each component, what it is and how many failures it stands for.
    components: Vec<(What, u64)>,
    node: Vec<Term>,
    /// None for a flow without a hop.
    flow: Vec<Option<Term>>,
}

/// Who works and what is served, by their places in the design.
pub struct State {
    pub works: Vec<bool>,
    /// A flow without a hop is served.
    pub served: Vec<bool>,
}

impl Whole {
    pub fn new(design: &Design) -> Whole {
        let mut model = Model::new(design, Places::Certain, None);
        let node = design.graph.node_indices().map(|node| model.works(node)).collect();
        let flow = |model: &mut Model, flow: &crate::design::Flow| {
            (!flow.steps.is_empty()).then(|| served::served(model, flow))
        };
        let flow = design.flows.iter().map(|of| flow(&mut model, of)).collect();
        let components = model
            .terms
            .components
            .into_iter()
            .map(|component| (component.what, component.failures))
            .collect();
        Whole { gates: model.terms.gates, components, node, flow }
    }

    /// What a look at one state costs, in gates.
    pub fn size(&self) -> usize {
        self.gates.len()
    }

    /// With these components down and all that belongs to these nodes. Of a node whose instances are counted and not named,
    /// the first instance is enough where it cannot do without a single one.
    pub fn without(&self, lost: &[What], nodes: &HashSet<NodeIndex>) -> State {
        let up: Vec<bool> = self
            .components
            .iter()
            .map(|(what, failures)| {
                let counted = |lost: &What| match (what, lost) {
                    (What::TooFew(node, 0), What::Instance(of, _)) => node == of && *failures == 1,
                    (What::Primary(node, first), What::Instance(of, at)) => (node, first) == (of, at),
                    _ => what == lost,
                };
                !lost.iter().any(counted) && !what.node().is_some_and(|node| nodes.contains(&node))
            })
            .collect();
        // What a gate is made of stands before it.
        let mut holds: Vec<bool> = Vec::with_capacity(self.gates.len());
        for gate in &self.gates {
            let now = match gate {
                Gate::Always => true,
                Gate::Never => false,
                Gate::Up(component) => up[*component],
                Gate::All(terms) => terms.iter().all(|&term| holds[term]),
                Gate::Any(terms) => terms.iter().any(|&term| holds[term]),
                Gate::AtLeast(wanted, terms) => terms.iter().filter(|&&term| holds[term]).count() >= *wanted,
            };
            holds.push(now);
        }
        State {
            works: self.node.iter().map(|&term| holds[term]).collect(),
            served: self.flow.iter().map(|term| term.is_none_or(|term| holds[term])).collect(),
        }
    }
}
