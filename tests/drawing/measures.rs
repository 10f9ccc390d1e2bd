//! How good a drawing is, in figures that are counted alike for every engine.

use spof::layout::{Area, End, Graph, Layout, Spot};

/// Those that ought to be zero are listed by `faults`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measures {
    /// Proper intersections of pieces of different edges, both strictly inside.
    pub crossings: usize,
    /// In pixels.
    pub length: f64,
    /// Corners of lines; of a sampled curve, its joints.
    pub bends: usize,
    /// Pixels along which edges without a common end run on top of each other.
    pub on_top: f64,
    pub node_on_node: usize,
    /// Pairs of an edge and a node that is none of its ends and that it enters.
    pub edge_through_node: usize,
    /// Pairs of an edge and a group that holds neither of its ends and that it enters.
    pub edge_through_group: usize,
    /// Pairs of groups of which none is in the other.
    pub group_on_group: usize,
    pub node_on_foreign_group: usize,
    pub node_or_group_outside_its_group: usize,
    /// Labels on a node or on another label.
    pub label_on_box: usize,
    /// Labels that a line of another edge cuts.
    pub label_cut: usize,
    pub w: f64,
    pub h: f64,
}

impl Measures {
    pub fn aspect(&self) -> f64 {
        self.w / self.h.max(1.0)
    }

