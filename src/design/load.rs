//! How many requests travel each hop.
//!
//! A line of a flow that starts at a node already reached carries the requests that reached it; any other line is a
//! source, at the flow's rate. Numbers that were not given leave a load unknown; none is assumed.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::{Design, Step};
use crate::catalog::Kind;
use crate::diagnostic::Diagnostic;

/// The traffic of one step. None where a number that it depends on was not given.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Requests on this hop for each request that enters the flow.
    pub per_request: Option<f64>,
    /// Requests a second, on average: the above times the flow's `rate`.
    pub rate: Option<f64>,
    /// What those requests are about, a second: as many, unless several were put into one by `batch`.
    pub items: Option<f64>,
}

/// Fills in the load of every step of every flow.
pub fn propagate(design: &mut Design, found: &mut Vec<Diagnostic>) {
    for flow in 0..design.flows.len() {
        let rate = design.flows[flow].attrs.number("rate").value();
        let steps = design.flows[flow].steps.clone();
        let loads = of_flow(design, steps.clone(), Batches::OneRequest, found);
        let batched = design.steps[steps.clone()].iter().any(|step| step.attrs.has("batch"));
        let items = match batched {
            true => of_flow(design, steps, Batches::EachItem, &mut Vec::new()),
            false => loads.clone(),
        };
        for ((step, per_request), (_, items)) in loads.into_iter().zip(items) {
            let times = |factor: Option<f64>| rate.zip(factor).map(|(rate, factor)| rate * factor);
            design.steps[step].load = Load { per_request, rate: times(per_request), items: times(items) };
        }
    }
}

/// What a `batch` counts as.
#[derive(Clone, Copy, PartialEq)]
enum Batches {
    OneRequest,
    EachItem,
}

fn of_flow(
    design: &Design,
    steps: std::ops::Range<usize>,
    batches: Batches,
    found: &mut Vec<Diagnostic>,
) -> Vec<(usize, Option<f64>)> {
    let mut loads = Vec::with_capacity(steps.len());
    // What has reached each node so far, in this flow; None where it is unknown how much.
    let mut reached: HashMap<NodeIndex, Option<f64>> = HashMap::new();
    // The cache that each caller asked last, and how often.
    let mut asked: HashMap<NodeIndex, (NodeIndex, Option<f64>)> = HashMap::new();
    let mut start = steps.start;
    while start < steps.end {
        let line = design.steps[start].line;
        let length = design.steps[start..steps.end].iter().take_while(|step| step.line == line).count();
        let line = start..start + length;
        start = line.end;
        let sources = sources(design, line.clone(), &reached);
        // What this line itself brought to each node on its last leg.
        let mut carried: HashMap<NodeIndex, Option<f64>> = HashMap::new();
        let mut next: HashMap<NodeIndex, Option<f64>> = HashMap::new();
        let mut leg = 0;
        for at in line {
            let step = &design.steps[at];
            if step.leg != leg {
                leg = step.leg;
                carried = std::mem::take(&mut next);
            }
            let incoming = if leg == 0 {
                reached.get(&step.from).copied().unwrap_or(Some(1.0 / sources as f64))
            } else {
                carried.get(&step.from).copied().unwrap_or(Some(0.0))
            };
            let load = through(design, step, incoming, &asked, batches, found);
            loads.push((at, load));
            add(&mut next, step.to, load);
            add(&mut reached, step.to, load);
            if design.graph[step.to].kind == Kind::Cache {
                asked.insert(step.from, (step.to, load));
            }
        }
    }
    loads
}

/// How many nodes a line starts at that nothing has reached: together they are the flow's source.
fn sources(
    design: &Design,
    line: std::ops::Range<usize>,
    reached: &HashMap<NodeIndex, Option<f64>>,
) -> usize {
    let mut sources: Vec<NodeIndex> = design.steps[line]
        .iter()
        .filter(|step| step.leg == 0 && !reached.contains_key(&step.from))
        .map(|step| step.from)
        .collect();
    sources.sort_unstable();
    sources.dedup();
    sources.len().max(1)
}

fn add(to: &mut HashMap<NodeIndex, Option<f64>>, node: NodeIndex, load: Option<f64>) {
    let sum = to.entry(node).or_insert(Some(0.0));
    *sum = sum.zip(load).map(|(sum, load)| sum + load);
}

/// The load of one step, from what arrives at its caller.
fn through(
    design: &Design,
    step: &Step,
    incoming: Option<f64>,
    asked: &HashMap<NodeIndex, (NodeIndex, Option<f64>)>,
    batches: Batches,
    found: &mut Vec<Diagnostic>,
) -> Option<f64> {
    let hit_rate = |node: NodeIndex| design.graph[node].attrs.number("hit_rate").value();
    let is_cache = matches!(design.graph[step.from].kind, Kind::Cache | Kind::Cdn);
    let base = match step.attrs.text("on").value() {
        None => incoming?,
        Some("error" | "failover") => 0.0,
        Some(on) => {
            let (cache, requests) = if is_cache {
                (step.from, incoming)
            } else if let Some(&(cache, requests)) = asked.get(&step.from) {
                (cache, requests)
            } else {
                found.push(
                    Diagnostic::mistake(
                        "no-cache",
                        format!(
                            "`on={on}`, but `{}` has asked no cache in this flow",
                            design.graph[step.from].id
                        ),
                        step.attrs.get("on").map_or(step.span, |setting| setting.span),
                        format!("a {on} of what?"),
                    )
                    .help("write the hop to the cache on a line before this one"),
                );
                return None;
            };
            let hit_rate = hit_rate(cache)?;
            requests? * if on == "hit" { hit_rate } else { 1.0 - hit_rate }
        }
    };
    let factor = |name| step.attrs.number(name).value().unwrap_or(1.0);
    let batch = if batches == Batches::OneRequest { factor("batch").max(1.0) } else { 1.0 };
    Some(base * factor("share") * factor("calls") * factor("fanout") / batch)
}
