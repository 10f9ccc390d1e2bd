//! How long each flow's answer takes, as stacks of what it waits for.

use petgraph::graph::NodeIndex;

use super::stacks::{Class, Part, Stack, Stacks};
use crate::design::{Design, Flow};
use crate::numbers::latency::{Contributor, Latency, What};
use crate::numbers::{FlowNumbers, Numbers, Reached};

/// Numbers that a note names; the rest are counted.
const NAMED: usize = 8;

/// Of every flow of which something is known, or of one of them.
pub fn latency(design: &Design, numbers: &Numbers, only: Option<&str>) -> Stacks {
    let flows = design.flows.iter().zip(&numbers.flows);
    let chosen: Vec<(&Flow, &FlowNumbers)> =
        flows.filter(|(flow, _)| only.is_none_or(|id| id == flow.id)).collect();
    let known = chosen.iter().filter_map(|(flow, of)| {
        let latency = of.latency.as_ref().filter(|of| !of.contributors.is_empty())?;
        Some(stack(design, flow, latency)).filter(Stack::is_sound)
    });
    let stacks: Vec<Stack> = known.collect();
    let mut notes = Vec::new();
    let unknown: Vec<&str> = chosen
        .iter()
        .filter(|(flow, _)| !stacks.iter().any(|stack| stack.label == flow.id))
        .map(|(flow, _)| flow.id.as_str())
        .collect();
    if !unknown.is_empty() && !stacks.is_empty() {
        notes.push(format!("Not drawn, as nothing is known of their time: {}.", unknown.join(", ")));
    }
    let mut wants: Vec<&str> = Vec::new();
    let mut assumed: Vec<String> = Vec::new();
    for latency in chosen.iter().filter_map(|(_, of)| of.latency.as_ref()) {
        let missing = [&latency.p50, &latency.p99].into_iter().filter_map(|figure| figure.as_ref().err());
        for want in missing.flat_map(|missing| &missing.wants) {
            if !wants.contains(&want.as_str()) {
                wants.push(want);
            }
        }
        for one in &latency.assumed {
            let text = format!("{} (grade {:?})", one.what, one.grade);
            if !assumed.contains(&text) {
                assumed.push(text);
            }
        }
    }
    if !wants.is_empty() {
        let more = wants.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        notes.push(format!("Wanted: {}{more}.", wants[..wants.len().min(NAMED)].join("; ")));
    }
    if !assumed.is_empty() {
        notes.push(format!("Assumed: {}.", assumed.join("; ")));
    }
    Stacks { title: design.title.clone(), stacks, notes }
}

fn stack(design: &Design, flow: &Flow, latency: &Latency) -> Stack {
    // A least figure is a mark as well: further right is all that it can be.
    let mark = |figure: &Reached| match figure {
        Ok(figure) => Some(figure.value),
        Err(missing) => missing.at_least,
    };
    Stack {
        label: flow.id.clone(),
        parts: latency.contributors.iter().map(|one| part(design, one)).collect(),
        p50: mark(&latency.p50),
        p99: mark(&latency.p99),
        budget: flow.attrs.number("p99").value(),
        at_least: latency.p99.is_err(),
    }
}

fn part(design: &Design, one: &Contributor) -> Part {
    let id = |node: NodeIndex| design.graph[node].id.as_str();
    let (name, class) = match one.what {
        What::Work(node) => (id(node).to_string(), Class::Work),
        What::Wait(node) => (id(node).to_string(), Class::Wait),
        What::Network(from, to) => (format!("{} to {}", id(from), id(to)), Class::Network),
    };
    Part::new(name, class, one.mean)
}
