//! Shares of time that the design does not state: by the catalogue, else by how often things fail and how long they take to
//! come back.

use serde::Serialize;

use crate::catalog::{Grade, Kind};
use crate::design::Node;
use crate::units::percent;

/// A share that was taken for granted, for one or several nodes or for what they stand in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumption {
    /// "one instance is up 99.977 % of the time"
    pub what: String,
    /// Ids of nodes; names of zones, regions and fates.
    pub of: Vec<String>,
    pub grade: Grade,
    pub source: String,
    /// What to write to say otherwise.
    pub instead: String,
}

/// Fails so often, and takes so long each time; both in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Repair {
    every: f64,
    takes: f64,
}

const HOUR: f64 = 3600.0;
const YEAR: f64 = 365.0 * 24.0 * HOUR;

/// An instance that something restarts, and one that waits for a person.
const RESTARTED: Repair = Repair { every: 0.5 * YEAR, takes: HOUR / 12.0 };
pub const BY_HAND: Repair = Repair { every: 0.5 * YEAR, takes: HOUR };
pub const ZONE: Repair = Repair { every: 2.0 * YEAR, takes: 3.0 * HOUR };
pub const REGION: Repair = Repair { every: 5.0 * YEAR, takes: 4.0 * HOUR };

const MACHINES: &str = "a judgement; half of a cluster's 1,800 machines failed in its first year (J. Dean, 2008, by datacenterknowledge.com)";
const PLACES: &str = "a judgement, from the outages that cloud vendors have reported";

impl Repair {
    /// The share of time that it is up.
    pub fn up(self) -> f64 {
        self.every / (self.every + self.takes)
    }
}

/// What one instance of a node, or the whole of a managed one, is up; and where that comes from if not from the design.
pub struct Instance {
    pub up: f64,
    pub stated: bool,
    pub assumed: Option<Assumption>,
}

impl Instance {
    pub fn of(node: &Node) -> Instance {
        let promised = if node.kind == Kind::External { node.attrs.number("sla").value() } else { None };
        if let Some(up) = node.attrs.number("availability").value().or(promised) {
            return Instance { up, stated: true, assumed: None };
        }
        let assumed = |what: String, grade, source: &str, instead: &str| {
            Some(Assumption {
                what,
                grade,
                source: source.to_string(),
                of: vec![node.id.clone()],
                instead: instead.to_string(),
            })
        };
        let known = node.tech.filter(|tech| tech.kind() == node.kind);
        if let Some((tech, default)) = known.and_then(|tech| Some((tech, tech.availability.as_ref()?))) {
            let what = format!("{} is up {} of the time", tech.title, percent(default.value));
            let assumed = assumed(what, default.grade, &default.source, "`availability=`");
            return Instance { up: default.value, stated: false, assumed };
        }
        let (repair, how) = match is_restarted(node) {
            true => (RESTARTED, "is restarted within 5 min"),
            false => (BY_HAND, "a person takes 60 min to restart it"),
        };
        let what = match node.kind {
            Kind::External => format!("somebody else's is up {} of the time", percent(repair.up())),
            _ => format!(
                "an instance is up {} of the time: it fails twice a year, and {how}",
                percent(repair.up())
            ),
        };
        let instead = if node.kind == Kind::External { "`sla=`" } else { "`availability=`" };
        Instance { up: repair.up(), stated: false, assumed: assumed(what, Grade::C, MACHINES, instead) }
    }
}

/// Something notices that an instance is gone, and starts another.
fn is_restarted(node: &Node) -> bool {
    node.is_managed()
        || node.kind == Kind::Function
        || ["autoscale", "health"].iter().any(|how| node.attrs.has(how))
}

/// What a zone, a region or a shared fate is taken to be up.
pub fn of_a_place(what: &str, name: &str, repair: Repair) -> Assumption {
    let (often, long) = match what {
        "region" => ("five", 4),
        _ => ("two", 3),
    };
    Assumption {
        what: format!(
            "a {what} is up {} of the time: it fails once in {often} years, for {long} h",
            percent(repair.up())
        ),
        grade: Grade::C,
        source: PLACES.to_string(),
        of: vec![name.to_string()],
        instead: format!(
            "`availability=` on the {}",
            if what == "fate" { "group of that name" } else { what }
        ),
    }
}
