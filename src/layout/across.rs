//! Where items stand across the levels: as few and as short sideways pieces of line as the order allows.
//!
//! One linear programme over the whole drawing, groups' borders included: neighbours on a level keep their distance, a
//! group's sides enclose whatever its levels hold, lines may slide along the sides of the nodes that they touch, and
//! every link costs its sideways length, more so where it is a piece of a long line, which ought to be straight.

use super::columns::columns;
use super::levels::{Kind, Levels};
use super::measure::Measures;
use super::pins::{Side, sides, spread};
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

/// Links above which lines touch nodes where they are spread evenly, and slide no further.
const SLIDING: usize = 8_000;
/// Sideways pieces shorter than this are spared by moving a line along a side, as far as it keeps this half from others.
const JOG: i64 = 10 * PIXEL;

pub fn across(levels: &Levels, sizes: &Measures, work: u64) -> Across {
    let rows: Vec<Vec<usize>> = levels.levels.iter().map(|level| level.items.clone()).collect();
    let seen = Seen::of(levels, &rows);
    let place = columns(levels, &seen);
    let rights = place.iter().max().map_or(0, |last| last + 1);
    let bare = rights + sizes.heads.len();
    let arcs = separations(levels, sizes, &place, rights);
    let x = least(bare, &arcs).unwrap_or_else(|| vec![0; bare]);
    let mut programme = Programme { arcs, x };

    // Each end of a link: a variable and how far from it.
    let mut upper: Vec<(usize, i64)> = levels.links.iter().map(|link| (place[link.upper], 0)).collect();
    let mut lower: Vec<(usize, i64)> = levels.links.iter().map(|link| (place[link.lower], 0)).collect();
    let sides = sides(levels, sizes, &seen);
    for side in &sides {
        let ends = if side.bottom { &mut upper } else { &mut lower };
        let spread = spread(side);
        if levels.links.len() > SLIDING {
            side.links.iter().zip(spread).for_each(|(&link, at)| ends[link].1 = at);
        } else {
            programme.slide(side, &spread, place[side.item], sizes, ends);
        }
    }
    for (at, link) in levels.links.iter().enumerate() {
        if upper[at] != lower[at] {
            programme.draw_together(upper[at], lower[at], weight(levels, link.upper, link.lower));
        }
    }
    let Programme { arcs, mut x } = programme;
    optimise(&mut x, &arcs, work);
    let left = place.iter().map(|&variable| x[variable]).min().unwrap_or(0);
    x.iter_mut().for_each(|at| *at -= left);
    let at = |(variable, offset): (usize, i64)| x[variable] + offset;
    let mut ends: Vec<(i64, i64)> =
        upper.iter().zip(&lower).map(|(&upper, &lower)| (at(upper), at(lower))).collect();
    for side in &sides {
        straighten(side, x[place[side.item]], &mut ends);
    }
    Across { right: x[rights..bare].to_vec(), ends, x: place.iter().map(|&variable| x[variable]).collect() }
}

/// Variables with places that keep all arcs, and the arcs.
struct Programme {
    arcs: Vec<Arc>,
    x: Vec<i64>,
}

impl Programme {
    fn arc(&mut self, tail: usize, head: usize, length: i64, weight: i64) {
        self.arcs.push(Arc { tail: tail as u32, head: head as u32, length, weight });
    }

    /// A variable for each line at a side, which keep their order and their distance.
    fn slide(
        &mut self,
        side: &Side,
        spread: &[i64],
        own: usize,
        sizes: &Measures,
        ends: &mut [(usize, i64)],
    ) {
        let (corner, apart) = (sizes.gaps.edge_node, sizes.gaps.edge);
        let mut before: Option<(usize, i64)> = None;
        for (&link, &ideal) in side.links.iter().zip(spread) {
            let pin = self.x.len();
            self.x.push(self.x[own] + ideal);
            match before {
                None => self.arc(own, pin, ideal.min(corner), 0),
                Some((other, at)) => self.arc(other, pin, (ideal - at).min(apart), 0),
            }
            self.draw_together((pin, 0), (own, ideal), 1);
            ends[link] = (pin, 0);
            before = Some((pin, ideal));
        }
        if let Some((last, ideal)) = before {
            self.arc(last, own, (side.width - ideal).min(corner) - side.width, 0);
        }
    }

    /// Costs `weight` for every unit between two places: what is left of both is as near to them as can be.
    fn draw_together(&mut self, a: (usize, i64), b: (usize, i64), weight: i64) {
        let both = self.x.len();
        self.x.push((self.x[a.0] + a.1).min(self.x[b.0] + b.1));
        self.arc(both, a.0, -a.1, weight);
        self.arc(both, b.0, -b.1, weight);
    }
}

/// A line that is nearly straight becomes so where it can move along a node's side without meeting another.
fn straighten(side: &Side, left: i64, ends: &mut [(i64, i64)]) {
    let own = |ends: &[(i64, i64)], link: usize| if side.bottom { ends[link].0 } else { ends[link].1 };
    for (at, &link) in side.links.iter().enumerate() {
        let (now, target) = if side.bottom { ends[link] } else { (ends[link].1, ends[link].0) };
        if now == target || (now - target).abs() > JOG {
            continue;
        }
        let before = at.checked_sub(1).map_or(left, |before| own(ends, side.links[before]));
        let after = side.links.get(at + 1).map_or(left + side.width, |&after| own(ends, after));
        if before + JOG / 2 <= target && target + JOG / 2 <= after {
            ends[link] = (target, target);
        }
    }
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

/// What keeps items apart and inside their groups.
fn separations(levels: &Levels, sizes: &Measures, place: &[usize], rights: usize) -> Vec<Arc> {
    let gaps = sizes.gaps;
    let mut arcs = Vec::new();
    let right_of = |item: usize| match levels.items[item].kind {
        Kind::Group(group) => (rights + group, sizes.loops[sizes.nodes.len() + group].w),
        Kind::Node(node) => (place[item], sizes.nodes[node].w + sizes.loops[node].w),
        Kind::Label(edge) => (place[item], sizes.labels[edge].map_or(0, |label| label.w + gaps.label)),
        Kind::Pass | Kind::Gate | Kind::Turn => (place[item], 0),
    };
    for (at, level) in levels.levels.iter().enumerate() {
        for pair in level.items.windows(2) {
            let (var, extent) = right_of(pair[0]);
            let length = extent + gap(levels, sizes, pair[0], pair[1]);
            arcs.push(Arc { tail: var as u32, head: place[pair[1]] as u32, length, weight: 0 });
        }
        let (Some(group), Some(&first), Some(&last)) =
            (level.container.checked_sub(1), level.items.first(), level.items.last())
        else {
            continue;
        };
        let head = sizes.heads[group];
        let aside = if levels.spans[level.container].0 == at && head.aside > 0 {
            head.aside + gaps.edge_node
        } else {
            0
        };
        let left = place[levels.item_of[sizes.nodes.len() + group]] as u32;
        let length = gaps.padding + head.left + aside;
        arcs.push(Arc { tail: left, head: place[first] as u32, length, weight: 0 });
        let (var, extent) = right_of(last);
        let right = (rights + group) as u32;
        arcs.push(Arc { tail: var as u32, head: right, length: extent + gaps.padding, weight: 0 });
    }
    for (group, head) in sizes.heads.iter().enumerate() {
        let left = place[levels.item_of[sizes.nodes.len() + group]] as u32;
        let length = head.least.w.max(2 * gaps.padding + head.left);
        arcs.push(Arc { tail: left, head: (rights + group) as u32, length, weight: 1 });
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
