//! When a flow is served: the walk through its lines, as a condition on what works.
//!
//! It agrees with `design::needs`: what a flow needs there, it is not served without here.

use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::model::{Change, Model};
use super::tree::Term;
use crate::catalog::Kind;
use crate::design::needs::calls_from_outside;
use crate::design::{Arrow, Flow, Step};

/// Hops of one caller that are taken together, or of which one is enough.
struct Group {
    /// Ways that are tried one after another, or shared out; each is served when all of its hops are.
    ways: Vec<Vec<usize>>,
    /// None of the ways is needed: they carry only a part of the requests.
    spare: bool,
}

/// That a flow is served.
pub fn served(model: &mut Model, flow: &Flow) -> Term {
    let design = model.design;
    let steps = design.steps_of(flow);
    let groups = groups(steps);
    let starts = starts(steps);
    let has_miss_hop: HashSet<NodeIndex> = steps
        .iter()
        .filter(|step| step.attrs.text("on").value() == Some("miss"))
        .map(|step| step.from)
        .collect();
    // From the last line to the first: what a node has to do after a line is known when that line is met.
    let mut after: HashMap<NodeIndex, Term> = HashMap::new();
    let mut hop: Vec<Option<Term>> = vec![None; steps.len()];
    let mut sources = Vec::new();
    for at in (0..steps.len()).rev() {
        let step = &steps[at];
        hop[at] = Some(one_hop(model, step, has_miss_hop.contains(&step.from), &after));
        if let Some(group) = groups.get(&at) {
            let done = together(model, group, &hop);
            let then = after.get(&step.from).copied();
            let both = model.terms.all([Some(done), then].into_iter().flatten().collect());
            after.insert(step.from, both);
        }
        if starts.contains(&at) {
            sources.push(begun(model, step.from, &after));
        }
    }
    sources.reverse();
    model.terms.all(sources)
}

/// What a source goes on to is done, and the source itself works, if it is not somebody who calls from outside.
fn begun(model: &mut Model, source: NodeIndex, after: &HashMap<NodeIndex, Term>) -> Term {
    if !calls_from_outside(model.design.graph[source].kind) {
        return reached(model, source, after);
    }
    after.get(&source).copied().unwrap_or_else(|| model.terms.always())
}

/// The node works, and so does what it goes on to.
fn reached(model: &mut Model, node: NodeIndex, after: &HashMap<NodeIndex, Term>) -> Term {
    let works = model.works(node);
    let then = after.get(&node).copied();
    model.terms.all([Some(works), then].into_iter().flatten().collect())
}

/// What one hop asks for, by itself.
fn one_hop(model: &mut Model, step: &Step, has_miss_hop: bool, after: &HashMap<NodeIndex, Term>) -> Term {
    let design = model.design;
    let hop = &design.graph[step.hop];
    let [from, to] = [step.from, step.to].map(|node| &design.graph[node]);
    let optional = step.attrs.has("optional") || model.change == Some(Change::Optional(step.hop));
    let asked = match hop.arrow {
        Arrow::Call | Arrow::Stream => true,
        Arrow::Handoff => to.kind.is_broker() && !from.relays() && !from.kind.is_broker(),
        Arrow::Control => false,
    };
    // Without the cache everything is a miss, and has a way.
    let around = to.kind == Kind::Cache && has_miss_hop;
    if optional || !asked || around || to.kind == Kind::Client {
        return model.terms.always();
    }
    // A broker that has accepted is the end: what follows happens later.
    let first = if to.kind.is_broker() { model.works(step.to) } else { reached(model, step.to, after) };
    if !hop.attrs.has("fallback") {
        return first;
    }
    match hop.attrs.text("fallback").value().and_then(|other| design.node(other)) {
        Some(other) => {
            let instead = reached(model, other, after);
            model.terms.any(vec![first, instead])
        }
        None => model.terms.always(),
    }
}

fn together(model: &mut Model, group: &Group, hop: &[Option<Term>]) -> Term {
    if group.spare {
        return model.terms.always();
    }
    let ways = group.ways.iter().map(|way| {
        let hops = way.iter().map(|&at| hop[at].expect("a group comes before its hops")).collect();
        model.terms.all(hops)
    });
    let ways: Vec<Term> = ways.collect();
    model.terms.any(ways)
}

/// The first hops of its sources: lines that start at what no line before has reached.
fn starts(steps: &[Step]) -> HashSet<usize> {
    let mut reached = HashSet::new();
    let mut starts = HashSet::new();
    for (at, step) in steps.iter().enumerate() {
        if step.leg == 0 && !reached.contains(&step.from) {
            starts.insert(at);
        }
        reached.extend([step.from, step.to]);
    }
    starts
}

/// The hops of each caller that belong together, by the place of the first of them.
///
/// One line's `on=error` or `on=failover` hops are the way out of what the same caller did on the line before. Hops with
/// shares are ways for the same requests once they add up to all of them.
fn groups(steps: &[Step]) -> HashMap<usize, Group> {
    let mut groups: HashMap<usize, Group> = HashMap::new();
    let mut by_caller: BTreeMap<NodeIndex, Vec<usize>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        by_caller.entry(step.from).or_default().push(at);
    }
    for hops in by_caller.into_values() {
        // The group that a way out would belong to, and the line that the last way of it stands on.
        let mut last: Option<(usize, (usize, usize))> = None;
        let mut shared: Option<(usize, f64)> = None;
        for at in hops {
            let step = &steps[at];
            let line = (step.line, step.leg);
            let way_out = matches!(step.attrs.text("on").value(), Some("error" | "failover"));
            let share = step.attrs.number("share").value().filter(|share| *share < 1.0);
            if way_out {
                match last {
                    // Nothing went before: a way out of nothing.
                    None => {
                        groups.insert(at, Group { ways: vec![vec![at]], spare: true });
                        last = Some((at, line));
                    }
                    Some((first, before)) => {
                        let group = groups.get_mut(&first).expect("it was begun");
                        match group.ways.last_mut().filter(|_| before == line) {
                            Some(way) => way.push(at),
                            None => group.ways.push(vec![at]),
                        }
                        last = Some((first, line));
                    }
                }
            } else if let Some(share) = share {
                let (first, sum) = match shared {
                    Some((first, sum)) => {
                        groups.get_mut(&first).expect("it was begun").ways.push(vec![at]);
                        (first, sum + share)
                    }
                    None => {
                        groups.insert(at, Group { ways: vec![vec![at]], spare: true });
                        (at, share)
                    }
                };
                let whole = sum >= 1.0 - 1e-9;
                groups.get_mut(&first).expect("it was begun").spare = !whole;
                shared = if whole { None } else { Some((first, sum)) };
                last = Some((first, line));
            } else {
                let beside = last.filter(|&(first, before)| {
                    before == line && groups[&first].ways.len() == 1 && !groups[&first].spare
                });
                match beside {
                    Some((first, _)) => groups.get_mut(&first).expect("it was begun").ways[0].push(at),
                    None => {
                        groups.insert(at, Group { ways: vec![vec![at]], spare: false });
                        last = Some((at, line));
                    }
                }
            }
        }
    }
    groups
}
