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
    tree.weigh();
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
    low: Vec<u32>,
    lim: Vec<u32>,
    cut: Vec<i64>,
    basis: Vec<u32>,
    /// Where an arc stands in `basis`.
    slot: Vec<u32>,
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
            low: vec![0; count],
            lim: vec![0; count],
            cut: vec![0; arcs.len()],
            basis: Vec::with_capacity(count),
            slot: vec![NONE; arcs.len()],
        }
    }

    fn slack(&self, arc: u32) -> i64 {
        let arc = self.arcs[arc as usize];
        self.x[arc.head as usize] - self.x[arc.tail as usize] - arc.length
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

    /// Numbers every tree from its root.
    fn hang(&mut self) {
        let mut next = 1;
        self.lim.fill(0);
        for root in 0..self.x.len() as u32 {
            if self.lim[root as usize] == 0 {
                self.up[root as usize] = NONE;
                next = self.number(root, next);
            }
        }
    }

    /// Postorder numbers under `root`: a node is below another if its `lim` lies in the other's `low..=lim`.
    fn number(&mut self, root: u32, first: u32) -> u32 {
        let mut next = first;
        let mut stack = vec![(root, 0usize)];
        self.low[root as usize] = next;
        while let Some(&mut (node, ref mut at)) = stack.last_mut() {
            if let Some(&arc) = self.links[node as usize].get(*at) {
                *at += 1;
                if arc != self.up[node as usize] {
                    let Arc { tail, head, .. } = self.arcs[arc as usize];
                    let child = if tail == node { head } else { tail };
                    self.up[child as usize] = arc;
                    self.low[child as usize] = next;
                    stack.push((child, 0));
                }
            } else {
                self.lim[node as usize] = next;
                next += 1;
                stack.pop();
            }
        }
        next
    }

    fn below(&self, node: u32, top: u32) -> bool {
        let lim = self.lim[node as usize];
        self.low[top as usize] <= lim && lim <= self.lim[top as usize]
    }

    /// Cut values from the leaves up.
    fn weigh(&mut self) {
        let mut order: Vec<u32> = (0..self.x.len() as u32).collect();
        order.sort_unstable_by_key(|&node| self.lim[node as usize]);
        // Weight that leaves each subtree, less what enters it.
        let mut out = vec![0i64; self.x.len()];
        for arc in self.arcs {
            out[arc.tail as usize] += arc.weight;
            out[arc.head as usize] -= arc.weight;
        }
        for node in order {
            let arc = self.up[node as usize];
            if arc == NONE {
                continue;
            }
            let Arc { tail, head, .. } = self.arcs[arc as usize];
            self.cut[arc as usize] = if tail == node { out[node as usize] } else { -out[node as usize] };
            let parent = if tail == node { head } else { tail };
            out[parent as usize] += out[node as usize];
        }
    }

    fn pivot(&mut self, mut work: u64) {
        let mut from = 0;
        loop {
            let Some(leaving) = self.leaving(&mut from, &mut work) else { return };
            let Some(entering) = self.entering(leaving, &mut work) else { return };
            self.exchange(leaving, entering, &mut work);
            if work == 0 {
                return;
            }
        }
    }

    /// The worst of the next few tree arcs whose cut value is negative.
    fn leaving(&self, from: &mut usize, work: &mut u64) -> Option<u32> {
        let count = self.basis.len();
        let mut best: Option<(i64, u32)> = None;
        let mut seen = 0;
        for step in 0..count {
            let place = (*from + step) % count;
            let arc = self.basis[place];
            let cut = self.cut[arc as usize];
            if cut < 0 {
                if best.is_none_or(|(value, _)| cut < value) {
                    best = Some((cut, arc));
                }
                seen += 1;
                if seen == 30 {
                    *from = (place + 1) % count;
                    break;
                }
            }
        }
        *work = work.saturating_sub(count as u64 / 8);
        best.map(|(_, arc)| arc)
    }

    /// The arc of least slack that crosses the cut the other way; searched from the smaller side where that is the
    /// subtree.
    fn entering(&self, leaving: u32, work: &mut u64) -> Option<u32> {
        let Arc { tail, head, .. } = self.arcs[leaving as usize];
        let child = if self.up[tail as usize] == leaving { tail } else { head };
        // Whether the arc leaves the subtree: then an arc into it takes over.
        let outward = child == tail;
        let mut best: Option<(i64, u32)> = None;
        let mut stack = vec![child];
        let mut looked = 0;
        while let Some(node) = stack.pop() {
            for &number in self.around.at(node) {
                looked += 1;
                let Arc { tail, head, .. } = self.arcs[number as usize];
                if self.in_tree[number as usize] {
                    let other = if tail == node { head } else { tail };
                    if self.up[other as usize] == number {
                        stack.push(other);
                    }
                    continue;
                }
                let fits = if outward { head == node } else { tail == node };
                let other = if tail == node { head } else { tail };
                if fits && !self.below(other, child) {
                    let slack = self.slack(number);
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

    fn exchange(&mut self, leaving: u32, entering: u32, work: &mut u64) {
        let slack = self.slack(entering);
        let old = self.arcs[leaving as usize];
        let child = if self.up[old.tail as usize] == leaving { old.tail } else { old.head };
        if slack > 0 {
            // The subtree moves away along the leaving arc.
            let shift = if child == old.tail { -slack } else { slack };
            let mut stack = vec![child];
            while let Some(node) = stack.pop() {
                self.x[node as usize] += shift;
                *work = work.saturating_sub(1);
                for &arc in &self.links[node as usize] {
                    let Arc { tail, head, .. } = self.arcs[arc as usize];
                    let other = if tail == node { head } else { tail };
                    if self.up[other as usize] == arc {
                        stack.push(other);
                    }
                }
            }
        }
        let cut = self.cut[leaving as usize];
        let new = self.arcs[entering as usize];
        let top = self.update(new.tail, new.head, cut, true);
        self.update(new.head, new.tail, cut, false);
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
        let first = self.low[top as usize];
        *work = work.saturating_sub(u64::from(self.lim[top as usize] - first));
        self.number(top, first);
    }

    /// Adds to the cut values on the way from `from` up to the first node above `to` as well, and returns that.
    fn update(&mut self, from: u32, to: u32, cut: i64, forward: bool) -> u32 {
        let mut node = from;
        while !self.below(to, node) {
            let arc = self.up[node as usize];
            let Arc { tail, head, .. } = self.arcs[arc as usize];
            let along = (node == tail) == forward;
            self.cut[arc as usize] += if along { cut } else { -cut };
            node = if tail == node { head } else { tail };
        }
        node
    }
}
