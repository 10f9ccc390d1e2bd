//! Who would notice: what is measured, what tells somebody, and the flows for which that matters.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::{Arrow, Flow};
use crate::units::{percent, show_rate};

/// From so many requests a second on, an hour of errors is many users.
const BUSY: f64 = 100.0;

impl<'d> Facts<'d> {
    /// An availability was promised for it.
    pub fn is_promised(&self, flow: &Flow) -> bool {
        flow.attrs.has("availability")
    }

    /// It gets so many requests, on average or at its peak, that a fault in it is felt by many at once.
    pub fn is_busy(&self, flow: &Flow) -> bool {
        ["rate", "peak"].iter().any(|name| flow.attrs.number(name).value().is_some_and(|rate| rate >= BUSY))
    }

    /// Why a fault in a flow matters, in its own figures: "`send` promises 99.9 %", "`send` gets 200/s".
    pub fn stakes(&self, flow: &Flow) -> String {
        let rate = ["peak", "rate"].iter().find_map(|name| flow.attrs.number(name).value());
        match (flow.attrs.number("availability").value(), rate) {
            (Some(share), _) => format!("`{}` promises {}", flow.id, percent(share)),
            (None, Some(rate)) => format!("`{}` gets {}", flow.id, show_rate(rate)),
            (None, None) => format!("`{}` needs it", flow.id),
        }
    }

    /// The flows that steps lead into or out of a node, in the order of the file.
    pub fn flows_through(&self, node: NodeIndex) -> Vec<&'d Flow> {
        let mut flows: Vec<usize> = self
            .design
            .steps_to(node)
            .chain(self.design.steps_from(node))
            .filter_map(|step| step.flow)
            .collect();
        flows.sort_unstable();
        flows.dedup();
        flows.into_iter().map(|flow| &self.design.flows[flow]).collect()
    }

    /// The nodes that a monitor observes, or that send it what they see. Monitors that watch each other do not count.
    pub fn observed(&self) -> HashSet<NodeIndex> {
        self.observed_by(|_| true)
    }

    /// The same of some monitors only.
    pub fn observed_by(&self, counts: impl Fn(NodeIndex) -> bool) -> HashSet<NodeIndex> {
        let monitor = |node: NodeIndex| self.node(node).kind == Kind::Monitor;
        let mut observed = HashSet::new();
        for step in &self.design.steps {
            let observes = step.attrs.has("observes") || self.design.graph[step.hop].attrs.has("observes");
            match (monitor(step.from), monitor(step.to)) {
                (true, false) if counts(step.from) && (observes || self.arrow(step) != Arrow::Control) => {
                    observed.insert(step.to);
                }
                (false, true) if counts(step.to) => {
                    observed.insert(step.from);
                }
                (false, false) if observes => {
                    observed.insert(step.to);
                }
                _ => {}
            }
        }
        observed
    }

    /// Something in the design is watched, by a monitor or by what a node says of itself.
    pub fn watches_anything(&self, observed: &HashSet<NodeIndex>) -> bool {
        !observed.is_empty()
            || self.nodes(|kind| kind.is_compute()).any(|node| {
                let attrs = &self.node(node).attrs;
                ["metrics", "logs", "trace", "alert"].iter().any(|name| attrs.has(name))
            })
    }
}

/// Runs the team's own code behind the door: what fails in ways that only its team can have foreseen.
pub fn is_own_code(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Worker | Kind::Function | Kind::Socket)
}
