//! Who holds connections, to which connection server, and how many there are at once.

use std::collections::{HashMap, VecDeque};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::{Arrow, Design, Given, Hop};
use crate::catalog::Kind;
use crate::units::Dimension;

/// What stands between clients and the system proper.
pub fn is_before_system(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway)
}

/// For each client that holds a connection to a socket, directly or through what stands before it: the hop at the
/// client's end, and the first such socket in the order of the file.
pub fn holders(design: &Design) -> Vec<(NodeIndex, &Hop, NodeIndex)> {
    let of_kind =
        |kind: Kind| design.graph.node_indices().filter(move |&node| design.graph[node].kind == kind);
    // From the sockets outwards; whatever stands before several of them belongs to the first.
    let mut behind: HashMap<NodeIndex, NodeIndex> =
        of_kind(Kind::Socket).map(|socket| (socket, socket)).collect();
    let mut queue: VecDeque<NodeIndex> = of_kind(Kind::Socket).collect();
    while let Some(at) = queue.pop_front() {
        let socket = behind[&at];
        for (before, _) in streams(design, at) {
            let kind = design.graph[before].kind;
            let passes = is_before_system(kind) && kind != Kind::Client;
            if passes && !behind.contains_key(&before) {
                behind.insert(before, socket);
                queue.push_back(before);
            }
        }
    }
    let first = |client| {
        streams(design, client).into_iter().find_map(|(to, hop)| Some((client, hop, *behind.get(&to)?)))
    };
    of_kind(Kind::Client).filter_map(first).collect()
}

/// The connections at a node, those that it opens first, each in the order of the file.
fn streams(design: &Design, node: NodeIndex) -> Vec<(NodeIndex, &Hop)> {
    let ends = |direction: Direction| {
        let mut ends: Vec<(NodeIndex, &Hop)> = design
            .graph
            .edges_directed(node, direction)
            .filter(|edge| edge.weight().arrow == Arrow::Stream)
            .map(|edge| {
                let end = if direction == Direction::Outgoing { edge.target() } else { edge.source() };
                (end, edge.weight())
            })
            .collect();
        ends.sort_by_key(|(_, hop)| hop.span);
        ends
    };
    let mut all = ends(Direction::Outgoing);
    all.extend(ends(Direction::Incoming));
    all
}

/// How many are connected at once: the largest count in `given` of which a word begins with `online`, `concurrent` or
/// `connect`, as in `users_online`.
pub fn online(design: &Design) -> Option<&Given> {
    let named = |given: &&Given| {
        let name = given.name.to_lowercase();
        given.value.dimension == Dimension::NONE
            && name
                .split(['_', '-'])
                .any(|word| ["online", "concurrent", "connect"].iter().any(|start| word.starts_with(start)))
    };
    design.givens.iter().filter(named).max_by(|a, b| a.value.value.total_cmp(&b.value.value))
}
