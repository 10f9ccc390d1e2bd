//! What the consumers of a queue or topic can take, from what the design states of them.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::messages::{Shares, handed, puts, shares, work_on};
use crate::design::{Arrow, Design, Step};
use crate::units::{show_duration, show_rate};

/// What can be done in a second, as a sum that can be done again by hand.
pub struct Able {
    /// A second, as the consumer counts: a batch is one.
    pub rate: f64,
    pub sum: String,
    /// The consumer, or the external whose limit it is.
    pub subject: NodeIndex,
}

/// What one consumer can do by itself: instances × `capacity`, or instances × `concurrency` ÷ `latency`, with no more at
/// work than there are partitions where those are handed out whole. None where neither is stated, or it grows without end.
pub fn able_to_take(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> Option<Able> {
    let who = &design.graph[consumer];
    let mut running = who.most_instances()? as f64;
    let parts = design.graph[broker].attrs.number("partitions").value();
    let mut of = format!("{running}");
    if let Some(parts) =
        parts.filter(|&parts| shares(design, broker) == Some(Shares::Partitions) && parts < running)
    {
        running = parts;
        of = format!("{parts} (one for each partition)");
    }
    let name = who.name();
    if let Some(capacity) = who.attrs.number("capacity").value() {
        let rate = running * capacity;
        let sum = format!("{name}: {of} × {} = {}", show_rate(capacity), show_rate(rate));
        return Some(Able { rate, sum, subject: consumer });
    }
    let concurrency = match who.kind {
        // An instance of a function works on one at a time.
        Kind::Function => 1.0,
        _ => who.attrs.number("concurrency").value()?,
    };
    let latency = who.attrs.number("latency").value().filter(|&latency| latency > 0.0)?;
    let rate = running * concurrency / latency;
    let sum = format!(
        "{name}: {of} × {concurrency} at a time ÷ {} = {}, what it calls not counted",
        show_duration(latency),
        show_rate(rate)
    );
    Some(Able { rate, sum, subject: consumer })
}

/// A call of an external that is limited, made for what a consumer takes.
struct Limited<'d> {
    step: &'d Step,
    /// Calls of all callers a second, at most.
    most: f64,
    /// How many calls one of what the consumer counts makes.
    each: f64,
}

fn limited<'d>(design: &'d Design, broker: NodeIndex, consumer: NodeIndex) -> Vec<Limited<'d>> {
    let has_limit = |node: NodeIndex| {
        design.graph[node].kind == Kind::External && design.graph[node].attrs.has("rate_limit")
    };
    if !design.graph.neighbors(consumer).any(has_limit) {
        return Vec::new();
    }
    let arriving: f64 = handed(design, broker, consumer).filter_map(|step| step.load.rate).sum();
    let work = work_on(design, broker, consumer);
    let calls = work.into_iter().filter(|step| {
        design.graph[step.hop].arrow == Arrow::Call && design.graph[step.to].kind == Kind::External
    });
    let limits = calls.filter_map(|step| {
        let most = design.graph[step.to].attrs.number("rate_limit").value()?;
        let each = step.load.rate? / arriving;
        (each > 0.0 && each.is_finite()).then_some(Limited { step, most, each })
    });
    limits.collect()
}

/// What the externals that are called for each message take at most: the tightest of them.
pub fn limit_of_externals(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> Option<Able> {
    let limits = limited(design, broker, consumer).into_iter().map(|limit| Able {
        rate: limit.most / limit.each,
        sum: format!("{} takes {} at most", design.graph[limit.step.to].name(), show_rate(limit.most)),
        subject: limit.step.to,
    });
    limits.min_by(|a, b| a.rate.total_cmp(&b.rate))
}

/// What each of those who share the messages can take while all of them do: an external's limit is one for all.
///
/// Those who call it least for a message come first, by which together they take the most.
pub fn able_together(design: &Design, broker: NodeIndex, consumers: &[NodeIndex]) -> Vec<Option<Able>> {
    let mut left: HashMap<NodeIndex, f64> = HashMap::new();
    let limits: Vec<Vec<Limited>> =
        consumers.iter().map(|&consumer| limited(design, broker, consumer)).collect();
    let tightest = |at: usize| limits[at].iter().map(|limit| limit.each / limit.most).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..consumers.len()).collect();
    order.sort_by(|&a, &b| tightest(a).total_cmp(&tightest(b)));
    let mut able: Vec<Option<Able>> = consumers.iter().map(|_| None).collect();
    for at in order {
        let who = design.graph[consumers[at]].name();
        let shared = limits[at].iter().map(|limit| {
            let name = design.graph[limit.step.to].name();
            let rest = left.get(&limit.step.to).copied().unwrap_or(limit.most);
            let mut sum = format!("{name} takes {} at most", show_rate(limit.most));
            if rest < limit.most {
                sum.push_str(&format!(", of which {} are left for {who}", show_rate(rest)));
            }
            Able { rate: rest / limit.each, sum, subject: limit.step.to }
        });
        let own = able_to_take(design, broker, consumers[at]);
        able[at] = own.into_iter().chain(shared).min_by(|a, b| a.rate.total_cmp(&b.rate));
        if let Some(able) = &able[at] {
            for limit in &limits[at] {
                let rest = left.entry(limit.step.to).or_insert(limit.most);
                *rest = (*rest - able.rate * limit.each).max(0.0);
            }
        }
    }
    able
}

/// How often the consumer works for one message: a hundredth of a time where it takes a hundred at once.
pub fn work_for_each(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> f64 {
    let (mut work, mut messages) = (0.0, 0.0);
    let mut first = None;
    for step in handed(design, broker, consumer).filter(|step| step.flow.is_some()) {
        let factor = factor(step);
        first = first.or(Some(factor));
        if let Some(rate) = step.load.rate.filter(|_| factor > 0.0) {
            work += rate;
            messages += rate / factor;
        }
    }
    let mean = if messages > 0.0 { Some(work / messages) } else { first };
    mean.filter(|mean| *mean > 0.0 && mean.is_finite()).unwrap_or(1.0)
}

/// What a consumer is given to do on average, as it counts: what is put into the broker, or what it is said to be handed,
/// whichever is more; None where no flow says how much.
pub fn arriving(design: &Design, broker: NodeIndex, consumer: NodeIndex) -> Option<f64> {
    let known = |rates: Vec<f64>| rates.into_iter().reduce(|sum, rate| sum + rate);
    let taken = known(handed(design, broker, consumer).filter_map(|step| step.load.rate).collect());
    let put = known(puts(design, broker).into_iter().filter_map(|step| step.load.rate).collect());
    let put = put.map(|rate| rate * work_for_each(design, broker, consumer));
    [taken, put].into_iter().flatten().reduce(f64::max)
}

/// What one becomes over a hop.
pub fn factor(step: &Step) -> f64 {
    let number = |name| step.attrs.number(name).value().unwrap_or(1.0);
    number("share") * number("calls") * number("fanout") / number("batch").max(1.0)
}
