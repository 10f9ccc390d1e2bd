//! What fails by itself: an instance, a service bought whole, or what several of them stand in.

use petgraph::graph::NodeIndex;

use crate::design::Design;

/// An event of its own: independent of every other component.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    pub what: What,
    /// The share of time that it is down.
    pub down: f64,
    /// How many failures it stands for: one, but for those of instances that are counted and not named.
    pub failures: u64,
    /// The region that it stands in, to keep what falls together side by side.
    pub region: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// `region/zone`, or a zone without a region.
    Zone(String),
    Region(String),
    /// A group whose own availability is stated.
    Group(String),
    /// What several nodes name in `fate=`.
    Fate(String),
    /// A managed node, or somebody else's.
    Whole(NodeIndex),
    /// One of a node's instances, counted from 0.
    Instance(NodeIndex, usize),
    /// The instance, of a database whose copies do not take over, that has to be up.
    Primary(NodeIndex, usize),
    /// Of a node with many instances: fewer up than are needed, of those whose surroundings are up. The number tells apart
    /// how many that are.
    TooFew(NodeIndex, usize),
}

impl What {
    /// The node that it is a part of; None for what nodes stand in.
    pub fn node(&self) -> Option<NodeIndex> {
        match self {
            What::Whole(node) | What::Instance(node, _) | What::Primary(node, _) | What::TooFew(node, _) => {
                Some(*node)
            }
            What::Zone(_) | What::Region(_) | What::Group(_) | What::Fate(_) => None,
        }
    }

    /// Unique in a design: `store`, `store#2`, `zone east/a`.
    pub fn name(&self, design: &Design) -> String {
        match self {
            What::Zone(id) => format!("zone {id}"),
            What::Region(id) => format!("region {id}"),
            What::Group(id) => format!("group {id}"),
            What::Fate(id) => format!("fate {id}"),
            What::Whole(node) => design.graph[*node].id.clone(),
            What::Instance(node, number) | What::Primary(node, number) => {
                format!("{}#{}", design.graph[*node].id, number + 1)
            }
            What::TooFew(node, level) => format!("too few of {} ({})", design.graph[*node].id, level + 1),
        }
    }
}
