//! A flow as a rubric sees it: what its requests reach, and nothing else of the design.

use std::collections::VecDeque;

use petgraph::graph::NodeIndex;

use super::follows::{Following, following};
use super::pattern::{Access, Stop};
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Flow, Node, Step};

/// All flows that serve one requirement, as one, and what follows on them: a worker that looks for the rows which they
/// wrote, what their store hands on. A line that no request reaches (a box and an arrow put in for looks) is not in it. Of the
/// arrows outside the request path `deploys`, `configures` and `recovers` take a flow further, for there they are what it is
/// about; secrets and settings that its nodes `needs` are on it, wherever that is drawn.
pub(super) struct View<'d> {
    pub design: &'d Design,
    /// Those that serve it.
    pub flows: Vec<&'d Flow>,
    pub following: Following<'d>,
    /// In source order.
    pub steps: Vec<&'d Step>,
    /// In the order in which they are reached.
    pub nodes: Vec<NodeIndex>,
    entries: Vec<NodeIndex>,
}

/// How far a search for a path came.
pub(super) enum Found {
    /// The nodes passed.
    Path(Vec<NodeIndex>),
    /// The number of stops reached, and the nodes up to the last of them.
    Short(usize, Vec<NodeIndex>),
}

impl<'d> View<'d> {
    /// None where no flow serves the requirement. Flows of `required` ids follow on no other.
    pub fn new(design: &'d Design, requirement: &str, required: &[&str]) -> Option<View<'d>> {
        let flows: Vec<&Flow> = design.flows.iter().filter(|flow| flow.serves() == requirement).collect();
        if flows.is_empty() {
            return None;
        }
        let lines = lines_of(design, &flows);
        let starts = |step: &&Step| {
            matches!(design.graph[step.from].kind, Kind::Client | Kind::Scheduler | Kind::External)
        };
        let mut entries: Vec<NodeIndex> =
            lines.iter().copied().filter(starts).map(|step| step.from).collect();
        if entries.is_empty() {
            entries.extend(lines.first().map(|step| step.from));
        }
        let following = following(design, &flows, required, |lines, taken| {
            let mut reached = vec![false; design.graph.node_count()];
            spread(&entries, lines, taken, &mut reached);
            reached
        });
        let lines: Vec<&Step> = lines.into_iter().chain(lines_of(design, &following.flows)).collect();
        let mut reached = vec![false; design.graph.node_count()];
        let mut nodes = spread(&entries, &lines, &following.taken, &mut reached);
        nodes.extend(needed(design, &reached));
        let steps = lines.into_iter().filter(|step| reached[step.from.index()]).collect();
        Some(View { design, flows, following, steps, nodes, entries })
    }

    /// Those that serve it, and those that follow.
    pub fn all_flows(&self) -> impl Iterator<Item = &'d Flow> {
        self.flows.iter().chain(&self.following.flows).copied()
    }

    /// A line of a flow that serves it, not of one that follows: what is asked of each and every line, and the figures of
    /// the flow, are about these.
    pub fn is_own(&self, step: &Step) -> bool {
        let flow = step.flow.map(|flow| &self.design.flows[flow]);
        flow.is_some_and(|flow| self.flows.iter().any(|own| own.id == flow.id))
    }

    /// The shortest way past these stops. With `lenient`, a hop that says neither `reads` nor `writes` may do either.
    pub fn find(&self, stops: &[Stop], lenient: bool) -> Found {
        struct Seen {
            node: NodeIndex,
            stops: usize,
            /// A message was handed off since the last stop: nobody waits any more.
            handed: bool,
            before: Option<usize>,
        }
        let graph = &self.design.graph;
        // A step, or none where somebody takes out of a store what was put in.
        let mut next: Vec<Vec<(NodeIndex, Option<&Step>)>> = vec![Vec::new(); graph.node_count()];
        for step in &self.steps {
            next[step.from.index()].push((step.to, Some(step)));
        }
        for &(store, taker) in &self.following.taken {
            next[store.index()].push((taker, None));
        }
        let mut known = vec![false; graph.node_count() * (stops.len() + 1) * 2];
        let mut seen: Vec<Seen> = Vec::new();
        let mut push = |seen: &mut Vec<Seen>, one: Seen| {
            let at = (one.node.index() * (stops.len() + 1) + one.stops) * 2 + usize::from(one.handed);
            if !std::mem::replace(&mut known[at], true) {
                seen.push(one);
            }
        };
        for &node in &self.entries {
            let first = stops.first().is_some_and(|stop| {
                stop.arrow.is_none() && stop.access.is_none() && stop.kinds.matches(&graph[node])
            });
            push(&mut seen, Seen { node, stops: usize::from(first), handed: false, before: None });
        }
        let mut best = 0;
        let mut at = 0;
        while at < seen.len() {
            let Seen { node, stops: passed, handed, .. } = seen[at];
            if passed > seen[best].stops {
                best = at;
            }
            if passed == stops.len() {
                break;
            }
            for &(to, step) in &next[node.index()] {
                let arrow = step.map_or(Arrow::Handoff, |step| graph[step.hop].arrow);
                // Nobody waits for what is done outside the request path either.
                let handed = handed || matches!(arrow, Arrow::Handoff | Arrow::Control);
                let accepted = match step {
                    Some(step) => stops[passed].accepts(self.design, step, handed, lenient),
                    None => stops[passed].takes(&graph[to]),
                };
                if accepted {
                    push(&mut seen, Seen { node: to, stops: passed + 1, handed: false, before: Some(at) });
                }
                push(&mut seen, Seen { node: to, stops: passed, handed, before: Some(at) });
            }
            at += 1;
        }
        if seen.is_empty() {
            return Found::Short(0, Vec::new());
        }
        let end = if at < seen.len() { at } else { best };
        let mut nodes: Vec<NodeIndex> =
            std::iter::successors(Some(end), |&at| seen[at].before).map(|at| seen[at].node).collect();
        nodes.reverse();
        if seen[end].stops == stops.len() { Found::Path(nodes) } else { Found::Short(seen[end].stops, nodes) }
    }

