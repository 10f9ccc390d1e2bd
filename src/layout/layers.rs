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
    /// Whether layers that would be much wider than high are broken into several.
    pub fold: bool,
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
    let inside = inside(nest);
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
        let widths: Vec<f64> = members.iter().map(|&member| width(nest, &inside, member)).collect();
        let borders: Vec<(i64, i64)> = members.iter().map(|&member| (up[member], down[member])).collect();
        let groups: Vec<bool> = members.iter().map(|&member| member >= nest.nodes).collect();
        let mut found = of_container(&pairs, &borders, &groups, soft);
        fill(&mut found, &pairs, &borders, &widths);
        if wish.fold {
            fold(&mut found, &pairs, &widths);
        }
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

/// How many nodes stand in each container, however deep.
fn inside(nest: &Nest) -> Vec<usize> {
    let mut inside = vec![0; nest.members.len()];
    for container in (0..nest.members.len()).rev() {
        inside[container] =
            nest.members[container].iter().map(|&at| nest.inside(at).map_or(1, |own| inside[own])).sum();
    }
    inside
}

/// About how many nodes a member is wide.
fn width(nest: &Nest, inside: &[usize], member: usize) -> f64 {
    nest.inside(member).map_or(1.0, |own| (inside[own] as f64).sqrt().max(1.0) * 1.2)
}

/// Members without any edge fill up the layers that there are, and then layers of their own.
fn fill(layer: &mut [usize], pairs: &[Pair], borders: &[(i64, i64)], widths: &[f64]) {
    let mut tied: Vec<bool> = borders.iter().map(|&(up, down)| up + down > 0).collect();
    for pair in pairs {
        tied[pair.above] = true;
        tied[pair.below] = true;
    }
    let loose: Vec<usize> = (0..layer.len()).filter(|&at| !tied[at]).collect();
    if loose.len() < 2 && loose.len() < layer.len() {
        return;
    }
    let mut used = vec![0.0; layer.iter().copied().max().unwrap_or(1)];
    for at in (0..layer.len()).filter(|&at| tied[at]) {
        used[layer[at] - 1] += widths[at];
    }
    let total: f64 = widths.iter().sum();
    let aim = used.iter().copied().fold((total * 1.3).sqrt().ceil(), f64::max);
    let mut next = 0;
    for at in loose {
        while next < used.len() && used[next] > 0.0 && used[next] + widths[at] > aim {
            next += 1;
        }
        if next == used.len() {
            used.push(0.0);
        }
        used[next] += widths[at];
        layer[at] = next + 1;
    }
}

/// Layers of bounded width, in the order of those that are given: what no room is left for goes further down, and what
/// leads nowhere goes first.
fn fold(layer: &mut [usize], pairs: &[Pair], widths: &[f64]) {
    let count = layer.len();
    let total: f64 = widths.iter().sum();
    let bound = (total * 1.5).sqrt().max(4.0);
    let mut waiting = vec![0usize; count];
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
    for pair in pairs.iter().filter(|pair| layer[pair.above] < layer[pair.below]) {
        waiting[pair.below] += 1;
        below[pair.above].push(pair.below);
    }
    let key = |at: usize, layer: &[usize]| (layer[at], below[at].is_empty(), at);
    let mut ready: std::collections::BTreeSet<(usize, bool, usize)> =
        (0..count).filter(|&at| waiting[at] == 0).map(|at| key(at, layer)).collect();
    let mut now = 1;
    while !ready.is_empty() {
        let mut used = 0.0;
        let mut taken = Vec::new();
        for &entry in ready.iter().take_while(|entry| entry.0 <= now) {
            if used > 0.0 && used + widths[entry.2] > bound {
                break;
            }
            used += widths[entry.2];
            taken.push(entry);
        }
        for entry in taken {
            ready.remove(&entry);
            let at = entry.2;
            layer[at] = now;
            for &other in &below[at] {
                waiting[other] -= 1;
                if waiting[other] == 0 {
                    ready.insert(key(other, layer));
                }
            }
        }
        now += 1;
    }
    // No layer is left empty.
    let mut used: Vec<usize> = layer.to_vec();
    used.sort_unstable();
    used.dedup();
    for at in layer.iter_mut() {
        *at = used.partition_point(|other| other < at) + 1;
    }
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

#[cfg(test)]
mod tests {
    use super::super::cycles::Pair;
    use super::{fill, fold, of_container};

    fn pair(above: usize, below: usize) -> Pair {
        Pair { above, below, count: 1 }
    }

    #[test]
    fn edges_are_as_short_as_can_be() {
        // A long way round and a short one: the one in the middle of the short way stands beside an end.
        let pairs = [pair(0, 1), pair(1, 2), pair(2, 3), pair(0, 4), pair(4, 3), pair(4, 3)];
        let free = [(0, 0); 5];
        let found = of_container(&pairs, &free, &[false; 5], false);
        assert_eq!(found[..4], [1, 2, 3, 4]);
        assert!(found[4] == 2 || found[4] == 3);
        // What leaves by the top stands at the top.
        assert_eq!(of_container(&[pair(0, 1)], &[(0, 1), (0, 1), (5, 0)], &[false; 3], false)[2], 1);
    }

    #[test]
    fn linked_groups_stand_beside_each_other_where_they_may() {
        let layers = |soft| of_container(&[pair(0, 1)], &[(0, 0); 2], &[true; 2], soft);
        assert_eq!((layers(false), layers(true)), (vec![1, 2], vec![1, 1]));
    }

    #[test]
    fn what_has_no_edge_fills_a_page() {
        let mut layer = vec![1; 9];
        fill(&mut layer, &[], &[(0, 0); 9], &[1.0; 9]);
        assert_eq!(layer, [1, 1, 1, 1, 2, 2, 2, 2, 3]);
    }

    #[test]
    fn wide_layers_are_broken() {
        let pairs: Vec<Pair> = (1..21).map(|at| pair(0, at)).collect();
        let mut layer = vec![2; 21];
        layer[0] = 1;
        fold(&mut layer, &pairs, &[1.0; 21]);
        assert_eq!(layer[0], 1);
        let widest = (1..=5).map(|at| layer.iter().filter(|&&own| own == at).count()).max();
        assert_eq!((widest, layer.iter().max()), (Some(5), Some(&5)));
    }
}
