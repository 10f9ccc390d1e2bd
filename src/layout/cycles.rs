//! Which way each pair of members is read, so that all of them together have no cycle.

use std::collections::BTreeMap;

/// All edges between two members of a container, read one way.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// Indices of the container's members.
    pub above: usize,
    pub below: usize,
    pub count: i64,
}

/// Most edges of a pair decide its direction, the first of them where there are as many either way. A cycle is broken
/// where a walk that follows the edges in their order comes back to itself, so that the way in which they were written
/// is the way in which they are read.
pub fn acyclic(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<Pair> {
    let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut found: Vec<Pair> = Vec::new();
    for (from, to) in edges {
        let at = *pairs.entry((from.min(to), from.max(to))).or_insert_with(|| {
            found.push(Pair { above: from, below: to, count: 0 });
            found.len() - 1
        });
        found[at].count += if found[at].above == from { 1 } else { -1 };
    }
    for pair in &mut found {
        if pair.count < 0 {
            (pair.above, pair.below) = (pair.below, pair.above);
        }
        pair.count = pair.count.abs().max(1);
    }
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut entered = vec![false; count];
    for (at, pair) in found.iter().enumerate() {
        next[pair.above].push(at);
        entered[pair.below] = true;
    }
    // Those that nothing leads to come first, then the others in the order in which edges leave them.
    let roots = (0..count).filter(|&at| !entered[at]);
    let starts: Vec<usize> = roots.chain(found.iter().map(|pair| pair.above)).collect();
    let mut state = vec![State::New; count];
    let mut back = Vec::new();
    for start in starts {
        if state[start] != State::New {
            continue;
        }
        state[start] = State::Open;
        let mut stack = vec![(start, 0)];
        while let Some(&mut (node, ref mut at)) = stack.last_mut() {
            let Some(&pair) = next[node].get(*at) else {
                state[node] = State::Done;
                stack.pop();
                continue;
            };
            *at += 1;
            let to = found[pair].below;
            match state[to] {
                State::Open => back.push(pair),
                State::New => {
                    state[to] = State::Open;
                    stack.push((to, 0));
                }
                State::Done => {}
            }
        }
    }
    for pair in back {
        let Pair { above, below, .. } = found[pair];
        (found[pair].above, found[pair].below) = (below, above);
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::acyclic;

    fn ways(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
        acyclic(count, edges.iter().copied()).iter().map(|pair| (pair.above, pair.below)).collect()
    }

    #[test]
    fn what_was_written_first_leads() {
        assert_eq!(ways(3, &[(0, 1), (1, 2), (2, 0)]), [(0, 1), (1, 2), (0, 2)]);
        assert_eq!(ways(3, &[(2, 1), (1, 0), (0, 2)]), [(2, 1), (1, 0), (2, 0)]);
        // Two against one.
        assert_eq!(ways(2, &[(0, 1), (1, 0), (1, 0)]), [(1, 0)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_leads_back(edges in prop::collection::vec((0..9_usize, 0..9_usize), 0..30)) {
            let edges: Vec<(usize, usize)> = edges.into_iter().filter(|(from, to)| from != to).collect();
            let mut left = ways(9, &edges);
            // Whoever nothing leads to goes, until all are gone.
            while !left.is_empty() {
                let entered = |node: usize, left: &[(usize, usize)]| left.iter().any(|edge| edge.1 == node);
                let before = left.len();
                let free: Vec<usize> = (0..9).filter(|&node| !entered(node, &left)).collect();
                left.retain(|edge| !free.contains(&edge.0));
                prop_assert!(left.len() < before);
            }
        }
    }
}
