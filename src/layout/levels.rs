//! The layered drawing before anything has a place: in every container a stack of levels, each a row of items, and
//! links that lead from one level to the next and nowhere else.
//!
//! Whatever passes a level has an item of its own there, so that a line never has to find its way between boxes: long
//! edges pass through `Pass` items, labels are items of their real size, and an edge that leaves a group does so at a
//! `Gate` on the group's first or last level.

use super::graph::Graph;
use super::layers::Layering;
use super::nest::Nest;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Node(usize),
    /// The group, as its parent sees it.
    Group(usize),
    /// A line's way through a level.
    Pass,
    /// A line with the label of this edge beside it.
    Label(usize),
    /// Where a line passes a group's border.
    Gate,
    /// Where a line that comes back to the level it left turns.
    Turn,
}

#[derive(Debug, Clone, Copy)]
pub struct Item {
    pub kind: Kind,
    /// Index in `Levels::levels`.
    pub level: usize,
}

/// From an item down to one of the next level. An end at a group is the gate inside it.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub upper: usize,
    pub lower: usize,
    /// The level of the upper end as the link's container sees it.
    pub level: usize,
}

/// A piece of an edge's way: a link, and whether the edge runs up it.
#[derive(Debug, Clone, Copy)]
pub struct Leg {
    pub link: usize,
    pub upward: bool,
}

pub struct Level {
    pub container: usize,
    /// From left to right.
    pub items: Vec<usize>,
    /// The links from here to the next level.
    pub links: Vec<usize>,
}

pub struct Levels {
    pub items: Vec<Item>,
    pub levels: Vec<Level>,
    /// First and last level of each container.
    pub spans: Vec<(usize, usize)>,
    pub links: Vec<Link>,
    /// By edge, from its start; empty for one that begins and ends at the same thing.
    pub ways: Vec<Vec<Leg>>,
    /// The item of each member.
    pub item_of: Vec<usize>,
    /// Links at each item, above and below it; those of a group are its gates'.
    pub above: Vec<Vec<usize>>,
    pub below: Vec<Vec<usize>>,
}

/// Levels between one layer of members and the next, in their order; only those that are needed exist.
const MEMBERS: usize = 0;
const LABELS: usize = 1;
const TURNS_BELOW: usize = 2;
const TURNS_ABOVE: usize = 3;
/// After those that turn above the next members, whose labels come next.
const STEP: usize = 5;

/// None if it would have more than `most` items.
pub fn levels(graph: &Graph, nest: &Nest, layering: &Layering, most: usize) -> Option<Levels> {
    let labels: Vec<Option<usize>> =
        (0..nest.ties.len()).map(|edge| label_rank(graph, nest, layering, edge)).collect();
    let mut used: Vec<Vec<bool>> =
        layering.depth.iter().map(|&depth| vec![false; (depth + 2) * STEP]).collect();
    for (container, ranks) in used.iter_mut().enumerate() {
        for layer in 0..layering.depth[container] + 2 {
            ranks[layer * STEP + MEMBERS] = true;
        }
    }
    for (edge, tie) in nest.ties.iter().enumerate() {
        if let Some(rank) = labels[edge] {
            used[tie.container][rank] = true;
        }
        if let Some(rank) = turn_rank(nest, layering, edge) {
            used[tie.container][rank] = true;
        }
    }
    let mut builder = Builder::new(nest, layering, &used, most);
    for (edge, label) in labels.into_iter().enumerate() {
        if !nest.ties[edge].is_loop() {
            builder.edge(edge, label)?;
        }
    }
    Some(builder.out)
}

fn turn_rank(nest: &Nest, layering: &Layering, edge: usize) -> Option<usize> {
    let tie = nest.ties[edge];
    let layer = layering.layer[tie.from_in?];
    if tie.is_loop() || layer != layering.layer[tie.to_in?] {
        return None;
    }
    let below = layering.turns_below[edge];
    Some(if below { layer * STEP + TURNS_BELOW } else { (layer - 1) * STEP + TURNS_ABOVE })
}

