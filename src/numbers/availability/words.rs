//! Cut sets as a person would say them.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::component::What;
use super::cuts::{Cuts, Set};
use super::tree::FaultTree;
use super::works;
use crate::design::Design;

/// The cut sets in words, with the probability that all of it fails; those that read the same are one.
pub fn in_words(design: &Design, tree: &FaultTree, cuts: &Cuts) -> Vec<(String, f64)> {
    let mut said: Vec<(String, f64)> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for set in &cuts.sets {
        let words = one(design, tree, set);
        let probability: f64 = set.iter().map(|&at| tree.components[at as usize].down).product();
        match place.get(&words) {
            Some(&at) => said[at].1 += probability,
            None => {
                place.insert(words.clone(), said.len());
                said.push((words, probability));
            }
        }
    }
    said
}

fn one(design: &Design, tree: &FaultTree, set: &Set) -> String {
    if set.is_empty() {
        return "nothing at all: it is never served".to_string();
    }
    let mut places = Vec::new();
    let mut instances: BTreeMap<NodeIndex, u64> = BTreeMap::new();
    let mut nodes = Vec::new();
    for &at in set {
        match &tree.components[at as usize].what {
            What::Zone(id) => places.push(format!("zone `{id}`")),
            What::Region(id) => places.push(format!("region `{id}`")),
            What::Group(id) => places.push(format!("group `{id}`")),
            What::Fate(id) => places.push(format!("fate `{id}`")),
            What::Whole(node) => nodes.push(design.graph[*node].name()),
            What::Primary(node, _) => nodes.push(match works::parts(&design.graph[*node]) {
                0 | 1 => format!("the primary of {}", design.graph[*node].name()),
                _ => format!("a primary of {}", design.graph[*node].name()),
            }),
            What::Instance(node, _) => *instances.entry(*node).or_default() += 1,
            What::TooFew(node, level) => nodes.push(match level {
                0 => format!("too many of the instances of {}", design.graph[*node].name()),
                _ => format!("too many of what is left of {}", design.graph[*node].name()),
            }),
        }
    }
    let of_nodes = instances.into_iter().map(|(node, down)| {
        let node = &design.graph[node];
        let name = node.name();
        match (down, node.instances) {
            (1, 1) => name,
            (2, 2) => format!("both instances of {name}"),
            (down, all) if down == all => format!("all {all} instances of {name}"),
            (1, _) => format!("an instance of {name}"),
            (down, all) if works::parts(node) > 1 => {
                format!("{down} of the {all} instances of {name}, with the same data")
            }
            (down, all) => format!("{down} of the {all} instances of {name}"),
        }
    });
    let mut parts = places;
    parts.extend(nodes);
    parts.extend(of_nodes);
    match parts.as_slice() {
        [only] if set.len() == 1 => format!("{only} alone"),
        [first @ .., last] if first.len() > 1 => format!("{} and {last} together", first.join(", ")),
        _ => parts.join(" together with "),
    }
}
