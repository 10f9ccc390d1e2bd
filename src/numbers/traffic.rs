//! Bytes a second over the network of a node, in each direction, when its flows are busiest.
//!
//! Both sides of every hop count: what callers send and get, and what the node sends on and is answered. A hop that says
//! no size counts for nothing, so that a sum is the least that passes.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::capacity::has_one_primary;
use super::figure::{Figure, Missing, Reached, Unit, add_new};
use super::node::arrives;
use super::{unknown_hits, want_rate};
use crate::catalog::Kind;
use crate::design::body::size;
use crate::design::{Arrow, Design, Node, Step};
use crate::units::{show_number, show_rate, show_share, show_size};

/// What passes a node, in bytes a second; None for a direction in which nothing says how large it is.
#[derive(Debug)]
pub struct Traffic {
    pub incoming: Option<Reached>,
    pub outgoing: Option<Reached>,
}

impl Traffic {
    pub fn of(design: &Design, index: NodeIndex) -> Traffic {
        match design.graph[index].kind.is_broker() {
            true => of_broker(design, index),
            false => of_other(design, index),
        }
    }

    /// The direction in which more passes, and how much; None where nothing says a size. An error where a number is
    /// missing without which even the sized hops cannot be added up.
    pub fn busier(&self) -> Option<Result<(&'static str, &Figure), &Missing>> {
        let [incoming, outgoing] = [&self.incoming, &self.outgoing].map(Option::as_ref);
        match (incoming, outgoing) {
            (Some(Err(missing)), _) | (_, Some(Err(missing))) => Some(Err(missing)),
            (Some(Ok(into)), Some(Ok(out))) if into.value >= out.value => Some(Ok(("in", into))),
            (_, Some(Ok(out))) => Some(Ok(("out", out))),
            (Some(Ok(into)), None) => Some(Ok(("in", into))),
            (None, None) => None,
        }
    }
}

/// Machines that share the traffic of a node: its primary alone, where one takes it all; None where they are added
/// without a stated end.
pub fn machines(node: &Node) -> Option<u64> {
    if has_one_primary(node) { Some(1) } else { node.most_instances() }
}

/// The busier direction as a share of what all machines carry; None where no `bandwidth` is stated.
pub(super) fn network(design: &Design, index: NodeIndex) -> Option<Reached> {
    let node = &design.graph[index];
    let each = node.attrs.number("bandwidth").value()?;
    let name = node.name();
    let Some(machines) = machines(node).map(|machines| machines as f64) else {
        return Some(Err(Missing::of(format!("the most instances of {name}, as in `autoscale=[2, 20]`"))));
    };
    let all = machines * each;
    if all <= 0.0 {
        return Some(Err(Missing::of(format!("a `bandwidth` above 0 of {name}"))));
    }
    let traffic = Traffic::of(design, index);
    let (direction, passing) = match traffic.busier() {
        None => return Some(Err(Missing::of(format!("`payload` or `response` of what passes {name}")))),
        Some(Err(missing)) => return Some(Err(missing.clone())),
        Some(Ok(busier)) => busier,
    };
    let share = passing.value / all;
    let mut lines: Vec<String> = passing.reached.iter().map(|line| format!("{direction}, {line}")).collect();
    lines.push(format!(
        "{}/s / ({} x {}/s) = {}",
        show_size(passing.value),
        show_number(machines),
        show_size(each),
        show_share(share)
    ));
    Some(Ok(Figure { value: share, unit: Unit::Share, reached: lines, assumed: passing.assumed.clone() }))
}

/// Bytes that add up, as far as sizes are said.
#[derive(Default)]
struct Sum {
    bytes: f64,
    lines: Vec<String>,
    wants: Vec<String>,
}

impl Sum {
    fn add(&mut self, part: Option<Result<Part, Vec<String>>>) {
        match part {
            Some(Ok(part)) => {
                self.bytes += part.bytes;
                self.lines.push(part.line);
            }
            Some(Err(wants)) => add_new(&mut self.wants, &wants),
            None => {}
        }
    }

    fn line(&mut self, what: &str, bytes: f64) {
        self.bytes += bytes;
        self.lines.push(format!("{what}: {}/s", show_size(bytes)));
    }

    fn reached(mut self) -> Option<Reached> {
        if !self.wants.is_empty() {
            return Some(Err(Missing { wants: self.wants, at_least: None }));
        }
        if self.lines.is_empty() {
            return None;
        }
        if self.lines.len() > 1 {
            self.lines.push(format!("together {}/s", show_size(self.bytes)));
        }
        Some(Ok(Figure { value: self.bytes, unit: Unit::Speed, reached: self.lines, assumed: Vec::new() }))
    }
}

struct Part {
    bytes: f64,
    line: String,
}

