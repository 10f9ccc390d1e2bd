//! Places on a line: minimise Σ weight · (x[head] − x[tail]) with x[head] − x[tail] ≥ length, over integers.
//!
//! The network simplex of Gansner, Koutsofios, North and Vo ("A Technique for Drawing Directed Graphs", 1993), used for
//! layers and for coordinates alike. Every step keeps the places feasible, so that it may be stopped at any time and
//! still gives a drawing, only a less tidy one. The constraints must have no cycle of positive length.

#[derive(Debug, Clone, Copy)]
pub struct Arc {
    pub tail: u32,
    pub head: u32,
    pub length: i64,
    pub weight: i64,
}

const NONE: u32 = u32::MAX;

/// Adjacency in one array: the arcs at `start[v]..start[v + 1]` of `list`.
struct Around {
    start: Vec<u32>,
    list: Vec<u32>,
}

impl Around {
    fn of(count: usize, arcs: &[Arc]) -> Around {
        let mut start = vec![0u32; count + 1];
        for arc in arcs {
            start[arc.tail as usize + 1] += 1;
            start[arc.head as usize + 1] += 1;
        }
        for at in 0..count {
            start[at + 1] += start[at];
        }
        let mut next = start.clone();
        let mut list = vec![0; arcs.len() * 2];
        for (number, arc) in arcs.iter().enumerate() {
            for end in [arc.tail, arc.head] {
                list[next[end as usize] as usize] = number as u32;
                next[end as usize] += 1;
            }
        }
        Around { start, list }
    }

    fn at(&self, node: u32) -> &[u32] {
        &self.list[self.start[node as usize] as usize..self.start[node as usize + 1] as usize]
    }
}

/// The least places that the constraints allow, by longest paths. None where they have a cycle.
pub fn least(count: usize, arcs: &[Arc]) -> Option<Vec<i64>> {
    let around = Around::of(count, arcs);
    let mut waiting = vec![0u32; count];
    for arc in arcs {
        waiting[arc.head as usize] += 1;
    }
    let mut ready: Vec<u32> = (0..count as u32).filter(|&node| waiting[node as usize] == 0).collect();
    let mut x = vec![0i64; count];
    let mut done = 0;
    while done < ready.len() {
        let node = ready[done];
        done += 1;
        for &number in around.at(node) {
            let arc = arcs[number as usize];
            if arc.tail != node {
                continue;
            }
            let head = arc.head as usize;
            x[head] = x[head].max(x[node as usize] + arc.length);
            waiting[head] -= 1;
            if waiting[head] == 0 {
                ready.push(arc.head);
            }
        }
    }
    (done == count).then_some(x)
}

/// Moves `x`, which must be feasible, to a best place, or as near to it as `work` steps over arcs lead.
pub fn optimise(x: &mut [i64], arcs: &[Arc], work: u64) {
    if x.len() < 2 {
        return;
    }
    let mut tree = Tree::new(x, arcs);
    tree.span();
    tree.hang();
    tree.pivot(work);
    x.copy_from_slice(&tree.x);
}

struct Tree<'a> {
    arcs: &'a [Arc],
    around: Around,
    x: Vec<i64>,
    /// The tree's arcs at each node.
    links: Vec<Vec<u32>>,
    in_tree: Vec<bool>,
    /// Arc to the parent.
    up: Vec<u32>,
    depth: Vec<u32>,
    cut: Vec<i64>,
    basis: Vec<u32>,
    /// Where an arc stands in `basis`.
    slot: Vec<u32>,
    /// The subtree that the last leaving arc cuts off, and which of its kind each node was last seen in.
    subtree: Vec<u32>,
    seen: Vec<u32>,
    turn: u32,
}