    /// What no drawing may have.
    pub fn faults(&self) -> [(&'static str, usize); 8] {
        [
            ("node on node", self.node_on_node),
            ("edge through node", self.edge_through_node),
            ("edge through foreign group", self.edge_through_group),
            ("group on group", self.group_on_group),
            ("node on foreign group", self.node_on_foreign_group),
            ("outside its group", self.node_or_group_outside_its_group),
            ("label on box", self.label_on_box),
            ("label cut", self.label_cut),
        ]
    }
}

/// Further from the border than this is inside a box.
const NODE_RIM: f64 = 1.5;
const LABEL_RIM: f64 = 1.0;

struct Piece {
    a: Spot,
    b: Spot,
    edge: usize,
}

pub fn measures(graph: &Graph, layout: &Layout) -> Measures {
    let mut out = Measures::default();
    let mut pieces: Vec<Piece> = Vec::new();
    for (edge, route) in layout.edges.iter().enumerate() {
        let mut points: Vec<Spot> = Vec::new();
        for &spot in &route.points {
            let far = |last: &Spot| (spot.x - last.x).abs().max((spot.y - last.y).abs()) > 1e-3;
            if points.last().is_none_or(far) {
                points.push(spot);
            }
        }
        for pair in points.windows(2) {
            out.length += (pair[0].x - pair[1].x).hypot(pair[0].y - pair[1].y);
            pieces.push(Piece { a: pair[0], b: pair[1], edge });
        }
        out.bends += points.windows(3).filter(|three| corner(three)).count();
    }
    crossings(graph, &pieces, &mut out);
    boxes(graph, layout, &mut out);
    lines(graph, layout, &pieces, &mut out);
    let all = || layout.nodes.iter().chain(&layout.groups);
    let (left, right) = (least(all().map(|own| own.x)), -least(all().map(|own| -own.x - own.w)));
    let (top, bottom) = (least(all().map(|own| own.y)), -least(all().map(|own| -own.y - own.h)));
    (out.w, out.h) = (right - left, bottom - top);
    out
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

fn corner(three: &[Spot]) -> bool {
    let (ax, ay) = (three[1].x - three[0].x, three[1].y - three[0].y);
    let (bx, by) = (three[2].x - three[1].x, three[2].y - three[1].y);
    (ax * by - ay * bx).abs() > 1e-3 * (ax.hypot(ay) * bx.hypot(by) + 1.0)
}

fn crossings(graph: &Graph, pieces: &[Piece], out: &mut Measures) {
    let span = |a: f64, b: f64| (a.min(b), a.max(b));
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    let left = |at: usize| span(pieces[at].a.x, pieces[at].b.x).0;
    order.sort_by(|&a, &b| left(a).total_cmp(&left(b)));
    for (place, &at) in order.iter().enumerate() {
        let one = &pieces[at];
        let right = span(one.a.x, one.b.x).1;
        let (top, bottom) = span(one.a.y, one.b.y);
        for &other in &order[place + 1..] {
            if left(other) > right {
                break;
            }
            let two = &pieces[other];
            let (from, to) = span(two.a.y, two.b.y);
            if two.edge == one.edge || from > bottom || to < top {
                continue;
            }
            let side = |p: &Piece, q: Spot| (p.b.x - p.a.x) * (q.y - p.a.y) - (p.b.y - p.a.y) * (q.x - p.a.x);
            let (s1, s2) = (side(one, two.a), side(one, two.b));
            let (s3, s4) = (side(two, one.a), side(two, one.b));
            let apart = |a: f64, b: f64| (a > 1e-6 && b < -1e-6) || (a < -1e-6 && b > 1e-6);
            if apart(s1, s2) && apart(s3, s4) {
                out.crossings += 1;
            }
            let length = (one.b.x - one.a.x).hypot(one.b.y - one.a.y);
            let near = 1e-3 * length + 1e-6;
            if s1.abs() < near && s2.abs() < near && !share_end(graph, one.edge, two.edge) {
                let (ux, uy) = ((one.b.x - one.a.x) / length, (one.b.y - one.a.y) / length);
                let along = |p: Spot| (p.x - one.a.x) * ux + (p.y - one.a.y) * uy;
                let (c, d) = (along(two.a), along(two.b));
                out.on_top += (length.min(c.max(d)) - c.min(d).max(0.0)).max(0.0);
            }
        }
    }
}

fn share_end(graph: &Graph, a: usize, b: usize) -> bool {
    let (a, b) = (&graph.edges[a], &graph.edges[b]);
    a.from == b.from || a.from == b.to || a.to == b.from || a.to == b.to
}

/// They share more than half a pixel.
fn overlap(a: &Area, b: &Area) -> bool {
    let e = 0.5;
    a.x + a.w - e > b.x && b.x + b.w - e > a.x && a.y + a.h - e > b.y && b.y + b.h - e > a.y
}

fn within(inner: &Area, outer: &Area) -> bool {
    let e = 0.01;
    inner.x + e >= outer.x
        && inner.y + e >= outer.y
        && inner.x + inner.w <= outer.x + outer.w + e
        && inner.y + inner.h <= outer.y + outer.h + e
}

/// Pairs of boxes that overlap, each as indices in order; from left to right, so that most pairs are never looked at.
fn overlapping(areas: &[Area], mut each: impl FnMut(usize, usize)) {
    let mut order: Vec<usize> = (0..areas.len()).collect();
    order.sort_by(|&a, &b| areas[a].x.total_cmp(&areas[b].x));
    for (place, &a) in order.iter().enumerate() {
        for &b in &order[place + 1..] {
            if areas[b].x > areas[a].x + areas[a].w {
                break;
            }
            if overlap(&areas[a], &areas[b]) {
                each(a.min(b), a.max(b));
            }
        }
    }
}

/// The group and all around it.
fn around(graph: &Graph, group: Option<usize>) -> impl Iterator<Item = usize> {
    std::iter::successors(group, |&at| graph.groups[at].parent)
}

fn boxes(graph: &Graph, layout: &Layout, out: &mut Measures) {
    let nodes = layout.nodes.len();
    let mut all = layout.nodes.clone();
    all.extend(&layout.groups);
    overlapping(&all, |a, b| {
        if b < nodes {
            out.node_on_node += 1;
        } else if a < nodes {
            let inside = around(graph, graph.nodes[a].group).any(|group| group == b - nodes);
            out.node_on_foreign_group += usize::from(!inside);
        } else {
            let (a, b) = (a - nodes, b - nodes);
            let nested = around(graph, Some(a)).any(|at| at == b) || around(graph, Some(b)).any(|at| at == a);
            out.group_on_group += usize::from(!nested);
        }
    });
    let homes =
        graph.nodes.iter().map(|node| node.group).chain(graph.groups.iter().map(|group| group.parent));
    for (own, home) in all.iter().zip(homes) {
        let outside = home.is_some_and(|home| !within(own, &layout.groups[home]));
        out.node_or_group_outside_its_group += usize::from(outside);
    }
    let labels: Vec<Area> = layout.edges.iter().filter_map(|route| route.label).collect();
    let count = labels.len();
    let mut all = labels;
    all.extend(&layout.nodes);
    overlapping(&all, |a, _| out.label_on_box += usize::from(a < count));
}

/// Whether a piece enters a box by more than a touch (Liang and Barsky, 1984).
fn enters(piece: &Piece, own: &Area) -> bool {
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (start, step, low, high) in [
        (piece.a.x, piece.b.x - piece.a.x, own.x, own.x + own.w),
        (piece.a.y, piece.b.y - piece.a.y, own.y, own.y + own.h),
    ] {
        if step.abs() < 1e-9 {
            if start <= low || start >= high {
                return false;
            }
            continue;
        }
        let (a, b) = ((low - start) / step, (high - start) / step);
        (from, to) = (from.max(a.min(b)), to.min(a.max(b)));
    }
    to - from > 1e-6
}

fn shrunk(own: &Area, by: f64) -> Area {
    Area { x: own.x + by, y: own.y + by, w: own.w - 2.0 * by, h: own.h - 2.0 * by }
}

fn lines(graph: &Graph, layout: &Layout, pieces: &[Piece], out: &mut Measures) {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    let left = |at: usize| pieces[at].a.x.min(pieces[at].b.x);
    order.sort_by(|&a, &b| left(a).total_cmp(&left(b)));
    let widest = pieces.iter().map(|piece| (piece.a.x - piece.b.x).abs()).fold(0.0, f64::max);
    // Edges that enter a box, each once.
    let entering = |own: &Area| {
        let first = order.partition_point(|&at| left(at) < own.x - widest);
        let last = order.partition_point(|&at| left(at) <= own.x + own.w);
        let hits = order[first..last].iter().filter(|&&at| enters(&pieces[at], own));
        let mut edges: Vec<usize> = hits.map(|&at| pieces[at].edge).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    };
    for (node, own) in layout.nodes.iter().enumerate() {
        let foreign = |edge: &&usize| {
            let edge = &graph.edges[**edge];
            edge.from != End::Node(node) && edge.to != End::Node(node)
        };
        out.edge_through_node += entering(&shrunk(own, NODE_RIM)).iter().filter(foreign).count();
    }
    for (group, own) in layout.groups.iter().enumerate() {
        let holds = |end: End| match end {
            End::Node(node) => around(graph, graph.nodes[node].group).any(|at| at == group),
            End::Group(other) => around(graph, Some(other)).any(|at| at == group),
        };
        let foreign = |edge: &&usize| !holds(graph.edges[**edge].from) && !holds(graph.edges[**edge].to);
        out.edge_through_group += entering(&shrunk(own, NODE_RIM)).iter().filter(foreign).count();
    }
    for (edge, route) in layout.edges.iter().enumerate() {
        if let Some(label) = &route.label {
            out.label_cut +=
                entering(&shrunk(label, LABEL_RIM)).iter().filter(|&&other| other != edge).count();
        }
    }
}
