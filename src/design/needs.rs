//! What a flow cannot do without.

use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use super::{Arrow, Design, Flow, Step};
use crate::catalog::Kind;

/// The nodes that a flow cannot do without, in the order in which it reaches them.
///
/// Each node on its calls and connections, unless the hop is optional, has a fallback, is itself the way out when another
/// fails, or leads to a cache that is backed by an `on=miss` hop. A queue or topic that a needed node hands off to must
/// accept; what follows it is not needed. Of alternatives (hops of one caller with shares) none is needed, but what all
/// of them need is.
pub fn needs(design: &Design, flow: &Flow) -> Vec<NodeIndex> {
    let steps = design.steps_of(flow);
    let mut needed = walk(design, steps, None);
    let mut ways: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
    for step in steps.iter().filter(|step| is_alternative(step)) {
        ways.entry(step.from).or_default().push(step.to);
    }
    let known: HashSet<NodeIndex> = needed.iter().copied().collect();
    for ways in ways.into_values().filter(|ways| (2..=MOST_WAYS).contains(&ways.len())) {
        let first = walk(design, steps, Some(ways[0]));
        let others: Vec<HashSet<NodeIndex>> =
            ways[1..].iter().map(|&way| walk(design, steps, Some(way)).into_iter().collect()).collect();
        let common = first.into_iter().filter(|node| others.iter().all(|other| other.contains(node)));
        needed.extend(common.filter(|node| !known.contains(node) && !ways.contains(node)));
    }
    let mut listed = HashSet::new();
    needed.retain(|&node| listed.insert(node));
    needed
}

/// The flow fails when all of these are lost at once: it needs one of them, or every one of its ways by share does.
pub fn stops_without(design: &Design, flow: &Flow, lost: &HashSet<NodeIndex>) -> bool {
    let steps = design.steps_of(flow);
    let needed: HashSet<NodeIndex> = walk(design, steps, None).into_iter().collect();
    if !needed.is_disjoint(lost) {
        return true;
    }
    let taken = |from: NodeIndex| needed.contains(&from) || calls_from_outside(design.graph[from].kind);
    let mut ways: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
    for step in steps.iter().filter(|step| is_alternative(step) && taken(step.from)) {
        ways.entry(step.from).or_default().push(step.to);
    }
    let fails = |&way: &NodeIndex| {
        lost.contains(&way) || walk(design, steps, Some(way)).iter().any(|node| lost.contains(node))
    };
    ways.into_values().any(|ways| (2..=MOST_WAYS).contains(&ways.len()) && ways.iter().all(fails))
}

/// What some of its requests cannot do without: also what a hop with a `share` leads to, unless it is one of several ways
/// that together take all requests.
pub fn needs_in_part(design: &Design, flow: &Flow) -> HashSet<NodeIndex> {
    let steps = design.steps_of(flow);
    let ways = ways_for_all(steps);
    walk_past(design, steps, None, &|step| is_alternative(step) && ways.contains(&step.from))
        .into_iter()
        .collect()
}

/// The callers whose hops with shares take all requests between them: each request goes one of these ways.
pub fn ways_for_all(steps: &[Step]) -> HashSet<NodeIndex> {
    let mut sums: BTreeMap<NodeIndex, f64> = BTreeMap::new();
    for step in steps.iter().filter(|step| is_alternative(step)) {
        *sums.entry(step.from).or_default() += step.attrs.number("share").value().unwrap_or(0.0);
    }
    // A third three times is written 33 % or 33.3 %.
    sums.into_iter().filter(|(_, sum)| *sum >= 0.985).map(|(caller, _)| caller).collect()
}

/// Each alternative is one more walk over the flow; nobody draws more of them than this.
const MOST_WAYS: usize = 16;

/// What is needed by the flow from its sources; or, once one of several ways has been taken, from there on.
fn walk(design: &Design, steps: &[Step], from_way: Option<NodeIndex>) -> Vec<NodeIndex> {
    walk_past(design, steps, from_way, &is_alternative)
}

/// The same, past the steps that some other way could take instead.
fn walk_past(
    design: &Design,
    steps: &[Step],
    from_way: Option<NodeIndex>,
    is_alternative: &dyn Fn(&Step) -> bool,
) -> Vec<NodeIndex> {
    let mut alive: HashSet<NodeIndex> = from_way.into_iter().collect();
    let mut reached = HashSet::new();
    let mut needed = Vec::new();
    let has_miss_hop: HashSet<NodeIndex> = steps
        .iter()
        .filter(|step| step.attrs.text("on").value() == Some("miss"))
        .map(|step| step.from)
        .collect();
    for step in steps {
        let starts = from_way.is_none() && step.leg == 0 && !reached.contains(&step.from);
        let needed_so_far = alive.contains(&step.from);
        reached.insert(step.from);
        reached.insert(step.to);
        if starts {
            alive.insert(step.from);
            if !calls_from_outside(design.graph[step.from].kind) {
                needed.push(step.from);
            }
        } else if !needed_so_far {
            continue;
        }
        let hop = &design.graph[step.hop];
        // What stands in is no source of its own: nothing that it asks is needed as long as the first way works.
        reached.extend(hop.attrs.text("fallback").value().and_then(|id| design.node(id)));
        let from = &design.graph[step.from];
        let to = &design.graph[step.to];
        let avoidable = step.attrs.has("optional")
            || hop.attrs.has("fallback")
            || matches!(step.attrs.text("on").value(), Some("error" | "failover"))
            || is_alternative(step)
            || (to.kind == Kind::Cache && has_miss_hop.contains(&step.from));
        let needed_here = !avoidable
            && match hop.arrow {
                Arrow::Call | Arrow::Stream => true,
                Arrow::Handoff => to.kind.is_broker() && !from.relays() && !from.kind.is_broker(),
                Arrow::Control => false,
            };
        if !needed_here || to.kind == Kind::Client {
            continue;
        }
        // What a broker hands to works later: the flow is done when the broker has accepted.
        if hop.waits() && !to.kind.is_broker() {
            alive.insert(step.to);
        }
        needed.push(step.to);
    }
    needed
}

/// Whoever starts a flow from outside is not what serves it: while it is away there is no request that could fail.
pub fn calls_from_outside(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::External)
}

/// One of several ways that share the requests: losing it loses its share.
pub fn is_alternative(step: &Step) -> bool {
    step.attrs.number("share").value().is_some_and(|share| share < 1.0)
}
