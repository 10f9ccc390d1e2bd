//! In which order the items of each level stand: as few crossings as can be found.
//!
//! Sweeps down and up, each level sorted by the barycenters of what its items are linked to on the level before (Sugiyama,
//! Tagawa and Toda, 1981), through the groups as they come: a group's gates take the order of what they lead to outside,
//! and the inside follows. Groups stay whole because each is one item of its parent's level. Then neighbours change
//! places as long as that saves a crossing. Several starts, always the same ones; the best is kept. In the end, groups that
//! are built alike are ordered alike where that costs nothing.

use super::levels::{Kind, Levels};
use super::nest::Nest;
use super::random::Random;
use super::seen::Seen;
use super::twins::{Twins, copied};

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub starts: usize,
    pub sweeps: usize,
}

/// Orders every level; the crossings that are left.
pub fn order(levels: &mut Levels, nest: &Nest, twins: &[Twins], effort: Effort) -> u64 {
    let mut sorter = Sorter::new(levels, nest);
    let mut random = Random::new(7);
    let mut best = (u64::MAX, Vec::new());
    for start in 0..effort.starts.max(1) {
        if start > 0 {
            sorter.shuffle(&mut random);
        }
        let found = sorter.settle(effort.sweeps, start % 2 == 1);
        if found.0 < best.0 {
            best = found;
        }
        if best.0 == 0 {
            break;
        }
    }
    for &pair in twins {
        for mirrored in [true, false] {
            let Some(rows) = copied(levels, nest, &best.1, pair, mirrored) else { continue };
            sorter.rows = rows;
            let found = sorter.crossings();
            if found <= best.0 {
                best = (found, std::mem::take(&mut sorter.rows));
                break;
            }
        }
    }
    for (level, items) in levels.levels.iter_mut().zip(best.1) {
        level.items = items;
    }
    best.0
}

/// Pairs of links above which two neighbours are not compared.
const HUBS: usize = 100_000;

struct Sorter<'a> {
    levels: &'a Levels,
    rows: Vec<Vec<usize>>,
    /// Links above and below each item as its level sees them: a group's are those of its gates.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    seen: Seen,
    /// The levels to sort in a sweep down, and for each the level before as its container or its parent has it.
    downwards: Vec<Step>,
    upwards: Vec<Step>,
    /// The level of the group around each container.
    outer: Vec<Option<usize>>,
    keys: Vec<(f64, u32, usize)>,
    tree: Vec<u32>,
    ends: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    level: usize,
    /// The level whose order is followed.
    by: usize,
}

