//! Where lines touch the sides of nodes.

use super::levels::{Kind, Levels};
use super::measure::Measures;
use super::seen::Seen;
use super::unit::PIXEL;

/// The links at one side of a node, in the order in which their other ends stand.
pub struct Side {
    pub item: usize,
    pub width: i64,
    pub bottom: bool,
    pub links: Vec<usize>,
}

pub fn sides(levels: &Levels, sizes: &Measures, seen: &Seen) -> Vec<Side> {
    let mut sides = Vec::new();
    for (item, own) in levels.items.iter().enumerate() {
        let Kind::Node(node) = own.kind else { continue };
        let width = sizes.nodes[node].w;
        let mut below = levels.below[item].clone();
        below.sort_by_key(|&link| (seen.from_above[levels.links[link].lower], link));
        let mut above = levels.above[item].clone();
        above.sort_by_key(|&link| (seen.from_below[levels.links[link].upper], link));
        sides.push(Side { item, width, bottom: true, links: below });
        sides.push(Side { item, width, bottom: false, links: above });
    }
    sides
}

/// Where lines would best touch a side, from its left: spread evenly.
pub fn spread(side: &Side) -> Vec<i64> {
    let step = side.links.len() as i64 + 1;
    let exact = (1..step).map(|place| side.width * place / step);
    // On whole pixels where that leaves them apart.
    let whole = side.width / step >= 3 * PIXEL;
    exact.map(|at| if whole { at / PIXEL * PIXEL } else { at }).collect()
}
