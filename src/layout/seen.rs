//! Where the end of a link stands on its level, from left to right.

use super::levels::{Kind, Levels};

/// By item: its number among the ends of links on its level, as seen from the level below and from the one above. A
/// group shows its gates.
pub struct Seen {
    pub from_below: Vec<u32>,
    pub from_above: Vec<u32>,
}

impl Seen {
    pub fn new(items: usize) -> Seen {
        Seen { from_below: vec![0; items], from_above: vec![0; items] }
    }

    /// Of all levels, each in the order of `rows`.
    pub fn of(levels: &Levels, rows: &[Vec<usize>]) -> Seen {
        let mut seen = Seen::new(levels.items.len());
        (0..rows.len()).for_each(|level| seen.look(levels, rows, level));
        seen
    }

    /// Numbers the ends of links on a level.
    pub fn look(&mut self, levels: &Levels, rows: &[Vec<usize>], level: usize) {
        let (mut below, mut above) = (0, 0);
        for &item in &rows[level] {
            match levels.items[item].kind {
                Kind::Group(group) => {
                    let (first, last) = levels.spans[group + 1];
                    for &gate in &rows[first] {
                        self.from_above[gate] = above;
                        above += 1;
                    }
                    for &gate in &rows[last] {
                        self.from_below[gate] = below;
                        below += 1;
                    }
                    // Also an empty side takes its room.
                    below += 1;
                    above += 1;
                }
                Kind::Gate => {
                    let (first, _) = levels.spans[levels.levels[level].container];
                    if level == first {
                        self.from_below[item] = below;
                        below += 1;
                    } else {
                        self.from_above[item] = above;
                        above += 1;
                    }
                }
                _ => {
                    self.from_below[item] = below;
                    self.from_above[item] = above;
                    below += 1;
                    above += 1;
                }
            }
        }
    }
}
