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
    let seen = seen(levels);
    let pins = pins(levels, sizes, &seen);
    let place = columns(levels, &seen);
    let bare = place.iter().max().map_or(0, |last| last + 1) + sizes.heads.len();
    let mut arcs = separations(levels, sizes, &place, bare - sizes.heads.len());
    let bent: Vec<usize> = (0..levels.links.len())
        .filter(|&at| place[levels.links[at].upper] != place[levels.links[at].lower])
        .collect();
    for (number, &at) in bent.iter().enumerate() {
        let link = levels.links[at];
        let bend = (bare + number) as u32;
        let weight = weight(levels, link.upper, link.lower);
        arcs.push(Arc { tail: bend, head: place[link.upper] as u32, length: -pins[at].0, weight });
        arcs.push(Arc { tail: bend, head: place[link.lower] as u32, length: -pins[at].1, weight });
    }
    let count = bare + bent.len();
    let mut x = least(count, &arcs).unwrap_or_else(|| vec![0; count]);
    for (number, &at) in bent.iter().enumerate() {
        let link = levels.links[at];
        x[bare + number] = (x[place[link.upper]] + pins[at].0).min(x[place[link.lower]] + pins[at].1);
    }
    optimise(&mut x, &arcs, work);
    let ends = (levels.links.iter().zip(&pins))
        .map(|(link, pin)| (x[place[link.upper]] + pin.0, x[place[link.lower]] + pin.1))
        .collect();
    let right = x[bare - sizes.heads.len()..bare].to_vec();
    Across { right, ends, x: (0..items).map(|item| x[place[item]]).collect() }
}

fn seen(levels: &Levels) -> Seen {
    let rows: Vec<Vec<usize>> = levels.levels.iter().map(|level| level.items.clone()).collect();
    Seen::of(levels, &rows)
}

/// The variable of each item. Pieces of long lines are straight wherever they cross no other such piece, and then share
/// one; in each channel as many as can be (the longest rising sequence of their ends).
fn columns(levels: &Levels, seen: &Seen) -> Vec<usize> {
    let line = |item: usize| {
        matches!(levels.items[item].kind, Kind::Pass | Kind::Gate | Kind::Label(_))
    };
    let mut above: Vec<Option<usize>> = vec![None; levels.items.len()];
    for level in &levels.levels {
        let mut inner: Vec<(u32, u32, usize)> = (level.links.iter())
            .filter(|&&at| line(levels.links[at].upper) && line(levels.links[at].lower))
            .map(|&at| {
                let link = levels.links[at];
                (seen.from_below[link.upper], seen.from_above[link.lower], at)
            })
            .collect();
        inner.sort_unstable();
        // Ends of the best sequences of each length, and who comes before whom in them.
        let mut ends: Vec<usize> = Vec::new();
        let mut before = vec![usize::MAX; inner.len()];
        for at in 0..inner.len() {
            let length = ends.partition_point(|&end| inner[end].1 < inner[at].1);
            if length > 0 {
                before[at] = ends[length - 1];
            }
            if length == ends.len() { ends.push(at) } else { ends[length] = at }
        }
        let mut at = ends.last().copied().unwrap_or(usize::MAX);
        while at != usize::MAX {
            let link = levels.links[inner[at].2];
            above[link.lower] = Some(link.upper);
            at = before[at];
        }
    }
    // Levels of a container stand in their order, but a group's are not between those of its parent: follow the chains.
    let mut place = vec![usize::MAX; levels.items.len()];
    let mut next = 0;
    for item in 0..levels.items.len() {
        let mut way = vec![item];
        let mut at = item;
        while let Some(upper) = above[at].filter(|_| place[at] == usize::MAX) {
            way.push(upper);
            at = upper;
        }
        if place[at] == usize::MAX {
            place[at] = next;
            next += 1;
        }
        let own = place[at];
        way.into_iter().for_each(|item| place[item] = own);
    }
    place
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
fn pins(levels: &Levels, sizes: &Measures, seen: &Seen) -> Vec<(i64, i64)> {
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
        let aside = if levels.spans[level.container].0 == at && head.aside > 0 { head.aside + gaps.edge_node } else { 0 };
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
