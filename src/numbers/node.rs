//! What reaches a node, and what it can carry.

use petgraph::graph::NodeIndex;

use super::cache::{self, CacheNumbers};
use super::capacity::capacity;
use super::figure::{Figure, Missing, Reached, Unit, add_new, both};
use super::table::TableNumbers;
use super::traffic::{Traffic, network};
use super::{unknown_hits, want_rate};
use crate::catalog::Kind;
use crate::design::body::size;
use crate::design::{Arrow, Design, Node, Step};
use crate::units::{show_duration, show_number, show_rate, show_share, show_size};

/// The figures of one node; those that make no sense for it are None.
#[derive(Debug)]
pub struct NodeNumbers {
    pub index: NodeIndex,
    pub id: String,
    /// Requests, messages or operations that arrive.
    pub average: Reached,
    pub peak: Reached,
    /// Requests a second that it carries; None for what a vendor carries, or where nothing arrives.
    pub capacity: Option<Reached>,
    /// Of the capacity, at the peak.
    pub utilisation: Option<Reached>,
    /// Requests that it works on at the same time at the peak, by Little's law.
    pub in_flight: Option<Reached>,
    /// Bytes a second that come in and go out at the peak.
    pub incoming: Option<Reached>,
    pub outgoing: Option<Reached>,
    /// Of the `bandwidth` of all instances, what passes in the busier direction at the peak.
    pub network: Option<Reached>,
    /// Connections that its callers hold to it, or its clients.
    pub connections: Option<Reached>,
    /// Of a cache or CDN.
    pub cache: CacheNumbers,
}

impl NodeNumbers {
    /// Each figure that it has, by name.
    pub fn figures(&self) -> Vec<(&'static str, &Reached)> {
        let mut all = vec![("average", &self.average), ("peak", &self.peak)];
        let further = [
            ("capacity", &self.capacity),
            ("utilisation", &self.utilisation),
            ("in flight", &self.in_flight),
            ("incoming", &self.incoming),
            ("outgoing", &self.outgoing),
            ("network", &self.network),
            ("connections", &self.connections),
            ("memory", &self.cache.memory),
            ("hit rate", &self.cache.hit_rate),
            ("hit rate at least", &self.cache.hit_rate_at_least),
            ("hit rate at most", &self.cache.hit_rate_at_most),
        ];
        all.extend(further.into_iter().filter_map(|(name, figure)| Some((name, figure.as_ref()?))));
        all
    }
}

pub(super) fn all(design: &Design, tables: &[TableNumbers]) -> Vec<NodeNumbers> {
    let mut caches = cache::all(design, tables);
    let nodes = design.graph.node_indices();
    nodes
        .filter(|&index| design.graph[index].kind != Kind::Client)
        .map(|index| node(design, index, caches.remove(&index).unwrap_or_default()))
        .collect()
}

fn node(design: &Design, index: NodeIndex, cache: CacheNumbers) -> NodeNumbers {
    let node = &design.graph[index];
    let arrivals: Vec<&Step> = design.steps_to(index).filter(|step| arrives(design, step)).collect();
    let average = arriving(design, &arrivals, "rate");
    let peak = arriving(design, &arrivals, "peak");
    let capacity = if arrivals.is_empty() { None } else { capacity(node) };
    // What carries nothing is used beyond any measure: no figure, and a number to mend.
    let nothing = |capacity: &Reached| capacity.as_ref().is_ok_and(|capacity| capacity.value <= 0.0);
    let utilisation = capacity.as_ref().map(|capacity| {
        if nothing(capacity) {
            return Err(Missing::of(format!("a `capacity` above 0 of {}", node.name())));
        }
        both(&peak, capacity, Unit::Share, |peak, capacity| {
            let share = peak / capacity;
            (share, format!("{} / {} = {}", show_rate(peak), show_rate(capacity), show_share(share)))
        })
    });
    let in_flight = node.attrs.number("latency").value().map(|latency| in_flight(&peak, latency));
    let incoming = volume(design, &arrivals, "payload");
    let outgoing = match node.kind.is_broker() {
        true => Traffic::of(design, index).outgoing,
        false => volume(design, &arrivals, "response"),
    };
    let network = network(design, index);
    let connections = connections(design, index);
    NodeNumbers {
        index,
        id: node.id.clone(),
        average,
        peak,
        capacity,
        utilisation,
        in_flight,
        incoming,
        outgoing,
        network,
        connections,
        cache,
    }
}

/// What arrives at a node at the peak.
pub(super) fn peak(design: &Design, index: NodeIndex) -> Reached {
    let arrivals: Vec<&Step> = design.steps_to(index).filter(|step| arrives(design, step)).collect();
    arriving(design, &arrivals, "peak")
}

/// A request, message or operation; a look into a queue brings nothing, and control hops are no traffic.
pub fn arrives(design: &Design, step: &Step) -> bool {
    let polls = design.graph[step.to].kind.is_broker() && step.attrs.has("reads");
    step.flow.is_some() && design.graph[step.hop].arrow != Arrow::Control && !polls
}

