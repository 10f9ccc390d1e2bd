//! The spanning tree of arcs without slack that the simplex walks on, as it is to begin with.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arc, Around, NONE};

pub(super) struct Tree<'a> {
    pub(super) arcs: &'a [Arc],
    pub(super) around: Around,
    pub(super) x: Vec<i64>,
    /// The tree's arcs at each node.
    pub(super) links: Vec<Vec<u32>>,
    pub(super) in_tree: Vec<bool>,
    /// Arc to the parent.
    pub(super) up: Vec<u32>,
    pub(super) depth: Vec<u32>,
    pub(super) cut: Vec<i64>,
    pub(super) basis: Vec<u32>,
    /// Where an arc stands in `basis`.
    pub(super) slot: Vec<u32>,
    /// The subtree that the last leaving arc cuts off, and which of its kind each node was last seen in.
    pub(super) subtree: Vec<u32>,
    pub(super) seen: Vec<u32>,
    pub(super) turn: u32,
}

impl<'a> Tree<'a> {
    pub(super) fn new(x: &[i64], arcs: &'a [Arc]) -> Tree<'a> {
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

    pub(super) fn slack(&self, arc: u32) -> i64 {
        let arc = self.arcs[arc as usize];
        self.x[arc.head as usize] - self.x[arc.tail as usize] - arc.length
    }

    pub(super) fn other(&self, arc: u32, node: u32) -> u32 {
        let Arc { tail, head, .. } = self.arcs[arc as usize];
        if tail == node { head } else { tail }
    }

    pub(super) fn join(&mut self, arc: u32) {
        let Arc { tail, head, .. } = self.arcs[arc as usize];
        self.in_tree[arc as usize] = true;
        self.links[tail as usize].push(arc);
        self.links[head as usize].push(arc);
        self.slot[arc as usize] = self.basis.len() as u32;
        self.basis.push(arc);
    }

    /// A spanning tree of arcs without slack, one per part: islands of tight arcs, each moved to its nearest neighbour.
    pub(super) fn span(&mut self) {
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
        let mut queue: BTreeSet<(usize, u32)> =
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
    pub(super) fn hang(&mut self) {
        let mut known = vec![false; self.x.len()];
        for start in 0..self.x.len() as u32 {
            if known[start as usize] {
                continue;
            }
            let order = self.walk(start);
            let mut size = vec![1u32; order.len()];
            let mut place = BTreeMap::new();
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
    pub(super) fn walk(&mut self, root: u32) -> Vec<u32> {
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
    pub(super) fn weigh(&mut self, order: &[u32]) {
        let mut out = BTreeMap::new();
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
}
