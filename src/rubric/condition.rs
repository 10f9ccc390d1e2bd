//! The closed set of things a rubric can ask of a design. In TOML, one inline table is one condition.
//!
//! A condition with `flow` looks only at that flow: at the nodes and hops that its requests reach. Where the flow is missing,
//! or does not reach what the rubric's `[[flow]]` entry says it must, the condition does not hold. A condition without
//! `flow` is about the whole design and holds only where every flow of the rubric is there.

use super::pattern::{Access, HopPattern, Kinds, Stop};
use super::quantity::Named;

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The flow is there and reaches what it must: `{ flow = "redirect" }`
    Flow { flow: String },
    /// Its requests pass these stops in this order, others in between:
    /// `{ flow = "shorten", path = ["client", "-> service", "-> writes database"] }`
    Path { flow: String, stops: Vec<Stop> },
    /// No way through it passes these stops in this order: `{ flow = "redirect", no_path = ["client", "-> warehouse"] }`
    NoPath { flow: String, stops: Vec<Stop> },
    /// A node of these kinds on the flow, or with `every` each of them, and what it says:
    /// `{ flow = "redirect", node = "cache|cdn", has = "ttl" }`
    Node { flow: String, kinds: Kinds, test: Option<Test>, every: bool },
    /// A hop of the flow, or with `every` each that fits (`any -> writes database`: only those that say so), and what
    /// it says:
    /// `{ flow = "redirect", hop = "any -> database", has = "on", is = ["miss"] }`
    Hop { flow: String, hop: HopPattern, test: Option<Test>, every: bool },
    /// A table that the flow reads or writes (or one that it `reads`, or `writes`) has this: `key`, `unique`, `index` or
    /// `shard` of at least `fields` fields, a `column`, or an attribute of a value:
    /// `{ flow = "history", table = "key", fields = 2 }`
    Table { flow: String, access: Option<Access>, has: Vec<String>, fields: usize, value: ValueTest },
    /// The flow reads by what finds the row: `key` (the front of the key, a unique or an index) or `shard` (all that
    /// the table is sharded by; for a key-value or wide-column store the first field of its key):
    /// `{ flow = "redirect", lookup = "shard" }`
    Lookup { flow: String, lookup: Lookup },
    /// What the flow promises: `{ flow = "redirect", says = "p99", max = "100ms" }`
    Says { flow: String, test: Test },
    /// The flow's rate is near the interviewer's, within a factor: `{ flow = "redirect", rate = "redirects", within = 2 }`
    Rate { flow: String, near: Named, within: f64 },
    /// Rows times size of the tables that the flow writes is near a figure:
    /// `{ flow = "shorten", stores = "stored", within = 3 }`
    Stores { flow: String, near: Named, within: f64 },
    /// Some line of `given` is near a figure, whatever its name: `{ given = "sockets", within = 2 }`
    Given { near: Named, within: f64 },
    /// These rules find nothing on the flow, or without `flow` anywhere: `{ flow = "send", silent = ["no-timeout"] }`
    Silent { flow: Option<String>, rules: Vec<String> },
    /// At least so many trade-offs on record that name the alternative: `{ decisions = 2 }`
    Decisions { least: usize },
    /// At least so many things said to be out of scope: `{ outs = 1 }`
    Outs { least: usize },
    /// No more than so many nodes of these kinds in the design: `{ nodes = "any", at_most = 12 }`
    AtMost { kinds: Kinds, most: usize },
    /// Holds where all of these do: `{ all = [{ … }, { … }] }`
    All(Vec<Condition>),
    /// Holds where one of these does: `{ any = [{ … }, { … }] }`
    Any(Vec<Condition>),
    /// Holds where the flow is there and none of these does: `{ flow = "hold", none = [{ … }] }`
    None { flow: Option<String>, of: Vec<Condition> },
}

/// What is asked of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// One of these is stated, and not as "no".
    pub names: Vec<String>,
    pub value: ValueTest,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    /// Any value but "no".
    Stated,
    /// One of these words.
    Is(Vec<String>),
    /// A number in base units, within these.
    Between { min: Option<f64>, max: Option<f64> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Key,
    Shard,
}

impl Condition {
    /// Those inside it and itself.
    pub fn flatten(&self) -> Vec<&Condition> {
        match self {
            Condition::All(inner) | Condition::Any(inner) | Condition::None { of: inner, .. } => {
                std::iter::once(self).chain(inner.iter().flat_map(Condition::flatten)).collect()
            }
            _ => vec![self],
        }
    }

    /// The flow that it looks at; none for the whole design and for groups of conditions.
    pub fn flow(&self) -> Option<&str> {
        match self {
            Condition::Flow { flow }
            | Condition::Path { flow, .. }
            | Condition::NoPath { flow, .. }
            | Condition::Node { flow, .. }
            | Condition::Hop { flow, .. }
            | Condition::Table { flow, .. }
            | Condition::Lookup { flow, .. }
            | Condition::Says { flow, .. }
            | Condition::Rate { flow, .. }
            | Condition::Stores { flow, .. } => Some(flow),
            Condition::Silent { flow, .. } | Condition::None { flow, .. } => flow.as_deref(),
            Condition::Given { .. }
            | Condition::Decisions { .. }
            | Condition::Outs { .. }
            | Condition::AtMost { .. }
            | Condition::All(_)
            | Condition::Any(_) => None,
        }
    }
}
