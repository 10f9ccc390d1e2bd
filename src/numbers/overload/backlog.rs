//! Backlogs: what waits in a queue after its consumers stood still, how long catching up takes, and whether anybody still
//! wants it then.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::burst::at_once;
use super::consumers::{able_together, work_for_each};
use super::finite;
use crate::catalog::Kind;
use crate::design::messages::{consumers, dead_letters, handed, keeps_nothing, puts};
use crate::design::{Design, Node, Step};
use crate::numbers::figure::{Figure, Missing, Reached, Unit, add_new, both};
use crate::numbers::node::arriving;
use crate::units::{show_count, show_duration, show_number, show_rate};

/// A queue with those who share its messages, or a topic with one of those who each get all of them.
#[derive(Debug)]
pub struct Backlog {
    pub queue: NodeIndex,
    pub consumers: Vec<NodeIndex>,
    /// Messages a second that are put in.
    pub average: Reached,
    pub peak: Reached,
    /// Messages a second that are taken at most.
    pub taken: Reached,
    /// Messages that wait after an hour in which nobody took any: bounded by `max_length` and `ttl`.
    pub waiting: Reached,
    /// How long what is put in then waits, behind all of that.
    pub wait: Reached,
    /// It fills up within that hour.
    pub full: Option<Full>,
    pub drain: Result<Drain, Missing>,
    /// How long a message is of use, as far as anything says so.
    pub useful: Option<UsefulFor>,
    /// What single requests put in at once, the largest first.
    pub bursts: Vec<Burst>,
}

/// `max_length` messages are in after so many seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Full {
    pub length: f64,
    pub after: f64,
    /// `on_full`, where it is stated.
    pub then: Option<String>,
}

/// How long catching up takes, beside what goes on coming in.
#[derive(Debug)]
pub enum Drain {
    Ends(Figure),
    /// No more is taken than comes in: the sum that says so.
    Never(String),
}

