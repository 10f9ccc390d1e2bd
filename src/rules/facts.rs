//! What rules ask of a design's graph, computed once: who reaches whom, what a flow needs, what a loss cuts off.

mod arrivals;
mod calls;
mod decided;
mod depends;
mod journey;
mod messages;
mod miss;
mod outside;
mod quorum;
mod recopied;
mod sensitive;
mod single;
mod socket;
mod standby;
mod tables;
mod takeover;
mod watched;
mod ways;

use std::cell::OnceCell;
use std::collections::HashSet;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

pub use arrivals::{Arrivals, HEADROOM, enough_instances, enough_to_hold, lost_with_one, write_instances};
pub use calls::{Calls, heaviest_chain};
pub use journey::{Journey, Spread};
pub use messages::{Shares, targets};
pub use miss::Miss;
pub use outside::Again;
pub use quorum::{majority_of, voters};
pub use recopied::{Loss, data, followers, follows_one, loss};
pub use single::primaries;
pub use standby::Pair;
pub use tables::{
    are_parts, finds_many, finds_one, has_way, is_count, is_position, means, names_all, private_sort,
};
pub use takeover::{Rates, Takeover};
pub use watched::is_own_code;

use crate::catalog::Kind;
pub use crate::design::connected::is_before_system;
use crate::design::messages::{consumers, dead_letters, writes};
use crate::design::needs::{needs, stops_without};
use crate::design::{Arrow, Design, Flow, Hop, Node, Step};
use crate::numbers::overload::{Backlog, backlogs};
use ways::{entries, last_before, shortest_ways, travel};

/// A design and what follows from its shape.
///
/// All of it is linear in the size of the design, up to the depth of the dominator tree.
pub struct Facts<'d> {
    pub design: &'d Design,
    /// Where requests and events start: clients, schedulers, callers from outside.
    entries: Vec<NodeIndex>,
    /// For each node, those to which every way from the entries passes it last before them.
    last_before: Vec<Vec<NodeIndex>>,
    /// For each node, its predecessor on a shortest way from an entry; None for entries and unreached nodes.
    came_from: Vec<Option<NodeIndex>>,
    reached: Vec<bool>,
    /// For each flow, the nodes that it needs, in the order in which it reaches them.
    needs: Vec<Vec<NodeIndex>>,
    /// For each node, the flows that need it.
    needed_by: Vec<Vec<usize>>,
    dead_letters: Vec<bool>,
    /// Found when a rule first asks.
    misses: OnceCell<Vec<Miss<'d>>>,
    /// The first relational database.
    relational: OnceCell<Option<NodeIndex>>,
    /// For each node, what it cannot work without.
    depends: OnceCell<Vec<Vec<NodeIndex>>>,
    several_zones: OnceCell<bool>,
    backlogs: OnceCell<Vec<Backlog>>,
}

impl<'d> Facts<'d> {
    pub fn new(design: &'d Design) -> Facts<'d> {
        let entries = entries(design);
        let travel = travel(design, &entries);
        let (reached, came_from) = shortest_ways(&travel, entries.len(), design.graph.node_count());
        let needs: Vec<Vec<NodeIndex>> = design.flows.iter().map(|flow| needs(design, flow)).collect();
        let mut needed_by = vec![Vec::new(); design.graph.node_count()];
        for (flow, nodes) in needs.iter().enumerate() {
            for node in nodes {
                needed_by[node.index()].push(flow);
            }
        }
        let dead_letters = dead_letters(design);
        let last_before = last_before(&travel, design.graph.node_count());
        let (misses, relational, depends) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let several_zones = OnceCell::new();
        Facts {
            design,
            entries,
            last_before,
            came_from,
            reached,
            needs,
            needed_by,
            dead_letters,
            misses,
            relational,
            depends,
            several_zones,
            backlogs: OnceCell::new(),
        }
    }

    pub fn node(&self, index: NodeIndex) -> &'d Node {
        &self.design.graph[index]
    }

