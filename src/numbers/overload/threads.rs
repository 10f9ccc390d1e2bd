//! Whose threads are taken while what they call does not answer.

use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::attempts::tries;
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Hop, Step};
use crate::numbers::figure::{Figure, Missing, Unit};
use crate::source::Span;
use crate::units::{show_duration, show_number, show_rate};

/// The threads of one instance of a caller while one of those that it calls hangs.
///
/// By Little's law (J. D. C. Little, 1961) what waits is what comes times how long it stays, which is then the timeout of
/// every try. Whether anybody else stands in line behind these threads is not said here.
#[derive(Debug)]
pub struct Hold {
    pub caller: NodeIndex,
    pub callee: NodeIndex,
    pub hop: EdgeIndex,
    /// Calls a second that one instance makes at the busiest time; where requests are counted, and not connections, those
    /// that a request makes at once (`fanout`) are one.
    pub each: f64,
    /// How many calls a request makes at once, where all of them hold one place.
    pub at_once: Option<f64>,
    pub instances: u64,
    /// Seconds that one call may hold its thread: timeout x tries.
    pub held: f64,
    pub tries: f64,
    pub timeout: f64,
    /// Threads or connections that one instance would need, and has.
    pub needed: Figure,
    pub has: f64,
    /// Where the threads are stated.
    pub at: Span,
    /// Something bounds how many calls wait there, or ends them early.
    pub fenced: bool,
}

impl Hold {
    /// They do not last.
    pub fn is_short(&self) -> bool {
        self.needed.value > self.has
    }

    /// Seconds after which the last of them is taken.
    pub fn gone_after(&self) -> Option<f64> {
        self.is_short().then(|| self.has / self.each)
    }
}

/// Of every call that has a timeout, by a caller whose threads are stated, in the order of the file.
pub fn threads(design: &Design) -> Vec<Hold> {
    let mut all = Vec::new();
    for caller in design.graph.node_indices() {
        if threads_of(design, caller).is_none() {
            continue;
        }
        let mut calls: Vec<EdgeIndex> = design.graph.edges(caller).map(|edge| edge.id()).collect();
        calls.sort_by_key(|&hop| design.graph[hop].span);
        all.extend(calls.into_iter().filter_map(|hop| hold(design, hop)?.ok()));
    }
    all
}

/// Of one call. None where it is no call that could hold threads, or its caller's threads are not stated.
pub fn hold(design: &Design, hop: EdgeIndex) -> Option<Result<Hold, Missing>> {
    let (caller, callee) = design.graph.edge_endpoints(hop)?;
    let (from, to) = (&design.graph[caller], &design.graph[callee]);
    let connection = &design.graph[hop];
    let Threads { has, at, of_requests } = threads_of(design, caller)?;
    let holds = matches!(from.kind, Kind::Service | Kind::Socket | Kind::Auth | Kind::Gateway | Kind::Worker);
    if !holds || connection.arrow != Arrow::Call || to.kind.is_broker() || to.kind == Kind::Client {
        return None;
    }
    let instances = from.most_instances()?.max(1);
    let timeout = connection.attrs.number("timeout");
    let busiest = busiest(design, connection, of_requests);
    let (timeout, (rate, at_once)) = match (timeout.value(), busiest) {
        (Some(timeout), Some(rate)) => (timeout, rate),
        (None, Some(_)) if timeout.is_unstated() => {
            return Some(Err(Missing::of(format!("`timeout` of `{} -> {}`", from.id, to.id))));
        }
        (Some(_), None) => {
            let flow = connection.steps.iter().find_map(|&at| design.steps[at].flow)?;
            return Some(Err(Missing::of(format!("`rate` of `{}`", design.flows[flow].id))));
        }
        _ => return None,
    };
    let tries = tries(connection);
    let each = rate / instances as f64;
    let needed = (each * timeout * tries).min(f64::MAX);
    let more = if tries > 1.0 { format!(" x {} tries", show_number(tries)) } else { String::new() };
    let once = at_once.map_or_else(String::new, |calls| {
        format!(" (up to {} calls of a request at once hold one place)", show_number(calls))
    });
    let line = format!(
        "{} / {instances} x {}{more} = {}{once}",
        show_rate(rate),
        show_duration(timeout),
        show_number(needed)
    );
    Some(Ok(Hold {
        caller,
        callee,
        hop,
        each,
        at_once,
        instances,
        held: timeout * tries,
        tries,
        timeout,
        needed: Figure::new(needed, Unit::Count, line),
        has,
        at,
        fenced: is_fenced(design, hop),
    }))
}

/// Something bounds how many calls wait on a hop at once, or ends them early: it is meant to fill.
pub fn is_fenced(design: &Design, hop: EdgeIndex) -> bool {
    let caller = design.graph.edge_endpoints(hop).map(|(caller, _)| &design.graph[caller]);
    ["breaker", "bulkhead", "pool"].iter().any(|fence| design.graph[hop].attrs.has(fence))
        || caller.is_some_and(|caller| caller.attrs.has("bulkhead"))
}

/// What one instance can do at a time.
struct Threads {
    has: f64,
    at: Span,
    /// Requests that it works on, whatever each of them waits for; else connections to others.
    of_requests: bool,
}

fn threads_of(design: &Design, caller: NodeIndex) -> Option<Threads> {
    let attrs = &design.graph[caller].attrs;
    let of = |name: &str, of_requests: bool| {
        let stated = attrs.number(name);
        stated.value().zip(stated.span()).map(|(has, at)| Threads { has, at, of_requests })
    };
    of("concurrency", true).or_else(|| of("pool", false))
}

/// What a hop carries when its flows are busiest, as far as they say, and how many calls at once count as one there; None
/// where no flow says.
fn busiest(design: &Design, hop: &Hop, of_requests: bool) -> Option<(f64, Option<f64>)> {
    let at_once = |step: &Step| {
        let number = |name: &str| step.attrs.number(name).value().unwrap_or(1.0);
        if of_requests { (number("fanout") / number("batch").max(1.0)).max(1.0) } else { 1.0 }
    };
    let of = |step: &Step| {
        let flow = &design.flows[step.flow?];
        let rate = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value())?;
        Some((rate * step.load.per_request? / at_once(step), at_once(step)))
    };
    let known = hop.steps.iter().filter_map(|&at| of(&design.steps[at]));
    let (rate, most) = known.reduce(|(sum, most), (more, calls)| (sum + more, most.max(calls)))?;
    Some((rate, (most > 1.0).then_some(most)))
}
