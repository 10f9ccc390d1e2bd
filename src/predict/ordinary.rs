//! A design on an ordinary day, at its peak: what every loss is compared with.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;

use crate::design::load::{Situation, broken, under};
use crate::design::{Design, Flow};
use crate::numbers::availability::Whole;
use crate::numbers::{NodeNumbers, arrives};

/// What does not depend on the loss, found once.
pub struct Ordinary<'d> {
    pub design: &'d Design,
    pub whole: Whole,
    pub rates: Rates,
    /// Requests a second that each node carries; None where that is not known.
    pub carries: Vec<Option<f64>>,
    /// For each flow, what it brings to whom.
    brings: Vec<Brought>,
    /// For each node, the flows that pass it.
    flows_of: Vec<Vec<usize>>,
}

/// Requests a second that arrive at each node when every flow is at its peak.
#[derive(Clone)]
pub struct Rates {
    pub known: Vec<f64>,
    /// How many further hops bring nobody knows how much.
    pub unknown: Vec<u32>,
}

/// One flow's part, hop by hop: where it goes, and requests a second, or that they are not known.
type Brought = Vec<(NodeIndex, Option<f64>)>;

impl<'d> Ordinary<'d> {
    pub fn new(design: &'d Design, numbers: &[NodeNumbers]) -> Ordinary<'d> {
        let nodes = design.graph.node_count();
        let mut carries = vec![None; nodes];
        for node in numbers {
            let capacity = node.capacity.as_ref().and_then(|capacity| capacity.as_ref().ok());
            carries[node.index.index()] = capacity.map(|figure| figure.value).filter(|value| *value > 0.0);
        }
        let ordinary = Situation::default();
        let brings: Vec<Brought> = design.flows.iter().map(|flow| brought(design, flow, &ordinary)).collect();
        let mut rates = Rates { known: vec![0.0; nodes], unknown: vec![0; nodes] };
        let mut flows_of = vec![Vec::new(); nodes];
        for (at, flow) in design.flows.iter().enumerate() {
            rates.add(&brings[at]);
            let passed: BTreeSet<NodeIndex> =
                design.steps_of(flow).iter().flat_map(|step| [step.from, step.to]).collect();
            passed.into_iter().for_each(|node| flows_of[node.index()].push(at));
        }
        Ordinary { design, whole: Whole::new(design), rates, carries, brings, flows_of }
    }

    /// What arrives at each node in a situation. Only flows that pass what has changed bring something else.
    pub fn rates_under(&self, situation: &Situation) -> Rates {
        let changed = self.changed(situation);
        if changed.is_empty() {
            return self.rates.clone();
        }
        let mut rates = self.rates.clone();
        for &flow in &changed {
            rates.take(&self.brings[flow]);
        }
        for &flow in &changed {
            rates.add(&brought(self.design, &self.design.flows[flow], situation));
        }
        rates.settle(&self.rates);
        rates
    }

    /// What each flow brings to a node in a situation, as far as it is known.
    pub fn brought_to(&self, at: NodeIndex, situation: &Situation) -> Vec<(usize, f64)> {
        let of = |flow: usize| -> f64 {
            let all = brought(self.design, &self.design.flows[flow], situation);
            all.into_iter().filter(|(node, _)| *node == at).filter_map(|(_, rate)| rate).sum()
        };
        // What stands in by `fallback=` is on no hop of the flow.
        let flows = 0..self.design.flows.len();
        let stands_in = |flow: usize| {
            self.design.steps_of(&self.design.flows[flow]).iter().any(|step| {
                let fallback = self.design.graph[step.hop].attrs.text("fallback").value();
                fallback == Some(self.design.graph[at].id.as_str())
            })
        };
        let passes = |flow: &usize| self.flows_of[at.index()].contains(flow) || stands_in(*flow);
        flows.filter(passes).map(|flow| (flow, of(flow))).filter(|(_, rate)| *rate > 0.0).collect()
    }

    fn changed(&self, situation: &Situation) -> BTreeSet<usize> {
        let nodes = situation.down.iter().chain(situation.hits.keys());
        nodes.flat_map(|node| self.flows_of[node.index()].iter().copied()).collect()
    }
}

/// What a flow brings to each node, hop by hop; `fallback=ID` brings there what failed.
fn brought(design: &Design, flow: &Flow, situation: &Situation) -> Brought {
    let peak = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value());
    let steps = design.steps_of(flow);
    let cannot = broken(design, steps, situation);
    let mut all = Vec::new();
    for (step, load) in steps.iter().zip(under(design, flow, situation)) {
        let rate = match load {
            Some(0.0) => Some(0.0),
            load => load.zip(peak).map(|(load, peak)| load * peak),
        };
        if !arrives(design, step) || rate == Some(0.0) {
            continue;
        }
        all.push((step.to, rate));
        let instead = design.graph[step.hop].attrs.text("fallback").value().and_then(|id| design.node(id));
        if let Some(instead) = instead.filter(|_| cannot.contains(&step.to)) {
            all.push((instead, rate));
        }
    }
    all
}

impl Rates {
    fn add(&mut self, brought: &Brought) {
        for (node, rate) in brought {
            match rate {
                Some(rate) => self.known[node.index()] += rate,
                None => self.unknown[node.index()] += 1,
            }
        }
    }

    fn take(&mut self, brought: &Brought) {
        for (node, rate) in brought {
            match rate {
                Some(rate) => self.known[node.index()] -= rate,
                None => self.unknown[node.index()] -= 1,
            }
        }
    }

    /// What adding and taking away left behind is no change.
    fn settle(&mut self, before: &Rates) {
        for (now, before) in self.known.iter_mut().zip(&before.known) {
            if (*now - before).abs() <= before * 1e-9 {
                *now = *before;
            } else if *now <= before * 1e-9 {
                *now = 0.0;
            }
        }
    }
}
