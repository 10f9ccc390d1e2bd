//! What a design carries, in figures: of each flow, each node and each table, with the arithmetic and what it takes for
//! granted. Nothing is guessed: a figure that cannot be had says which number it lacks.

pub mod availability;
mod cache;
mod capacity;
mod entry;
mod figure;
pub mod latency;
mod node;
pub mod overload;
mod table;
mod traffic;

use petgraph::graph::NodeIndex;

use availability::{Availability, Places};
pub use cache::{CacheNumbers, caches, parts};
pub use capacity::{Capacity, has_one_primary};
pub use figure::{Assumed, Figure, Missing, Reached, Unit};
use latency::Latency;
pub use node::{NodeNumbers, arrives};
pub use table::{TableNumbers, expected_rows};
pub use traffic::{Traffic, machines};

use crate::catalog::Kind;
use crate::design::{Design, Flow, Step};
use crate::units::show_rate;

/// All figures of a design.
#[derive(Debug)]
pub struct Numbers {
    pub flows: Vec<FlowNumbers>,
    /// Of every node but clients, in the order of the file.
    pub nodes: Vec<NodeNumbers>,
    pub tables: Vec<TableNumbers>,
}

/// How often a flow happens, how long it takes, and how much of the time it is served.
#[derive(Debug)]
pub struct FlowNumbers {
    pub id: String,
    pub average: Reached,
    pub peak: Reached,
    /// None where nobody waits for anything, or nobody asked.
    pub latency: Option<Latency>,
    /// None where it has no hop.
    pub availability: Option<Availability>,
}

/// With what fails as the design states it.
pub fn numbers(design: &Design) -> Numbers {
    numbers_where(design, Places::AsStated)
}

/// With zones, regions and shared fates failing as they are said to.
pub fn numbers_where(design: &Design, places: Places) -> Numbers {
    let mut numbers = numbers_but_times(design, places);
    for (flow, latency) in numbers.flows.iter_mut().zip(latency::of_flows(design)) {
        flow.latency = latency;
    }
    numbers
}

/// How long answers take is left out, for those who do not ask.
pub fn numbers_but_times(design: &Design, places: Places) -> Numbers {
    let availability = availability::of_flows(design, places);
    let tables = table::all(design);
    Numbers {
        flows: design.flows.iter().zip(availability).map(|(of, up)| flow(of, up)).collect(),
        nodes: node::all(design, &tables),
        tables,
    }
}

/// The figures of its nodes alone, which cost little.
pub fn of_nodes(design: &Design) -> Vec<NodeNumbers> {
    node::all(design, &table::all(design))
}

impl Numbers {
    pub fn node(&self, index: NodeIndex) -> Option<&NodeNumbers> {
        self.nodes.iter().find(|node| node.index == index)
    }

    /// Every figure, of flows first but for their times.
    pub fn figures(&self) -> impl Iterator<Item = &Reached> {
        let flows = self.flows.iter().flat_map(|flow| [&flow.average, &flow.peak]);
        let nodes = self.nodes.iter().flat_map(|node| node.figures().into_iter().map(|(_, figure)| figure));
        let tables =
            self.tables.iter().flat_map(|table| table.figures().into_iter().map(|(_, figure)| figure));
        let times = self.flows.iter().flat_map(|flow| &flow.latency).flat_map(|of| [&of.p50, &of.p99]);
        flows.chain(nodes).chain(tables).chain(times)
    }

    /// What was taken from the catalogue, each once.
    pub fn assumed(&self) -> Vec<&Assumed> {
        let mut all: Vec<&Assumed> = Vec::new();
        let of_times = self.flows.iter().flat_map(|flow| &flow.latency).flat_map(|of| &of.assumed);
        for assumed in self.figures().flatten().flat_map(|figure| &figure.assumed).chain(of_times) {
            if !all.contains(&assumed) {
                all.push(assumed);
            }
        }
        all
    }

    /// What the design would have to state for every figure to be had, each once.
    pub fn wants(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for want in
            self.figures().filter_map(|figure| figure.as_ref().err()).flat_map(|missing| &missing.wants)
        {
            if !all.contains(&want.as_str()) {
                all.push(want);
            }
        }
        all
    }
}

fn flow(flow: &Flow, availability: Option<Availability>) -> FlowNumbers {
    let stated = |name: &str| {
        let value = flow.attrs.number(name).value()?;
        Some(Figure::new(value, Unit::Rate, format!("`{name}` of flow `{}` = {}", flow.id, show_rate(value))))
    };
    let average = stated("rate").ok_or_else(|| want_rate(flow));
    let peak = stated("peak").or_else(|| stated("rate")).ok_or_else(|| want_rate(flow));
    FlowNumbers { id: flow.id.clone(), average, peak, latency: None, availability }
}

fn want_rate(flow: &Flow) -> Missing {
    Missing::of(format!("`rate` of flow `{}`", flow.id))
}

/// The caches of a step's flow that do not say how much they answer.
fn unknown_hits(design: &Design, step: &Step) -> Missing {
    let flow = &design.flows[step.flow.expect("only steps of flows have a load")];
    let mut missing = Missing::default();
    for step in design.steps_of(flow) {
        for end in [step.from, step.to] {
            let node = &design.graph[end];
            let want = format!("`hit_rate` of {}", node.name());
            let is_cache = matches!(node.kind, Kind::Cache | Kind::Cdn);
            if is_cache && node.attrs.number("hit_rate").value().is_none() && !missing.wants.contains(&want) {
                missing.wants.push(want);
            }
        }
    }
    missing
}
