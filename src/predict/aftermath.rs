//! What one loss does: to the load of the others, to the flows, and what falls next.

use std::collections::{BTreeSet, HashSet};

use petgraph::graph::NodeIndex;
use serde::{Deserialize, Serialize};

use super::loss::{Loss, Lost};
use super::ordinary::{Ordinary, Rates};
use crate::catalog::Kind;
use crate::design::load::{Situation, under};
use crate::design::{Design, Step};
use crate::numbers::availability::State;

/// A node past this share of what it carries has no room for an ordinary hour.
pub const TIGHT: f64 = 0.8;
/// What a share may be off by reckoning alone.
const EXACT: f64 = 1e-9;
/// So many times the load is worth a word, where nobody knows what is carried.
const MANIFOLD: f64 = 2.0;
/// Of what is past its limit, so many are looked at one by one.
const SINGLY: usize = 8;
/// What is past its limit already is made worse by so much more.
const WORSE: f64 = 1.2;

/// Loads move at once; how long things take to fail, to notice and to come back is not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aftermath {
    pub loss: Loss,
    /// Every flow, in the order of the file.
    pub flows: Vec<FlowAfter>,
    /// Every node that is lost, or that gets or carries another load than before, in the order of the file.
    pub nodes: Vec<NodeAfter>,
    /// None where nothing is pushed past what it carries.
    pub then: Option<Then>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowAfter {
    pub id: String,
    pub outcome: Outcome,
    /// Nodes of it that are lost while it goes on; or those past what they carry that it hangs on.
    pub nodes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Stops,
    /// Served by nodes that get more than they carry: late, or for some only.
    Slows,
    GoesOn,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeAfter {
    pub id: String,
    pub becomes: Becomes,
    /// Requests a second at the peak.
    pub before: Rate,
    pub after: Rate,
    /// Requests a second that it carries; None where nobody says.
    pub carried_before_per_s: Option<f64>,
    pub carries_per_s: Option<f64>,
    /// What is left of its instances, and of how many, where some are lost.
    pub instances: Option<(u64, u64)>,
    /// What keeps more than it carries away from it: "`shed`".
    pub held_back: Option<String>,
    /// What each flow brings from then on, where that is more than the node has room for.
    pub brought: Vec<Brings>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brings {
    pub flow: String,
    pub per_s: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub per_s: f64,
    /// Some of it is not known.
    pub at_least: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    Lost,
    /// Past all that it carries, by this loss.
    Overloaded,
    /// Past four fifths of it, by this loss.
    Tight,
    /// Twice its load or more, and nobody says what it carries.
    Uncertain,
    /// Anything else.
    Otherwise,
}

/// One round further: what was pushed past its limit is lost too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Then {
    pub lost: Vec<String>,
    /// Flows that stop now and did not before.
    pub stops: Vec<String>,
    /// What is pushed past its limit by that.
    pub overloaded: Vec<NodeAfter>,
}

impl NodeAfter {
    /// Of what it carries: a share, and whether it is the least that it can be.
    pub fn used_before(&self) -> Option<f64> {
        Some(self.before.per_s / self.carried_before_per_s?)
    }

    pub fn used_after(&self) -> Option<f64> {
        Some(self.after.per_s / self.carries_per_s?).filter(|used| used.is_finite())
    }
}

impl Aftermath {
    /// Worth a line without being asked for.
    pub fn matters(&self) -> bool {
        let worse = |node: &NodeAfter| !matches!(node.becomes, Becomes::Lost | Becomes::Otherwise);
        let stops = || self.flows.iter().any(|flow| flow.outcome == Outcome::Stops);
        self.nodes.iter().any(worse) || (self.loss.is_of_a_place() && stops())
    }
}

/// What a loss does to a design on a day like any other, at its peak.
pub fn after(ordinary: &Ordinary, loss: &Loss) -> Aftermath {
    let design = ordinary.design;
    let lost = loss.takes(design);
    let state = ordinary.whole.without(&lost.components, &lost.nodes);
    let situation = situation(design, loss, &lost, &state);
    let rates = ordinary.rates_under(&situation);
    let nodes: Vec<(NodeIndex, NodeAfter)> = design
        .graph
        .node_indices()
        .filter_map(|at| Some((at, node_after(ordinary, loss, &situation, &rates, at)?)))
        .collect();
    let falling: Vec<NodeIndex> = nodes
        .iter()
        .filter(|(_, node)| node.becomes == Becomes::Overloaded && node.held_back.is_none())
        .map(|(at, _)| *at)
        .collect();
    let then = (!falling.is_empty()).then(|| then(ordinary, loss, &lost, &state, &falling, &nodes));
    let late = late(ordinary, &lost, &falling, then.as_ref());
    let flows = design.flows.iter().zip(&late).enumerate().map(|(at, (flow, late))| {
        let outcome = match (state.served[at], late.is_empty()) {
            (false, _) => Outcome::Stops,
            (true, false) => Outcome::Slows,
            (true, true) => Outcome::GoesOn,
        };
        let passed: BTreeSet<NodeIndex> = design.steps_of(flow).iter().map(|step| step.to).collect();
        let nodes = match outcome {
            Outcome::Slows => late.clone(),
            _ => passed.into_iter().filter(|node| situation.down.contains(node)).collect(),
        };
        let nodes = nodes.into_iter().map(|node| design.graph[node].id.clone()).collect();
        FlowAfter { id: flow.id.clone(), outcome, nodes }
    });
    let flows = flows.collect();
    Aftermath { loss: loss.clone(), flows, nodes: nodes.into_iter().map(|(_, node)| node).collect(), then }
}

/// For each flow, the nodes past their limit that it hangs on: each by itself, or all of them together.
fn late(ordinary: &Ordinary, lost: &Lost, falling: &[NodeIndex], then: Option<&Then>) -> Vec<Vec<NodeIndex>> {
    let design = ordinary.design;
    let mut late = vec![Vec::new(); design.flows.len()];
    let Some(then) = then else { return late };
    let further = then.overloaded.iter().filter_map(|node| design.node(&node.id));
    let all: Vec<NodeIndex> = falling.iter().copied().chain(further).collect();
    let served =
        |nodes: &[NodeIndex]| ordinary.whole.without(&lost.components, &with(&lost.nodes, nodes)).served;
    for &node in falling.iter().take(SINGLY) {
        for (late, served) in late.iter_mut().zip(served(&[node])) {
            if !served {
                late.push(node);
            }
        }
    }
    for ((flow, late), served) in design.flows.iter().zip(&mut late).zip(served(&all)) {
        if !served && late.is_empty() {
            let passes = |node: &NodeIndex| design.steps_of(flow).iter().any(|step| step.to == *node);
            late.extend(all.iter().filter(|node| passes(node)));
        }
    }
    late
}

/// A cache that has lost one of its instances answers what the others hold.
fn situation(design: &Design, loss: &Loss, lost: &Lost, state: &State) -> Situation {
    let one_of = |at: NodeIndex| {
        let node = &design.graph[at];
        node.kind == Kind::Cache && *loss == Loss::Instance(node.id.clone()) && node.instances >= 2
    };
    let down = design.graph.node_indices().filter(|&at| {
        let gone = lost.nodes.contains(&at) || !state.works[at.index()];
        gone && !one_of(at)
    });
    lost.situation(down.collect())
}

fn node_after(
    ordinary: &Ordinary,
    loss: &Loss,
    situation: &Situation,
    rates: &Rates,
    at: NodeIndex,
) -> Option<NodeAfter> {
    let design = ordinary.design;
    let node = &design.graph[at];
    if node.kind == Kind::Client {
        return None;
    }
    let rate = |rates: &Rates| Rate {
        per_s: rates.known[at.index()].max(0.0),
        at_least: rates.unknown[at.index()] > 0,
    };
    let carried = ordinary.carries[at.index()];
    let lost = situation.down.contains(&at);
    let instances = if lost { None } else { loss.leaves(design, at) };
    let carries = match instances {
        _ if lost => None,
        Some((left, all)) => carried.map(|carried| carried * left as f64 / all as f64),
        None => carried,
    };
    let (before, after) = (rate(&ordinary.rates), rate(rates));
    if !lost && before == after && carries == carried && instances.is_none() {
        return None;
    }
    let mut this = NodeAfter {
        id: node.id.clone(),
        becomes: Becomes::Otherwise,
        before,
        after,
        carried_before_per_s: carried,
        carries_per_s: carries,
        instances,
        held_back: None,
        brought: Vec::new(),
    };
    this.becomes = if lost { Becomes::Lost } else { becomes(&this) };
    if this.becomes == Becomes::Overloaded {
        this.held_back = held_back(ordinary, situation, at);
    }
    if !matches!(this.becomes, Becomes::Lost | Becomes::Otherwise) {
        let brought = ordinary.brought_to(at, situation).into_iter();
        this.brought =
            brought.map(|(flow, per_s)| Brings { flow: design.flows[flow].id.clone(), per_s }).collect();
    }
    Some(this)
}

fn becomes(node: &NodeAfter) -> Becomes {
    let [before, after] = [node.used_before(), node.used_after()];
    let Some(after) = after else {
        let more = node.after.per_s >= MANIFOLD * node.before.per_s * (1.0 - EXACT);
        let known = node.carries_per_s.is_none() && node.before.per_s > 0.0 && !node.before.at_least;
        return if more && known { Becomes::Uncertain } else { Becomes::Otherwise };
    };
    let before = before.unwrap_or(0.0);
    if after > 1.0 + EXACT && (before <= 1.0 + EXACT || after >= WORSE * before) {
        Becomes::Overloaded
    } else if after > TIGHT + EXACT && before <= TIGHT + EXACT {
        Becomes::Tight
    } else {
        Becomes::Otherwise
    }
}

/// What refuses the rest: the node itself, or all who would ask it more than before.
fn held_back(ordinary: &Ordinary, situation: &Situation, at: NodeIndex) -> Option<String> {
    let design = ordinary.design;
    if design.graph[at].attrs.has("shed") {
        return Some("`shed`".to_string());
    }
    let mut callers: Vec<NodeIndex> = Vec::new();
    for flow in design.flows.iter() {
        let steps = design.steps_of(flow);
        if !steps.iter().any(|step| step.to == at) {
            continue;
        }
        let bounded = |step: &Step| {
            design.graph[step.hop].attrs.has("bulkhead") || design.graph[step.from].attrs.has("bulkhead")
        };
        for (step, load) in steps.iter().zip(under(design, flow, situation)) {
            let more = load.unwrap_or(0.0) > step.load.per_request.unwrap_or(0.0) * (1.0 + EXACT);
            if step.to != at || !more {
                continue;
            }
            if !bounded(step) {
                return None;
            }
            callers.push(step.from);
        }
    }
    callers.sort_unstable();
    callers.dedup();
    let names: Vec<String> = callers.into_iter().map(|caller| design.graph[caller].name()).collect();
    (!names.is_empty()).then(|| format!("`bulkhead` of {}", names.join(", ")))
}

fn with(lost: &HashSet<NodeIndex>, more: &[NodeIndex]) -> HashSet<NodeIndex> {
    lost.iter().chain(more).copied().collect()
}

/// What was pushed past its limit is lost as well: one round, and no further.
fn then(
    ordinary: &Ordinary,
    loss: &Loss,
    lost: &Lost,
    before: &State,
    falling: &[NodeIndex],
    nodes: &[(NodeIndex, NodeAfter)],
) -> Then {
    let design = ordinary.design;
    let more = Lost {
        nodes: with(&lost.nodes, falling),
        components: lost.components.clone(),
        hits: lost.hits.clone(),
    };
    let state = ordinary.whole.without(&more.components, &more.nodes);
    let situation = situation(design, loss, &more, &state);
    let rates = ordinary.rates_under(&situation);
    let is_new = |at: NodeIndex| {
        !nodes.iter().any(|(known, node)| *known == at && node.becomes == Becomes::Overloaded)
    };
    let overloaded = design
        .graph
        .node_indices()
        .filter(|&at| is_new(at))
        .filter_map(|at| node_after(ordinary, loss, &situation, &rates, at))
        .filter(|node| node.becomes == Becomes::Overloaded)
        .collect();
    let stops = design.flows.iter().enumerate().filter(|(at, _)| before.served[*at] && !state.served[*at]);
    Then {
        lost: falling.iter().map(|&at| design.graph[at].id.clone()).collect(),
        stops: stops.map(|(_, flow)| flow.id.clone()).collect(),
        overloaded,
    }
}