    pub fn id(&self, index: NodeIndex) -> &'d str {
        &self.design.graph[index].id
    }

    /// All nodes of some kinds, in the order of the file.
    pub fn nodes(&self, which: impl Fn(Kind) -> bool) -> impl Iterator<Item = NodeIndex> {
        self.design.graph.node_indices().filter(move |&index| which(self.design.graph[index].kind))
    }

    /// Where requests and events start.
    pub fn entries(&self) -> &[NodeIndex] {
        &self.entries
    }

    /// Some request, message or event gets there.
    pub fn is_reached(&self, node: NodeIndex) -> bool {
        self.reached[node.index()]
    }

    /// A shortest way from an entry to a node, both included; only the node itself where nothing reaches it.
    pub fn way_to(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let mut way: Vec<NodeIndex> =
            std::iter::successors(Some(node), |at| self.came_from[at.index()]).collect();
        way.reverse();
        way
    }

    /// The node before it on a shortest way from an entry.
    pub fn before(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.came_from[node.index()]
    }

    /// `web → front → links → store`; a long way is shortened in its middle.
    pub fn show_way(&self, way: &[NodeIndex]) -> String {
        let ids = |part: &[NodeIndex]| part.iter().map(|&node| self.id(node)).collect::<Vec<_>>().join(" → ");
        match way.len() {
            0..=12 => ids(way),
            length => format!("{} → … → {}", ids(&way[..6]), ids(&way[length - 5..])),
        }
    }

    /// `a`, `b` and `c`, in backticks; of many, the first few and how many more.
    pub fn names(&self, nodes: &[NodeIndex]) -> String {
        listed(nodes.len(), |at| self.node(nodes[at]).name())
    }

    /// What the consumers of a queue or topic may count on: as stated, else a fact of its technology.
    ///
    /// One that keeps nothing delivers at most once, whatever is said of it.
    pub fn delivery(&self, broker: NodeIndex) -> Option<&'d str> {
        if self.keeps_nothing(broker) {
            return Some("at-most-once");
        }
        let node = self.node(broker);
        node.attrs.text("delivery").value().or(node.tech.and_then(|tech| tech.delivery.as_deref()))
    }

    /// The nodes that nothing can reach any more without this one, in the order of the file.
    pub fn cut_off_by(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let mut cut_off = self.last_before[node.index()].clone();
        let mut next = 0;
        while let Some(at) = cut_off.get(next) {
            cut_off.extend_from_slice(&self.last_before[at.index()]);
            next += 1;
        }
        cut_off.sort_unstable();
        cut_off
    }

    /// The flows that fail without this node.
    pub fn flows_needing(&self, node: NodeIndex) -> impl Iterator<Item = &'d Flow> {
        self.needed_by[node.index()].iter().map(|&flow| &self.design.flows[flow])
    }

    /// The flows that fail when all of these are lost at once, in the order of the file: also those of which each takes
    /// a share.
    pub fn flows_stopped_without(&self, lost: &[NodeIndex]) -> Vec<&'d Flow> {
        let mut stopped: Vec<&Flow> = lost.iter().flat_map(|&node| self.flows_needing(node)).collect();
        let known: HashSet<&str> = stopped.iter().map(|flow| flow.id.as_str()).collect();
        let gone: HashSet<NodeIndex> = lost.iter().copied().collect();
        let steps = lost.iter().flat_map(|&node| self.design.steps_to(node));
        let mut passing: Vec<usize> = steps.filter_map(|step| step.flow).collect();
        passing.sort_unstable();
        passing.dedup();
        let passing = passing.into_iter().map(|flow| &self.design.flows[flow]);
        let others = passing.filter(|flow| !known.contains(flow.id.as_str()));
        stopped.extend(others.filter(|flow| stops_without(self.design, flow, &gone)));
        stopped.sort_by_key(|flow| flow.span);
        stopped.dedup_by_key(|flow| flow.span);
        stopped
    }

    /// The nodes that a flow needs, in the order in which it reaches them. Clients are not among them.
    pub fn needs_of(&self, flow: usize) -> &[NodeIndex] {
        &self.needs[flow]
    }

    /// So few requests, and no promise, that an hour without it is noticed by few.
    pub fn is_small(&self, flow: &Flow) -> bool {
        let few = flow.attrs.number("rate").value().is_some_and(|per_second| per_second <= 10.0);
        few && flow.attrs.number("availability").is_unstated()
    }

    /// All of these flows that somebody waits for are small, and there is one.
    pub fn are_small(&self, flows: &[&Flow]) -> bool {
        let mut waited_for = flows.iter().filter(|flow| !self.is_background(flow)).peekable();
        waited_for.peek().is_some() && waited_for.all(|flow| self.is_small(flow))
    }

    /// The database whose table a queue is, where its technology says that it is one: `queue jobs tech=postgres`.
    pub fn database_of(&self, queue: NodeIndex) -> Option<NodeIndex> {
        let is_relational =
            |node: &Node| node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
        if !self.node(queue).kind.is_broker() || !is_relational(self.node(queue)) {
            return None;
        }
        *self.relational.get_or_init(|| {
            self.nodes(|kind| kind == Kind::Database).find(|&store| is_relational(self.node(store)))
        })
    }

    /// A database that is a library in its caller's process, and a file on its caller's machine.
    pub fn is_embedded(&self, store: NodeIndex) -> bool {
        let node = self.node(store);
        node.kind == Kind::Database && node.tech.is_some_and(|tech| tech.embedded)
    }

    /// A node that some queue or topic names as its dead letters, or in which consumers park what they fail on.
    pub fn is_dead_letters(&self, node: NodeIndex) -> bool {
        self.dead_letters[node.index()]
    }

    /// The hops out of a node, with where they lead, in the order of the file.
    pub fn hops_from(&self, node: NodeIndex) -> Vec<(NodeIndex, &'d Hop)> {
        self.hops(node, Direction::Outgoing)
    }

    /// The hops into a node, with where they come from, in the order of the file.
    pub fn hops_to(&self, node: NodeIndex) -> Vec<(NodeIndex, &'d Hop)> {
        self.hops(node, Direction::Incoming)
    }

    fn hops(&self, node: NodeIndex, direction: Direction) -> Vec<(NodeIndex, &'d Hop)> {
        let mut hops: Vec<(NodeIndex, &Hop)> = self
            .design
            .graph
            .edges_directed(node, direction)
            .map(|edge| match direction {
                Direction::Outgoing => (edge.target(), edge.weight()),
                Direction::Incoming => (edge.source(), edge.weight()),
            })
            .collect();
        hops.sort_by_key(|(_, hop)| hop.span);
        hops
    }

    /// Who calls a node and waits, or holds a connection to it, in the order of the file.
    pub fn callers(&self, node: NodeIndex) -> Vec<NodeIndex> {
        unique(self.hops_to(node).into_iter().filter(|(_, hop)| hop.waits()).map(|(caller, _)| caller))
    }

    /// Who takes messages from a queue or topic: handed to by it, or polling it with `reads`.
    pub fn consumers(&self, broker: NodeIndex) -> Vec<NodeIndex> {
        consumers(self.design, &self.dead_letters, broker)
    }

    /// What waits in each queue and topic after an hour's standstill.
    pub fn backlogs(&self) -> &[Backlog] {
        self.backlogs.get_or_init(|| backlogs(self.design))
    }

    /// Who puts messages into a queue or topic.
    pub fn producers(&self, broker: NodeIndex) -> Vec<NodeIndex> {
        unique(
            self.design
                .steps_to(broker)
                .filter(|step| self.arrow(step) != Arrow::Control && writes(self.design, step))
                .map(|step| step.from),
        )
    }

    pub fn arrow(&self, step: &Step) -> Arrow {
        self.design.graph[step.hop].arrow
    }

    /// The step may change what its target keeps: it says `writes`, or says neither and leads to a store or broker.
    pub fn writes(&self, step: &Step) -> bool {
        writes(self.design, step)
    }

    /// The step may read what its target keeps: it says `reads`, or calls a store and says neither.
    pub fn reads(&self, step: &Step) -> bool {
        step.attrs.has("reads")
            || (!step.attrs.has("writes")
                && self.arrow(step) == Arrow::Call
                && self.design.graph[step.to].kind.is_store())
    }

    /// Who may write to a store, in the order of the file.
    pub fn writers(&self, store: NodeIndex) -> Vec<NodeIndex> {
        unique(
            self.design
                .steps_to(store)
                .filter(|step| self.is_access(step) && self.writes(step))
                .map(|step| step.from),
        )
    }

    /// Who may read from a store, in the order of the file.
    pub fn readers(&self, store: NodeIndex) -> Vec<NodeIndex> {
        unique(
            self.design
                .steps_to(store)
                .filter(|step| self.is_access(step) && self.reads(step))
                .map(|step| step.from),
        )
    }

    fn is_access(&self, step: &Step) -> bool {
        self.arrow(step) != Arrow::Control
    }

    /// The flow that a step belongs to.
    pub fn flow_of(&self, step: &Step) -> Option<&'d Flow> {
        step.flow.map(|flow| &self.design.flows[flow])
    }
}

/// `a`, `b` and `c`, each in backticks.
pub fn flow_names(flows: &[&Flow]) -> String {
    listed(flows.len(), |at| format!("`{}`", flows[at].id))
}

/// `a, b and c`; of many, the first few and how many more.
fn listed(count: usize, name: impl Fn(usize) -> String) -> String {
    let shown = if count > 6 { 5 } else { count };
    let mut names: Vec<String> = (0..shown).map(name).collect();
    if shown < count {
        names.push(format!("{} more", count - shown));
    }
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn unique(nodes: impl Iterator<Item = NodeIndex>) -> Vec<NodeIndex> {
    let mut seen = HashSet::new();
    nodes.filter(|node| seen.insert(*node)).collect()
}
