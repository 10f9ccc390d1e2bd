//! Thundering herds: all that come back after a break, against what the nodes on their way carry.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::crowd::{Crowd, Crowds};
use super::finite;
use super::late::Line;
use crate::catalog::{Grade, Kind};
use crate::design::{Arrow, Design, Flow, Step};
use crate::numbers::capacity::capacity;
use crate::numbers::figure::{Figure, Missing, Reached, Unit, add_new, both};
use crate::numbers::unknown_hits;
use crate::units::{show_count, show_duration, show_number, show_rate};

/// A flow that says `connects`, when all of its starters do it after a break.
#[derive(Debug)]
pub struct Herd {
    /// Index in `Design::flows`.
    pub flow: usize,
    pub crowds: Vec<Crowd>,
    /// All of them.
    pub count: Reached,
    /// Seconds over which they come; of several crowds, the longest.
    pub span: Reached,
    /// How many come a second.
    pub rate: Reached,
    /// What each node on the way gets, in the order in which the flow reaches them; without clients, what a vendor
    /// carries, and what takes its messages from a queue at its own pace.
    pub brunts: Vec<Brunt>,
}

/// What one node gets of a herd.
#[derive(Debug)]
pub struct Brunt {
    pub node: NodeIndex,
    /// Requests a second while they come.
    pub load: Reached,
    pub capacity: Reached,
    /// How far the capacity can be trusted; None: it is the design's own.
    pub grade: Option<Grade>,
    /// Seconds until the last of them is served, from the first.
    pub drain: Reached,
    /// The shortest `timeout` on the way, seconds.
    pub timeout: Option<f64>,
    /// None where a number is missing.
    pub outcome: Option<Outcome>,
}

/// What becomes of those that come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It carries them as they come.
    Carried,
    /// More than it carries come, and the last one waits so many seconds: within the timeout, where there is one.
    Waits(f64),
    /// What is too much is turned away (`shed`, `bulkhead`) and comes again: all are in after the drain.
    TurnedAway,
    /// So many have given up by the time that they are served.
    TooLate { late: f64 },
    /// So many have, and come again once in so many seconds, which is faster than they are served: none of them ever gets in.
    NeverEnds { late: f64, every: f64, load: f64 },
}

/// The herds of all flows that say `connects`, in the order of the file.
pub fn herds(design: &Design) -> Vec<Herd> {
    let flows = design.flows.iter().enumerate().filter(|(_, flow)| flow.attrs.has("connects"));
    let mut flows = flows.peekable();
    if flows.peek().is_none() {
        return Vec::new();
    }
    let crowds = Crowds::new(design);
    flows.filter_map(|(at, flow)| herd(design, &crowds, at, flow)).collect()
}

fn herd(design: &Design, crowds: &Crowds, at: usize, flow: &Flow) -> Option<Herd> {
    let steps = design.steps_of(flow);
    let starts = starts(design, steps);
    if starts.is_empty() {
        return None;
    }
    let crowds: Vec<Crowd> = starts.iter().map(|(node, steps)| crowds.of(*node, steps)).collect();
    let count = count(&crowds);
    let span = span(design, &crowds);
    let rate = rate(design, &crowds);
    let line = steps.first().map(|step| step.line);
    // Who starts on a later line comes at moments of their own; together they are more than one herd.
    let others = second_start(design, steps, line?);
    let rate = match others {
        Some(node) => {
            Err(Missing::of(format!("a flow with `connects` of its own for {}", design.graph[node].name())))
        }
        None => rate,
    };
    let again = crowds.iter().map(|crowd| crowd.again).reduce(|a, b| Some(a?.max(b?))).flatten();
    let brunts = brunts(design, steps, &count, &span, &rate, again);
    Some(Herd { flow: at, crowds, count, span, rate, brunts })
}

/// The nodes at which the flow's first line starts, with the steps over which they do.
fn starts<'d>(design: &Design, steps: &'d [Step]) -> Vec<(NodeIndex, Vec<&'d Step>)> {
    let Some(first) = steps.first() else { return Vec::new() };
    let mut starts: Vec<(NodeIndex, Vec<&Step>)> = Vec::new();
    let mut places: HashMap<NodeIndex, usize> = HashMap::new();
    for step in steps.iter().take_while(|step| step.line == first.line && step.leg == 0) {
        if !starts_herds(design, step.from) {
            continue;
        }
        let at = *places.entry(step.from).or_insert(starts.len());
        if at == starts.len() {
            starts.push((step.from, Vec::new()));
        }
        starts[at].1.push(step);
    }
    starts
}

