//! Where items stand across the levels: as few and as short sideways pieces of line as the order allows.
//!
//! One linear programme over the whole drawing, groups' borders included: neighbours on a level keep their distance, a
//! group's sides enclose whatever its levels hold, and every link costs its sideways length, more so where it is a
//! piece of a long line, which ought to be straight.

use super::levels::{Kind, Levels};
use super::measure::Measures;
use super::seen::Seen;
use super::simplex::{Arc, least, optimise};
use super::unit::PIXEL;

pub struct Across {
    /// The left side of each item; of a line, the line.
    pub x: Vec<i64>,
    /// The right side of each group.
    pub right: Vec<i64>,
    /// The upper and lower end of each link.
    pub ends: Vec<(i64, i64)>,
}

pub fn across(levels: &Levels, sizes: &Measures, work: u64) -> Across {
    let items = levels.items.len();
    let pins = pins(levels, sizes);
    let mut arcs = separations(levels, sizes);
    let bare = items + sizes.heads.len();
    for (at, link) in levels.links.iter().enumerate() {
        let bend = (bare + at) as u32;
        let weight = weight(levels, link.upper, link.lower);
        arcs.push(Arc { tail: bend, head: link.upper as u32, length: -pins[at].0, weight });
        arcs.push(Arc { tail: bend, head: link.lower as u32, length: -pins[at].1, weight });
    }
    let count = bare + levels.links.len();
    let mut x = least(count, &arcs).unwrap_or_else(|| vec![0; count]);
    for (at, link) in levels.links.iter().enumerate() {
        x[bare + at] = (x[link.upper] + pins[at].0).min(x[link.lower] + pins[at].1);
    }
    optimise(&mut x, &arcs, work);
    let ends = (levels.links.iter().zip(&pins))
        .map(|(link, pin)| (x[link.upper] + pin.0, x[link.lower] + pin.1))
        .collect();
    Across { right: x[items..bare].to_vec(), ends, x: x[..items].to_vec() }
}

/// Straight lines count for more the longer they are; the width of groups for little.
fn weight(levels: &Levels, upper: usize, lower: usize) -> i64 {
    let line = |item: usize| !matches!(levels.items[item].kind, Kind::Node(_));
    match (line(upper), line(lower)) {
        (true, true) => 16,
        (false, false) => 4,
        _ => 6,
    }
}

/// Where links touch their items, from the item's left: spread over a node's side in the order of their other ends.
fn pins(levels: &Levels, sizes: &Measures) -> Vec<(i64, i64)> {
    let rows: Vec<Vec<usize>> = levels.levels.iter().map(|level| level.items.clone()).collect();
    let seen = Seen::of(levels, &rows);
    let mut pins = vec![(0, 0); levels.links.len()];
    for (at, item) in levels.items.iter().enumerate() {
        let Kind::Node(node) = item.kind else { continue };
        let width = sizes.nodes[node].w;
        let mut below = levels.below[at].clone();
        below.sort_by_key(|&link| (seen.from_above[levels.links[link].lower], link));
        for (place, &link) in below.iter().enumerate() {
            pins[link].0 = spread(width, place, below.len());
        }
        let mut above = levels.above[at].clone();
        above.sort_by_key(|&link| (seen.from_below[levels.links[link].upper], link));
        for (place, &link) in above.iter().enumerate() {
            pins[link].1 = spread(width, place, above.len());
        }
    }
    pins
}

fn spread(width: i64, place: usize, of: usize) -> i64 {
    let exact = width * (place as i64 + 1) / (of as i64 + 1);
    // On whole pixels where that leaves them apart.
    if width / (of as i64 + 1) >= 3 * PIXEL { exact / PIXEL * PIXEL } else { exact }
}

/// What keeps items apart and inside their groups.
fn separations(levels: &Levels, sizes: &Measures) -> Vec<Arc> {
    let items = levels.items.len();
    let gaps = sizes.gaps;
    let mut arcs = Vec::new();
    let right_of = |item: usize| match levels.items[item].kind {
        Kind::Group(group) => (items + group, sizes.loops[sizes.nodes.len() + group].w),
        Kind::Node(node) => (item, sizes.nodes[node].w + sizes.loops[node].w),
        Kind::Label(edge) => (item, sizes.labels[edge].map_or(0, |label| label.w + gaps.label)),
        Kind::Pass | Kind::Gate | Kind::Turn => (item, 0),
    };
    for (at, level) in levels.levels.iter().enumerate() {
        for pair in level.items.windows(2) {
            let (var, extent) = right_of(pair[0]);
            let length = extent + gap(levels, sizes, pair[0], pair[1]);
            arcs.push(Arc { tail: var as u32, head: pair[1] as u32, length, weight: 0 });
        }
        let (Some(group), Some(&first), Some(&last)) =
            (level.container.checked_sub(1), level.items.first(), level.items.last())
        else {
            continue;
        };
        let head = sizes.heads[group];
        let aside = if levels.spans[level.container].0 == at && head.aside > 0 { head.aside + gaps.edge_node } else { 0 };
        let left = levels.item_of[sizes.nodes.len() + group] as u32;
        let length = gaps.padding + head.left + aside;
        arcs.push(Arc { tail: left, head: first as u32, length, weight: 0 });
        let (var, extent) = right_of(last);
        let right = (items + group) as u32;
        arcs.push(Arc { tail: var as u32, head: right, length: extent + gaps.padding, weight: 0 });
    }
    for (group, head) in sizes.heads.iter().enumerate() {
        let left = levels.item_of[sizes.nodes.len() + group] as u32;
        let length = head.least.w.max(2 * gaps.padding + head.left);
        arcs.push(Arc { tail: left, head: (items + group) as u32, length, weight: 1 });
    }
    arcs
}

fn gap(levels: &Levels, sizes: &Measures, left: usize, right: usize) -> i64 {
    let solid = |item: usize| matches!(levels.items[item].kind, Kind::Node(_) | Kind::Group(_));
    match (solid(left), solid(right)) {
        (true, true) => sizes.gaps.node,
        (false, false) => sizes.gaps.edge,
        _ => sizes.gaps.edge_node,
    }
}
