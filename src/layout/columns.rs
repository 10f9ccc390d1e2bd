//! Pieces of long lines that stand one below the other.

use super::levels::{Kind, Levels};
use super::seen::Seen;

/// The variable of each item. Pieces of long lines are straight wherever they cross no other such piece, and then share
/// one; in each channel as many as can be (the longest rising sequence of their ends).
pub fn columns(levels: &Levels, seen: &Seen) -> Vec<usize> {
    let line = |item: usize| matches!(levels.items[item].kind, Kind::Pass | Kind::Gate | Kind::Label(_));
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