/// It comes back by itself: a message does not, and of an external nobody knows how many there are.
fn starts_herds(design: &Design, node: NodeIndex) -> bool {
    let kind = design.graph[node].kind;
    !kind.is_broker() && kind != Kind::External
}

/// Who starts a line of its own after the first.
fn second_start(design: &Design, steps: &[Step], first: usize) -> Option<NodeIndex> {
    let mut reached = HashSet::new();
    for step in steps {
        let fresh = step.line != first && step.leg == 0 && !reached.contains(&step.from);
        if fresh && starts_herds(design, step.from) {
            return Some(step.from);
        }
        reached.extend([step.from, step.to]);
    }
    None
}

fn count(crowds: &[Crowd]) -> Reached {
    let mut sum = Figure { value: 0.0, unit: Unit::Count, reached: Vec::new(), assumed: Vec::new() };
    let mut missing = Missing::default();
    for crowd in crowds {
        match &crowd.count {
            Ok(count) => {
                sum.value += count.value;
                sum.reached.extend(count.reached.iter().cloned());
            }
            Err(lacks) => add_new(&mut missing.wants, &lacks.wants),
        }
    }
    if !missing.wants.is_empty() {
        return Err(missing);
    }
    if crowds.len() > 1 {
        sum.reached.push(format!("together {}", show_count(sum.value)));
    }
    Ok(sum)
}

fn span(design: &Design, crowds: &[Crowd]) -> Reached {
    let mut longest = Figure::new(0.0, Unit::Time, "");
    for crowd in crowds {
        let Some(seconds) = crowd.spread.seconds() else { return Err(want_span(design, crowd)) };
        if seconds > longest.value {
            longest = Figure::new(seconds, Unit::Time, crowd.spread.in_words());
        }
    }
    Ok(longest)
}

fn want_span(design: &Design, crowd: &Crowd) -> Missing {
    Missing::of(format!("a time of `reconnect` of {}", design.graph[crowd.node].name()))
}

/// Each crowd over its own span.
fn rate(design: &Design, crowds: &[Crowd]) -> Reached {
    let mut sum = Figure { value: 0.0, unit: Unit::Rate, reached: Vec::new(), assumed: Vec::new() };
    let mut missing = Missing::default();
    for crowd in crowds {
        match (&crowd.count, crowd.spread.seconds()) {
            (Ok(count), Some(seconds)) => {
                let rate = count.value / seconds;
                sum.value += rate;
                sum.reached.extend(count.reached.iter().cloned());
                sum.reached.push(format!(
                    "{} {}: {} / {} = {}",
                    show_count(count.value),
                    crowd.spread.in_words(),
                    show_count(count.value),
                    show_duration(seconds),
                    show_rate(rate)
                ));
            }
            (Err(lacks), _) => add_new(&mut missing.wants, &lacks.wants),
            (_, None) => add_new(&mut missing.wants, &want_span(design, crowd).wants),
        }
    }
    if !missing.wants.is_empty() {
        return Err(missing);
    }
    if crowds.len() > 1 {
        sum.reached.push(format!("together {}", show_rate(sum.value)));
    }
    finite(sum)
}

/// What the flow brings to one node.
struct Visit {
    /// Requests for each starter; None where a hit rate is missing.
    each: Option<f64>,
    wants: Vec<String>,
    way: Way,
}

/// How a node is reached first.
#[derive(Clone, Copy, Default)]
struct Way {
    timeout: Option<f64>,
    /// Something at or before it refuses what is too much.
    refuses: bool,
    /// Behind a queue or topic: its consumers take no more than they can.
    queued: bool,
}

fn brunts(
    design: &Design,
    steps: &[Step],
    count: &Reached,
    span: &Reached,
    rate: &Reached,
    again: Option<f64>,
) -> Vec<Brunt> {
    let mut order: Vec<NodeIndex> = Vec::new();
    let mut visits: HashMap<NodeIndex, Visit> = HashMap::new();
    for step in steps.iter().filter(|step| design.graph[step.hop].arrow != Arrow::Control) {
        let before = visits.get(&step.from).map_or(Way::default(), |visit| visit.way);
        let way = onwards(design, step, before);
        let wants =
            || if step.load.per_request.is_none() { unknown_hits(design, step).wants } else { Vec::new() };
        match visits.get_mut(&step.to) {
            Some(visit) => {
                visit.each = visit.each.zip(step.load.per_request).map(|(sum, more)| sum + more);
                add_new(&mut visit.wants, &wants());
            }
            None => {
                order.push(step.to);
                visits.insert(step.to, Visit { each: step.load.per_request, wants: wants(), way });
            }
        }
    }
    let met = order.into_iter().filter_map(|node| {
        let visit = &visits[&node];
        let skip = design.graph[node].kind == Kind::Client || visit.way.queued;
        let capacity = capacity(&design.graph[node]).filter(|_| !skip)?;
        Some(brunt(node, visit, capacity, count, span, rate, again))
    });
    met.collect()
}

