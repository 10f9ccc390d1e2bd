//! What has to be copied again when machines of a store that keeps several copies are lost.

use std::collections::HashMap;

use super::Facts;
use super::arrivals::lost_with_one;
use crate::catalog::Kind;
use crate::design::{Node, Table};
use crate::numbers::has_one_primary;
use crate::units::{show_number, show_size};

/// What is lost with one instance or zone.
pub struct Loss<'d> {
    pub node: &'d Node,
    pub instances: f64,
    pub left: f64,
    pub what: String,
    /// All copies of all rows, in bytes, as far as tables say, and how that is reckoned.
    pub data: Option<(f64, String)>,
}

impl Loss<'_> {
    /// What has to be copied again.
    pub fn share(&self) -> Option<f64> {
        self.data.as_ref().map(|(all, _)| all * (self.instances - self.left) / self.instances)
    }

    pub fn share_sum(&self) -> Option<String> {
        let (all, sum) = self.data.as_ref()?;
        Some(format!(
            "{sum}; lost with {}: {} × {} / {} = {}",
            self.what,
            show_size(*all),
            show_number(self.instances - self.left),
            show_number(self.instances),
            show_size(self.share()?)
        ))
    }
}

/// None of what has no copies, says nothing of making them again, or has no other instance.
///
/// Where there are fewer copies than zones, what stood in a lost zone finds a place in the others; with a copy in each zone it waits
/// for its zone to come back, and one instance is what is copied again.
pub fn loss(node: &Node) -> Option<Loss<'_>> {
    let copies = node.attrs.number("copies").value();
    let stated = node.attrs.get("repair_limit").is_some();
    let several = copies.is_some_and(|copies| copies >= 2.0);
    if !several && !stated {
        return None;
    }
    let zones = node.zones.len();
    let by_zone = several && copies.is_some_and(|copies| copies < zones as f64);
    let lost = if by_zone { lost_with_one(node.instances, zones) } else { 1 };
    let left = node.instances - lost;
    let what = if by_zone { format!("one of {zones} zones") } else { "one instance".to_string() };
    (left > 0).then(|| Loss {
        node,
        instances: node.instances as f64,
        left: left as f64,
        what,
        data: data(node),
    })
}

/// Bytes with every copy: `copies` as stated or as the technology has it, else one on each instance.
pub fn data(node: &Node) -> Option<(f64, String)> {
    let sized =
        |table: &Table| Some(table.attrs.number("rows").value()? * table.attrs.number("size").value()?);
    let tables: Vec<f64> = node.tables.iter().filter_map(sized).collect();
    let rows: f64 = tables.iter().sum();
    let copies = node.copies().unwrap_or(node.instances as f64);
    let sum = format!(
        "{} of rows × {} copies = {}",
        show_size(rows),
        show_number(copies),
        show_size(rows * copies)
    );
    (rows > 0.0).then_some((rows * copies, sum))
}

/// Of each store, the instances of those that name it in `replica_of`.
pub fn followers<'d>(facts: &Facts<'d>) -> HashMap<&'d str, u64> {
    let mut followers: HashMap<&str, u64> = HashMap::new();
    for node in facts.nodes(Kind::is_durable).map(|at| facts.node(at)) {
        for first in node.attrs.words("replica_of") {
            let sum = followers.entry(first).or_default();
            *sum = sum.saturating_add(node.instances);
        }
    }
    followers
}

/// One of its instances takes the writes, and the others follow it.
pub fn follows_one(node: &Node) -> bool {
    has_one_primary(node)
        || (node.kind == Kind::Database
            && !node.attrs.has("copies")
            && !node.attrs.has("shards")
            && !node.attrs.has("conflict"))
}