/// The load of all steps together, on average or at the peak of their flows.
pub(super) fn arriving(design: &Design, steps: &[&Step], when: &str) -> Reached {
    let mut sum = 0.0;
    let mut lines = Vec::new();
    let mut missing = Missing::default();
    for step in steps {
        let flow = &design.flows[step.flow.expect("only steps of flows arrive")];
        let rate = flow.attrs.number(when).value().or(flow.attrs.number("rate").value());
        let want = match (rate, step.load.per_request) {
            (Some(rate), Some(factor)) => {
                sum += rate * factor;
                let [from, to] = [step.from, step.to].map(|end| &design.graph[end].id);
                let times = if factor == 1.0 {
                    String::new()
                } else {
                    format!(" x {} = {}", show_number(factor), show_rate(rate * factor))
                };
                lines.push(format!("{}: {from} to {to}, {}{times}", flow.id, show_rate(rate)));
                continue;
            }
            (None, _) => want_rate(flow).wants,
            (_, None) => unknown_hits(design, step).wants,
        };
        add_new(&mut missing.wants, &want);
    }
    if !missing.wants.is_empty() {
        missing.at_least = Some(sum).filter(|sum| *sum > 0.0);
        return Err(missing);
    }
    if lines.len() > 1 {
        lines.push(format!("together {}", show_rate(sum)));
    }
    if lines.is_empty() {
        lines.push("no flow leads here: 0/s".to_string());
    }
    Ok(Figure { value: sum, unit: Unit::Rate, reached: lines, assumed: Vec::new() })
}

/// Little's law: what is under way is what arrives times how long each takes.
fn in_flight(peak: &Reached, latency: f64) -> Reached {
    let peak = peak.as_ref().map_err(Clone::clone)?;
    let count = peak.value * latency;
    let line = format!("{} x {} = {}", show_rate(peak.value), show_duration(latency), show_number(count));
    Ok(Figure::new(count, Unit::Count, line))
}

/// Bytes a second at the peak, where any step says how large its requests (`payload`) or answers (`response`) are.
fn volume(design: &Design, steps: &[&Step], which: &str) -> Option<Reached> {
    let size = |step: &Step| size(design, step, which);
    let sized: Vec<&Step> = steps.iter().copied().filter(|step| size(step).is_some()).collect();
    if sized.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    let mut lines = Vec::new();
    for step in sized {
        let rate = match arriving(design, &[step], "peak") {
            Ok(rate) => rate.value,
            Err(missing) => return Some(Err(Missing { at_least: None, ..missing })),
        };
        let size = size(step)?;
        sum += rate * size;
        lines.push(format!(
            "{}: {} x {} = {}/s",
            design.flows[step.flow?].id,
            show_rate(rate),
            show_size(size),
            show_size(rate * size)
        ));
    }
    if lines.len() > 1 {
        lines.push(format!("together {}/s", show_size(sum)));
    }
    Some(Ok(Figure { value: sum, unit: Unit::Speed, reached: lines, assumed: Vec::new() }))
}

/// Those that callers' pools keep open to a store, or clients to a socket server.
fn connections(design: &Design, index: NodeIndex) -> Option<Reached> {
    let node = &design.graph[index];
    if node.kind == Kind::Socket {
        let each = node.attrs.number("connections").value()?;
        let all = each * node.instances as f64;
        let line = format!(
            "{} instances of {} hold {} each: {}",
            node.instances,
            node.name(),
            show_number(each),
            show_number(all)
        );
        return Some(Ok(Figure::new(all, Unit::Count, line)));
    }
    if !node.kind.is_store() {
        return None;
    }
    let mut sum = 0.0;
    let mut lines = Vec::new();
    let mut callers: Vec<(NodeIndex, f64)> = Vec::new();
    for edge in design.graph.edges_directed(index, petgraph::Direction::Incoming) {
        use petgraph::visit::EdgeRef;
        let caller = &design.graph[edge.source()];
        let pool = edge.weight().attrs.number("pool").value().or(caller.attrs.number("pool").value());
        if let Some(pool) = pool.filter(|_| edge.weight().arrow != Arrow::Control) {
            callers.push((edge.source(), pool));
        }
    }
    callers.sort_by_key(|(caller, _)| *caller);
    for (caller, pool) in callers {
        let caller: &Node = &design.graph[caller];
        let all = pool * caller.instances as f64;
        sum += all;
        lines.push(format!(
            "{} x {} of {} = {}",
            caller.instances,
            show_number(pool),
            caller.name(),
            show_number(all)
        ));
    }
    if lines.is_empty() {
        return None;
    }
    if lines.len() > 1 {
        lines.push(format!("together {}", show_number(sum)));
    }
    Some(Ok(Figure { value: sum, unit: Unit::Count, reached: lines, assumed: Vec::new() }))
}
