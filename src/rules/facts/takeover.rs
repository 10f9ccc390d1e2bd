//! What must be carried, and by whom, once a node that has a way out is down.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::graph::NodeIndex;

use super::Facts;
use super::single::primaries;
use super::standby::Pair;
use crate::catalog::Kind;
use crate::design::load::{Situation, under};
use crate::design::{Arrow, Flow, Step};
use crate::source::Span;

/// Requests a second: on average, and when all flows are busiest.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    pub mean: f64,
    pub busiest: f64,
}

/// What a node gets while another one is down, over what it gets on any other day.
pub struct Takeover {
    pub first: NodeIndex,
    /// What takes over first.
    pub target: NodeIndex,
    /// Where the design says that it does.
    pub span: Span,
    /// Every node that gets more than usual, in the order of the file: what it usually gets, and what it gets then.
    pub loads: Vec<(NodeIndex, Rates, Rates)>,
    pub flows: Vec<usize>,
    /// The target is a copy that becomes the primary: one of its machines has to take what the primary took.
    pub promoted: bool,
}

/// A way from a node that is down.
struct Way {
    by: NodeIndex,
    first: NodeIndex,
    target: NodeIndex,
    span: Span,
    flow: Option<usize>,
}

/// What goes over a hop.
#[derive(Default)]
struct Moved {
    rates: Rates,
    flows: Vec<usize>,
    fallback: Option<NodeIndex>,
}

/// Steps that are looked at again for each step of the design, and for a small one: of a file with thousands of ways out
/// in one flow, those of the first nodes are followed.
const AGAIN: usize = 2;
const AT_LEAST: usize = 20_000;

impl Rates {
    fn plus(self, other: Rates) -> Rates {
        Rates { mean: self.mean + other.mean, busiest: self.busiest + other.busiest }
    }

    fn of(flow: &Flow, per_request: f64) -> Rates {
        let rate = flow.attrs.number("rate").value();
        let peak = flow.attrs.number("peak").value().or(rate).unwrap_or(0.0);
        Rates { mean: rate.unwrap_or(peak) * per_request, busiest: peak * per_request }
    }
}