/// How long after it was put in a message is of use.
#[derive(Debug, Clone, PartialEq)]
pub struct UsefulFor {
    pub seconds: f64,
    pub said: Use,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Use {
    /// The queue's `ttl`: it drops what is older.
    Ttl,
    /// The `staleness` of this flow.
    Staleness(usize),
    /// The `p99` of this flow, which starts at the queue or comes to a client behind it.
    Answer(usize),
}

/// Messages that one request of a flow puts in at once.
#[derive(Debug)]
pub struct Burst {
    pub flow: usize,
    pub messages: Figure,
    /// How long what comes after them waits.
    pub drain: Figure,
}

const HOUR: f64 = 3_600.0;

/// The backlogs of all queues and topics that keep messages and have consumers, in the order of the file.
pub fn backlogs(design: &Design) -> Vec<Backlog> {
    let dead = dead_letters(design);
    let brokers = design.graph.node_indices().filter(|&node| {
        design.graph[node].kind.is_broker() && !dead[node.index()] && !keeps_nothing(design, node)
    });
    let mut brokers = brokers.peekable();
    if brokers.peek().is_none() {
        return Vec::new();
    }
    let mut bursts: HashMap<NodeIndex, Vec<(usize, f64)>> = HashMap::new();
    for (at, flow) in design.flows.iter().enumerate() {
        for (queue, messages) in at_once(design, flow) {
            bursts.entry(queue).or_default().push((at, messages));
        }
    }
    let mut all = Vec::new();
    for queue in brokers {
        let mut takers = consumers(design, &dead, queue);
        takers.retain(|&taker| {
            let kind = design.graph[taker].kind;
            kind.is_app() && kind != Kind::Socket
        });
        let put: Vec<&Step> = puts(design, queue).into_iter().filter(|step| step.flow.is_some()).collect();
        let bursts = bursts.get(&queue).map_or(&[][..], Vec::as_slice);
        if takers.is_empty() {
            continue;
        }
        let groups: Vec<Vec<NodeIndex>> = match design.graph[queue].kind {
            Kind::Queue => vec![takers],
            _ => takers.into_iter().map(|taker| vec![taker]).collect(),
        };
        all.extend(groups.into_iter().map(|group| backlog(design, queue, group, &put, bursts)));
    }
    all
}

fn backlog(
    design: &Design,
    queue: NodeIndex,
    consumers: Vec<NodeIndex>,
    put: &[&Step],
    bursts: &[(usize, f64)],
) -> Backlog {
    let node = &design.graph[queue];
    let average = incoming(design, queue, &consumers, put, "rate");
    let peak = incoming(design, queue, &consumers, put, "peak");
    let taken = taken(design, queue, &consumers);
    let bound = bound(design, node, put);
    let ttl = node.attrs.number("ttl").value();
    let waiting = average.as_ref().map_err(Clone::clone).and_then(|rate| waiting(rate, bound, ttl));
    let wait = both(&waiting, &taken, Unit::Time, |waiting, taken| {
        let seconds = waiting / taken;
        (seconds, format!("{} / {} = {}", show_count(waiting), show_rate(taken), show_duration(seconds)))
    })
    .and_then(finite);
    let full = average.as_ref().ok().zip(bound).and_then(|(rate, length)| {
        let after = length / rate.value;
        let then = node.attrs.text("on_full").value().map(str::to_string);
        (rate.value > 0.0 && after < HOUR).then_some(Full { length, after, then })
    });
    let drain = drain(&average, &taken, &waiting);
    let useful = useful(design, queue, &consumers, put);
    let bursts = bursts_into(design, bursts, &taken);
    Backlog { queue, consumers, average, peak, taken, waiting, wait, full, drain, useful, bursts }
}

/// What the flows put in; where more is said to be handed on, that.
fn incoming(
    design: &Design,
    queue: NodeIndex,
    consumers: &[NodeIndex],
    put: &[&Step],
    when: &str,
) -> Reached {
    let into = arriving(design, put, when);
    let mut out = Figure { value: 0.0, unit: Unit::Rate, reached: Vec::new(), assumed: Vec::new() };
    for &consumer in consumers {
        let steps: Vec<&Step> = handed(design, queue, consumer).filter(|step| step.flow.is_some()).collect();
        let each = work_for_each(design, queue, consumer);
        let Ok(handed) = arriving(design, &steps, when) else { continue };
        // Those who share a queue are each drawn with all of it.
        if steps.is_empty() || handed.value / each < out.value {
            continue;
        }
        out.value = handed.value / each;
        out.reached = handed.reached;
        if each != 1.0 {
            let messages = show_rate(handed.value / each);
            out.reached.push(format!("{} for each message: {messages} messages", show_number(each)));
        }
    }
    match into {
        Ok(into) if out.value <= into.value * (1.0 + 1e-9) && !put.is_empty() => finite(into),
        Err(missing) if !put.is_empty() => Err(missing),
        _ if out.reached.is_empty() => Err(Missing::of(format!(
            "`rate` of a flow that puts messages into {}",
            design.graph[queue].name()
        ))),
        _ => finite(out),
    }
}

/// What all of these take together, in messages.
fn taken(design: &Design, queue: NodeIndex, consumers: &[NodeIndex]) -> Reached {
    let mut sum = Figure { value: 0.0, unit: Unit::Rate, reached: Vec::new(), assumed: Vec::new() };
    let mut missing = Missing::default();
    for (&consumer, able) in consumers.iter().zip(able_together(design, queue, consumers)) {
        let Some(able) = able else {
            add_new(&mut missing.wants, &[wants(&design.graph[consumer])]);
            continue;
        };
        let each = work_for_each(design, queue, consumer);
        sum.value += able.rate / each;
        sum.reached.push(able.sum);
        if each != 1.0 {
            sum.reached.push(format!(
                "{} for each message: {} / {} = {}",
                show_number(each),
                show_rate(able.rate),
                show_number(each),
                show_rate(able.rate / each)
            ));
        }
    }
    if !missing.wants.is_empty() {
        return Err(missing);
    }
    if consumers.len() > 1 {
        sum.reached.push(format!("together {}", show_rate(sum.value)));
    }
    finite(sum)
}

/// The number that would tell what a consumer takes.
pub fn wants(who: &Node) -> String {
    let name = who.name();
    if who.most_instances().is_none() {
        return match who.kind {
            Kind::Function => format!("`max_concurrency` of {name}"),
            _ => format!("the most instances of {name}, as in `autoscale=[2, 20]`"),
        };
    }
    match (who.attrs.number("concurrency").is_yes(), who.attrs.number("latency").is_yes()) {
        (true, false) => format!("`latency` of {name}"),
        (false, true) => format!("`concurrency` of {name}"),
        _ => format!("`capacity` of {name}"),
    }
}

/// `max_length`: its own, or that by which senders trim a log that lies in memory.
fn bound(design: &Design, node: &Node, put: &[&Step]) -> Option<f64> {
    let trimmed = node.tech.is_some_and(|tech| {
        tech.model.as_deref() == Some("log") && tech.backlog.as_deref() == Some("memory")
    });
    let on_hop = || {
        let lengths = put.iter().filter(|_| trimmed).filter_map(|step| {
            step.attrs
                .number("max_length")
                .value()
                .or(design.graph[step.hop].attrs.number("max_length").value())
        });
        lengths.reduce(f64::min)
    };
    node.attrs.number("max_length").value().or_else(on_hop)
}

fn waiting(rate: &Figure, bound: Option<f64>, ttl: Option<f64>) -> Reached {
    let lasting = ttl.filter(|ttl| *ttl < HOUR).unwrap_or(HOUR);
    let all = rate.value * lasting;
    let mut line = format!("{} x {} = {}", show_rate(rate.value), show_duration(lasting), show_count(all));
    if lasting < HOUR {
        line.push_str("; what is older is dropped");
    }
    let value = match bound.filter(|bound| *bound < all) {
        Some(bound) => {
            line.push_str(&format!("; no more than {} fit", show_count(bound)));
            bound
        }
        None => all,
    };
    finite(Figure::new(value, Unit::Count, line))
}

fn drain(average: &Reached, taken: &Reached, waiting: &Reached) -> Result<Drain, Missing> {
    if let (Ok(average), Ok(taken)) = (average, taken)
        && taken.value <= average.value
    {
        let sum = format!("{} come in, {} are taken", show_rate(average.value), show_rate(taken.value));
        return Ok(Drain::Never(sum));
    }
    let spare = both(taken, average, Unit::Rate, |taken, average| {
        let spare = taken - average;
        (spare, format!("{} − {} = {} to spare", show_rate(taken), show_rate(average), show_rate(spare)))
    });
    let spare_line = spare.as_ref().ok().map(|spare| spare.reached[0].clone());
    let mut figure = both(waiting, &spare, Unit::Time, |waiting, spare| {
        let seconds = waiting / spare;
        (seconds, format!("{} / {} = {}", show_count(waiting), show_rate(spare), show_duration(seconds)))
    })
    .and_then(finite)?;
    figure.reached.splice(0..0, spare_line);
    Ok(Drain::Ends(figure))
}

/// The queue's `ttl`; else the shortest `staleness`, or `p99` that means the message, of the flows through it.
fn useful(design: &Design, queue: NodeIndex, consumers: &[NodeIndex], put: &[&Step]) -> Option<UsefulFor> {
    if let Some(seconds) = design.graph[queue].attrs.number("ttl").value() {
        return Some(UsefulFor { seconds, said: Use::Ttl });
    }
    let taking = consumers.iter().flat_map(|&consumer| handed(design, queue, consumer));
    let mut flows: Vec<usize> = put.iter().copied().chain(taking).filter_map(|step| step.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    flows
        .into_iter()
        .filter_map(|flow| of_flow(design, queue, flow))
        .reduce(|least, other| if other.seconds < least.seconds { other } else { least })
}

/// What a flow says about the age of its messages in a queue.
pub fn of_flow(design: &Design, queue: NodeIndex, at: usize) -> Option<UsefulFor> {
    let flow = &design.flows[at];
    if let Some(seconds) = flow.attrs.number("staleness").value() {
        return Some(UsefulFor { seconds, said: Use::Staleness(at) });
    }
    let seconds = flow.attrs.number("p99").value().filter(|_| !flow.attrs.has("async"))?;
    answers_behind(design, queue, at).then_some(UsefulFor { seconds, said: Use::Answer(at) })
}

/// A flow's times mean what is behind the queue as well: it starts there, or comes to a client after it. Elsewhere the
/// answer is given when the message is handed over.
fn answers_behind(design: &Design, queue: NodeIndex, flow: usize) -> bool {
    let steps = design.steps_of(&design.flows[flow]);
    let Some(taken) = steps.iter().position(|step| step.from == queue) else { return false };
    taken == 0 || steps[taken..].iter().any(|step| design.graph[step.to].kind == Kind::Client)
}

fn bursts_into(design: &Design, bursts: &[(usize, f64)], taken: &Reached) -> Vec<Burst> {
    let Ok(taken) = taken else { return Vec::new() };
    let several = bursts.iter().filter(|(_, messages)| *messages > 1.0);
    let mut found: Vec<Burst> = several
        .filter_map(|&(flow, count)| {
            let line = format!("one `{}` puts in {}", design.flows[flow].id, show_count(count));
            let messages = finite(Figure::new(count, Unit::Count, line)).ok()?;
            let seconds = count / taken.value;
            let line =
                format!("{} / {} = {}", show_count(count), show_rate(taken.value), show_duration(seconds));
            let drain = finite(Figure::new(seconds, Unit::Time, line)).ok()?;
            Some(Burst { flow, messages, drain })
        })
        .collect();
    found.sort_by(|a, b| b.messages.value.total_cmp(&a.messages.value).then(a.flow.cmp(&b.flow)));
    found
}
