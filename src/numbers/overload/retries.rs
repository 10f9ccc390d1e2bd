//! Whether a node that has failed under load comes back by itself, or is kept down by those who try again.

use petgraph::graph::NodeIndex;

use super::attempts::{Chain, Chains};
use super::failing::add_up;
use super::fence::{Fence, bound};
use crate::catalog::{Grade, Kind};
use crate::design::{Design, Step};
use crate::numbers::capacity::capacity;
use crate::numbers::figure::{Figure, Reached, Unit, add_new};
use crate::numbers::node::{arrives, arriving};

/// What its callers' retries make of a node's load while all of its answers fail.
///
/// The model is an open system: new requests come at the rate of the flow, however the old ones fare (N. Bronson et al.,
/// "Metastable Failures in Distributed Systems", HotOS 2021). A node whose load while it fails is above what it carries
/// stays down after its cause has gone. How likely it is to fail in the first place is not part of this.
#[derive(Debug)]
pub struct Retries {
    pub index: NodeIndex,
    pub id: String,
    /// Tries at each layer that retries, the outermost first: of three layers, 3, 3 and 3.
    pub tried: Vec<f64>,
    /// Their product along the chain that multiplies most: 27.
    pub product: f64,
    /// The layers that try twice or more.
    pub layers: usize,
    /// The last call of that chain, an index of `Design::steps`.
    pub step: usize,
    /// Requests a second that arrive at the busiest time.
    pub peak: Reached,
    /// Requests a second then while every answer fails, as far as nothing stops the retries.
    pub failing: Reached,
    /// The same if nothing stopped them; None where it cannot be had.
    pub unstopped: Option<f64>,
    /// Requests a second that it carries; None where that is its vendor's business.
    pub capacity: Option<Reached>,
    pub verdict: Verdict,
    /// What is there and does not help.
    pub no_help: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The retries do not bring it above what it carries. What is above that without them is another matter.
    Recovers,
    /// The retries alone are more than it carries.
    StaysDown,
    /// They would be, but for these.
    Mitigated(Vec<Fence>),
    /// The numbers that are missing, as the reader would add them.
    Unknown(Vec<String>),
}

impl Retries {
    /// How many times its ordinary load comes while it fails; what one request becomes, where the load is not known.
    pub fn amplification(&self) -> f64 {
        match (&self.failing, &self.peak) {
            (Ok(failing), Ok(peak)) if peak.value > 0.0 => (failing.value / peak.value).max(1.0),
            _ => self.product,
        }
    }

    /// The utilisation below which it comes back by itself: one over the amplification.
    pub fn threshold(&self) -> f64 {
        1.0 / self.amplification()
    }

    /// Of what it carries, at the busiest time.
    pub fn utilisation(&self) -> Option<f64> {
        let capacity = self.carries().filter(|capacity| *capacity > 0.0)?;
        Some(self.peak.as_ref().ok()?.value / capacity)
    }

    pub fn carries(&self) -> Option<f64> {
        Some(self.capacity.as_ref()?.as_ref().ok()?.value)
    }

    /// How far the capacity can be trusted; None: it is the design's own, or not known.
    pub fn grade(&self) -> Option<Grade> {
        self.capacity.as_ref()?.as_ref().ok()?.assumed.iter().map(|assumed| assumed.grade).max()
    }
}

/// Of every node that flows call, in the order of the file. What nobody tries again is multiplied by 1.
pub fn retries(design: &Design) -> Vec<Retries> {
    let chains = Chains::of(design);
    let judged = |&node: &NodeIndex| {
        let kind = design.graph[node].kind;
        kind != Kind::Client && !kind.is_broker()
    };
    design.graph.node_indices().filter(judged).filter_map(|node| of_node(design, &chains, node)).collect()
}

fn of_node(design: &Design, chains: &Chains, index: NodeIndex) -> Option<Retries> {
    let node = &design.graph[index];
    let steps: Vec<(usize, &Step)> = steps_to(design, index);
    let mut heaviest: Option<(usize, &Chain)> = None;
    for &(at, _) in &steps {
        if let Some(chain) = chains.get(at)
            && heaviest.is_none_or(|(_, other)| chain.product > other.product)
        {
            heaviest = Some((at, chain));
        }
    }
    let (step, chain) = heaviest?;
    let all: Vec<&Step> = steps.iter().map(|(_, step)| *step).collect();
    let peak = arriving(design, &all, "peak");
    let capacity = capacity(node);
    let carries =
        capacity.as_ref().and_then(|capacity| capacity.as_ref().ok()).map(|capacity| capacity.value);
    let bound = bound(design, index, carries);
    let sum = add_up(design, chains, index, &steps, &bound);
    let failing = match &peak {
        Ok(_) => Ok(Figure { value: sum.open, unit: Unit::Rate, reached: sum.lines, assumed: Vec::new() }),
        Err(missing) => Err(missing.clone()),
    };
    let unstopped = peak.is_ok().then_some(sum.all);
    let mut wants = Vec::new();
    for missing in
        [Some(&peak), capacity.as_ref()].into_iter().flatten().filter_map(|reached| reached.as_ref().err())
    {
        add_new(&mut wants, &missing.wants);
    }
    let ordinary = peak.as_ref().map_or(0.0, |peak| peak.value);
    let verdict = match (unstopped, carries) {
        _ if chain.product <= 1.0 => Verdict::Recovers,
        (Some(_), Some(carries)) if sum.open > carries && sum.open > ordinary => Verdict::StaysDown,
        (Some(all), Some(carries)) if all > carries && all > sum.open => Verdict::Mitigated(sum.fences),
        (Some(_), Some(_)) => Verdict::Recovers,
        _ if sum.all_stopped => Verdict::Mitigated(sum.fences),
        _ if wants.is_empty() => Verdict::Unknown(vec![format!("`capacity` of {}", node.name())]),
        _ => Verdict::Unknown(wants),
    };
    let mut no_help = Vec::new();
    if verdict == Verdict::StaysDown {
        no_help.extend(waits(design, chains, step));
        no_help.extend(bound.too_wide);
    }
    Some(Retries {
        index,
        id: node.id.clone(),
        tried: tries_along(chains, step),
        product: chain.product,
        layers: chain.layers,
        step,
        peak,
        failing,
        unstopped,
        capacity,
        verdict,
        no_help,
    })
}

/// The steps that bring requests to a node, in the order of the file.
fn steps_to(design: &Design, node: NodeIndex) -> Vec<(usize, &Step)> {
    let edges = design.graph.edges_directed(node, petgraph::Direction::Incoming);
    let mut steps: Vec<usize> = edges.flat_map(|edge| edge.weight().steps.iter().copied()).collect();
    steps.sort_unstable();
    let steps = steps.into_iter().map(|at| (at, &design.steps[at]));
    steps.filter(|(_, step)| arrives(design, step)).collect()
}

pub(super) fn tries_along(chains: &Chains, step: usize) -> Vec<f64> {
    chains.multiplying(step).into_iter().filter_map(|at| chains.get(at)).map(|chain| chain.own).collect()
}

/// Waits between the tries, which change when they come and not how many.
fn waits(design: &Design, chains: &Chains, step: usize) -> Option<String> {
    let hops = chains.multiplying(step).into_iter().map(|at| &design.graph[design.steps[at].hop].attrs);
    let waits = hops.into_iter().any(|attrs| attrs.has("backoff") || attrs.has("jitter"));
    waits.then(|| {
        "`backoff` and `jitter` let the same retries come later: new requests come meanwhile".to_string()
    })
}
