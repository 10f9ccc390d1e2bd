//! Steps of the simplex: a tree arc that would rather be longer leaves, and the arc that stops it enters.

use super::tree::Tree;
use super::{Arc, NONE};

impl Tree<'_> {
    pub(super) fn pivot(&mut self, mut work: u64) {
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
    pub(super) fn cut_off(&mut self, leaving: u32) -> u32 {
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
    pub(super) fn entering(&self, leaving: u32, child: u32, work: &mut u64) -> Option<u32> {
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

    pub(super) fn exchange(&mut self, leaving: u32, child: u32, entering: u32) {
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
    pub(super) fn update(&mut self, mut tail: u32, mut head: u32, cut: i64) {
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
