//! The round trip of a hop.

use petgraph::graph::NodeIndex;

use crate::catalog::{Grade, Kind};
use crate::design::{Design, GroupKind, Step};

/// How far apart two nodes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    OnePlace,
    Zones,
    Regions,
}

/// What the network costs a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trip {
    /// In the same process, over the user's own network, or part of what an external takes.
    Nothing,
    Stated(f64),
    Assumed(Distance),
    /// From a point of presence to wherever its origin is: anything between a millisecond and a hundred.
    Unknown,
}

impl Distance {
    pub const ALL: [Distance; 3] = [Distance::OnePlace, Distance::Zones, Distance::Regions];

    /// Seconds, there and back.
    pub fn seconds(self) -> f64 {
        match self {
            Distance::OnePlace => 0.5e-3,
            Distance::Zones => 1e-3,
            Distance::Regions => 60e-3,
        }
    }

    pub fn grade(self) -> Grade {
        match self {
            Distance::Zones => Grade::B,
            Distance::OnePlace | Distance::Regions => Grade::C,
        }
    }

    pub fn source(self) -> &'static str {
        match self {
            Distance::OnePlace => "a rule of thumb for one data centre (J. Dean's table: 0.5 ms)",
            Distance::Zones => {
                "xkyle.com, Measuring AWS Region and AZ Latency: 0.25 to 3.37 ms; flashgrid.io, 2023: 0.5 to 1.5 ms"
            }
            Distance::Regions => {
                "a rule of thumb for one continent: 40 to 70 ms; 100 ms and more across an ocean"
            }
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Distance::OnePlace => "in one place",
            Distance::Zones => "between zones",
            Distance::Regions => "between regions",
        }
    }
}

pub fn trip(design: &Design, step: &Step) -> Trip {
    let stated = design.graph[step.hop].attrs.number("rtt");
    if let Some(stated) = stated.value() {
        return if stated > 0.0 && stated.is_finite() { Trip::Stated(stated) } else { Trip::Nothing };
    }
    let [from, to] = [step.from, step.to].map(|end| &design.graph[end]);
    let either = |kind: Kind| from.kind == kind || to.kind == kind;
    let in_process = to.tech.is_some_and(|tech| tech.embedded);
    let elsewhere = either(Kind::Client) || either(Kind::External) || either(Kind::Dns);
    if in_process || elsewhere || step.from == step.to || stated.is_no() {
        return Trip::Nothing;
    }
    if from.kind == Kind::Cdn {
        return Trip::Unknown;
    }
    Trip::Assumed(distance(design, step.from, step.to))
}

/// Nodes that stand in several zones call each other across them. Where only one of two says its region or zone, the
/// other is taken to be there.
pub fn distance(design: &Design, from: NodeIndex, to: NodeIndex) -> Distance {
    let region =
        |node| design.groups_around(node).take(DEEPEST).find(|group| group.kind == GroupKind::Region);
    if let (Some(one), Some(other)) = (region(from), region(to))
        && one.id != other.id
    {
        return Distance::Regions;
    }
    let [one, other] = [from, to].map(|node| &design.graph[node].zones);
    let apart = one.len() == 1 && other.len() == 1 && one != other;
    if one.len() > 1 || other.len() > 1 || apart { Distance::Zones } else { Distance::OnePlace }
}

/// Groups may nest as deep as a file likes; nobody stands in more of them than this.
const DEEPEST: usize = 64;
