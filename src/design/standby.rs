//! Copies of a database that are drawn as nodes of their own, and take its place by themselves.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::{Design, Node};
use crate::catalog::Kind;

/// Of each database of one instance, the copies (`replica_of`) one of which becomes the primary when it fails, in the
/// order of the file: `failover=auto` says so, on it or, where it says nothing, on a copy of one instance.
///
/// Of several instances `failover` may mean those, and who asks the copy then is not said here.
pub fn standbys(design: &Design) -> HashMap<NodeIndex, Vec<NodeIndex>> {
    let mut standbys: HashMap<NodeIndex, Vec<NodeIndex>> = HashMap::new();
    for copy in design.graph.node_indices() {
        let node = &design.graph[copy];
        for id in node.attrs.words("replica_of") {
            if let Some(first) = design.node(id).filter(|&first| first != copy)
                && takes_over(&design.graph[first], node)
            {
                let copies = standbys.entry(first).or_default();
                // Named twice, it is one all the same.
                if copies.last() != Some(&copy) {
                    copies.push(copy);
                }
            }
        }
    }
    standbys
}

fn takes_over(first: &Node, copy: &Node) -> bool {
    let databases = first.kind == Kind::Database && copy.kind == Kind::Database;
    let by_itself = |node: &Node| node.attrs.text("failover").value() == Some("auto");
    let says = match first.attrs.get("failover") {
        Some(_) => by_itself(first),
        None => copy.instances == 1 && by_itself(copy),
    };
    databases && first.instances == 1 && says
}
