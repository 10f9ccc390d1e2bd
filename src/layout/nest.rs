//! Who stands in what. Nodes and groups are members of containers: container 0 is the page, container g + 1 the inside
//! of group g. Every edge is led back to the innermost container around both of its ends.

use super::graph::{Edge, End, Graph};

/// A node n is member n, a group g member `nodes + g`.
pub struct Nest {
    pub nodes: usize,
    /// The container of each member.
    pub home: Vec<usize>,
    /// The members of each container, those first whose first node stands first.
    pub members: Vec<Vec<usize>>,
    pub depth: Vec<usize>,
    pub ties: Vec<Tie>,
}

/// An edge, seen from the innermost container around it.
#[derive(Debug, Clone, Copy)]
pub struct Tie {
    pub container: usize,
    pub from: usize,
    pub to: usize,
    /// The container's member in which each end lies or which it is; none where the end is the container's own border.
    pub from_in: Option<usize>,
    pub to_in: Option<usize>,
}

impl Tie {
    /// An edge from a thing to itself.
    pub fn is_loop(&self) -> bool {
        self.from == self.to
    }
}

impl Nest {
    pub fn of(graph: &Graph) -> Nest {
        let nodes = graph.nodes.len();
        let parent = |at: usize| graph.groups[at].parent.filter(|&parent| parent < at).map_or(0, |g| g + 1);
        let mut home: Vec<usize> = graph.nodes.iter().map(|node| node.group.map_or(0, |g| g + 1)).collect();
        home.extend((0..graph.groups.len()).map(parent));
        let mut depth = vec![0; graph.groups.len() + 1];
        for at in 0..graph.groups.len() {
            depth[at + 1] = depth[parent(at)] + 1;
        }
        let mut first = vec![usize::MAX; home.len()];
        for node in 0..nodes {
            first[node] = node;
            let mut at = home[node];
            while at > 0 && first[nodes + at - 1] == usize::MAX {
                first[nodes + at - 1] = node;
                at = home[nodes + at - 1];
            }
        }
        let mut members = vec![Vec::new(); graph.groups.len() + 1];
        let mut order: Vec<usize> = (0..home.len()).collect();
        order.sort_by_key(|&member| (first[member], member));
        for member in order {
            members[home[member]].push(member);
        }
        let mut nest = Nest { nodes, home, members, depth, ties: Vec::new() };
        nest.ties = graph.edges.iter().map(|edge| nest.tie(edge)).collect();
        nest
    }

    /// The container inside a member, where it is a group.
    pub fn inside(&self, member: usize) -> Option<usize> {
        (member >= self.nodes).then(|| member - self.nodes + 1)
    }

    /// The group member around a container other than the page.
    pub fn around(&self, container: usize) -> usize {
        self.nodes + container - 1
    }

    fn tie(&self, edge: &Edge) -> Tie {
        let member = |end: End| match end {
            End::Node(node) => node,
            End::Group(group) => self.nodes + group,
        };
        let (from, to) = (member(edge.from), member(edge.to));
        let (mut a, mut b) = (from, to);
        while self.home[a] != self.home[b] {
            if self.depth[self.home[a]] >= self.depth[self.home[b]] {
                a = self.around(self.home[a]);
            } else {
                b = self.around(self.home[b]);
            }
        }
        if a != b || from == to {
            return Tie { container: self.home[a], from, to, from_in: Some(a), to_in: Some(b) };
        }
        // One end is a group around the other.
        let container = a - self.nodes + 1;
        let inner = |end: usize| {
            let mut at = end;
            while at != a && self.home[at] != container {
                at = self.around(self.home[at]);
            }
            (at != a).then_some(at)
        };
        Tie { container, from, to, from_in: inner(from), to_in: inner(to) }
    }
}
