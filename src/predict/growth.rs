//! What breaks first when every flow grows by the same factor.
//!
//! A load is in proportion to the rates of the flows, so that a node breaks at 1 / utilisation.

use crate::catalog::Grade;
use crate::design::Design;
use crate::numbers::{Assumed, Figure, NodeNumbers, Numbers};
use crate::units::show_rate;

use super::limits::{self, Fills};

/// Who grows further than this has become another company.
pub const LARGEST: f64 = 1_000.0;

/// What grows until it meets a limit.
#[derive(Debug, Default)]
pub struct Growth {
    /// The first to break first; up to `LARGEST`.
    pub reaches: Vec<Reaches>,
    /// Nodes that carry more than `LARGEST` times their load.
    pub beyond: Vec<String>,
    pub unknown: Vec<Unknown>,
    /// Run by a vendor, and nothing is stated of what they carry.
    pub managed: Vec<String>,
    /// Disks that fill up at today's rates.
    pub fills: Vec<Fills>,
}

/// A node meets a limit when the flows are so many times what they are.
#[derive(Debug, Clone)]
pub struct Reaches {
    pub node: String,
    /// Below one where it is past the limit today.
    pub factor: f64,
    /// A part of its load is not known: it breaks no later than this.
    pub at_most: bool,
    /// The arithmetic: "249/s of 3,000/s".
    pub by: String,
    /// How the limit was reached, where it is the node's own capacity.
    pub reached: Vec<String>,
    pub assumed: Vec<Assumed>,
}

/// A node of which nothing can be said, and what it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    pub node: String,
    pub wants: Vec<String>,
}

impl Reaches {
    /// How far its limit can be trusted; None: it is the design's own.
    pub fn grade(&self) -> Option<Grade> {
        self.assumed.first().map(|assumed| assumed.grade)
    }
}

pub fn growth(design: &Design, numbers: &Numbers) -> Growth {
    let mut growth = Growth { fills: limits::disks(design, numbers), ..Growth::default() };
    for node in &numbers.nodes {
        add(design, node, &mut growth);
    }
    let limits = limits::connections(design).into_iter().chain(limits::partitions(design, numbers));
    growth.reaches.extend(limits);
    growth.reaches.retain(|reaches| {
        let shown = reaches.factor <= LARGEST;
        if !shown {
            growth.beyond.push(reaches.node.clone());
        }
        shown
    });
    growth.reaches.sort_by(|one, other| one.factor.total_cmp(&other.factor));
    growth
}

fn add(design: &Design, node: &NodeNumbers, growth: &mut Growth) {
    let drawn = &design.graph[node.index];
    let peak = match &node.peak {
        Ok(peak) => Some((peak.value, false)),
        Err(missing) => missing.at_least.map(|least| (least, true)),
    };
    // Nothing arrives there.
    if peak == Some((0.0, false)) {
        return;
    }
    let capacity = node.capacity.as_ref();
    match (peak, capacity) {
        (Some((peak, at_most)), Some(Ok(capacity))) if capacity.value > 0.0 => {
            growth.reaches.push(reaches(&drawn.id, peak, at_most, capacity));
        }
        // Past its limit or not, how much arrives decides.
        (None, None) | (Some(_), None) => growth.managed.push(drawn.id.clone()),
        _ => {
            let lacks = [Some(&node.peak), capacity].into_iter().flatten();
            let mut wants: Vec<String> = Vec::new();
            for want in lacks.filter_map(|figure| figure.as_ref().err()).flat_map(|missing| &missing.wants) {
                if !wants.contains(want) {
                    wants.push(want.clone());
                }
            }
            if wants.is_empty() {
                wants.push(format!("a `capacity` above 0 of {}", drawn.name()));
            }
            growth.unknown.push(Unknown { node: drawn.id.clone(), wants });
        }
    }
}

fn reaches(id: &str, peak: f64, at_most: bool, capacity: &Figure) -> Reaches {
    Reaches {
        node: id.to_string(),
        factor: capacity.value / peak,
        at_most,
        by: format!(
            "{}{} of {}",
            if at_most { "≥ " } else { "" },
            show_rate(peak),
            show_rate(capacity.value)
        ),
        reached: capacity.reached.clone(),
        assumed: capacity.assumed.clone(),
    }
}
