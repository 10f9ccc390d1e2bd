//! What takes a flow down, and for how long a year.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::design::Design;
use crate::numbers::Numbers;
use crate::numbers::availability::{Assumption, Cuts, Down, Places, in_words};
use crate::report::availability::{YEAR, standing_still};

/// The downtime of one flow, and how it comes to be.
#[derive(Debug)]
pub struct Downtime {
    pub title: Option<String>,
    pub flow: String,
    pub label: Option<String>,
    /// Minimal cut sets in words, the longest down first. They overlap: together they are at least as long as the whole.
    pub shares: Vec<Share>,
    /// Some cut sets were not looked for, being large or many.
    pub incomplete: bool,
    pub total: Total,
    /// The other flows, in the order of the file.
    pub others: Vec<(String, Total)>,
    pub assumed: Vec<Assumption>,
    /// That places never fail, where there are any and nothing is said of them.
    pub still: Option<&'static str>,
}

/// What fails together, and seconds a year in which all of it is down.
#[derive(Debug)]
pub struct Share {
    pub what: String,
    pub seconds: f64,
    /// It is a single failure.
    pub single: bool,
}

/// Seconds a year; `least` is `most` where the figure is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    pub least: f64,
    pub most: f64,
}

impl Total {
    fn of(down: Down) -> Total {
        let (least, most) = match down {
            Down::Exact(down) => (down, down),
            Down::Between { least, most, .. } => (least, most),
        };
        Total { least: least * YEAR, most: most * YEAR }
    }

    pub fn is_exact(self) -> bool {
        self.least == self.most
    }
}

/// Of a flow, or of the one that is down longest. None where there is no such flow, or none that has a hop.
pub fn downtime(design: &Design, numbers: &Numbers, places: Places, flow: Option<&str>) -> Option<Downtime> {
    let known = || {
        let flows = design.flows.iter().zip(&numbers.flows);
        flows.filter_map(|(flow, numbers)| Some((flow, numbers.availability.as_ref()?)))
    };
    let (of, availability) = match flow {
        Some(id) => known().find(|(flow, _)| flow.id == id)?,
        // The first of those that are down equally long.
        None => known().reduce(
            |worst, other| {
                if other.1.down.most() > worst.1.down.most() { other } else { worst }
            },
        )?,
    };
    let tree = &availability.tree;
    let failures = |set: &Vec<u32>| set.iter().map(|&at| tree.components[at as usize].failures).sum::<u64>();
    let alone: Vec<_> = availability.cuts.sets.iter().filter(|set| failures(set) == 1).cloned().collect();
    let alone = in_words(design, tree, &Cuts { sets: alone, ..Cuts::default() });
    let single: BTreeSet<String> = alone.into_iter().map(|(words, _)| words).collect();
    let mut shares: Vec<Share> = in_words(design, tree, &availability.cuts)
        .into_iter()
        .map(|(what, down)| Share { single: single.contains(&what), what, seconds: down * YEAR })
        .collect();
    shares.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    Some(Downtime {
        title: design.title.clone(),
        flow: of.id.clone(),
        label: of.label.clone(),
        shares,
        incomplete: !availability.cuts.complete || availability.cuts.left_out > 0.0,
        total: Total::of(availability.down),
        others: known()
            .filter(|(flow, _)| flow.id != of.id)
            .map(|(flow, availability)| (flow.id.clone(), Total::of(availability.down)))
            .collect(),
        assumed: availability.assumed.clone(),
        still: standing_still(design, places),
    })
}

impl Downtime {
    pub fn json(&self) -> Value {
        let shares: Vec<Value> = self
            .shares
            .iter()
            .map(|share| json!({ "what": share.what, "down_s": share.seconds, "single": share.single }))
            .collect();
        let sum: f64 = self.shares.iter().map(|share| share.seconds).sum();
        let others: Vec<Value> =
            self.others.iter().map(|(id, total)| into_json(json!({ "id": id }), *total)).collect();
        let mut value =
            into_json(json!({ "version": 1, "of": "availability", "flow": self.flow }), self.total);
        value["cut_sets"] = json!(shares);
        value["others_and_overlaps_s"] = json!(self.total.most - sum);
        value["other_flows"] = json!(others);
        value["assumed"] = json!(self.assumed);
        value
    }
}

fn into_json(mut object: Value, total: Total) -> Value {
    if total.is_exact() {
        object["down_s_a_year"] = json!(total.most);
    } else {
        object["down_s_a_year"] = Value::Null;
        object["down_s_a_year_at_least"] = json!(total.least);
        object["down_s_a_year_at_most"] = json!(total.most);
    }
    object
}
