//! What a flow's downtime hangs on.

use std::collections::BTreeMap;

use super::bdd::Diagram;
use super::component::What;
use super::tree::FaultTree;

/// Of one node with all of its instances, or of one thing that nodes stand in.
#[derive(Debug, Clone)]
pub struct Importance {
    /// `What::Whole` for a node.
    pub of: What,
    /// How much more of the time the flow is down while a component of it is down than while it is up (Birnbaum), summed
    /// over its components.
    pub birnbaum: f64,
    /// The share of the downtime that would be gone if it never failed (Fussell-Vesely).
    pub gone: f64,
}

/// The most important first.
pub fn importance(tree: &FaultTree, diagram: &Diagram) -> Vec<Importance> {
    let mut parts: BTreeMap<What, Vec<usize>> = BTreeMap::new();
    for (at, component) in tree.components.iter().enumerate() {
        let what = component.what.node().map_or_else(|| component.what.clone(), What::Whole);
        parts.entry(what).or_default().push(at);
    }
    let down = diagram.down();
    let birnbaum = diagram.birnbaum();
    let mut all: Vec<Importance> = parts
        .into_iter()
        .map(|(of, parts)| {
            let without = diagram.down_with(|at| {
                if parts.binary_search(&at).is_ok() { 0.0 } else { tree.components[at].down }
            });
            let gone = if down > 0.0 { ((down - without) / down).max(0.0) } else { 0.0 };
            Importance { of, birnbaum: parts.iter().map(|&at| birnbaum[at]).sum(), gone }
        })
        .collect();
    all.sort_by(|one, other| other.gone.total_cmp(&one.gone).then_with(|| one.of.cmp(&other.of)));
    all
}
