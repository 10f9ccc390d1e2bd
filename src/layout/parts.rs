//! What no edge connects is laid out part by part, and the parts are packed in rows.

use super::along::{Box, Placed};
use super::choose::{extent, off_page};
use super::graph::{Edge, End, Graph, Group, Node, Options};
use super::unit::units;

/// A graph of its own, and which of the whole its things are.
pub struct Part {
    pub graph: Graph,
    nodes: Vec<usize>,
    groups: Vec<usize>,
    edges: Vec<usize>,
}

/// In the order of their first nodes. A group is one part with all that it holds.
pub fn split(graph: &Graph) -> Vec<Part> {
    let nodes = graph.nodes.len();
    let mut root: Vec<usize> = (0..nodes + graph.groups.len()).collect();
    for (at, group) in graph.groups.iter().enumerate() {
        if let Some(parent) = group.parent.filter(|&parent| parent < at) {
            join(&mut root, nodes + at, nodes + parent);
        }
    }
    for (at, node) in graph.nodes.iter().enumerate() {
        if let Some(group) = node.group {
            join(&mut root, at, nodes + group);
        }
    }
    let thing = |end: End| match end {
        End::Node(node) => node,
        End::Group(group) => nodes + group,
    };
    for edge in &graph.edges {
        join(&mut root, thing(edge.from), thing(edge.to));
    }
    let mut number = vec![usize::MAX; root.len()];
    let mut local = vec![0; root.len()];
    let mut parts: Vec<Part> = Vec::new();
    for at in 0..root.len() {
        let top = find(&mut root, at);
        if number[top] == usize::MAX {
            number[top] = parts.len();
            let (nodes, groups, edges) = (Vec::new(), Vec::new(), Vec::new());
            parts.push(Part { graph: Graph::default(), nodes, groups, edges });
        }
        number[at] = number[top];
        let part = &mut parts[number[at]];
        if at < nodes {
            local[at] = part.nodes.len();
            part.nodes.push(at);
        } else {
            local[at] = part.groups.len();
            part.groups.push(at - nodes);
        }
    }
    let end = |end: End| match end {
        End::Node(node) => End::Node(local[node]),
        End::Group(group) => End::Group(local[nodes + group]),
    };
    for (at, edge) in graph.edges.iter().enumerate() {
        let part = &mut parts[number[thing(edge.from)]];
        part.edges.push(at);
        part.graph.edges.push(Edge { from: end(edge.from), to: end(edge.to), label: edge.label });
    }
    for part in &mut parts {
        for &node in &part.nodes {
            let group = graph.nodes[node].group.map(|group| local[nodes + group]);
            part.graph.nodes.push(Node { size: graph.nodes[node].size, group });
        }
        for &group in &part.groups {
            let parent = graph.groups[group].parent.filter(|&parent| parent < group);
            let parent = parent.map(|parent| local[nodes + parent]);
            part.graph.groups.push(Group { parent, head: graph.groups[group].head });
        }
    }
    parts
}

fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

fn join(root: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(root, a), find(root, b));
    root[a.max(b)] = a.min(b);
}

/// In rows, the highest first, as wide as makes the best page; with the size of the whole.
pub fn pack(graph: &Graph, parts: &[Part], placed: Vec<Placed>, options: &Options) -> (Placed, (i64, i64)) {
    let gap = units(options.spacing.part);
    let sizes: Vec<(i64, i64)> = placed.iter().map(extent).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&at| (-sizes[at].1, at));
    let widest = sizes.iter().map(|size| size.0).max().unwrap_or(0);
    let total: i64 = sizes.iter().map(|size| size.0 + gap).sum();
    let area: i64 = sizes.iter().map(|size| (size.0 + gap) * (size.1 + gap)).sum();
    let even = ((area as f64 * options.shape).sqrt()) as i64;
    let widths = [widest, even, even * 5 / 4, even * 3 / 2, even * 2, total];
    let candidates = widths.iter().map(|&width| rows(&sizes, &order, width.max(widest), gap));
    let (corners, size) = candidates
        .min_by_key(|(_, (w, h))| {
            let off = off_page(*w, *h, options.shape);
            ((off * 1000.0) as i64, w.saturating_mul(*h))
        })
        .unwrap_or_default();

    let mut whole = Placed {
        nodes: vec![Box::default(); graph.nodes.len()],
        groups: vec![Box::default(); graph.groups.len()],
        lines: vec![Vec::new(); graph.edges.len()],
        labels: vec![None; graph.edges.len()],
    };
    for ((part, found), (dx, dy)) in parts.iter().zip(placed).zip(corners) {
        let moved = |own: Box| Box { x: own.x + dx, y: own.y + dy, ..own };
        for (&at, own) in part.nodes.iter().zip(found.nodes) {
            whole.nodes[at] = moved(own);
        }
        for (&at, own) in part.groups.iter().zip(found.groups) {
            whole.groups[at] = moved(own);
        }
        for ((&at, line), label) in part.edges.iter().zip(found.lines).zip(found.labels) {
            whole.lines[at] = line.into_iter().map(|(x, y)| (x + dx, y + dy)).collect();
            whole.labels[at] = label.map(moved);
        }
    }
    (whole, size)
}

type Corners = Vec<(i64, i64)>;

fn rows(sizes: &[(i64, i64)], order: &[usize], width: i64, gap: i64) -> (Corners, (i64, i64)) {
    let mut corners = vec![(0, 0); sizes.len()];
    let (mut x, mut y, mut high) = (0, 0, 0);
    let mut whole = (0, 0);
    for &at in order {
        let (w, h) = sizes[at];
        if x > 0 && x + w > width {
            y += high + gap;
            (x, high) = (0, 0);
        }
        corners[at] = (x, y);
        x += w + gap;
        high = high.max(h);
        whole = (whole.0.max(x - gap), whole.1.max(y + h));
    }
    (corners, whole)
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Edge, End, Graph, Group, Node, Size};
    use super::{rows, split};

    #[test]
    fn a_part_is_what_edges_or_groups_hold_together() {
        let size = Size { w: 10.0, h: 10.0 };
        let node = |group| Node { size, group };
        let graph = Graph {
            nodes: vec![node(None), node(Some(0)), node(None), node(Some(1)), node(None)],
            groups: vec![Group { parent: None, head: size }, Group { parent: Some(0), head: size }],
            edges: vec![Edge { from: End::Node(4), to: End::Node(0), label: None }],
        };
        let parts: Vec<_> =
            split(&graph).into_iter().map(|part| (part.nodes, part.groups, part.edges)).collect();
        assert_eq!(
            parts,
            [(vec![0, 4], vec![], vec![0]), (vec![1, 3], vec![0, 1], vec![]), (vec![2], vec![], vec![]),]
        );
    }

    #[test]
    fn rows_are_as_wide_as_they_may_be() {
        let sizes = [(4, 2), (3, 5), (4, 2)];
        let (corners, size) = rows(&sizes, &[1, 0, 2], 8, 1);
        assert_eq!((corners, size), (vec![(4, 0), (0, 0), (0, 6)], (8, 8)));
    }
}
