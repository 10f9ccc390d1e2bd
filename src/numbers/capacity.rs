//! What a node can carry: stated, or by the catalogue's default, or from what it does at once.

use super::figure::{Assumed, Figure, Missing, Reached, Unit};
use crate::catalog::{Grade, Kind};
use crate::design::Node;
use crate::units::{show_duration, show_number, show_rate};

/// What one instance carries, and how many of them answer at most.
pub struct Capacity {
    pub each: f64,
    pub instances: f64,
    /// How far the number can be trusted; None: it is the design's own.
    pub grade: Option<Grade>,
}

impl Capacity {
    /// None where neither the design nor the catalogue knows it, or where instances are added without a stated end.
    pub fn of(node: &Node) -> Option<Capacity> {
        let instances = if has_one_primary(node) { 1.0 } else { node.most_instances()? as f64 };
        if let Some(each) = node.attrs.number("capacity").value() {
            return Some(Capacity { each, instances, grade: None });
        }
        let default =
            node.tech.filter(|tech| !tech.managed && tech.kind() == node.kind)?.capacity.as_ref()?;
        Some(Capacity { each: default.value, instances, grade: Some(default.grade) })
    }

    /// The same; or from how much it does at once and how long that takes, by Little's law.
    pub fn at_work(node: &Node) -> Option<Capacity> {
        Capacity::of(node).or_else(|| {
            let at_once = node.attrs.number("concurrency").value()?;
            let latency = node.attrs.number("latency").value().filter(|latency| *latency > 0.0)?;
            Some(Capacity { each: at_once / latency, instances: node.most_instances()? as f64, grade: None })
        })
    }

    /// What all that serve carry together.
    pub fn total(&self) -> f64 {
        self.each * self.instances
    }
}

/// A relational database that is not split: one machine takes all writes, and its readers, until they are sent to a node
/// with `replica_of`, go there too. Its other instances stand by.
pub fn has_one_primary(node: &Node) -> bool {
    let split = node.attrs.number("shards").value().is_some_and(|shards| shards > 1.0)
        || node.tables.iter().any(|table| !table.shard.is_empty())
        || node.tech.is_some_and(|tech| tech.placement.is_some());
    // Where members agree on each write, every one of them answers.
    let follows = node.tech.is_some_and(|tech| {
        tech.model.as_deref() == Some("relational") && tech.replication.as_deref() != Some("quorum")
    });
    let copies = node.attrs.get("replica_of").is_some() || node.attrs.has("conflict");
    node.kind == Kind::Database && follows && !split && !copies
}

/// Requests a second that all instances carry together; None where that is its vendor's or its owner's business.
pub(super) fn capacity(node: &Node) -> Option<Reached> {
    let name = node.name();
    if node.kind == Kind::External {
        let limit = node.attrs.number("rate_limit").value()?;
        let line = format!("{name} takes {} from you, as stated", show_rate(limit));
        return Some(Ok(Figure::new(limit, Unit::Rate, line)));
    }
    if node.is_managed() && node.attrs.number("capacity").value().is_none() {
        return None;
    }
    Some(reckoned(node))
}

fn reckoned(node: &Node) -> Reached {
    let name = node.name();
    let Some(instances) = node.most_instances().map(|most| most as f64) else {
        return Err(Missing::of(format!("the most instances of {name}, as in `autoscale=[2, 20]`")));
    };
    let together = |each: f64, how: String| {
        if has_one_primary(node) && instances > 1.0 {
            let line =
                format!("{how}; its copies follow the primary and add nothing to that: {}", show_rate(each));
            return Figure::new(each, Unit::Rate, line);
        }
        let all = instances * each;
        let line = format!("{how}; {} x {} = {}", show_number(instances), show_rate(each), show_rate(all));
        Figure::new(all, Unit::Rate, line)
    };
    if let Some(each) = node.attrs.number("capacity").value() {
        return Ok(together(each, format!("one instance of {name} carries {}, as stated", show_rate(each))));
    }
    let at_once = node.attrs.number("concurrency").value().zip(node.attrs.number("latency").value());
    if let Some((at_once, latency)) = at_once.filter(|(_, latency)| *latency > 0.0) {
        let each = at_once / latency;
        let how = format!(
            "one instance of {name} works on {} at once, {} each: {} / {} = {}",
            show_number(at_once),
            show_duration(latency),
            show_number(at_once),
            show_duration(latency),
            show_rate(each)
        );
        return Ok(together(each, how));
    }
    let default = node
        .tech
        .filter(|tech| !tech.managed && tech.kind() == node.kind)
        .and_then(|tech| Some((tech, tech.capacity.as_ref()?)));
    let Some((tech, default)) = default else {
        return Err(Missing::of(format!("`capacity` of {name}")));
    };
    let mut figure = together(
        default.value,
        format!("one instance of {} is taken to carry {}", tech.title, show_rate(default.value)),
    );
    figure.assumed.push(Assumed {
        what: format!("{} for one instance of {name}", show_rate(default.value)),
        grade: default.grade,
        source: default.source.clone(),
        instead: format!("`capacity=` on {name}"),
    });
    Ok(figure)
}
