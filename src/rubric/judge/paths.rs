//! Ways through a flow, and what an answer says about them.

use petgraph::graph::NodeIndex;

use crate::rubric::Met;
use crate::rubric::outcome::Outcome;
use crate::rubric::pattern::Stop;
use crate::rubric::view::{Found, View};

pub(super) fn path(view: &View, flow: &str, stops: &[Stop]) -> Outcome {
    let ids = |nodes: Vec<NodeIndex>| -> Vec<&str> { nodes.into_iter().map(|node| view.id(node)).collect() };
    match view.find(stops, false) {
        Found::Path(nodes) => {
            let ids = ids(nodes);
            Outcome::new(Met::Yes, ids.join(" → ")).about(ids)
        }
        Found::Short(passed, nodes) => {
            let ids = ids(nodes);
            if let Found::Path(nodes) = view.find(stops, true) {
                let path: Vec<&str> = nodes.into_iter().map(|node| view.id(node)).collect();
                let why =
                    format!("flow `{flow}` does not say what it reads or writes on {}", path.join(" → "));
                return Outcome::new(Met::Unstated, why).about(path);
            }
            let missing = stops.get(passed).map_or(String::new(), Stop::words);
            let passes = passed_nodes(view);
            let why = match ids.last() {
                Some(last) if passed > 1 => {
                    format!("flow `{flow}` passes {passes}, but after `{last}` no {missing}")
                }
                _ if view.nodes.is_empty() => format!("flow `{flow}` has no hop that can be read yet"),
                _ => format!("flow `{flow}` passes {passes}, but no {missing}"),
            };
            Outcome::new(Met::No, why).about(ids.last().copied())
        }
    }
}

/// A hop that does not say what it does may do what it must not.
pub(super) fn no_path(view: &View, flow: &str, stops: &[Stop]) -> Outcome {
    for (lenient, met) in [(false, Met::No), (true, Met::Unstated)] {
        if let Found::Path(nodes) = view.find(stops, lenient) {
            let ids: Vec<&str> = nodes.into_iter().map(|node| view.id(node)).collect();
            let path = ids.join(" → ");
            let why = match met {
                Met::No => format!("flow `{flow}` waits for {path}"),
                _ => format!("flow `{flow}` waits for {path}, and does not say what that reads or writes"),
            };
            return Outcome::new(met, why).about(ids);
        }
    }
    Outcome::new(
        Met::Yes,
        format!("flow `{flow}` does not wait for {}", stops.last().map_or(String::new(), Stop::words)),
    )
}

/// `browser, front, links and 3 more`
fn passed_nodes(view: &View) -> String {
    const SHOWN: usize = 6;
    let ids: Vec<&str> = view.nodes.iter().take(SHOWN).map(|&node| view.id(node)).collect();
    match view.nodes.len().saturating_sub(SHOWN) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids.join(", ")),
    }
}