fn label_rank(graph: &Graph, nest: &Nest, layering: &Layering, edge: usize) -> Option<usize> {
    graph.edges[edge].label?;
    let tie = nest.ties[edge];
    if tie.is_loop() {
        return None;
    }
    if let Some(turn) = turn_rank(nest, layering, edge) {
        return Some(if layering.turns_below[edge] { turn - 1 } else { turn + 1 });
    }
    let layer = |end: Option<usize>, border: usize| end.map_or(border, |member| layering.layer[member]);
    let last = layering.depth[tie.container] + 1;
    let (from, to) = match (tie.from_in, tie.to_in) {
        (None, to) => (0, layer(to, last)),
        (from, None) => (layer(from, 0), last),
        (from, to) => (layer(from, 0), layer(to, 0)),
    };
    let (first, last) = (from.min(to), from.max(to));
    // A long edge has room for its label beside the members that it passes.
    Some(if last - first > 1 { (first + last) / 2 * STEP } else { first * STEP + LABELS })
}

struct Builder<'a> {
    nest: &'a Nest,
    layering: &'a Layering,
    /// By container and rank: which level it is.
    level_at: Vec<Vec<usize>>,
    most: usize,
    out: Levels,
}

impl<'a> Builder<'a> {
    fn new(nest: &'a Nest, layering: &'a Layering, used: &[Vec<bool>], most: usize) -> Builder<'a> {
        let mut levels = Vec::new();
        let mut spans = Vec::new();
        let mut level_at = Vec::new();
        for (container, ranks) in used.iter().enumerate() {
            let first = levels.len();
            let mut at = vec![usize::MAX; ranks.len()];
            for (rank, _) in ranks.iter().enumerate().filter(|(_, used)| **used) {
                at[rank] = levels.len();
                levels.push(Level { container, items: Vec::new(), links: Vec::new() });
            }
            spans.push((first, levels.len() - 1));
            level_at.push(at);
        }
        let members = nest.home.len();
        let out = Levels {
            items: Vec::with_capacity(members * 3),
            levels,
            spans,
            links: Vec::new(),
            ways: vec![Vec::new(); nest.ties.len()],
            item_of: vec![0; members],
            above: Vec::new(),
            below: Vec::new(),
        };
        let mut builder = Builder { nest, layering, level_at, most, out };
        for container in 0..nest.members.len() {
            for &member in &nest.members[container] {
                let level = builder.level_at[container][layering.layer[member] * STEP];
                let kind = match nest.inside(member) {
                    Some(inside) => Kind::Group(inside - 1),
                    None => Kind::Node(member),
                };
                builder.out.item_of[member] = builder.item(kind, level);
            }
        }
        builder
    }

    fn item(&mut self, kind: Kind, level: usize) -> usize {
        let at = self.out.items.len();
        self.out.items.push(Item { kind, level });
        self.out.levels[level].items.push(at);
        self.out.above.push(Vec::new());
        self.out.below.push(Vec::new());
        at
    }

    fn link(&mut self, upper: usize, lower: usize, level: usize) -> usize {
        let at = self.out.links.len();
        self.out.links.push(Link { upper, lower, level });
        self.out.levels[level].links.push(at);
        self.out.below[upper].push(at);
        self.out.above[lower].push(at);
        at
    }

    /// Links from an item on one level of a container to one further down, with what passes the levels between.
    /// `labelled` is the level that holds the edge's label.
    fn chain(
        &mut self,
        (upper, first): (usize, usize),
        (lower, last): (usize, usize),
        edge: usize,
        labelled: Option<usize>,
        way: &mut Vec<usize>,
    ) {
        let mut at = upper;
        for level in first..last {
            let next = if level + 1 == last {
                lower
            } else if labelled == Some(level + 1) {
                self.item(Kind::Label(edge), level + 1)
            } else {
                self.item(Kind::Pass, level + 1)
            };
            way.push(self.link(at, next, level));
            at = next;
        }
    }

    fn edge(&mut self, edge: usize, label: Option<usize>) -> Option<()> {
        let tie = self.nest.ties[edge];
        let container = tie.container;
        let labelled = label.map(|rank| self.level_at[container][rank]);
        let (first, last) = self.out.spans[container];
        let layer = |end: usize| self.layering.layer[end];
        let turn = match (tie.from_in, tie.to_in) {
            (Some(a), Some(b)) if layer(a) == layer(b) => Some(self.layering.turns_below[edge]),
            _ => None,
        };
        // Which side of its groups each end leaves them by.
        let (from_up, to_up) = match (turn, tie.from_in, tie.to_in) {
            (Some(below), ..) => (!below, !below),
            (None, Some(a), Some(b)) if layer(a) > layer(b) => (true, false),
            _ => (false, true),
        };
        let mut start = Vec::new();
        let a = tie.from_in.map(|last| self.climb(tie.from, last, from_up, edge, &mut start));
        let mut end = Vec::new();
        let b = tie.to_in.map(|last| self.climb(tie.to, last, to_up, edge, &mut end));
        let mut middle = Vec::new();
        let a = a.unwrap_or_else(|| (self.item(Kind::Gate, first), first));
        let b = b.unwrap_or_else(|| (self.item(Kind::Gate, last), last));
        if let Some(below) = turn {
            let level = self.level_at[container][turn_rank(self.nest, self.layering, edge)?];
            let bend = self.item(Kind::Turn, level);
            let mut back = Vec::new();
            if below {
                self.chain(a, (bend, level), edge, labelled, &mut middle);
                self.chain(b, (bend, level), edge, None, &mut back);
                back.reverse();
            } else {
                self.chain((bend, level), a, edge, labelled, &mut middle);
                middle.reverse();
                self.chain((bend, level), b, edge, None, &mut back);
            }
            self.travel(edge, &start, from_up);
            self.travel(edge, &middle, !below);
            self.travel(edge, &back, below);
        } else if from_up {
            self.chain(b, a, edge, labelled, &mut middle);
            middle.reverse();
            self.travel(edge, &start, true);
            self.travel(edge, &middle, true);
        } else {
            self.chain(a, b, edge, labelled, &mut middle);
            self.travel(edge, &start, false);
            self.travel(edge, &middle, false);
        }
        end.reverse();
        self.travel(edge, &end, !to_up);
        (self.out.items.len() <= self.most).then_some(())
    }

    fn travel(&mut self, edge: usize, links: &[usize], upward: bool) {
        self.out.ways[edge].extend(links.iter().map(|&link| Leg { link, upward }));
    }

    /// From an end out to the member `last` of an outer container; where the way stands then, and on which level.
    fn climb(
        &mut self,
        end: usize,
        last: usize,
        up: bool,
        edge: usize,
        way: &mut Vec<usize>,
    ) -> (usize, usize) {
        let mut member = end;
        let mut item = self.out.item_of[end];
        if let Some(inside) = self.nest.inside(end) {
            let (first, final_level) = self.out.spans[inside];
            item = self.item(Kind::Gate, if up { first } else { final_level });
        }
        loop {
            let level = self.out.items[self.out.item_of[member]].level;
            if member == last {
                return (item, level);
            }
            let container = self.nest.home[member];
            let (first, final_level) = self.out.spans[container];
            if up {
                let gate = self.item(Kind::Gate, first);
                let from = way.len();
                self.chain((gate, first), (item, level), edge, None, way);
                way[from..].reverse();
                item = gate;
            } else {
                let gate = self.item(Kind::Gate, final_level);
                self.chain((item, level), (gate, final_level), edge, None, way);
                item = gate;
            }
            member = self.nest.around(container);
        }
    }
}