fn onwards(design: &Design, step: &Step, before: Way) -> Way {
    let hop = &design.graph[step.hop];
    let to = &design.graph[step.to];
    let waits = hop.waits();
    let own = hop.attrs.number("timeout").value().filter(|_| waits);
    let timeout = match (before.timeout, own) {
        (Some(before), Some(own)) => Some(before.min(own)),
        (before, own) => before.or(own),
    };
    // Whoever hands off has its answer already.
    let timeout = timeout.filter(|_| waits);
    let bulkhead = hop.attrs.has("bulkhead") || design.graph[step.from].attrs.has("bulkhead");
    // An external that limits its callers refuses by itself.
    let limits = to.kind == Kind::External && to.attrs.has("rate_limit");
    let refuses = before.refuses || to.attrs.has("shed") || bulkhead || limits;
    let queued = before.queued || (design.graph[step.from].kind.is_broker() && hop.arrow == Arrow::Handoff);
    Way { timeout, refuses, queued }
}

fn brunt(
    node: NodeIndex,
    visit: &Visit,
    capacity: Reached,
    count: &Reached,
    span: &Reached,
    rate: &Reached,
    again: Option<f64>,
) -> Brunt {
    let each = visit.each.ok_or_else(|| Missing { wants: visit.wants.clone(), at_least: None });
    let load = match (rate, &each) {
        (Ok(rate), Ok(each)) => {
            let mut load = Figure { value: rate.value * each, ..rate.clone() };
            if *each != 1.0 {
                load.reached.push(format!(
                    "{} requests of each: {} x {} = {}",
                    show_number(*each),
                    show_rate(rate.value),
                    show_number(*each),
                    show_rate(load.value)
                ));
            }
            finite(load)
        }
        (Err(lacks), _) => Err(lacks.clone()),
        (_, Err(lacks)) => Err(lacks.clone()),
    };
    let grade = capacity.as_ref().ok().and_then(|figure| figure.assumed.first()).map(|assumed| assumed.grade);
    let capacity = match capacity {
        Ok(figure) if figure.value <= 0.0 => Err(Missing::of("a capacity above 0")),
        other => other,
    };
    let drain = match &each {
        Ok(each) => both(count, &capacity, Unit::Time, |count, capacity| {
            let seconds = count * each / capacity;
            let times = if *each == 1.0 { String::new() } else { format!(" x {}", show_number(*each)) };
            let line = format!(
                "{}{times} / {} = {}",
                show_count(count),
                show_rate(capacity),
                show_duration(seconds)
            );
            (seconds, line)
        })
        .and_then(finite),
        Err(lacks) => Err(lacks.clone()),
    };
    let outcome = match (count, &each, span, &capacity, &load) {
        (Ok(count), Ok(each), Ok(span), Ok(capacity), Ok(load)) if drain.is_ok() => {
            let line = Line { count: count.value, each: *each, span: span.value, capacity: capacity.value };
            Some(outcome(line, load.value, visit.way, again))
        }
        _ => None,
    };
    Brunt { node, load, capacity, grade, drain, timeout: visit.way.timeout, outcome }
}

fn outcome(line: Line, load: f64, way: Way, again: Option<f64>) -> Outcome {
    let wait = line.longest_wait();
    if load <= line.capacity {
        return Outcome::Carried;
    }
    if way.refuses {
        return Outcome::TurnedAway;
    }
    let Some(timeout) = way.timeout.filter(|timeout| wait > *timeout) else { return Outcome::Waits(wait) };
    let late = line.late(timeout);
    match again.filter(|again| line.never_ends(timeout, *again)) {
        Some(again) => {
            let every = timeout + again;
            Outcome::NeverEnds { late, every, load: late * line.each / every }
        }
        None => Outcome::TooLate { late },
    }
}
