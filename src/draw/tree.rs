//! Which box stands in which: the groups that are drawn, and what each holds.
//!
//! Groups nested deeper than a page can show are left out, and their members stand in the deepest one that is shown.

use crate::design::Design;

/// Frames inside frames that are still worth drawing.
const DEEPEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// Index of a node.
    Node(usize),
    /// Index in `Tree::levels`.
    Level(usize),
}

#[derive(Debug)]
pub struct Level {
    /// Index in `Design::groups`; the page itself has none.
    pub group: Option<usize>,
    pub parent: Option<usize>,
    pub depth: usize,
    /// In source order.
    pub items: Vec<Item>,
}

/// The page is level 0; every level stands after its parent.
#[derive(Debug)]
pub struct Tree {
    pub levels: Vec<Level>,
    /// The level that each node stands in.
    pub home: Vec<usize>,
}

impl Tree {
    pub fn of(design: &Design) -> Tree {
        let level_of = levels(design);
        let mut order: Vec<usize> = (0..design.groups.len()).filter(|&at| level_of[at].own).collect();
        order.sort_by_key(|&at| (level_of[at].depth, at));
        let mut number = vec![0; design.groups.len()];
        for (at, &group) in order.iter().enumerate() {
            number[group] = at + 1;
        }
        let home_of = |group: Option<usize>| group.map_or(0, |at| number[level_of[at].drawn]);

        let mut levels = vec![Level { group: None, parent: None, depth: 0, items: Vec::new() }];
        for &group in &order {
            levels.push(Level {
                group: Some(group),
                parent: Some(home_of(design.groups[group].parent)),
                depth: level_of[group].depth,
                items: Vec::new(),
            });
        }
        let home: Vec<usize> = design.graph.node_weights().map(|node| home_of(node.group)).collect();

        let nodes = design.graph.node_weights().enumerate();
        let mut placed: Vec<(usize, Item, usize)> =
            nodes.map(|(at, node)| (node.span.start, Item::Node(at), home[at])).collect();
        for (at, level) in levels.iter().enumerate() {
            if let (Some(group), Some(parent)) = (level.group, level.parent) {
                placed.push((design.groups[group].span.start, Item::Level(at), parent));
            }
        }
        placed.sort_by_key(|&(start, ..)| start);
        for (_, item, level) in placed {
            levels[level].items.push(item);
        }
        Tree { levels, home }
    }

    /// The item of `level` that a node stands in or is; the level must be around the node.
    pub fn item_in(&self, node: usize, level: usize) -> Item {
        let mut item = Item::Node(node);
        let mut at = self.home[node];
        while at != level {
            item = Item::Level(at);
            match self.levels[at].parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
        item
    }

    /// The innermost level around both.
    pub fn common(&self, a: usize, b: usize) -> usize {
        let (mut a, mut b) = (self.home[a], self.home[b]);
        while a != b {
            let deeper = if self.levels[a].depth >= self.levels[b].depth { &mut a } else { &mut b };
            *deeper = self.levels[*deeper].parent.unwrap_or(0);
        }
        a
    }
}

#[derive(Clone, Copy, Default)]
struct Place {
    known: bool,
    depth: usize,
    /// Whether it has a frame of its own.
    own: bool,
    /// The group whose frame its members stand in.
    drawn: usize,
}

/// Depth and frame of each group. Iterative: a file may nest as deep as it likes.
fn levels(design: &Design) -> Vec<Place> {
    let mut places = vec![Place::default(); design.groups.len()];
    let mut path = Vec::new();
    for start in 0..design.groups.len() {
        let mut at = Some(start);
        while let Some(group) = at.filter(|&group| !places[group].known) {
            path.push(group);
            at = design.groups[group].parent;
        }
        while let Some(group) = path.pop() {
            let depth = design.groups[group].parent.map_or(0, |parent| places[parent].depth) + 1;
            let own = depth <= DEEPEST;
            let drawn = match design.groups[group].parent {
                Some(parent) if !own => places[parent].drawn,
                _ => group,
            };
            places[group] = Place { known: true, depth, own, drawn };
        }
    }
    places
}