/// What one use of a hop carries, of its requests (`payload`) or its answers (`response`): by its own size, that of the
/// rows that it writes, or that of its flow. None where nothing says one. What is missing is in the error.
fn part(design: &Design, step: &Step, which: &str) -> Option<Result<Part, Vec<String>>> {
    let flow = &design.flows[step.flow?];
    let own = step.attrs.number(which).value();
    let size = size(design, step, which)?;
    let Some(peak) = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value()) else {
        return Some(Err(want_rate(flow).wants));
    };
    let Some(requests) = step.load.per_request else { return Some(Err(unknown_hits(design, step).wants)) };
    // A flow's `payload` is that of one thing; a batch of a hundred is a hundred times as large.
    let things = step.load.items.zip(flow.attrs.number("rate").value().filter(|rate| *rate > 0.0));
    let factor = match things {
        Some((items, rate)) if own.is_none() && which == "payload" => items / rate,
        _ => requests,
    };
    let (rate, bytes) = (peak * factor, peak * factor * size);
    let [from, to] = [step.from, step.to].map(|end| &design.graph[end].id);
    let ends = if which == "payload" { format!("{from} to {to}") } else { format!("{to} to {from}") };
    let line =
        format!("{}: {ends}, {} x {} = {}/s", flow.id, show_rate(rate), show_size(size), show_size(bytes));
    Some(Ok(Part { bytes, line }))
}

fn of_other(design: &Design, index: NodeIndex) -> Traffic {
    let (mut incoming, mut outgoing) = (Sum::default(), Sum::default());
    let answered = |step: &Step| design.graph[step.hop].arrow != Arrow::Handoff;
    for step in design.steps_to(index).filter(|step| arrives(design, step)) {
        incoming.add(part(design, step, "payload"));
        if answered(step) {
            outgoing.add(part(design, step, "response"));
        }
    }
    for step in design.steps_from(index).filter(|step| arrives(design, step)) {
        outgoing.add(part(design, step, "payload"));
        if answered(step) {
            incoming.add(part(design, step, "response"));
        }
    }
    Traffic { incoming: incoming.reached(), outgoing: outgoing.reached() }
}

/// A queue hands each message to one consumer, a topic to every group; and where `copies` are stated, a message goes from
/// the machine that took it to those with the further copies, who fetch it as a consumer does (Apache Kafka's
/// documentation, 4.7 Replication).
fn of_broker(design: &Design, index: NodeIndex) -> Traffic {
    let node = &design.graph[index];
    let (mut incoming, mut outgoing) = (Sum::default(), Sum::default());
    // Of each flow, what it puts in.
    let mut put: HashMap<usize, f64> = HashMap::new();
    for step in design.steps_to(index).filter(|step| arrives(design, step)) {
        let part = part(design, step, "payload");
        if let (Some(flow), Some(Ok(part))) = (step.flow, &part) {
            *put.entry(flow).or_default() += part.bytes;
        }
        incoming.add(part);
    }
    let came_in = incoming.bytes;
    let groups = groups(design, index, &put, came_in);
    if came_in > 0.0 && !groups.is_empty() {
        if node.kind == Kind::Queue {
            outgoing.line("each message once", came_in);
        } else {
            for (group, bytes) in &groups {
                outgoing.line(&format!("to {}", design.graph[*group].name()), *bytes);
            }
            let further = node.attrs.number("groups").value().unwrap_or(0.0) - groups.len() as f64;
            if further > 0.0 {
                let what = format!("{} further groups x {}/s", show_number(further), show_size(came_in));
                outgoing.line(&what, further * came_in);
            }
        }
    }
    let further = node.attrs.number("copies").value().unwrap_or(1.0) - 1.0;
    if came_in > 0.0 && further > 0.0 {
        let what = format!("copies, {} further x {}/s", show_number(further), show_size(came_in));
        incoming.line(&what, further * came_in);
        outgoing.line(&what, further * came_in);
    }
    outgoing.wants.clone_from(&incoming.wants);
    Traffic { incoming: incoming.reached(), outgoing: outgoing.reached() }
}

/// Who consumes a broker, in the order of the file, and how many bytes a second each is sent: what a flow hands it, or all
/// that came in where no flow says how much.
fn groups(
    design: &Design,
    index: NodeIndex,
    put: &HashMap<usize, f64>,
    came_in: f64,
) -> Vec<(NodeIndex, f64)> {
    let mut order: Vec<NodeIndex> = Vec::new();
    let mut handed: HashMap<NodeIndex, f64> = HashMap::new();
    let mut seen = HashSet::new();
    let polls = |step: &&Step| step.attrs.has("reads") && design.graph[step.hop].arrow != Arrow::Control;
    let steps = design.steps_from(index).filter(|step| design.graph[step.hop].arrow != Arrow::Control);
    let consumed = steps.map(|step| (step.to, Some(step)));
    for (consumer, step) in consumed.chain(design.steps_to(index).filter(polls).map(|step| (step.from, None)))
    {
        // What is only put aside after an error is no share of the ordinary load.
        if step.is_some_and(|step| step.attrs.has("on")) {
            continue;
        }
        if seen.insert(consumer) {
            order.push(consumer);
        }
        let Some((step, flow)) = step.and_then(|step| Some((step, step.flow?))) else { continue };
        let share = step.attrs.number("share").value().unwrap_or(1.0);
        let bytes = match put.get(&flow) {
            Some(bytes) if step.attrs.number("payload").value().is_none() => Some(bytes * share),
            _ => part(design, step, "payload").and_then(Result::ok).map(|part| part.bytes),
        };
        if let Some(bytes) = bytes {
            *handed.entry(consumer).or_default() += bytes;
        }
    }
    order.into_iter().map(|consumer| (consumer, handed.get(&consumer).copied().unwrap_or(came_in))).collect()
}
