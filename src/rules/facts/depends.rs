//! What a node cannot work without, and which failure domains it shares with another.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::graph::NodeIndex;

use super::Facts;
use super::journey::Spread;
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Flow, GroupKind, Step};

/// Nobody follows a dependency for longer than this.
const FARTHEST: usize = 500;

impl<'d> Facts<'d> {
    /// What it asks and waits for, the queues that must take what it sends, and what it `..> needs`: all without which
    /// it fails. What is optional, has a fallback or a last answer kept (`cached`) is not among them.
    pub fn depends_directly(&self, node: NodeIndex) -> &[NodeIndex] {
        &self.depends.get_or_init(|| direct(self.design))[node.index()]
    }

    /// All that it depends on, directly or through others, nearest first; within bounds.
    ///
    /// What stands before several services (a load balancer, a gateway) is not looked through: which of them is asked
    /// for is not said.
    pub fn depends_on(&self, node: NodeIndex) -> Spread {
        self.depends_on_without(node, None)
    }

    /// The same, with its own hop to one of them left out: what it depends on in other ways.
    pub fn depends_on_without(&self, node: NodeIndex, hop_to: Option<NodeIndex>) -> Spread {
        let mut spread = Spread { reached: Vec::new(), came_by: HashMap::from([(node, None)]) };
        let mut queue = VecDeque::from([node]);
        while let Some(at) = queue.pop_front() {
            let next = self.depends_directly(at);
            if at != node && next.len() > 1 && self.stands_before_others(at) {
                continue;
            }
            for &to in next {
                let own_hop = at == node && Some(to) == hop_to;
                if !own_hop && spread.reached.len() < FARTHEST && !spread.came_by.contains_key(&to) {
                    spread.came_by.insert(to, Some(at));
                    spread.reached.push(to);
                    queue.push_back(to);
                }
            }
        }
        spread
    }

    pub fn stands_before_others(&self, node: NodeIndex) -> bool {
        matches!(self.node(node).kind, Kind::Cdn | Kind::Dns | Kind::Gateway | Kind::Lb | Kind::Waf)
    }

    /// The flows that need a node, themselves or because something that they need cannot start without it.
    pub fn flows_relying_on(&self, node: NodeIndex) -> Vec<&'d Flow> {
        let by_need = self.hops_to(node).into_iter().filter(|(_, hop)| {
            hop.arrow == Arrow::Control
                && hop.steps.iter().any(|&step| is_hard(self.design, &self.design.steps[step]))
        });
        let mut flows: Vec<&Flow> = self.flows_needing(node).collect();
        flows.extend(by_need.flat_map(|(from, _)| self.flows_needing(from)));
        let mut seen = HashSet::new();
        flows.retain(|flow| seen.insert(flow.id.as_str()));
        flows
    }

    /// A failure domain that both name: a `fate`, or the one `zone` group in which both stand, in a design with several
    /// zones. Of the only zone there is nothing more to say than that it is the only one.
    pub fn common_fate(&self, one: NodeIndex, other: NodeIndex) -> Option<String> {
        let fates = self.node(other).attrs.words("fate");
        let fate = self.node(one).attrs.words("fate").iter().find(|fate| fates.contains(fate));
        fate.cloned().or_else(|| {
            let zone = self.zone_group(one).filter(|zone| self.zone_group(other) == Some(*zone))?;
            self.has_several_zones().then(|| zone.to_string())
        })
    }

    /// Nodes of the design stand in more than one zone.
    fn has_several_zones(&self) -> bool {
        *self.several_zones.get_or_init(|| {
            let mut zones = self.design.graph.node_weights().flat_map(|node| &node.zones);
            zones.next().is_some_and(|first| zones.any(|zone| zone != first))
        })
    }

    /// Drawn inside a `zone` block, and all of it there.
    pub fn is_in_zone_block(&self, node: NodeIndex) -> bool {
        self.zone_group(node).is_some()
    }

    /// The zone in whose block it is drawn.
    fn zone_group(&self, node: NodeIndex) -> Option<&'d str> {
        let zone = self.design.groups_around(node).find(|group| group.kind == GroupKind::Zone)?;
        (self.node(node).zones.len() == 1).then_some(zone.id.as_str())
    }
}

fn direct(design: &Design) -> Vec<Vec<NodeIndex>> {
    let mut direct: Vec<Vec<NodeIndex>> = vec![Vec::new(); design.graph.node_count()];
    let mut has_miss_hop = vec![false; design.graph.node_count()];
    for step in design.steps.iter().filter(|step| step.attrs.text("on").value() == Some("miss")) {
        has_miss_hop[step.from.index()] = true;
    }
    let mut known = HashSet::new();
    for step in &design.steps {
        let cached = design.graph[step.to].kind == Kind::Cache && has_miss_hop[step.from.index()];
        if !cached && is_hard(design, step) && known.insert((step.from, step.to)) {
            direct[step.from.index()].push(step.to);
        }
    }
    direct
}

/// Whoever takes this step fails without what it leads to.
fn is_hard(design: &Design, step: &Step) -> bool {
    let [from, to] = [&design.graph[step.from], &design.graph[step.to]];
    let hop = &design.graph[step.hop];
    let avoidable = step.attrs.has("optional")
        || step.attrs.has("cached")
        || hop.attrs.has("fallback")
        || matches!(step.attrs.text("on").value(), Some("error" | "failover"))
        || step.attrs.number("share").value().is_some_and(|share| share < 1.0);
    !avoidable
        && match hop.arrow {
            // What a monitor asks of a service is how it is.
            Arrow::Call | Arrow::Stream if from.kind == Kind::Monitor => {
                !to.kind.is_compute() || to.kind == Kind::Auth
            }
            Arrow::Call | Arrow::Stream => to.kind != Kind::Client,
            Arrow::Handoff => to.kind.is_broker() && !from.kind.is_broker() && !from.relays(),
            Arrow::Control => step.attrs.has("needs"),
        }
}
