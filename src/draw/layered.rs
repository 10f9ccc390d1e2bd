//! The plain layout: longest-path layers in rows, wrapped so that the result is page-shaped. It takes any graph, in time
//! that grows with its size; it is what stands in where the layout library is too slow or gives up.

use super::engine::{Gaps, Size};
use super::scene::Point;

/// Top left corners. In `rows` each layer starts a new row; in `flow` it goes on in the last one, as text does.
/// A row is broken where it gets wider than a page of `shape`, width to height.
pub fn rows(sizes: &[Size], edges: &[(usize, usize)], gaps: Gaps, shape: f64) -> Vec<Point> {
    place(sizes, &ordered(sizes.len(), edges), gaps, shape)
}

pub fn flow(sizes: &[Size], edges: &[(usize, usize)], gaps: Gaps, shape: f64) -> Vec<Point> {
    place(sizes, &[ordered(sizes.len(), edges).concat()], gaps, shape)
}

/// Rows of a fixed number of items, in the order given.
pub fn grid(sizes: &[Size], columns: usize, gaps: Gaps) -> Vec<Point> {
    let items: Vec<usize> = (0..sizes.len()).collect();
    stack(sizes, items.chunks(columns).map(<[usize]>::to_vec).collect(), gaps)
}

fn place(sizes: &[Size], layers: &[Vec<usize>], gaps: Gaps, shape: f64) -> Vec<Point> {
    let area: f64 = sizes.iter().map(|size| (size.w + gaps.across) * (size.h + gaps.along)).sum();
    let widest = sizes.iter().map(|size| size.w).fold(0.0, f64::max);
    let room = (area * shape).sqrt().max(widest);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for layer in layers {
        let mut taken = f64::INFINITY;
        for &item in layer {
            if taken + sizes[item].w > room {
                rows.push(Vec::new());
                taken = 0.0;
            }
            taken += sizes[item].w + gaps.across;
            rows.last_mut().expect("the first item of a layer starts a row").push(item);
        }
    }
    stack(sizes, rows, gaps)
}

/// Rows one below the other, each in the middle of the page.
fn stack(sizes: &[Size], rows: Vec<Vec<usize>>, gaps: Gaps) -> Vec<Point> {
    let width_of =
        |row: &Vec<usize>| row.iter().map(|&item| sizes[item].w + gaps.across).sum::<f64>() - gaps.across;
    let page = rows.iter().map(width_of).fold(0.0, f64::max);
    let mut at = vec![Point { x: 0.0, y: 0.0 }; sizes.len()];
    let mut y = 0.0;
    for row in &rows {
        let tallest = row.iter().map(|&item| sizes[item].h).fold(0.0, f64::max);
        let mut x = (page - width_of(row)) / 2.0;
        for &item in row {
            at[item] = Point { x, y: y + (tallest - sizes[item].h) / 2.0 };
            x += sizes[item].w + gaps.across;
        }
        y += tallest + gaps.along;
    }
    at
}

/// Items by layer, each layer ordered by where its neighbours stand.
fn ordered(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let edges = acyclic(count, edges);
    let layer = layers(count, &edges);
    let mut rows = vec![Vec::new(); layer.iter().map(|&at| at + 1).max().unwrap_or(0)];
    for item in 0..count {
        rows[layer[item]].push(item);
    }
    let mut up = vec![Vec::new(); count];
    let mut down = vec![Vec::new(); count];
    for &(from, to) in &edges {
        down[from].push(to);
        up[to].push(from);
    }
    let mut share = vec![0.0; count];
    let note = |row: &[usize], share: &mut [f64]| {
        for (at, &item) in row.iter().enumerate() {
            share[item] = (at as f64 + 0.5) / row.len() as f64;
        }
    };
    for row in &rows {
        note(row, &mut share);
    }
    for sweep in 0..4 {
        let neighbours = if sweep % 2 == 0 { &up } else { &down };
        for at in 0..rows.len() {
            let row = if sweep % 2 == 0 { at } else { rows.len() - 1 - at };
            let mut keyed: Vec<(f64, usize)> = rows[row]
                .iter()
                .map(|&item| {
                    let near = &neighbours[item];
                    let mean = near.iter().map(|&other| share[other]).sum::<f64>() / near.len() as f64;
                    (if near.is_empty() { share[item] } else { mean }, item)
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows[row] = keyed.into_iter().map(|(_, item)| item).collect();
            note(&rows[row], &mut share);
        }
    }
    rows
}

/// Edges times items up to which each edge is examined on its own.
const EXAMINED: usize = 200_000;

/// The edges without loops and repetitions, those that close a cycle turned around. An earlier edge keeps its direction
/// before a later one; in large graphs, where that would take too long, only roughly.
pub fn acyclic(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut kept =
        if count * edges.len() <= EXAMINED { one_by_one(count, edges) } else { by_depth(count, edges) };
    kept.sort_unstable();
    kept.dedup();
    kept
}

fn one_by_one(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut kept = Vec::new();
    for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
        let mut seen = vec![false; count];
        let mut open = vec![to];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(&next[at]);
            }
        }
        let (from, to) = if seen[from] { (to, from) } else { (from, to) };
        if !next[from].contains(&to) {
            next[from].push(to);
            kept.push((from, to));
        }
    }
    kept
}

fn by_depth(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut next = vec![Vec::new(); count];
    let mut entered = vec![false; count];
    for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
        next[from].push(to);
        entered[to] = true;
    }
    let starts = (0..count).filter(|&at| !entered[at]).chain((0..count).filter(|&at| entered[at]));

    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut seen = vec![Seen::No; count];
    let mut kept = Vec::new();
    for start in starts {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, taken)) = path.last_mut() {
            let Some(&to) = next[*at].get(*taken) else {
                seen[*at] = Seen::Done;
                path.pop();
                continue;
            };
            *taken += 1;
            if seen[to] == Seen::Open {
                kept.push((to, *at));
            } else {
                kept.push((*at, to));
                if seen[to] == Seen::No {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
            }
        }
    }
    kept
}

/// The longest path to each item, in edges. The edges must have no cycle.
pub fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut next = vec![Vec::new(); count];
    let mut waiting = vec![0; count];
    for &(from, to) in edges {
        next[from].push(to);
        waiting[to] += 1;
    }
    let mut layer = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|&at| waiting[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &to in &next[at] {
            layer[to] = layer[to].max(layer[at] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::{acyclic, by_depth, layers};

    #[test]
    fn the_edge_that_comes_back_is_turned() {
        for way in [acyclic, by_depth] {
            let mut kept = way(3, &[(0, 1), (1, 2), (2, 0), (1, 1), (0, 1)]);
            kept.sort_unstable();
            kept.dedup();
            assert_eq!(kept, [(0, 1), (0, 2), (1, 2)]);
        }
        assert_eq!(layers(3, &[(0, 1), (0, 2), (1, 2)]), [0, 1, 2]);
    }
}
