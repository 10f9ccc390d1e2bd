//! Connection servers: who is connected to them, and what brings messages to their clients.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::connected::{holders, is_before_system};
use crate::design::{Arrow, Flow, Hop, Step};

impl<'d> Facts<'d> {
    /// The connection servers that clients are connected to, directly or through what stands before them.
    pub fn connected_sockets(&self) -> impl Iterator<Item = NodeIndex> {
        self.nodes(|kind| kind == Kind::Socket).filter(|&socket| {
            let before = |node: NodeIndex| is_before_system(self.node(node).kind);
            self.callers(socket).into_iter().any(before)
                || self.hops_from(socket).into_iter().any(|(to, hop)| {
                    let kind = self.node(to).kind;
                    kind == Kind::Client || (hop.arrow == Arrow::Stream && before(to))
                })
        })
    }

    /// Clients, or what stands before the system, hold connections to it.
    pub fn is_held(&self, socket: NodeIndex) -> bool {
        let held = |(end, hop): &(NodeIndex, &Hop)| {
            hop.arrow == Arrow::Stream && is_before_system(self.node(*end).kind)
        };
        self.hops_to(socket).iter().chain(&self.hops_from(socket)).any(held)
    }

    /// For each client that holds a connection to a socket: the hop at its end, and that socket.
    pub fn holders(&self) -> Vec<(NodeIndex, &'d Hop, NodeIndex)> {
        holders(self.design)
    }

    /// Something inside brings messages to a connection server: it is called, handed to, subscribes, or holds a
    /// connection inwards.
    pub fn is_brought_messages(&self, socket: NodeIndex) -> bool {
        let called = self
            .hops_to(socket)
            .iter()
            .any(|(from, hop)| hop.arrow != Arrow::Control && !is_before_system(self.node(*from).kind));
        let connected =
            |(to, arrow): (NodeIndex, Arrow)| arrow == Arrow::Stream && !is_before_system(self.node(to).kind);
        called
            || self.hops_from(socket).into_iter().any(|(to, hop)| connected((to, hop.arrow)))
            || self
                .design
                .steps_from(socket)
                .any(|step| self.node(step.to).kind.is_broker() && step.attrs.has("reads"))
    }

    /// For each connection server, the flows in which something arrives there and goes out from it to a client, directly or
    /// through what stands before it.
    pub fn deliveries(&self) -> HashMap<NodeIndex, Vec<&'d Flow>> {
        let mut deliveries: HashMap<NodeIndex, Vec<&Flow>> = HashMap::new();
        for flow in &self.design.flows {
            let steps = self.design.steps_of(flow);
            let to_client: HashSet<NodeIndex> = steps
                .iter()
                .filter(|step| self.node(step.to).kind == Kind::Client)
                .map(|step| step.from)
                .collect();
            let out = |step: &&Step| {
                let to = self.node(step.to).kind;
                let onwards = self.arrow(step) == Arrow::Stream && to_client.contains(&step.to);
                self.node(step.from).kind == Kind::Socket
                    && (to == Kind::Client || (is_before_system(to) && onwards))
            };
            let sockets: HashSet<NodeIndex> = steps.iter().filter(out).map(|step| step.from).collect();
            for step in steps.iter().filter(|step| sockets.contains(&step.to)) {
                let flows = deliveries.entry(step.to).or_default();
                if flows.last().is_none_or(|last| last.span != flow.span) {
                    flows.push(flow);
                }
            }
        }
        deliveries
    }
}