impl<'a> Tree<'a> {
    fn new(x: &[i64], arcs: &'a [Arc]) -> Tree<'a> {
        let count = x.len();
        Tree {
            arcs,
            around: Around::of(count, arcs),
            x: x.to_vec(),
            links: vec![Vec::new(); count],
            in_tree: vec![false; arcs.len()],
            up: vec![NONE; count],
            depth: vec![0; count],
            cut: vec![0; arcs.len()],
            basis: Vec::with_capacity(count),
            slot: vec![NONE; arcs.len()],
            subtree: Vec::new(),
            seen: vec![0; count],
            turn: 0,
        }
    }

    fn slack(&self, arc: u32) -> i64 {
        let arc = self.arcs[arc as usize];
        self.x[arc.head as usize] - self.x[arc.tail as usize] - arc.length
    }

    fn other(&self, arc: u32, node: u32) -> u32 {
        let Arc { tail, head, .. } = self.arcs[arc as usize];
        if tail == node { head } else { tail }
    }

    fn join(&mut self, arc: u32) {
        let Arc { tail, head, .. } = self.arcs[arc as usize];
        self.in_tree[arc as usize] = true;
        self.links[tail as usize].push(arc);
        self.links[head as usize].push(arc);
        self.slot[arc as usize] = self.basis.len() as u32;
        self.basis.push(arc);
    }

    /// A spanning tree of arcs without slack, one per part: islands of tight arcs, each moved to its nearest neighbour.
    fn span(&mut self) {
        let count = self.x.len();
        let mut island = vec![NONE; count];
        let mut members: Vec<Vec<u32>> = Vec::new();
        for start in 0..count as u32 {
            if island[start as usize] != NONE {
                continue;
            }
            let own = members.len() as u32;
            let mut found = vec![start];
            island[start as usize] = own;
            let mut at = 0;
            while at < found.len() {
                let node = found[at];
                at += 1;
                for place in 0..self.around.at(node).len() {
                    let number = self.around.at(node)[place];
                    let Arc { tail, head, .. } = self.arcs[number as usize];
                    let other = if tail == node { head } else { tail };
                    if island[other as usize] == NONE && self.slack(number) == 0 {
                        island[other as usize] = own;
                        found.push(other);
                        self.join(number);
                    }
                }
            }
            members.push(found);
        }
        // The smallest island moves first: each node moves a logarithmic number of times.
        let mut queue: std::collections::BTreeSet<(usize, u32)> =
            members.iter().enumerate().map(|(at, nodes)| (nodes.len(), at as u32)).collect();
        while let Some((_, own)) = queue.pop_first() {
            let mut best: Option<(i64, u32)> = None;
            for &node in &members[own as usize] {
                for &number in self.around.at(node) {
                    let Arc { tail, head, .. } = self.arcs[number as usize];
                    if island[tail as usize] != island[head as usize] {
                        let found = (self.slack(number), number);
                        best = Some(best.map_or(found, |best| best.min(found)));
                    }
                }
            }
            // An island without a way out is a part of its own.
            let Some((slack, number)) = best else { continue };
            let Arc { tail, head, .. } = self.arcs[number as usize];
            let (shift, other) = if island[tail as usize] == own {
                (slack, island[head as usize])
            } else {
                (-slack, island[tail as usize])
            };
            queue.remove(&(members[other as usize].len(), other));
            let moved = std::mem::take(&mut members[own as usize]);
            for &node in &moved {
                self.x[node as usize] += shift;
                island[node as usize] = other;
            }
            members[other as usize].extend(moved);
            self.join(number);
            queue.insert((members[other as usize].len(), other));
        }
    }

    /// Roots every tree at its middle, so that what an arc cuts off is small, and reckons the cut values.
    fn hang(&mut self) {
        let mut known = vec![false; self.x.len()];
        for start in 0..self.x.len() as u32 {
            if known[start as usize] {
                continue;
            }
            let order = self.walk(start);
            let mut size = vec![1u32; order.len()];
            let mut place = std::collections::BTreeMap::new();
            if order.len() > 2 {
                for (at, &node) in order.iter().enumerate() {
                    place.insert(node, at);
                }
                for at in (1..order.len()).rev() {
                    let parent = self.other(self.up[order[at] as usize], order[at]);
                    size[place[&parent]] += size[at];
                }
            }
            let half = order.len() as u32 / 2;
            let middle = (0..order.len()).rev().find(|&at| size[at] > half).map_or(start, |at| order[at]);
            let order = self.walk(middle);
            // Weight that leaves each subtree, less what enters it.
            for &node in &order {
                known[node as usize] = true;
            }
            self.weigh(&order);
        }
    }

    /// From `root` outwards.
    fn walk(&mut self, root: u32) -> Vec<u32> {
        self.up[root as usize] = NONE;
        self.depth[root as usize] = 0;
        let mut order = vec![root];
        let mut at = 0;
        while at < order.len() {
            let node = order[at];
            at += 1;
            for place in 0..self.links[node as usize].len() {
                let arc = self.links[node as usize][place];
                if arc != self.up[node as usize] {
                    let child = self.other(arc, node);
                    self.up[child as usize] = arc;
                    self.depth[child as usize] = self.depth[node as usize] + 1;
                    order.push(child);
                }
            }
        }
        order
    }

    /// Cut values of one tree, from the leaves up.
    fn weigh(&mut self, order: &[u32]) {
        let mut out = std::collections::BTreeMap::new();
        for &node in order.iter().rev() {
            let mut own = out.remove(&node).unwrap_or(0i64);
            for &number in self.around.at(node) {
                let arc = self.arcs[number as usize];
                own += if arc.tail == node { arc.weight } else { -arc.weight };
            }
            let arc = self.up[node as usize];
            if arc == NONE {
                continue;
            }
            self.cut[arc as usize] = if self.arcs[arc as usize].tail == node { own } else { -own };
            *out.entry(self.other(arc, node)).or_insert(0) += own;
        }
    }

    fn pivot(&mut self, mut work: u64) {
        let mut from = 0;
        while let Some(leaving) = self.leaving(&mut from, &mut work) {
            let child = self.cut_off(leaving);
            work = work.saturating_sub(2 * self.subtree.len() as u64);
            let Some(entering) = self.entering(leaving, child, &mut work) else { return };
            self.exchange(leaving, child, entering);
            if work == 0 {
                return;
            }
        }
    }

    /// The worst of the next few tree arcs whose cut value is negative.
    fn leaving(&self, from: &mut usize, work: &mut u64) -> Option<u32> {
        let count = self.basis.len();
        let mut best: Option<(i64, u32)> = None;
        let mut found = 0;
        let mut place = if *from < count { *from } else { 0 };
        for step in 0..count {
            let arc = self.basis[place];
            place = if place + 1 == count { 0 } else { place + 1 };
            let cut = self.cut[arc as usize];
            if cut < 0 {
                if best.is_none_or(|(value, _)| cut < value) {
                    best = Some((cut, arc));
                }
                found += 1;
                if found == 30 {
                    *work = work.saturating_sub(step as u64 / 4);
                    break;
                }
            }
        }
        *from = place;
        best.map(|(_, arc)| arc)
    }

    /// Gathers the subtree below an arc; its top.
    fn cut_off(&mut self, leaving: u32) -> u32 {
        let Arc { tail, head, .. } = self.arcs[leaving as usize];
        let child = if self.up[tail as usize] == leaving { tail } else { head };
        self.turn += 1;
        self.subtree.clear();
        self.subtree.push(child);
        self.seen[child as usize] = self.turn;
        let mut at = 0;
        while at < self.subtree.len() {
            let node = self.subtree[at];
            at += 1;
            for &arc in &self.links[node as usize] {
                if arc != self.up[node as usize] {
                    let Arc { tail, head, .. } = self.arcs[arc as usize];
                    let below = if tail == node { head } else { tail };
                    self.seen[below as usize] = self.turn;
                    self.subtree.push(below);
                }
            }
        }
        child
    }

    /// The arc of least slack that crosses the cut the other way.
    fn entering(&self, leaving: u32, child: u32, work: &mut u64) -> Option<u32> {
        // Where the arc leaves the subtree, one into it takes over.
        let outward = self.arcs[leaving as usize].tail == child;
        let mut best: Option<(i64, u32)> = None;
        let mut looked = 0;
        for &node in &self.subtree {
            for &number in self.around.at(node) {
                looked += 1;
                let Arc { tail, head, length, .. } = self.arcs[number as usize];
                let (own, other) = if outward { (head, tail) } else { (tail, head) };
                if own == node && self.seen[other as usize] != self.turn {
                    let slack = self.x[head as usize] - self.x[tail as usize] - length;
                    if best.is_none_or(|best| (slack, number) < best) {
                        best = Some((slack, number));
                    }
                }
            }
            if best.is_some_and(|(slack, _)| slack == 0) {
                break;
            }
        }
        *work = work.saturating_sub(looked);
        best.map(|(_, arc)| arc)
    }

    fn exchange(&mut self, leaving: u32, child: u32, entering: u32) {
        let slack = self.slack(entering);
        let old = self.arcs[leaving as usize];
        if slack > 0 {
            // The subtree moves away along the leaving arc.
            let shift = if child == old.tail { -slack } else { slack };
            for &node in &self.subtree {
                self.x[node as usize] += shift;
            }
        }
        let cut = self.cut[leaving as usize];
        let new = self.arcs[entering as usize];
        self.update(new.tail, new.head, cut);
        self.cut[entering as usize] = -cut;
        self.cut[leaving as usize] = 0;
        self.in_tree[leaving as usize] = false;
        self.in_tree[entering as usize] = true;
        let slot = self.slot[leaving as usize];
        self.basis[slot as usize] = entering;
        self.slot[entering as usize] = slot;
        self.slot[leaving as usize] = NONE;
        for end in [old.tail, old.head] {
            self.links[end as usize].retain(|&arc| arc != leaving);
        }
        for end in [new.tail, new.head] {
            self.links[end as usize].push(entering);
        }
        // The subtree hangs by the new arc now.
        let inner = if self.seen[new.tail as usize] == self.turn { new.tail } else { new.head };
        let outer = self.other(entering, inner);
        self.up[inner as usize] = entering;
        self.depth[inner as usize] = self.depth[outer as usize] + 1;
        self.subtree.clear();
        self.subtree.push(inner);
        let mut at = 0;
        while at < self.subtree.len() {
            let node = self.subtree[at];
            at += 1;
            for &arc in &self.links[node as usize] {
                if arc != self.up[node as usize] {
                    let Arc { tail, head, .. } = self.arcs[arc as usize];
                    let below = if tail == node { head } else { tail };
                    self.up[below as usize] = arc;
                    self.depth[below as usize] = self.depth[node as usize] + 1;
                    self.subtree.push(below);
                }
            }
        }
    }

    /// Adds to the cut values on the cycle that an arc from `tail` to `head` closes.
    fn update(&mut self, mut tail: u32, mut head: u32, cut: i64) {
        while tail != head {
            let (node, forward) = if self.depth[tail as usize] >= self.depth[head as usize] {
                (&mut tail, true)
            } else {
                (&mut head, false)
            };
            let arc = self.up[*node as usize];
            let ends = self.arcs[arc as usize];
            let along = (*node == ends.tail) == forward;
            self.cut[arc as usize] += if along { cut } else { -cut };
            *node = if ends.tail == *node { ends.head } else { ends.tail };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Arc, least, optimise};

    fn cost(x: &[i64], arcs: &[Arc]) -> i64 {
        arcs.iter().map(|arc| arc.weight * (x[arc.head as usize] - x[arc.tail as usize])).sum()
    }

    fn keeps(x: &[i64], arcs: &[Arc]) -> bool {
        arcs.iter().all(|arc| x[arc.head as usize] - x[arc.tail as usize] >= arc.length)
    }

    /// The least cost over all places from 0 to 7.
    fn exhaustive(count: usize, arcs: &[Arc]) -> Option<i64> {
        let places = 0..8_usize.pow(count as u32);
        let spread = |code: usize| (0..count).map(|at| (code >> (3 * at) & 7) as i64).collect::<Vec<_>>();
        places.map(spread).filter(|x| keeps(x, arcs)).map(|x| cost(&x, arcs)).min()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_better(arcs in prop::collection::vec((0..4_u32, 1..4_u32, -2..3_i64, 0..5_i64), 0..8)) {
            let count = 5;
            let arcs: Vec<Arc> = arcs
                .into_iter()
                .map(|(tail, step, length, weight)| Arc { tail, head: (tail + step).min(4), length, weight })
                .filter(|arc| arc.tail != arc.head)
                .collect();
            let mut x = least(count, &arcs).expect("arcs lead from smaller to larger");
            prop_assert!(keeps(&x, &arcs));
            optimise(&mut x, &arcs, u64::MAX);
            prop_assert!(keeps(&x, &arcs));
            prop_assert_eq!(Some(cost(&x, &arcs)), exhaustive(count, &arcs));
            let mut hurried = least(count, &arcs).expect("as above");
            optimise(&mut hurried, &arcs, 1);
            prop_assert!(keeps(&hurried, &arcs));
        }
    }

    #[test]
    fn a_cycle_has_no_least_places() {
        let arc = |tail, head| Arc { tail, head, length: 1, weight: 1 };
        assert_eq!(least(2, &[arc(0, 1), arc(1, 0)]), None);
    }
}