impl Facts<'_> {
    /// By hops `on=error` and `on=failover` in flows, one for each node that has such a way out; and one for each `fallback=ID`, each
    /// hop outside flows that is taken on a failover, and each copy that becomes the primary.
    pub fn takeovers(&self) -> Vec<Takeover> {
        let usual = self.usual();
        let mut all = self.by_ways_out(&usual);
        all.extend(self.by_one_for_one(&usual));
        all.sort_by_key(|takeover| takeover.span);
        all
    }

    /// Where each caller goes in a flow when a call has failed, by flow, caller and whom it called first: a hop `on=error` or
    /// `on=failover`, or `fallback`, which may be a word (None).
    pub fn ways_around(&self) -> HashMap<(usize, NodeIndex, NodeIndex), Option<NodeIndex>> {
        let mut around = HashMap::new();
        for step in self.design.steps.iter() {
            let attrs = &self.design.graph[step.hop].attrs;
            if let Some(flow) = step.flow
                && attrs.has("fallback")
            {
                let target = attrs.text("fallback").value().and_then(|id| self.design.node(id));
                around.insert((flow, step.from, step.to), target);
            }
        }
        for flow in 0..self.design.flows.len() {
            let ways = self.ways_out(flow).into_iter();
            around.extend(ways.map(|way| ((flow, way.by, way.first), Some(way.target))));
        }
        around
    }

    /// What each node gets on any other day.
    fn usual(&self) -> Vec<Rates> {
        let mut usual = vec![Rates::default(); self.design.graph.node_count()];
        for step in self.design.steps.iter().filter(|step| self.is_load(step)) {
            let sum = &mut usual[step.to.index()];
            *sum = sum.plus(self.rates(step));
        }
        usual
    }

    /// Waiting in a queue is no load on its consumer.
    fn is_load(&self, step: &Step) -> bool {
        self.arrow(step) != Arrow::Control && !self.node(step.from).kind.is_broker()
    }

    fn rates(&self, step: &Step) -> Rates {
        match (self.flow_of(step), step.load.per_request) {
            (Some(flow), Some(per_request)) => Rates::of(flow, per_request),
            _ => Rates::default(),
        }
    }

    fn by_ways_out(&self, usual: &[Rates]) -> Vec<Takeover> {
        let mut of_first: BTreeMap<NodeIndex, Vec<Way>> = BTreeMap::new();
        for (flow, _) in self.design.flows.iter().enumerate() {
            for way in self.ways_out(flow) {
                of_first.entry(way.first).or_default().push(way);
            }
        }
        let mut budget = AT_LEAST.max(AGAIN * self.design.steps.len());
        let mut all = Vec::new();
        for (first, ways) in of_first {
            let through: BTreeSet<usize> = self.design.steps_to(first).filter_map(|step| step.flow).collect();
            let steps: usize = through.iter().map(|&flow| self.design.flows[flow].steps.len()).sum();
            if steps > budget {
                break;
            }
            budget -= steps;
            let situation = Situation { down: [first].into(), ..Situation::default() };
            let mut then: BTreeMap<NodeIndex, Rates> = BTreeMap::new();
            for &flow in &through {
                let flow = &self.design.flows[flow];
                let loads = under(self.design, flow, &situation);
                for (step, load) in
                    self.design.steps_of(flow).iter().zip(loads).filter(|(step, _)| self.is_load(step))
                {
                    let (usual, down) =
                        (self.rates(step), load.map_or(Rates::default(), |load| Rates::of(flow, load)));
                    let more = Rates { mean: down.mean - usual.mean, busiest: down.busiest - usual.busiest };
                    let sum = then.entry(step.to).or_default();
                    *sum = sum.plus(more);
                }
            }
            let loads = then.into_iter().filter(|(node, more)| *node != first && more.busiest > 0.0);
            let loads = loads.map(|(node, more)| (node, usual[node.index()], usual[node.index()].plus(more)));
            let (target, span) = (ways[0].target, ways[0].span);
            let mut flows: Vec<usize> = ways.iter().filter_map(|way| way.flow).collect();
            flows.dedup();
            all.push(Takeover { first, target, span, loads: loads.collect(), flows, promoted: false });
        }
        all
    }

    /// What one flow does instead, in order: what a caller tried on the line before, and where it goes `on=error` or `on=failover`.
    fn ways_out(&self, flow: usize) -> Vec<Way> {
        let mut tried: HashMap<NodeIndex, (usize, usize, Vec<NodeIndex>)> = HashMap::new();
        let mut ways = Vec::new();
        for step in self.design.steps_of(&self.design.flows[flow]) {
            if !matches!(step.attrs.text("on").value(), Some("error" | "failover")) {
                let last = tried.entry(step.from).or_default();
                if (last.0, last.1) != (step.line, step.leg) {
                    *last = (step.line, step.leg, Vec::new());
                }
                last.2.push(step.to);
                continue;
            }
            let firsts = tried.get(&step.from).map_or(&[][..], |(_, _, tried)| tried);
            // That a store gets more without its cache is a cold cache's story.
            let fails = |first: &&NodeIndex| **first != step.to && self.node(**first).kind != Kind::Cache;
            ways.extend(firsts.iter().filter(fails).map(|&first| Way {
                by: step.from,
                first,
                target: step.to,
                span: step.span,
                flow: Some(flow),
            }));
        }
        ways
    }

    /// Where one node takes what another one took, whatever it goes on to.
    fn by_one_for_one(&self, usual: &[Rates]) -> Vec<Takeover> {
        let pairs: Vec<Pair> = self.pairs().into_iter().filter(|pair| !pair.by_share).collect();
        if pairs.is_empty() {
            return Vec::new();
        }
        let moved = self.moved();
        let mut all = Vec::new();
        for Pair { first, standby: target, by, span, .. } in pairs {
            let counts = match by {
                None => self.is_promoted(first, target),
                // What is drawn in a flow has been followed there.
                Some(by) => {
                    let falls_back =
                        moved.get(&(Some(by), first)).is_some_and(|moved| moved.fallback == Some(target));
                    falls_back || moved.get(&(Some(by), target)).is_none_or(|moved| moved.flows.is_empty())
                }
            };
            let Some(moved) = moved.get(&(by, first)).filter(|moved| counts && moved.rates.busiest > 0.0)
            else {
                continue;
            };
            let before = usual[target.index()];
            let loads = vec![(target, before, before.plus(moved.rates))];
            all.push(Takeover {
                first,
                target,
                span,
                loads,
                flows: moved.flows.clone(),
                promoted: by.is_none(),
            });
        }
        all
    }

    /// What each node gets from each of its callers, and from all of them (None).
    fn moved(&self) -> HashMap<(Option<NodeIndex>, NodeIndex), Moved> {
        let mut moved: HashMap<(Option<NodeIndex>, NodeIndex), Moved> = HashMap::new();
        for step in self.design.steps.iter().filter(|step| self.is_load(step)) {
            for by in [Some(step.from), None] {
                let sum = moved.entry((by, step.to)).or_default();
                sum.rates = sum.rates.plus(self.rates(step));
                sum.flows.extend(step.flow.filter(|flow| sum.flows.last() != Some(flow)));
                let fallback = self.design.graph[step.hop].attrs.text("fallback").value();
                sum.fallback = fallback.and_then(|id| self.design.node(id));
            }
        }
        moved
    }

    /// A copy of a database with one primary takes its place: it stands in a `spare` group, or the primary is one machine that
    /// says how it fails over.
    fn is_promoted(&self, first: NodeIndex, copy: NodeIndex) -> bool {
        let node = self.node(first);
        let is_one = |index: NodeIndex| {
            self.node(index).kind == Kind::Database && primaries(self.node(index)) == Some(1.0)
        };
        let spare = self.design.groups_around(copy).any(|group| group.attrs.has("spare"));
        let alone = node.instances == 1 && node.attrs.has("failover");
        is_one(first) && is_one(copy) && (spare || alone)
    }
}
