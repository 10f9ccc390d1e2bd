//! What the text means: names resolved, attributes typed, defaults applied, flows merged into one graph.
//!
//! Lowering never fails: what could not be understood has a diagnostic and is left out. A design guarantees that every id
//! in it resolves and every attribute has its type; it guarantees nothing about whether the architecture is any good.

pub mod attrs;
pub mod body;
pub mod connected;
mod expression;
pub mod load;
pub mod lookup;
mod lower;
pub mod messages;
pub mod needs;
pub mod rows;
pub mod standby;
use crate::units;

use std::collections::HashMap;

use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};

pub use crate::syntax::ast::Arrow;
pub use attrs::{Attrs, Setting, Stated, Value};
pub use lower::lower;

use crate::catalog::{Kind, Technology};
use crate::source::Span;

#[derive(Debug, Default)]
pub struct Design {
    pub title: Option<String>,
    pub solves: Option<Solves>,
    pub graph: DiGraph<Node, Hop>,
    pub groups: Vec<Group>,
    pub flows: Vec<Flow>,
    /// Every use of a hop, in source order: those outside flows and those of each flow's lines.
    pub steps: Vec<Step>,
    pub givens: Vec<Given>,
    pub decisions: Vec<Decision>,
    pub outs: Vec<Out>,
    pub allows: Vec<Allow>,
    pub notes: Vec<Note>,
    ids: HashMap<String, NodeIndex>,
}

#[derive(Debug)]
pub struct Solves {
    pub problem: String,
    pub scale: Option<String>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Node {
    pub id: String,
    pub label: Option<String>,
    pub kind: Kind,
    pub tech: Option<&'static Technology>,
    pub attrs: Attrs,
    /// As drawn: one, unless `xN` or `instances` says otherwise.
    pub instances: u64,
    /// Index in `Design::groups` of the innermost group around it.
    pub group: Option<usize>,
    /// The zones it stands in, resolved from `@`, its zone group and its region; empty where none is declared.
    pub zones: Vec<String>,
    pub tables: Vec<Table>,
    /// From its kind to its id: what a finding about it points at.
    pub span: Span,
    /// The whole header.
    pub full_span: Span,
}

#[derive(Debug)]
pub struct Group {
    pub kind: GroupKind,
    pub id: String,
    pub label: Option<String>,
    pub attrs: Attrs,
    pub parent: Option<usize>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    Region,
    Zone,
    Group,
}

/// A connection, however many lines use it.
#[derive(Debug)]
pub struct Hop {
    pub arrow: Arrow,
    /// What belongs to the connection: timeout, attempts, backoff, ... merged over all places, then `every`.
    pub attrs: Attrs,
    /// Where it is written first: `a -> b`.
    pub span: Span,
    /// Indices in `Design::steps`.
    pub steps: Vec<usize>,
}

/// One use of a connection, by a line of a flow or by a line outside all flows.
#[derive(Debug)]
pub struct Step {
    pub hop: EdgeIndex,
    pub from: NodeIndex,
    pub to: NodeIndex,
    /// Index in `Design::flows`.
    pub flow: Option<usize>,
    /// Which line of the flow (or of the file) made it, counted from 0: steps of one line share it.
    pub line: usize,
    /// Which arrow of its line made it, counted from 0.
    pub leg: usize,
    /// What belongs to this use: reads, writes, on, share, ...
    pub attrs: Attrs,
    /// `a -> b`, without attributes.
    pub span: Span,
    pub load: load::Load,
}

#[derive(Debug)]
pub struct Flow {
    pub id: String,
    pub label: Option<String>,
    pub attrs: Attrs,
    /// Its steps, in order: a range of `Design::steps`.
    pub steps: std::ops::Range<usize>,
    /// `flow ID`
    pub span: Span,
    pub full_span: Span,
}

impl Hop {
    /// Its caller waits for the other end, or holds a connection to it.
    pub fn waits(&self) -> bool {
        matches!(self.arrow, Arrow::Call | Arrow::Stream)
    }
}

impl Flow {
    /// The problem's requirement that it serves.
    pub fn serves(&self) -> &str {
        self.attrs.text("serves").value().unwrap_or(&self.id)
    }

