//! Places on a line: minimise Σ weight · (x[head] − x[tail]) with x[head] − x[tail] ≥ length, over integers.
//!
//! The network simplex of Gansner, Koutsofios, North and Vo ("A Technique for Drawing Directed Graphs", 1993), used for
//! layers and for coordinates alike. Every step keeps the places feasible, so that it may be stopped at any time and
//! still gives a drawing, only a less tidy one. The constraints must have no cycle of positive length.

mod pivot;
mod tree;

use tree::Tree;

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
