//! Requests from outside: the ways that they take, and what guards they pass.

use std::collections::{HashMap, VecDeque};

use petgraph::graph::NodeIndex;

use super::Facts;
use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};

/// Steps that belong together: those of one flow, or those of all hops that no flow uses.
pub struct Journey<'d> {
    pub flow: Option<&'d Flow>,
    pub steps: Vec<&'d Step>,
}

/// How far something gets from its starts, each node by the first way found.
pub struct Spread {
    /// In the order in which they are reached, without the starts.
    pub reached: Vec<NodeIndex>,
    pub(super) came_by: HashMap<NodeIndex, Option<NodeIndex>>,
}

impl<'d> Facts<'d> {
    /// Each flow, and what is drawn outside all flows as one more. A hop that a flow uses is judged there alone.
    pub fn journeys(&self) -> Vec<Journey<'d>> {
        let design = self.design;
        let of_flow =
            |flow: &'d Flow| Journey { flow: Some(flow), steps: design.steps_of(flow).iter().collect() };
        let mut journeys: Vec<Journey> = design.flows.iter().map(of_flow).collect();
        let in_no_flow =
            |step: &&Step| design.graph[step.hop].steps.iter().all(|&at| design.steps[at].flow.is_none());
        let steps: Vec<&Step> = design.steps.iter().filter(in_no_flow).collect();
        if !steps.is_empty() {
            journeys.push(Journey { flow: None, steps });
        }
        journeys
    }

    /// A client that anybody may have in hand: one that does not stand in a private group.
    pub fn is_outsider(&self, node: NodeIndex) -> bool {
        self.node(node).kind == Kind::Client
            && self
                .design
                .groups_around(node)
                .take(64)
                .find_map(|group| group.attrs.text("trust").value())
                .is_none_or(|trust| trust != "private")
    }

    /// What a step carries when its flow is busiest: its load, raised as `peak` is above `rate`.
    pub fn busiest(&self, step: &Step) -> Option<f64> {
        let flow = self.flow_of(step)?;
        let busiest = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value())?;
        Some(busiest * step.load.per_request?)
    }
}

impl<'d> Journey<'d> {
    /// The clients outside, in the order of the file.
    pub fn outsiders(&self, facts: &Facts) -> Vec<NodeIndex> {
        let ends = self.steps.iter().flat_map(|step| [step.from, step.to]);
        super::unique(ends.filter(|&node| facts.is_outsider(node)))
    }

    /// The external services that call in, as webhooks do, in the order of the file.
    pub fn callers_outside(&self, facts: &Facts) -> Vec<NodeIndex> {
        let calls_in = |step: &&&Step| {
            facts.node(step.from).kind == Kind::External
                && facts.arrow(step) == Arrow::Call
                && facts.node(step.to).kind.is_compute()
        };
        super::unique(self.steps.iter().filter(calls_in).map(|step| step.from))
    }

    /// Follows calls and connections as far as `goes` lets them, which is asked with a step and where it leads.
    ///
    /// A connection to a client carries what the client sends, whichever end it is drawn from.
    pub fn spread(
        &self,
        facts: &Facts,
        starts: &[NodeIndex],
        goes: impl Fn(&Step, NodeIndex) -> bool,
    ) -> Spread {
        let mut out: HashMap<NodeIndex, Vec<(&'d Step, NodeIndex)>> = HashMap::new();
        for &step in &self.steps {
            let arrow = facts.arrow(step);
            if matches!(arrow, Arrow::Call | Arrow::Stream) {
                out.entry(step.from).or_default().push((step, step.to));
            }
            if arrow == Arrow::Stream && facts.node(step.to).kind == Kind::Client {
                out.entry(step.to).or_default().push((step, step.from));
            }
        }
        let mut spread = Spread { reached: Vec::new(), came_by: HashMap::new() };
        spread.came_by.extend(starts.iter().map(|&start| (start, None)));
        let mut queue: VecDeque<NodeIndex> = starts.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            for &(step, to) in out.get(&at).into_iter().flatten() {
                if !spread.came_by.contains_key(&to) && goes(step, to) {
                    spread.came_by.insert(to, Some(at));
                    spread.reached.push(to);
                    queue.push_back(to);
                }
            }
        }
        spread
    }
}

impl Spread {
    /// It gets there, or starts there.
    pub fn reaches(&self, node: NodeIndex) -> bool {
        self.came_by.contains_key(&node)
    }

    /// For each node reached, the first on its way that fits; those without one are not in it.
    pub fn first_passed(&self, fits: impl Fn(NodeIndex) -> bool) -> HashMap<NodeIndex, NodeIndex> {
        let mut first: HashMap<NodeIndex, NodeIndex> = HashMap::new();
        for &node in &self.reached {
            let before = self.before(node).and_then(|before| first.get(&before).copied());
            if let Some(found) = before.or(fits(node).then_some(node)) {
                first.insert(node, found);
            }
        }
        first
    }

    /// The way to a node from its start, both included.
    pub fn way_to(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let mut way: Vec<NodeIndex> = std::iter::successors(Some(node), |&at| self.before(at)).collect();
        way.reverse();
        way
    }

    fn before(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.came_by.get(&node).copied().flatten()
    }
}
