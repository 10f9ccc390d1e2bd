//! Which nodes only have another name: gone on one side and new on the other, of the same kind, among the same neighbours.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::NodeIndex;

use crate::design::Design;

/// Old ids to new ones. A node whose neighbours are renamed as well is found once those are; what could be two is neither.
pub fn renames(old: &Design, new: &Design) -> BTreeMap<String, String> {
    let mut renamed = BTreeMap::new();
    let mut gone = missing(old, new);
    let mut fresh = missing(new, old);
    loop {
        let before: Vec<_> = gone.iter().map(|&node| (node, around(old, node, &renamed))).collect();
        let after: Vec<_> = fresh.iter().map(|&node| (node, around(new, node, &BTreeMap::new()))).collect();
        let only = |of: &[(NodeIndex, Around)], around: &Around| {
            of.iter().filter(|(_, one)| one == around).count() == 1
        };
        let found: Vec<(NodeIndex, NodeIndex)> = before
            .iter()
            .filter(|(_, around)| !around.is_alone() && only(&before, around) && only(&after, around))
            .filter_map(|(node, around)| Some((*node, after.iter().find(|(_, one)| one == around)?.0)))
            .collect();
        if found.is_empty() {
            return renamed;
        }
        for (was, is) in found {
            renamed.insert(old.graph[was].id.clone(), new.graph[is].id.clone());
            gone.retain(|&node| node != was);
            fresh.retain(|&node| node != is);
        }
    }
}

fn missing(here: &Design, there: &Design) -> Vec<NodeIndex> {
    here.graph.node_indices().filter(|&node| there.node(&here.graph[node].id).is_none()).collect()
}

/// What a node is and who stands around it.
#[derive(PartialEq, Eq)]
struct Around {
    kind: String,
    callers: BTreeSet<String>,
    called: BTreeSet<String>,
}

impl Around {
    fn is_alone(&self) -> bool {
        self.callers.is_empty() && self.called.is_empty()
    }
}

fn around(design: &Design, node: NodeIndex, renamed: &BTreeMap<String, String>) -> Around {
    let ids = |direction| -> BTreeSet<String> {
        let neighbours = design.graph.neighbors_directed(node, direction);
        let ids = neighbours.map(|other| &design.graph[other].id);
        ids.map(|id| renamed.get(id).unwrap_or(id).clone()).collect()
    };
    let this = &design.graph[node];
    let kind = this.tech.map_or(this.kind.name(), |tech| tech.id.as_str()).to_string();
    Around { kind, callers: ids(Direction::Incoming), called: ids(Direction::Outgoing) }
}
