//! What arrives at a node, and how many instances that takes.

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::design::connected::online;
use crate::design::{Arrow, Flow, Given, Node, Step, Value};
use crate::units::{show_number, show_rate};

/// Utilisation up to which a server answers without waiting lines of its own.
pub const HEADROOM: f64 = 0.7;

/// The instances in the fullest of so many zones; one, where they are not spread.
pub fn lost_with_one(instances: u64, zones: usize) -> u64 {
    if zones >= 2 { instances.div_ceil(zones as u64) } else { 1 }
}

/// Instances, each of which serves so much, that carry a load with headroom and with one zone gone.
pub fn enough_instances(node: &Node, load: f64, each: f64) -> u64 {
    without_one_zone(node, (load / each / HEADROOM).ceil(), load / each)
}

/// The instances, each of which holds so many connections, that hold all of them with one zone gone.
pub fn enough_to_hold(node: &Node, connections: f64, each: f64) -> u64 {
    without_one_zone(node, (connections / each).ceil(), connections / each)
}

/// So many at least, of which so many are left.
fn without_one_zone(node: &Node, least: f64, left: f64) -> u64 {
    let zones = node.zones.len();
    let least = least.max(2.0) as u64;
    // With two zones or more, at most twice as many carry it without one.
    (least..=least.saturating_mul(2).saturating_add(2))
        .find(|&count| (count - lost_with_one(count, zones)) as f64 >= left)
        .unwrap_or(least)
}

/// How so many instances are written on a node: `x8`, or `autoscale=[2, 8]` where it says how many there may be.
pub fn write_instances(node: &Node, count: u64) -> String {
    match node.attrs.get("autoscale").map(|setting| &setting.value) {
        Some(Value::Range(least, _)) => format!("autoscale=[{}, {count}]", show_number(*least)),
        _ => format!("x{count}"),
    }
}

/// What arrives at a node, each flow at its busiest.
pub struct Arrivals<'d> {
    pub busiest: f64,
    /// The same on average.
    pub mean: f64,
    /// What each flow brings, in the order of the file.
    pub parts: Vec<(&'d Flow, f64)>,
    /// A use whose load is not known: what is known is the least that arrives.
    pub unknown: Option<&'d Step>,
}

impl<'d> Facts<'d> {
    /// What arrives at a node over the steps that count.
    pub fn arriving(&self, node: NodeIndex, counts: impl Fn(&Step) -> bool) -> Arrivals<'d> {
        let mut arrivals = Arrivals { busiest: 0.0, mean: 0.0, parts: Vec::new(), unknown: None };
        for step in self.design.steps_to(node).filter(|step| self.arrow(step) != Arrow::Control) {
            // A line outside all flows only declares what flows use.
            let declares = step.flow.is_none()
                && self.design.graph[step.hop].steps.iter().any(|&at| self.design.steps[at].flow.is_some());
            if declares || !counts(step) {
                continue;
            }
            let (Some(flow), Some(busiest)) = (self.flow_of(step), self.busiest(step)) else {
                // Of several, whichever comes first, one whose flow lacks its rate: that is what to ask for.
                let unrated =
                    |step: &Step| self.flow_of(step).is_none_or(|flow| flow.attrs.get("rate").is_none());
                if arrivals.unknown.is_none_or(|known| !unrated(known) && unrated(step)) {
                    arrivals.unknown = Some(step);
                }
                continue;
            };
            arrivals.busiest += busiest;
            arrivals.mean += step.load.rate.unwrap_or(busiest);
            // In source order, so that the steps of one flow follow each other.
            match arrivals.parts.last_mut() {
                Some((last, sum)) if last.id == flow.id => *sum += busiest,
                _ => arrivals.parts.push((flow, busiest)),
            }
        }
        arrivals.parts.retain(|(_, rate)| *rate > 0.0);
        arrivals
    }

    /// How many are connected at once, as `given` says.
    pub fn online(&self) -> Option<&'d Given> {
        online(self.design)
    }
}

impl Arrivals<'_> {
    /// `show` 40,000/s + `order` 200/s = 40,200/s; of many, the largest.
    pub fn show(&self) -> String {
        let mut parts: Vec<&(&Flow, f64)> = self.parts.iter().collect();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut shown: Vec<String> =
            parts.iter().take(4).map(|(flow, rate)| format!("`{}` {}", flow.id, show_rate(*rate))).collect();
        let rest: f64 = parts.iter().skip(4).map(|(_, rate)| rate).sum();
        if rest > 0.0 {
            shown.push(format!("{} more flows {}", parts.len() - 4, show_rate(rest)));
        }
        match shown.as_slice() {
            [only] => only.clone(),
            _ => format!("{} = {}", shown.join(" + "), show_rate(self.busiest)),
        }
    }

    pub fn flows(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(|(flow, _)| flow.id.clone())
    }
}