    pub fn id(&self, node: NodeIndex) -> &'d str {
        &self.design.graph[node].id
    }
}

/// The lines of flows that requests take, or that bring a version, a setting or a repair to somebody.
fn lines_of<'d>(design: &'d Design, flows: &[&'d Flow]) -> Vec<&'d Step> {
    let acts = |step: &Step| ["deploys", "configures", "recovers"].iter().any(|verb| step.attrs.has(verb));
    let lines = flows.iter().flat_map(|flow| design.steps_of(flow));
    lines.filter(|step| arrow_of(design, step) != Arrow::Control || acts(step)).collect()
}

/// Secrets and settings without which what is reached does not start.
fn needed(design: &Design, reached: &[bool]) -> Vec<NodeIndex> {
    let mut nodes = Vec::new();
    let mut seen = reached.to_vec();
    for step in design.steps.iter().filter(|step| arrow_of(design, step) == Arrow::Control) {
        let holds = matches!(design.graph[step.to].kind, Kind::Secrets | Kind::Config | Kind::Registry);
        let is_needed = holds && step.attrs.has("needs") && reached[step.from.index()];
        if is_needed && !std::mem::replace(&mut seen[step.to.index()], true) {
            nodes.push(step.to);
        }
    }
    nodes
}

/// The nodes that requests get to, in the order in which they are reached.
fn spread(
    entries: &[NodeIndex],
    lines: &[&Step],
    taken: &[(NodeIndex, NodeIndex)],
    reached: &mut [bool],
) -> Vec<NodeIndex> {
    let mut next = vec![Vec::new(); reached.len()];
    for (from, to) in lines.iter().map(|step| (step.from, step.to)).chain(taken.iter().copied()) {
        next[from.index()].push(to);
    }
    let mut nodes = Vec::new();
    let mut queue: VecDeque<NodeIndex> = entries.iter().copied().collect();
    while let Some(node) = queue.pop_front() {
        if !std::mem::replace(&mut reached[node.index()], true) {
            nodes.push(node);
            queue.extend(&next[node.index()]);
        }
    }
    nodes
}

impl Stop {
    /// Whether this is who takes out of a store what was put in: a hand-off, which nobody wrote as a hop.
    fn takes(&self, node: &Node) -> bool {
        matches!(self.arrow, None | Some(Arrow::Handoff)) && self.access.is_none() && self.kinds.matches(node)
    }

    fn accepts(&self, design: &Design, step: &Step, handed: bool, lenient: bool) -> bool {
        let arrow = match self.arrow {
            None => true,
            Some(Arrow::Call) => !handed,
            Some(Arrow::Handoff) => handed,
            Some(arrow) => arrow_of(design, step) == arrow,
        };
        let lenient = lenient && arrow_of(design, step) != Arrow::Control;
        // What is handed to a broker is written there; nobody says so.
        let to_broker = arrow_of(design, step) == Arrow::Handoff && design.graph[step.to].kind.is_broker();
        let writes = step.attrs.has("writes") || to_broker;
        let reads = step.attrs.has("reads") || !writes && is_looked_into(design, step);
        let access = match self.access {
            None => true,
            Some(Access::Reads) => reads || lenient && !writes,
            Some(Access::Writes) => writes || lenient && !reads,
        };
        arrow && access && self.kinds.matches(&design.graph[step.to])
    }
}

/// A cache whose caller goes elsewhere on a miss: it is read, though nobody says so.
fn is_looked_into(design: &Design, step: &Step) -> bool {
    let Some(flow) = step.flow.map(|flow| &design.flows[flow]) else { return false };
    let misses = |other: &Step| other.from == step.from && other.attrs.text("on").value() == Some("miss");
    design.graph[step.to].kind == Kind::Cache && design.steps_of(flow).iter().any(misses)
}

fn arrow_of(design: &Design, step: &Step) -> Arrow {
    design.graph[step.hop].arrow
}
