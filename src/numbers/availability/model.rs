//! The terms of a design: when each node works and each flow is served, as drawn or with one thing changed.

use std::collections::{HashMap, HashSet};

use petgraph::graph::{EdgeIndex, NodeIndex};

use super::assumption::Assumption;
use super::component::What;
use super::place::Places;
use super::tree::{Term, Terms};
use super::works;
use crate::design::Design;
use crate::design::standby::standbys;

/// One thing that could be drawn otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    OneMore(NodeIndex),
    /// `failover=auto`
    Failover(NodeIndex),
    /// Over all zones of its region.
    Spread(NodeIndex),
    /// A hop becomes `optional`.
    Optional(EdgeIndex),
}

pub struct Model<'d> {
    pub design: &'d Design,
    pub places: Places,
    pub change: Option<Change>,
    pub terms: Terms,
    assumed: Vec<Assumption>,
    /// Indices of what was taken for granted, by what it was taken of.
    assumed_of: HashMap<What, Vec<usize>>,
    /// By node: that it works, and all that it cannot do without.
    working: Vec<Option<Term>>,
    /// The copies that take over from a database by themselves.
    pub standbys: HashMap<NodeIndex, Vec<NodeIndex>>,
}

impl<'d> Model<'d> {
    pub fn new(design: &'d Design, places: Places, change: Option<Change>) -> Model<'d> {
        let mut model = Model {
            design,
            places,
            change,
            terms: Terms::new(places == Places::Certain),
            assumed: Vec::new(),
            assumed_of: HashMap::new(),
            working: vec![None; design.graph.node_count()],
            standbys: standbys(design),
        };
        works::with_hard_needs(&mut model);
        // In the order of the file, so that what is taken for granted is listed so.
        design.graph.node_indices().for_each(|node| {
            model.works(node);
        });
        model
    }

    /// The node itself and what it cannot do without; not what its calls go to.
    pub fn works(&mut self, node: NodeIndex) -> Term {
        if let Some(term) = self.working[node.index()] {
            return term;
        }
        let term = self.stands(node, &mut |_, _| Vec::new());
        self.working[node.index()] = Some(term);
        term
    }

    pub fn set_working(&mut self, node: NodeIndex, term: Term) {
        self.working[node.index()] = Some(term);
    }

    pub fn assume(&mut self, what: What, assumption: Assumption) {
        let list = self.assumed_of.entry(owner(&what)).or_default();
        if !list.iter().any(|&at| self.assumed[at].what == assumption.what) {
            list.push(self.assumed.len());
            self.assumed.push(assumption);
        }
    }

    /// What was taken for granted of these components, each thing once with all that it was taken of.
    pub fn assumptions<'c>(&self, of: impl Iterator<Item = &'c What>) -> Vec<Assumption> {
        let mut found: Vec<usize> =
            of.filter_map(|what| self.assumed_of.get(&owner(what))).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        merged(found.into_iter().map(|at| &self.assumed[at]))
    }
}

/// What is taken for granted of an instance is taken for granted of its node.
fn owner(what: &What) -> What {
    what.node().map_or_else(|| what.clone(), What::Whole)
}

/// Each thing once, with all that it was taken of.
pub fn merged<'a>(assumptions: impl Iterator<Item = &'a Assumption>) -> Vec<Assumption> {
    let mut all: Vec<Assumption> = Vec::new();
    let mut places: HashMap<(&str, &str), (usize, HashSet<&str>)> = HashMap::new();
    for one in assumptions {
        let (at, names) = places.entry((&one.what, &one.source)).or_insert_with(|| {
            all.push(Assumption { of: Vec::new(), ..one.clone() });
            (all.len() - 1, HashSet::new())
        });
        all[*at].of.extend(one.of.iter().filter(|of| names.insert(of)).cloned());
    }
    all
}
