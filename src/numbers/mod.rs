//! What a design carries, in figures: of each flow, each node and each table, with the arithmetic and what it takes for
//! granted. Nothing is guessed: a figure that cannot be had says which number it lacks.

pub mod availability;
mod capacity;
mod figure;
mod node;
pub mod overload;
mod table;

use petgraph::graph::NodeIndex;

use availability::{Availability, Places};
pub use capacity::{Capacity, has_one_primary};
pub use figure::{Assumed, Figure, Missing, Reached, Unit};
pub use node::NodeNumbers;
pub use table::{TableNumbers, expected_rows};

use crate::design::{Design, Flow};
use crate::units::show_rate;

/// All figures of a design.
#[derive(Debug)]
pub struct Numbers {
    pub flows: Vec<FlowNumbers>,
    /// Of every node but clients, in the order of the file.
    pub nodes: Vec<NodeNumbers>,
    pub tables: Vec<TableNumbers>,
}

/// How often a flow happens.
#[derive(Debug)]
pub struct FlowNumbers {
    pub id: String,
    pub average: Reached,
    pub peak: Reached,
    /// None where it has no hop.
    pub availability: Option<Availability>,
}

/// With what fails as the design states it.
pub fn numbers(design: &Design) -> Numbers {
    numbers_where(design, Places::AsStated)
}

/// With zones, regions and shared fates failing as they are said to.
pub fn numbers_where(design: &Design, places: Places) -> Numbers {
    let availability = availability::of_flows(design, places);
    Numbers {
        flows: design
            .flows
            .iter()
            .zip(availability)
            .map(|(of, availability)| flow(of, availability))
            .collect(),
        nodes: node::all(design),
        tables: table::all(design),
    }
}

impl Numbers {
    pub fn node(&self, index: NodeIndex) -> Option<&NodeNumbers> {
        self.nodes.iter().find(|node| node.index == index)
    }

    /// Every figure with its name, flows first.
    pub fn figures(&self) -> impl Iterator<Item = &Reached> {
        let flows = self.flows.iter().flat_map(|flow| [&flow.average, &flow.peak]);
        let nodes = self.nodes.iter().flat_map(|node| node.figures().into_iter().map(|(_, figure)| figure));
        let tables =
            self.tables.iter().flat_map(|table| table.figures().into_iter().map(|(_, figure)| figure));
        flows.chain(nodes).chain(tables)
    }

    /// What was taken from the catalogue, each once.
    pub fn assumed(&self) -> Vec<&Assumed> {
        let mut all: Vec<&Assumed> = Vec::new();
        for assumed in self.figures().flatten().flat_map(|figure| &figure.assumed) {
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
    FlowNumbers { id: flow.id.clone(), average, peak, availability }
}

fn want_rate(flow: &Flow) -> Missing {
    Missing::of(format!("`rate` of flow `{}`", flow.id))
}
