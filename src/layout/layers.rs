//! How far along each member stands in its container: layers 1 to `depth`, with 0 and `depth + 1` for the ends of what
//! passes the container's border.

use super::cycles::{Pair, acyclic};
use super::nest::Nest;
use super::simplex::{Arc, least, optimise};

/// What is asked of the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Whether groups that are linked may stand side by side, by the depth of what holds them: bit 0 for the page.
    pub beside: u32,
}

pub struct Layering {
    /// By member.
    pub layer: Vec<usize>,
    /// The last layer of members, by container.
    pub depth: Vec<usize>,
    /// Edges between members of one layer: whether they turn below them.
    pub turns_below: Vec<bool>,
}

/// Steps over arcs that one container's layers may cost.
const WORK: u64 = 20_000_000;

pub fn layering(nest: &Nest, wish: Wish) -> Layering {
    let containers = nest.members.len();
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); containers];
    // How many edges leave each member through its container's top and bottom.
    let mut up = vec![0i64; nest.home.len()];
    let mut down = vec![0i64; nest.home.len()];
    for (at, tie) in nest.ties.iter().enumerate() {
        if !tie.is_loop() {
            own[tie.container].push(at);
        }
    }
    let mut layer = vec![1; nest.home.len()];
    let mut depth = vec![1; containers];
    let mut number = vec![0; nest.home.len()];
    for container in 0..containers {
        for (at, &member) in nest.members[container].iter().enumerate() {
            number[member] = at;
        }
        for &edge in &own[container] {
            let tie = nest.ties[edge];
            match (tie.from_in, tie.to_in) {
                (None, Some(to)) => up[to] += 1,
                (Some(from), None) => down[from] += 1,
                _ => {}
            }
        }
        let members = &nest.members[container];
        let edges = own[container].iter().filter_map(|&edge| {
            let tie = nest.ties[edge];
            Some((number[tie.from_in?], number[tie.to_in?]))
        });
        let pairs = acyclic(members.len(), edges);
        let soft = wish.beside >> nest.depth[container].min(31) & 1 == 1;
        let borders: Vec<(i64, i64)> = members.iter().map(|&member| (up[member], down[member])).collect();
        let groups: Vec<bool> = members.iter().map(|&member| member >= nest.nodes).collect();
        let found = of_container(&pairs, &borders, &groups, soft);
        for (&member, &at) in members.iter().zip(&found) {
            layer[member] = at;
            depth[container] = depth[container].max(at);
        }
        // What each edge asks of the containers inside.
        for &edge in &own[container] {
            let tie = nest.ties[edge];
            let sides = match (tie.from_in, tie.to_in) {
                (Some(from), Some(to)) if layer[from] == layer[to] => continue,
                (Some(from), Some(to)) if layer[from] < layer[to] => (false, true),
                (Some(_), Some(_)) => (true, false),
                // From the border down, or down to it.
                _ => (false, true),
            };
            for (end, last, above) in [(tie.from, tie.from_in, sides.0), (tie.to, tie.to_in, sides.1)] {
                let Some(last) = last else { continue };
                let mut at = end;
                while at != last {
                    let side = if above { &mut up } else { &mut down };
                    side[at] += 1;
                    at = nest.around(nest.home[at]);
                }
            }
        }
    }
    let turns_below = turns(nest, &layer, &depth);
    Layering { layer, depth, turns_below }
}

/// The layers of one container's members, from 1.
fn of_container(pairs: &[Pair], borders: &[(i64, i64)], groups: &[bool], soft: bool) -> Vec<usize> {
    let count = borders.len();
    let (top, bottom) = (count as u32, count as u32 + 1);
    let mut arcs: Vec<Arc> = Vec::with_capacity(pairs.len() + 2 * count);
    for pair in pairs {
        let beside = soft && groups[pair.above] && groups[pair.below];
        arcs.push(Arc {
            tail: pair.above as u32,
            head: pair.below as u32,
            length: if beside { 0 } else { 1 },
            weight: pair.count,
        });
    }
    for (at, &(up, down)) in borders.iter().enumerate() {
        arcs.push(Arc { tail: top, head: at as u32, length: 1, weight: up });
        arcs.push(Arc { tail: at as u32, head: bottom, length: 1, weight: down });
    }
    let mut x = least(count + 2, &arcs).unwrap_or_else(|| vec![0; count + 2]);
    optimise(&mut x, &arcs, WORK);
    let first = x[..count].iter().min().copied().unwrap_or(0);
    x[..count].iter().map(|&at| (at - first) as usize + 1).collect()
}

/// Edges within a layer turn where their ends are nearer.
fn turns(nest: &Nest, layer: &[usize], depth: &[usize]) -> Vec<bool> {
    let ways = |end: usize, last: usize| {
        let (mut above, mut below) = (0, 0);
        let mut at = end;
        while at != last {
            above += layer[at];
            below += depth[nest.home[at]] + 1 - layer[at];
            at = nest.around(nest.home[at]);
        }
        (above, below)
    };
    let below = |tie: &super::nest::Tie| {
        let (Some(from), Some(to)) = (tie.from_in, tie.to_in) else { return false };
        let (a, b) = (ways(tie.from, from), ways(tie.to, to));
        a.1 + b.1 <= a.0 + b.0
    };
    nest.ties.iter().map(below).collect()
}
