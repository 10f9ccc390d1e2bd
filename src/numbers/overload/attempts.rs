//! How often a call is made while what it leads to fails: its own tries, and those of everybody above who sees it fail.

use std::collections::HashMap;

use petgraph::graph::{EdgeIndex, NodeIndex};

use super::absorb::absorbed;
use super::circles::Circles;
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Hop, Step};

/// No product is counted beyond this: it is out of all proportion long before.
const MOST: f64 = 1e15;

/// A call, with the calls above it that are made again when it fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// Tries of this call alone; with a budget, on average.
    pub own: f64,
    /// Tries that one request becomes along the chain that multiplies most, this call's among them.
    pub product: f64,
    /// The calls of that chain that are tried twice or more.
    pub layers: usize,
    /// The call before it on that chain, as an index of `Design::steps`; None where its failure goes no further up.
    pub above: Option<usize>,
    /// The nearest call above it that is tried more than once.
    multiplies_above: Option<usize>,
    /// Over all ways that requests come, what one of them becomes here.
    pub mean: Mean,
    /// Where the requests that lead to it come from.
    pub source: NodeIndex,
    /// Only a part of its source's requests comes here: by a share, or after a miss.
    pub partial: bool,
    /// Its caller goes on without it.
    pub absorbed: bool,
    /// Nobody up to the source goes on without it.
    pub fails_source: bool,
    /// What ends the retries on the way down to it.
    pub stopped_by: Option<Stop>,
}

/// What one request becomes, as a mean over the ways that requests come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Counting every try.
    pub all: f64,
    /// The share of the requests whose retries are stopped on their way.
    pub stopped: f64,
    /// What the others become, added up: with none stopped, the same as `all`.
    pub open: f64,
}

/// What keeps the layers above from calling again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A breaker on this hop.
    Breaker(EdgeIndex),
    /// This node takes its work from a queue: it asks for more when it has its answers, and what waits, waits there.
    Pulls(NodeIndex),
}

/// The chain of every call, by its index in `Design::steps`; None for what is no call, or turns in a circle.
pub struct Chains(Vec<Option<Chain>>);

impl Chains {
    /// Those of the flows, each for itself; in a design without flows, of all hops together.
    pub fn of(design: &Design) -> Chains {
        let mut chains = Chains(vec![None; design.steps.len()]);
        for flow in &design.flows {
            let steps: Vec<usize> = flow.steps.clone().collect();
            chains.walk(design, &steps, true);
        }
        if design.flows.is_empty() {
            let circles = Circles::of(design, 0..design.steps.len());
            let mut steps: Vec<usize> = (0..design.steps.len()).collect();
            steps.sort_by_key(|&at| (circles.order(design.steps[at].from), at));
            chains.walk(design, &steps, false);
        }
        chains
    }

    pub fn get(&self, step: usize) -> Option<&Chain> {
        self.0[step].as_ref()
    }

    /// What is tried more than once on the chain that multiplies most, its first call first.
    pub fn multiplying(&self, step: usize) -> Vec<usize> {
        let own = self.get(step).filter(|chain| chain.own > 1.0).map(|_| step);
        let above = |at: usize| self.get(at).and_then(|chain| chain.multiplies_above);
        let mut all: Vec<usize> =
            std::iter::successors(own.or(above(step)), |&at| above(at)).take(MOST.log2() as usize).collect();
        all.reverse();
        all
    }

    /// The calls of that chain, the first one first.
    pub fn calls(&self, step: usize) -> Vec<usize> {
        let mut all: Vec<usize> =
            std::iter::successors(Some(step), |&at| self.get(at).and_then(|chain| chain.above)).collect();
        all.reverse();
        all
    }

    /// One pass in the order of the steps: a call comes after those that lead to its caller.
    fn walk(&mut self, design: &Design, steps: &[usize], by_lines: bool) {
        let circles = Circles::of(design, steps.iter().copied());
        let absorbed = absorbed(design, steps);
        // All that has reached a node so far, and what the line itself has brought to it on its last leg.
        let mut reached: HashMap<NodeIndex, Arrived> = HashMap::new();
        let mut carried: HashMap<NodeIndex, Arrived> = HashMap::new();
        let mut next: HashMap<NodeIndex, Arrived> = HashMap::new();
        let mut place = (usize::MAX, 0);
        for &at in steps {
            let step = &design.steps[at];
            if by_lines && (step.line, step.leg) != place {
                let brought = std::mem::take(&mut next);
                carried = if step.line == place.0 { brought } else { HashMap::new() };
                place = (step.line, step.leg);
            }
            let before =
                if by_lines && step.leg > 0 { carried.get(&step.from) } else { reached.get(&step.from) };
            let before = before.copied().unwrap_or_else(|| Arrived::at_source(design, step));
            let hop = &design.graph[step.hop];
            let brings = if hop.arrow == Arrow::Call && !circles.turns(step) {
                let chain = self.link(hop, step, absorbed.contains(&at), &before);
                let arrived = Arrived::over(at, step, &chain, before.pulls);
                self.0[at] = Some(chain);
                arrived
            } else {
                Arrived::anew(design, step)
            };
            // Who looks into a queue takes its work from there.
            let polls = design.graph[step.to].kind.is_broker() && step.attrs.has("reads");
            if polls && before.last.is_none() {
                reached.insert(step.from, Arrived { pulls: true, ..before });
            }
            merge(&mut next, step.to, brings, self);
            merge(&mut reached, step.to, brings, self);
        }
    }