impl<'a> Sorter<'a> {
    fn new(levels: &'a Levels, nest: &Nest) -> Sorter<'a> {
        let mut above = levels.above.clone();
        let mut below = levels.below.clone();
        let mut outer = vec![None; levels.spans.len()];
        for (container, &(first, last)) in levels.spans.iter().enumerate().skip(1) {
            let group = levels.item_of[nest.around(container)];
            outer[container] = Some(levels.items[group].level);
            for &gate in &levels.levels[first].items {
                above[group].extend(&levels.above[gate]);
            }
            for &gate in &levels.levels[last].items {
                below[group].extend(&levels.below[gate]);
            }
        }
        let mut sorter = Sorter {
            levels,
            rows: levels.levels.iter().map(|level| level.items.clone()).collect(),
            above,
            below,
            seen: Seen::new(levels.items.len()),
            downwards: Vec::new(),
            upwards: Vec::new(),
            outer,
            keys: Vec::new(),
            tree: Vec::new(),
            ends: Vec::new(),
        };
        sorter.downwards = sorter.steps(false);
        sorter.upwards = sorter.steps(true);
        sorter
    }

    /// Container by container, a group's inside right after the level that the group stands on.
    fn steps(&self, upwards: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        let (first, last) = self.levels.spans[0];
        let mut stack = vec![if upwards { (last, first, true) } else { (first, last, true) }];
        // Each entry: the level to do next, the last one to do, and whether it is the first of its container.
        while let Some((level, end, start)) = stack.pop() {
            if level != end {
                stack.push((if upwards { level - 1 } else { level + 1 }, end, false));
            }
            let container = self.levels.levels[level].container;
            let by = match (start, upwards) {
                (true, false) => self.outer[container].filter(|&outer| outer > 0).map(|outer| outer - 1),
                (true, true) => self.outer[container].map(|outer| outer + 1),
                (false, false) => Some(level - 1),
                (false, true) => Some(level + 1),
            };
            // Groups stand on no first or last level of a container, so that the one before is of the same container.
            if let Some(by) = by {
                steps.push(Step { level, by });
            }
            for &item in &self.levels.levels[level].items {
                if let Kind::Group(group) = self.levels.items[item].kind {
                    let (first, last) = self.levels.spans[group + 1];
                    stack.push(if upwards { (last, first, true) } else { (first, last, true) });
                }
            }
        }
        steps
    }

    fn shuffle(&mut self, random: &mut Random) {
        for row in &mut self.rows {
            for at in (1..row.len()).rev() {
                row.swap(at, random.below(at + 1));
            }
        }
    }

    /// Sweeps until nothing gets better.
    fn settle(&mut self, sweeps: usize, upwards_first: bool) -> (u64, Vec<Vec<usize>>) {
        let mut best = (self.crossings(), self.rows.clone());
        let mut idle = 0;
        for sweep in 0..sweeps {
            self.sweep((sweep % 2 == 1) != upwards_first);
            let mut found = self.crossings();
            if found <= best.0 + best.0 / 8 + 2 {
                found -= self.exchange(2);
            }
            if found < best.0 {
                best = (found, self.rows.clone());
                idle = 0;
            } else {
                idle += 1;
            }
            if idle == 4 || best.0 == 0 {
                break;
            }
        }
        self.rows.clone_from(&best.1);
        self.see_all();
        best.0 -= self.exchange(8);
        best.1.clone_from(&self.rows);
        best
    }

    fn see_all(&mut self) {
        for level in 0..self.rows.len() {
            self.see(level);
        }
    }

    fn see(&mut self, level: usize) {
        self.seen.look(self.levels, &self.rows, level);
    }

    fn sweep(&mut self, upwards: bool) {
        let steps = std::mem::take(if upwards { &mut self.upwards } else { &mut self.downwards });
        for step in &steps {
            self.see(step.by);
            self.sort(step.level, upwards);
        }
        *(if upwards { &mut self.upwards } else { &mut self.downwards }) = steps;
    }

    /// By barycenters; what has no link on that side keeps its place.
    fn sort(&mut self, level: usize, upwards: bool) {
        let mut row = std::mem::take(&mut self.rows[level]);
        self.keys.clear();
        for (at, &item) in row.iter().enumerate() {
            let links = if upwards { &self.below[item] } else { &self.above[item] };
            let mut sum = 0u64;
            for &link in links {
                let link = self.levels.links[link];
                let seen =
                    if upwards { self.seen.from_above[link.lower] } else { self.seen.from_below[link.upper] };
                sum += u64::from(seen);
            }
            if !links.is_empty() {
                self.keys.push((sum as f64 / links.len() as f64, at as u32, item));
            }
        }
        self.keys.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut next = self.keys.iter();
        let mut out = row.clone();
        for (at, &item) in row.iter().enumerate() {
            let links = if upwards { &self.below[item] } else { &self.above[item] };
            if !links.is_empty() {
                out[at] = next.next().map_or(item, |key| key.2);
            }
        }
        row.clear();
        self.rows[level] = out;
    }

    /// Of all levels, by the order as it stands.
    fn crossings(&mut self) -> u64 {
        self.see_all();
        (0..self.rows.len()).map(|level| self.between(level)).sum()
    }

    /// Crossings between a level and the next: inversions, counted with a tree of sums (Barth, Jünger and Mutzel, 2002).
    fn between(&mut self, level: usize) -> u64 {
        let links = &self.levels.levels[level].links;
        if links.len() < 2 {
            return 0;
        }
        let mut ends = std::mem::take(&mut self.ends);
        ends.clear();
        ends.extend(links.iter().map(|&link| {
            let link = self.levels.links[link];
            (self.seen.from_below[link.upper], self.seen.from_above[link.lower])
        }));
        ends.sort_unstable();
        let widest = ends.iter().map(|end| end.1).max().unwrap_or(0) as usize + 1;
        let mut crossings = 0;
        if ends.len() <= 24 {
            for at in 1..ends.len() {
                crossings +=
                    ends[..at].iter().filter(|end| end.1 > ends[at].1 && end.0 < ends[at].0).count() as u64;
            }
        } else {
            self.tree.clear();
            self.tree.resize(widest + 1, 0);
            for (seen, &(_, lower)) in ends.iter().enumerate() {
                // Those before that end further left or at the same place do not cross.
                let mut at = lower as usize + 1;
                let mut left = 0;
                while at > 0 {
                    left += u64::from(self.tree[at]);
                    at &= at - 1;
                }
                crossings += seen as u64 - left;
                let mut at = lower as usize + 1;
                while at <= widest {
                    self.tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
        self.ends = ends;
        crossings
    }

    /// Neighbours change places where that saves crossings; how many it saved.
    fn exchange(&mut self, rounds: usize) -> u64 {
        let mut saved = 0;
        for _ in 0..rounds {
            let mut now = 0;
            for level in 0..self.rows.len() {
                let better = self.exchange_on(level);
                if better > 0 {
                    self.see(level);
                    let container = self.levels.levels[level].container;
                    if let Some(outer) = self.outer[container] {
                        let (first, last) = self.levels.spans[container];
                        if level == first || level == last {
                            self.see(outer);
                        }
                    }
                    now += better;
                }
            }
            saved += now;
            if now == 0 {
                break;
            }
        }
        saved
    }

    fn exchange_on(&mut self, level: usize) -> u64 {
        let mut saved = 0;
        let mut at = 1;
        while at < self.rows[level].len() {
            let (left, right) = (self.rows[level][at - 1], self.rows[level][at]);
            let (mut kept, mut changed) = (0, 0);
            let pairs = |side: &[Vec<usize>]| side[left].len() * side[right].len();
            if pairs(&self.above).max(pairs(&self.below)) > HUBS {
                at += 1;
                continue;
            }
            for (side, upper) in [(&self.above, true), (&self.below, false)] {
                for &a in &side[left] {
                    let a = self.other_end(a, upper);
                    for &b in &side[right] {
                        let b = self.other_end(b, upper);
                        kept += u64::from(a > b);
                        changed += u64::from(a < b);
                    }
                }
            }
            if changed < kept {
                self.rows[level].swap(at - 1, at);
                saved += kept - changed;
                at = at.saturating_sub(2);
            }
            at += 1;
        }
        saved
    }

    fn other_end(&self, link: usize, upper: bool) -> u32 {
        let link = self.levels.links[link];
        if upper { self.seen.from_below[link.upper] } else { self.seen.from_above[link.lower] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Edge, End, Graph, Node, Size};
    use super::super::layers::{Wish, layering};
    use super::super::levels::{Levels, levels};
    use super::super::nest::Nest;
    use super::super::random::Random;
    use super::{Effort, Sorter, order};

    fn ordered(count: usize, edges: &[(usize, usize)]) -> (Levels, Nest) {
        let edge =
            |&(from, to): &(usize, usize)| Edge { from: End::Node(from), to: End::Node(to), label: None };
        let graph = Graph {
            nodes: vec![Node { size: Size { w: 10.0, h: 10.0 }, group: None }; count],
            groups: Vec::new(),
            edges: edges.iter().map(edge).collect(),
        };
        let nest = Nest::of(&graph);
        let layering = layering(&nest, Wish { beside: 0, fold: false });
        let levels = levels(&graph, &nest, &layering, usize::MAX).expect("no limit");
        (levels, nest)
    }

    fn crossings(count: usize, edges: &[(usize, usize)]) -> u64 {
        let (mut levels, nest) = ordered(count, edges);
        order(&mut levels, &nest, &[], Effort { starts: 8, sweeps: 24 })
    }

    #[test]
    fn as_few_as_there_have_to_be() {
        // A tree, its leaves out of order.
        assert_eq!(crossings(7, &[(0, 1), (0, 2), (1, 6), (2, 5), (1, 4), (2, 3)]), 0);
        // All of three with all of three: every two above with every two below.
        let complete: Vec<(usize, usize)> = (0..9).map(|at| (at / 3, 3 + at % 3)).collect();
        assert_eq!(crossings(6, &complete), 9);
    }

    #[test]
    fn crossings_are_counted_as_by_hand() {
        let mut random = Random::new(3);
        for count in [10, 40] {
            let edges: Vec<(usize, usize)> =
                (0..count * 3).map(|_| (random.below(count), count + random.below(count))).collect();
            let (levels, nest) = ordered(2 * count, &edges);
            let mut sorter = Sorter::new(&levels, &nest);
            let place = |item: usize| {
                let row = &levels.levels[levels.items[item].level].items;
                row.iter().position(|&other| other == item).expect("an item stands on its level")
            };
            let ends: Vec<(usize, usize)> =
                levels.links.iter().map(|link| (place(link.upper), place(link.lower))).collect();
            let crossed =
                |a: &(usize, usize), b: &(usize, usize)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
            let pairs = (0..ends.len()).flat_map(|a| (a + 1..ends.len()).map(move |b| (a, b)));
            let naive = pairs.filter(|&(a, b)| crossed(&ends[a], &ends[b])).count();
            assert_eq!(sorter.crossings(), naive as u64);
        }
    }
}