    /// `POST` of a flow that is labelled `POST /links`; whatever its label begins with, or nothing.
    pub fn method(&self) -> &str {
        self.label.as_deref().unwrap_or("").split_whitespace().next().unwrap_or("")
    }
}

#[derive(Debug)]
pub struct Table {
    pub id: String,
    pub attrs: Attrs,
    pub keys: Vec<String>,
    pub uniques: Vec<Vec<String>>,
    pub indexes: Vec<Vec<String>>,
    /// For each index, what its `where` says; None for an index of all rows.
    pub partial: Vec<Option<String>>,
    pub shard: Vec<String>,
    pub columns: Vec<(String, String)>,
    pub refs: Vec<Reference>,
    pub span: Span,
}

/// `ref FIELD -> TABLE.FIELD`
#[derive(Debug)]
pub struct Reference {
    pub field: String,
    pub table: String,
    pub target: String,
}

#[derive(Debug)]
pub struct Given {
    pub name: String,
    pub value: units::Quantity,
    pub span: Span,
}

#[derive(Debug)]
pub struct Decision {
    pub what: String,
    pub because: String,
    pub over: Option<String>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Out {
    pub what: String,
    pub span: Span,
}

#[derive(Debug)]
pub struct Allow {
    pub rule: String,
    pub rule_span: Span,
    /// Ids of nodes, groups or flows; empty: everywhere.
    pub on: Vec<String>,
    pub because: String,
    /// The last day on which it holds.
    pub until: Option<jiff::civil::Date>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Note {
    pub on: Vec<NodeIndex>,
    pub text: String,
    pub group: Option<usize>,
    pub span: Span,
}

impl Design {
    pub fn node(&self, id: &str) -> Option<NodeIndex> {
        self.ids.get(id).copied()
    }

    /// The first of these that names nothing yet, else the last with a number.
    pub fn unused_id(&self, wanted: [String; 2]) -> String {
        let taken = |id: &String| {
            self.ids.contains_key(id.as_str())
                || self.groups.iter().any(|group| &group.id == id)
                || self.flows.iter().any(|flow| &flow.id == id)
        };
        let numbered = (2..=self.ids.len() + self.groups.len() + self.flows.len() + 2)
            .map(|number| format!("{}{number}", wanted[1]));
        let mut all = wanted.iter().cloned().chain(numbered);
        all.find(|id| !taken(id)).unwrap_or_default()
    }

    pub fn flow(&self, id: &str) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.id == id)
    }

    pub fn steps_of(&self, flow: &Flow) -> &[Step] {
        &self.steps[flow.steps.clone()]
    }

    /// All uses of hops from a node, in source order.
    pub fn steps_from(&self, node: NodeIndex) -> impl Iterator<Item = &Step> {
        self.steps_of_hops(node, petgraph::Direction::Outgoing)
    }

    /// All uses of hops into a node, in source order.
    pub fn steps_to(&self, node: NodeIndex) -> impl Iterator<Item = &Step> {
        self.steps_of_hops(node, petgraph::Direction::Incoming)
    }

    fn steps_of_hops(&self, node: NodeIndex, direction: petgraph::Direction) -> impl Iterator<Item = &Step> {
        let mut steps: Vec<usize> = self
            .graph
            .edges_directed(node, direction)
            .flat_map(|edge| edge.weight().steps.iter().copied())
            .collect();
        steps.sort_unstable();
        steps.into_iter().map(|at| &self.steps[at])
    }

    /// The group around a node and those around it, innermost first.
    pub fn groups_around(&self, node: NodeIndex) -> impl Iterator<Item = &Group> {
        std::iter::successors(self.graph[node].group, |&at| self.groups[at].parent).map(|at| &self.groups[at])
    }
}

impl Node {
    /// What a finding calls it: its id in backticks.
    pub fn name(&self) -> String {
        format!("`{}`", self.id)
    }

    /// What a drawing calls it.
    pub fn title(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    /// Run by a vendor who replaces failed machines: stated, or known of its technology.
    pub fn is_managed(&self) -> bool {
        self.attrs.flag("managed").value().unwrap_or_else(|| self.tech.is_some_and(|tech| tech.managed))
    }

    /// Copies of each record: as stated, else as many as its technology keeps unless it is told otherwise; None where
    /// neither says.
    pub fn copies(&self) -> Option<f64> {
        self.attrs.number("copies").value().or(self.usual_copies().map(|usual| usual.value))
    }

    /// The copies that its technology keeps unless it is told otherwise, where nothing is said and there are more instances
    /// than those.
    pub fn usual_copies(&self) -> Option<&'static crate::catalog::Default> {
        let own = self.attrs.get("copies").is_none() && self.attrs.get("shards").is_none();
        let tech = self.tech.filter(|tech| own && tech.kind() == self.kind && !self.is_managed())?;
        tech.copies.as_ref().filter(|usual| self.instances as f64 > usual.value)
    }

    /// More than one instance, or managed.
    pub fn is_redundant(&self) -> bool {
        self.instances >= 2 || self.is_managed()
    }

    /// The most instances of it that run: `xN`, or what it grows to; None where it grows without a stated end.
    pub fn most_instances(&self) -> Option<u64> {
        match self.attrs.get("autoscale").map(|setting| &setting.value) {
            Some(Value::Range(_, most)) => Some(*most as u64),
            Some(Value::Yes) => None,
            _ if self.kind == Kind::Function => {
                self.attrs.number("max_concurrency").value().map(|most| most as u64)
            }
            _ => Some(self.instances),
        }
    }

    /// Its messages are made from what it has written, by a relay or from the database's log: no request of its waits until
    /// a queue or topic has taken them.
    pub fn relays(&self) -> bool {
        self.attrs.has("outbox") || self.attrs.has("cdc")
    }

    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }
}
