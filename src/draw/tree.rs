//! Which box stands in which: the groups that are drawn, and what stands in them.
//!
//! Groups nested deeper than a page can show are left out, and their members stand in the deepest one that is shown.

use crate::design::Design;

/// Frames inside frames that are still worth drawing.
const DEEPEST: usize = 8;

#[derive(Debug)]
pub struct Frame {
    /// Index in `Design::groups`.
    pub group: usize,
    /// Index in `Tree::frames`.
    pub parent: Option<usize>,
}

/// A frame stands after the one around it.
#[derive(Debug)]
pub struct Tree {
    pub frames: Vec<Frame>,
    /// The frame that each node stands in.
    pub home: Vec<Option<usize>>,
}

impl Tree {
    pub fn of(design: &Design) -> Tree {
        let places = places(design);
        let mut order: Vec<usize> = (0..design.groups.len()).filter(|&at| places[at].own).collect();
        order.sort_by_key(|&at| (places[at].depth, at));
        let mut number = vec![0; design.groups.len()];
        for (at, &group) in order.iter().enumerate() {
            number[group] = at;
        }
        let drawn = |group: Option<usize>| group.map(|at| number[places[at].drawn]);
        Tree {
            frames: order
                .iter()
                .map(|&group| Frame { group, parent: drawn(design.groups[group].parent) })
                .collect(),
            home: design.graph.node_weights().map(|node| drawn(node.group)).collect(),
        }
    }
}

impl Tree {
    /// Without what holds none of the nodes that are kept; those that are not are gone.
    pub fn only(self, kept: &[bool]) -> Tree {
        let mut used = vec![false; self.frames.len()];
        for home in self.home.iter().zip(kept).filter(|(_, kept)| **kept).map(|(home, _)| *home) {
            let mut at = home;
            while let Some(frame) = at.filter(|&frame| !used[frame]) {
                used[frame] = true;
                at = self.frames[frame].parent;
            }
        }
        let mut number = vec![None; self.frames.len()];
        let mut frames = Vec::new();
        for (at, frame) in self.frames.into_iter().enumerate().filter(|(at, _)| used[*at]) {
            number[at] = Some(frames.len());
            // The frame around it stands before it, and has its number already.
            frames.push(Frame { parent: frame.parent.and_then(|parent| number[parent]), ..frame });
        }
        let homes = self.home.into_iter().zip(kept).filter(|(_, kept)| **kept);
        Tree { frames, home: homes.map(|(home, _)| home.and_then(|home| number[home])).collect() }
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
fn places(design: &Design) -> Vec<Place> {
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
