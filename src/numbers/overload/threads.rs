//! Whose threads are taken while what they call does not answer.

use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::attempts::tries;
use crate::catalog::Kind;
use crate::design::{Arrow, Design, Hop, Stated, Step};
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
    /// Calls a second that one instance makes at the busiest time.
    pub each: f64,
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
    let (has, at) = threads_of(design, caller)?;
    let holds = matches!(from.kind, Kind::Service | Kind::Socket | Kind::Auth | Kind::Gateway | Kind::Worker);
    if !holds || connection.arrow != Arrow::Call || to.kind.is_broker() || to.kind == Kind::Client {
        return None;
    }
    let instances = from.most_instances()?.max(1);
    let timeout = connection.attrs.number("timeout");
    let (timeout, rate) = match (timeout.value(), busiest(design, connection)) {
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
    let line = format!(
        "{} / {instances} x {}{more} = {}",
        show_rate(rate),
        show_duration(timeout),
        show_number(needed)
    );
    Some(Ok(Hold {
        caller,
        callee,
        hop,
        each,
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

/// The threads or connections of one instance, and where they are written.
fn threads_of(design: &Design, caller: NodeIndex) -> Option<(f64, Span)> {
    let attrs = &design.graph[caller].attrs;
    let of = |stated: Stated<f64>| stated.value().zip(stated.span());
    of(attrs.number("concurrency")).or(of(attrs.number("pool")))
}

/// What a hop carries when its flows are busiest, as far as they say; None where none of them does.
fn busiest(design: &Design, hop: &Hop) -> Option<f64> {
    let of = |step: &Step| {
        let flow = &design.flows[step.flow?];
        let rate = flow.attrs.number("peak").value().or(flow.attrs.number("rate").value())?;
        Some(rate * step.load.per_request?)
    };
    let known = hop.steps.iter().filter_map(|&at| of(&design.steps[at]));
    known.reduce(|sum, more| sum + more)
}
