//! How many requests travel each hop.
//!
//! A line of a flow that starts at a node already reached carries the requests that reached it; any other line is a
//! source, at the flow's rate. Numbers that were not given leave a load unknown; none is assumed.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::{Arrow, Design, Flow, Step, body};
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
    /// The body of the request goes another way: `payload` of the flow is not what passes here.
    pub apart: bool,
}

/// What differs from an ordinary moment: nothing, by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Situation {
    /// Caches that answer another share than they state: 0 for one that has just been emptied.
    pub hits: HashMap<NodeIndex, f64>,
    /// Nodes that answer nothing. What they would have been asked goes the way out that is drawn (`on=error`,
    /// `on=failover`), and what they would have gone on to ask is not asked.
    pub down: HashSet<NodeIndex>,
}

/// Requests on each step of a flow for each request that enters it, in order; None where a number is missing.
///
/// Whoever fails because of a node that is down still asks what comes before it, as nobody tells it beforehand.
pub fn under(design: &Design, flow: &Flow, situation: &Situation) -> Vec<Option<f64>> {
    let steps = flow.steps.clone();
    let loads = of_flow(design, steps, Batches::OneRequest, situation, &mut Vec::new());
    loads.into_iter().map(|(_, load)| load).collect()
}

/// Fills in the load of every step of every flow.
pub fn propagate(design: &mut Design, found: &mut Vec<Diagnostic>) {
    let ordinary = Situation::default();
    for flow in 0..design.flows.len() {
        let rate = design.flows[flow].attrs.number("rate").value();
        let steps = design.flows[flow].steps.clone();
        let loads = of_flow(design, steps.clone(), Batches::OneRequest, &ordinary, found);
        let batched = design.steps[steps.clone()].iter().any(|step| step.attrs.has("batch"));
        let items = match batched {
            true => of_flow(design, steps, Batches::EachItem, &ordinary, &mut Vec::new()),
            false => loads.clone(),
        };
        let apart = body::apart(design, &design.flows[flow]);
        for (((step, per_request), (_, items)), apart) in loads.into_iter().zip(items).zip(apart) {
            let times = |factor: Option<f64>| rate.zip(factor).map(|(rate, factor)| rate * factor);
            design.steps[step].load =
                Load { per_request, rate: times(per_request), items: times(items), apart };
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
    situation: &Situation,
    found: &mut Vec<Diagnostic>,
) -> Vec<(usize, Option<f64>)> {
    let mut loads = Vec::with_capacity(steps.len());
    let broken = broken(design, &design.steps[steps.clone()], situation);
    // Of each caller, what it tried last, and whether that failed: what a way out takes over.
    let mut tried: HashMap<NodeIndex, Tried> = HashMap::new();
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
            let load = if situation.down.contains(&step.from) {
                Some(0.0)
            } else if is_way_out(step) {
                taken_over(tried.get(&step.from)).map(|base| base * factor(step, batches))
            } else {
                through(design, step, incoming, &asked, batches, situation, found)
            };
            let load = bounded(load, step, found);
            loads.push((at, load));
            try_it(&mut tried, step, load, broken.contains(&step.to));
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

/// What a caller tried on one leg of one line.
struct Tried {
    place: (usize, usize),
    /// Of it, what failed.
    failed: Option<f64>,
}

fn try_it(tried: &mut HashMap<NodeIndex, Tried>, step: &Step, load: Option<f64>, fails: bool) {
    let place = (step.line, step.leg);
    let failed = if fails { load } else { Some(0.0) };
    match tried.get_mut(&step.from).filter(|tried| tried.place == place) {
        // Made at once, a single failure is enough.
        Some(tried) => {
            tried.failed = tried.failed.zip(failed).map(|(before, failed)| before.max(failed));
        }
        None => {
            tried.insert(step.from, Tried { place, failed });
        }
    }
}

/// A way out is taken by what failed on the line before it.
fn taken_over(tried: Option<&Tried>) -> Option<f64> {
    tried.map_or(Some(0.0), |tried| tried.failed)
}

fn is_way_out(step: &Step) -> bool {
    matches!(step.attrs.text("on").value(), Some("error" | "failover"))
}

/// The nodes of a flow that cannot answer: those that are down, and those that need one which cannot and have no way out.
pub fn broken(design: &Design, steps: &[Step], situation: &Situation) -> HashSet<NodeIndex> {
    let mut broken = situation.down.clone();
    if broken.is_empty() {
        return broken;
    }
    let asks_on_a_miss: HashSet<NodeIndex> = steps
        .iter()
        .filter(|step| step.attrs.text("on").value() == Some("miss"))
        .map(|step| step.from)
        .collect();
    // Of each caller, from the last line to the first, whether some way out after it works.
    let mut way_out: HashMap<NodeIndex, bool> = HashMap::new();
    for step in steps.iter().rev() {
        let answers = !broken.contains(&step.to);
        if is_way_out(step) {
            *way_out.entry(step.from).or_insert(false) |= answers;
            continue;
        }
        let has_way_out = way_out.remove(&step.from).unwrap_or(false);
        let hop = &design.graph[step.hop];
        let around = design.graph[step.to].kind == Kind::Cache && asks_on_a_miss.contains(&step.from);
        let shared = step.attrs.number("share").value().is_some_and(|share| share < 1.0);
        let handed_on = hop.arrow == Arrow::Handoff && !design.graph[step.to].kind.is_broker();
        let does_without = step.attrs.has("optional") || hop.attrs.has("fallback");
        let not_needed = around || shared || handed_on || does_without || hop.arrow == Arrow::Control;
        if !answers && !not_needed && !has_way_out {
            broken.insert(step.from);
        }
    }
    broken
}

/// The load of one step, from what arrives at its caller.
fn through(
    design: &Design,
    step: &Step,
    incoming: Option<f64>,
    asked: &HashMap<NodeIndex, (NodeIndex, Option<f64>)>,
    batches: Batches,
    situation: &Situation,
    found: &mut Vec<Diagnostic>,
) -> Option<f64> {
    let hit_rate = |node: NodeIndex| {
        let hits = situation.hits.get(&node).copied();
        let gone = situation.down.contains(&node).then_some(0.0);
        gone.or(hits).or(design.graph[node].attrs.number("hit_rate").value())
    };
    let is_cache = matches!(design.graph[step.from].kind, Kind::Cache | Kind::Cdn);
    let base = match step.attrs.text("on").value() {
        None => incoming?,
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
    Some(base * factor(step, batches))
}

/// So many for each request that enters, or so few, are a mistake in some factor, and soon no number any more.
const MOST: f64 = 1e30;
const LEAST: f64 = 1e-30;

/// None, with a message, for what is beyond any meaning.
fn bounded(load: Option<f64>, step: &Step, found: &mut Vec<Diagnostic>) -> Option<f64> {
    if load.is_none_or(|load| load == 0.0 || (LEAST..=MOST).contains(&load)) {
        return load;
    }
    let message = match load {
        Some(load) if load < 1.0 => "this hop is taken less than once in 10^30 requests",
        _ => "this hop is taken more than 10^30 times for each request that enters",
    };
    found.push(
        Diagnostic::mistake("unit", message, step.span, "multiplied too often")
            .help("`calls`, `fanout` and `share` multiply along the way"),
    );
    None
}

/// Requests that one becomes on its way over a hop.
fn factor(step: &Step, batches: Batches) -> f64 {
    let number = |name| step.attrs.number(name).value().unwrap_or(1.0);
    let batch = if batches == Batches::OneRequest { number("batch").max(1.0) } else { 1.0 };
    number("share") * number("calls") * number("fanout") / batch
}

#[cfg(test)]
mod tests {
    use super::{Situation, under};
    use crate::design::{Design, lower};

    fn design(text: &str) -> Design {
        let (ast, mistakes) = crate::syntax::parse(text);
        let (design, more) = lower(&ast);
        assert!(mistakes.is_empty() && more.is_empty(), "{mistakes:?} {more:?}");
        design
    }

    /// The load of each step of the first flow while some nodes are down and some caches empty.
    fn loads(text: &str, down: &[&str], cold: &[&str]) -> Vec<f64> {
        let design = design(text);
        let node = |id: &&str| design.node(id).expect("it is in the design");
        let situation = Situation {
            hits: cold.iter().map(|id| (node(id), 0.0)).collect(),
            down: down.iter().map(node).collect(),
        };
        let loads = under(&design, &design.flows[0], &situation);
        loads.into_iter().map(|load| load.expect("all numbers are there")).collect()
    }

    #[test]
    fn a_cold_or_lost_cache_sends_all_to_the_store() {
        let text = "client u\nservice a\ncache c hit_rate=75%\ndatabase d\nflow f { u -> a -> c reads\na -> d on=miss }";
        assert_eq!(loads(text, &[], &[]), [1.0, 1.0, 0.25]);
        assert_eq!(loads(text, &[], &["c"]), [1.0, 1.0, 1.0]);
        assert_eq!(loads(text, &["c"], &[]), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_way_out_takes_what_failed() {
        let nodes = "client u\nservice a\nservice b\nservice c\nservice e\ndatabase d\n";
        let text =
            format!("{nodes}flow f {{ u -> a\na -> b -> d\na -> c on=failover calls=2\na -> e on=error }}");
        assert_eq!(loads(&text, &[], &[]), [1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(loads(&text, &["b"], &[]), [1.0, 1.0, 0.0, 2.0, 0.0]);
        // `b` cannot answer without `d`; and then without `c` there is `e`.
        assert_eq!(loads(&text, &["d"], &[]), [1.0, 1.0, 1.0, 2.0, 0.0]);
        assert_eq!(loads(&text, &["d", "c"], &[]), [1.0, 1.0, 1.0, 2.0, 2.0]);
        // Nobody needs an optional answer.
        let text = format!("{nodes}flow f {{ u -> a\na -> b -> d optional\na -> c on=failover }}");
        assert_eq!(loads(&text, &["d"], &[]), [1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn what_is_down_asks_nothing() {
        let text = "client u\nservice a\nservice b\ndatabase d\nflow f { u -> a -> b -> d }";
        assert_eq!(loads(text, &["b"], &[]), [1.0, 1.0, 0.0]);
    }
}