    fn link(&self, hop: &Hop, step: &Step, absorbed: bool, before: &Arrived) -> Chain {
        let own = tries(hop);
        let above = before.last.filter(|_| !absorbed);
        let higher = above.and_then(|at| self.get(at));
        let mut mean = match absorbed {
            true => Mean::begun(before.pulls),
            false => before.mean,
        };
        // The first of several calls that fails is the last, unless its caller does without it.
        let calls = step.attrs.number("calls").value().unwrap_or(1.0).max(1.0);
        mean = mean.times(if absorbed { own } else { own / calls });
        let mut stopped_by = higher.and_then(|higher| higher.stopped_by);
        if before.pulls {
            stopped_by = stopped_by.or(Some(Stop::Pulls(before.source)));
        }
        if hop.attrs.has("breaker") {
            mean = Mean { stopped: 1.0, open: 0.0, ..mean };
            stopped_by = Some(Stop::Breaker(step.hop));
        }
        let part =
            step.attrs.number("share").value().is_some_and(|share| share < 1.0) || step.attrs.has("on");
        Chain {
            own,
            product: (own * higher.map_or(1.0, |higher| higher.product)).min(MOST),
            layers: higher.map_or(0, |higher| higher.layers) + usize::from(own >= 2.0),
            above,
            multiplies_above: above.zip(higher).and_then(|(at, higher)| match higher.own > 1.0 {
                true => Some(at),
                false => higher.multiplies_above,
            }),
            mean,
            source: before.source,
            partial: before.partial || part,
            absorbed,
            fails_source: !absorbed && before.fails_source,
            stopped_by,
        }
    }
}

/// How often a call is tried at most; with a budget, on average while the other side is down.
pub fn tries(hop: &Hop) -> f64 {
    let attempts = hop.attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
    match hop.attrs.number("retry_budget").value() {
        Some(budget) => attempts.min(1.0 + budget.max(0.0)),
        None => attempts,
    }
}

/// No hop is tried more than once.
pub fn nobody_retries(design: &Design) -> bool {
    design.graph.edge_weights().all(|hop| tries(hop) <= 1.0)
}

impl Mean {
    fn begun(pulls: bool) -> Mean {
        if pulls {
            Mean { all: 1.0, stopped: 1.0, open: 0.0 }
        } else {
            Mean { all: 1.0, stopped: 0.0, open: 1.0 }
        }
    }

    fn times(self, factor: f64) -> Mean {
        let by = |value: f64| (value * factor).min(MOST);
        Mean { all: by(self.all), stopped: self.stopped, open: by(self.open) }
    }

    fn between(self, other: Mean, weight: f64) -> Mean {
        let mean = |one: f64, other: f64| one * (1.0 - weight) + other * weight;
        Mean {
            all: mean(self.all, other.all),
            stopped: mean(self.stopped, other.stopped),
            open: mean(self.open, other.open),
        }
    }
}

/// The requests at a node from which its calls go on.
#[derive(Clone, Copy)]
struct Arrived {
    load: Option<f64>,
    mean: Mean,
    /// The last call of the chain that multiplies most; None where nobody above waits.
    last: Option<usize>,
    source: NodeIndex,
    pulls: bool,
    partial: bool,
    fails_source: bool,
}

impl Arrived {
    fn at_source(design: &Design, step: &Step) -> Arrived {
        let kind = design.graph[step.from].kind;
        Arrived::begun(step.from, kind == Kind::Worker || kind.is_broker(), Some(1.0))
    }

    /// By a hand-off or a connection: nobody above calls again.
    fn anew(design: &Design, step: &Step) -> Arrived {
        Arrived::begun(step.to, design.graph[step.from].kind.is_broker(), step.load.per_request)
    }

    fn begun(source: NodeIndex, pulls: bool, load: Option<f64>) -> Arrived {
        let mean = Mean::begun(pulls);
        Arrived { load, mean, last: None, source, pulls, partial: false, fails_source: true }
    }

    fn over(at: usize, step: &Step, chain: &Chain, pulls: bool) -> Arrived {
        Arrived {
            load: step.load.per_request,
            mean: chain.mean,
            last: Some(at),
            source: chain.source,
            pulls,
            partial: chain.partial,
            fails_source: chain.fails_source,
        }
    }
}

/// Adds what a step brings to what a node has: the means by their loads, the rest from the chain that multiplies most.
fn merge(to: &mut HashMap<NodeIndex, Arrived>, node: NodeIndex, brings: Arrived, chains: &Chains) {
    let Some(has) = to.get_mut(&node) else {
        to.insert(node, brings);
        return;
    };
    let product = |of: &Arrived| of.last.and_then(|at| chains.get(at)).map_or(1.0, |chain| chain.product);
    let weight = match (has.load, brings.load) {
        (Some(has), Some(more)) if has + more > 0.0 => more / (has + more),
        _ => 0.5,
    };
    let mean = has.mean.between(brings.mean, weight);
    let load = has.load.zip(brings.load).map(|(has, more)| has + more);
    let heavier = if product(&brings) > product(has) { brings } else { *has };
    *has = Arrived { load, mean, ..heavier };
}
