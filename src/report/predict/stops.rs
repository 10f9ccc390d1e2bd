//! What stops each flow, with the time a year that it takes.

use crate::design::Design;
use crate::numbers::Numbers;
use crate::numbers::availability::{Availability, LARGEST_ORDER, in_words};
use crate::report::availability::{CUTS, a_year, cells};
use crate::report::wrap::columns;
use crate::report::{Style, Wrap};

/// Below this share of a flow's downtime, something rare is left to `--all`.
const RARE: f64 = 0.001;

/// Flows that the same things stop, for the same time.
struct Stopped<'a> {
    flows: Vec<&'a str>,
    down: String,
    by: Vec<(String, f64)>,
}

/// Flows that the same things stop are named together.
pub fn section(design: &Design, numbers: &Numbers, style: Style) -> Option<String> {
    let mut groups: Vec<Stopped> = Vec::new();
    for flow in &numbers.flows {
        let Some(of) = &flow.availability else { continue };
        let by = in_words(design, &of.tree, &of.cuts);
        let down = cells(Some(of))[2].clone();
        match groups.iter_mut().find(|group| group.down == down && group.by == by) {
            Some(group) => group.flows.push(&flow.id),
            None => groups.push(Stopped { flows: vec![&flow.id], down, by }),
        }
    }
    if groups.is_empty() {
        return None;
    }
    let mut lines = vec![style.paint().bold("What stops each flow, and for how long a year")];
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    for group in &groups {
        lines.push(wrap.block(&format!("{}: down {}", group.flows.join(", "), group.down)));
        lines.extend(stops(&group.by, style));
    }
    Some(lines.join("\n"))
}

fn stops(said: &[(String, f64)], style: Style) -> Vec<String> {
    if said.is_empty() {
        return vec![format!("    nothing short of {} failures at once", LARGEST_ORDER + 1)];
    }
    let heaviest = said.iter().map(|(_, down)| *down).fold(0.0, f64::max);
    let mut shown: Vec<&(String, f64)> = said.iter().collect();
    if !style.all {
        shown.retain(|(_, down)| *down >= heaviest * RARE);
        shown.truncate(CUTS);
    }
    let times: Vec<String> = shown.iter().map(|(_, down)| a_year(*down)).collect();
    let width = times.iter().map(|time| columns(time)).max().unwrap_or(0);
    let wrap = Wrap { width: style.width, first: width + 6, hang: width + 8 };
    let mut lines: Vec<String> = shown
        .iter()
        .zip(&times)
        .map(|((words, _), time)| {
            let gap = " ".repeat(width - columns(time));
            format!("    {gap}{time}  {}", wrap.text(words))
        })
        .collect();
    if shown.len() < said.len() {
        lines.push(format!("    and {} more, rarer (--all)", said.len() - shown.len()));
    }
    lines
}

/// Minutes a year that a flow is down, no less than they are.
pub fn minutes(of: &Availability) -> f64 {
    of.down.most() * 365.0 * 24.0 * 60.0
}
