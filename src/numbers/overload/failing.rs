//! The load of a node while all of its answers fail.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::attempts::Chains;
use super::fence::{Bound, Fence, fence};
use super::retries::tries_along;
use crate::design::{Design, Step};
use crate::numbers::node::arriving;
use crate::units::{show_number, show_rate};

/// So many remedies of one node are named; more are not read.
const FENCES: usize = 8;

/// The load of a node while it fails.
#[derive(Default)]
pub(super) struct Sum {
    pub all: f64,
    pub open: f64,
    pub lines: Vec<String>,
    pub fences: Vec<Fence>,
    /// No retry gets through.
    pub all_stopped: bool,
}

/// Adds up what a node gets while it fails, call by call in the order of the file.
pub(super) fn add_up(
    design: &Design,
    chains: &Chains,
    node: NodeIndex,
    steps: &[(usize, &Step)],
    bound: &Bound,
) -> Sum {
    let mut sum = Sum { all_stopped: true, ..Sum::default() };
    // What has failed by now of each flow: its source, or the caller only; and at which place.
    let mut failed: HashSet<(Option<usize>, NodeIndex)> = HashSet::new();
    let mut partly: HashSet<(Option<usize>, NodeIndex)> = HashSet::new();
    let mut now = Vec::new();
    let mut place = None;
    for &(at, step) in steps {
        let chain = chains.get(at);
        if place != Some((step.flow, step.line, step.leg)) {
            failed.extend(now.drain(..));
            place = Some((step.flow, step.line, step.leg));
        }
        let rate = arriving(design, &[step], "peak").ok().map_or(0.0, |rate| rate.value);
        let Some(chain) = chain else {
            sum.add(design, step, rate, 1.0, 1.0, String::new());
            continue;
        };
        let [source, caller] = [chain.source, step.from].map(|node| (step.flow, node));
        let gone = failed.contains(&source)
            || failed.contains(&caller)
            || (!chain.partial && (partly.contains(&source) || partly.contains(&caller)));
        if gone {
            sum.add(
                design,
                step,
                rate,
                0.0,
                0.0,
                " is not asked for: an earlier call here has failed".to_string(),
            );
            continue;
        }
        if !chain.absorbed {
            let whose = if chain.fails_source { source } else { caller };
            if chain.partial {
                partly.insert(whose);
            } else {
                now.push(whose);
            }
        }
        let fence = fence(design, node, step, chain, bound);
        let all = chain.mean.all;
        let open = match fence {
            Some(Fence::Breaker(_) | Fence::Pulls(_)) | None => chain.mean.stopped + chain.mean.open,
            Some(_) => 1.0,
        };
        let open = open.min(all);
        if chain.product > 1.0 {
            sum.all_stopped &= open <= 1.0 && fence.is_some();
            let new = fence.filter(|fence| sum.fences.len() < FENCES && !sum.fences.contains(fence));
            sum.fences.extend(new);
        }
        let how = match fence {
            Some(_) if open == 1.0 && chain.product > 1.0 => ", whose retries are stopped".to_string(),
            _ => arithmetic(chains, at, open),
        };
        sum.add(design, step, rate, all, open, how);
    }
    if sum.lines.len() > 1 {
        sum.lines.push(format!("together {}", show_rate(sum.open)));
    }
    sum
}

impl Sum {
    fn add(&mut self, design: &Design, step: &Step, rate: f64, all: f64, open: f64, how: String) {
        self.all = finite(self.all + rate * all);
        self.open = finite(self.open + rate * open);
        if rate <= 0.0 {
            return;
        }
        let [from, to] = [step.from, step.to].map(|end| &design.graph[end].id);
        let flow = step.flow.map_or("", |flow| &design.flows[flow].id);
        let equals = if open == 1.0 || open == 0.0 {
            String::new()
        } else {
            format!(" = {}", show_rate(finite(rate * open)))
        };
        self.lines.push(format!("{flow}: {from} to {to}, {}{how}{equals}", show_rate(rate)));
    }
}

/// " x 3 x 3"
fn arithmetic(chains: &Chains, at: usize, times: f64) -> String {
    let tried: Vec<f64> = tries_along(chains, at);
    let product: f64 = tried.iter().product();
    if (product - times).abs() <= 1e-9 * times {
        return tried.into_iter().map(|tries| format!(" x {}", show_number(tries))).collect();
    }
    format!(
        " x {} (up to {}; fewer on other ways, where retries are stopped, or where the first of several calls fails)",
        show_number(times),
        show_number(product)
    )
}

fn finite(value: f64) -> f64 {
    value.min(f64::MAX)
}
