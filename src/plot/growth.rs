//! How much of each node's capacity is in use as all flows grow alike.

use serde_json::{Value, json};

use crate::design::Design;
use crate::numbers::{Assumed, NodeNumbers, Numbers};
use crate::units::{show_number, show_rate, show_share};

/// Every node that a flow leads to, by what is known of it.
#[derive(Debug)]
pub struct Growth {
    pub title: Option<String>,
    /// The first to break first; in the order of the file where they break together.
    pub lines: Vec<Line>,
    /// Their load or their capacity is not known: name, and which numbers would tell.
    pub unknown: Vec<(String, Vec<String>)>,
    /// What others run carries whatever its vendor says.
    pub others: Vec<String>,
}

/// One node. What it uses grows as its flows do, which takes hit rates and shares to stay as they are.
#[derive(Debug)]
pub struct Line {
    pub id: String,
    /// Of its capacity, at the peak and today's load, as a fraction.
    pub used: f64,
    /// Only a part of its load is known.
    pub at_least: bool,
    /// The arithmetic, in words.
    pub how: String,
    pub assumed: Vec<Assumed>,
}

impl Line {
    /// Times today's load at which nothing is left; no more than that where `at_least`.
    pub fn breaks_at(&self) -> f64 {
        1.0 / self.used
    }
}

/// The lines of a design. A node with a load of 0, or a capacity beyond measure, never breaks and has none.
pub fn growth(design: &Design, numbers: &Numbers) -> Growth {
    let mut growth =
        Growth { title: design.title.clone(), lines: Vec::new(), unknown: Vec::new(), others: Vec::new() };
    for node in &numbers.nodes {
        let reached = node.peak.as_ref().map_or(true, |peak| peak.value > 0.0);
        let Some(utilisation) = node.utilisation.as_ref().filter(|_| reached) else {
            if reached {
                growth.others.push(node.id.clone());
            }
            continue;
        };
        match (line(node), utilisation) {
            (Some(line), _) => growth.lines.push(line),
            (None, Err(missing)) => growth.unknown.push((node.id.clone(), missing.wants.clone())),
            (None, Ok(_)) => {}
        }
    }
    growth.lines.sort_by(|one, other| other.used.total_cmp(&one.used));
    growth
}

fn line(node: &NodeNumbers) -> Option<Line> {
    let (used, at_least, how, assumed) =
        match (node.utilisation.as_ref()?, &node.peak, node.capacity.as_ref()?) {
            (Ok(figure), ..) => (figure.value, false, figure.reached.join("; "), figure.assumed.clone()),
            (Err(_), Err(peak), Ok(capacity)) if capacity.value > 0.0 => {
                let least = peak.at_least?;
                let used = least / capacity.value;
                let how = format!(
                    "at least {} / {} = {}",
                    show_rate(least),
                    show_rate(capacity.value),
                    show_share(used)
                );
                (used, true, how, capacity.assumed.clone())
            }
            _ => return None,
        };
    let breaks = used > 0.0 && used.is_finite() && (1.0 / used).is_finite();
    let how = format!("{how}; 1 / {} = {} times the load", show_share(used), show_number(1.0 / used));
    breaks.then(|| Line { id: node.id.clone(), used, at_least, how, assumed })
}

impl Growth {
    /// What the catalogue was asked for, each once.
    pub fn assumed(&self) -> Vec<&Assumed> {
        let mut all: Vec<&Assumed> = Vec::new();
        for assumed in self.lines.iter().flat_map(|line| &line.assumed) {
            if !all.contains(&assumed) {
                all.push(assumed);
            }
        }
        all
    }

    /// The numbers that would give the unknown ones a line, each once.
    pub fn wants(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for want in self.unknown.iter().flat_map(|(_, wants)| wants) {
            if !all.contains(&want.as_str()) {
                all.push(want);
            }
        }
        all
    }

    pub fn json(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "id": line.id,
                    "utilisation": line.used,
                    "breaks_at_factor": line.breaks_at(),
                    "only_a_part_of_the_load": line.at_least,
                    "how": line.how,
                })
            })
            .collect();
        let unknown: Vec<Value> =
            self.unknown.iter().map(|(id, wants)| json!({ "id": id, "missing": wants })).collect();
        json!({
            "version": 1,
            "of": "growth",
            "lines": lines,
            "unknown": unknown,
            "run_by_others": self.others,
            "assumed": self.assumed(),
        })
    }
}
