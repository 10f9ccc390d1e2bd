//! Everything that a single loss does.

use super::losses::{pressure, subject};
use super::names;
use crate::design::Design;
use crate::predict::{Aftermath, Becomes, FlowAfter, NodeAfter, Outcome, Rate};
use crate::report::numbers::table;
use crate::report::wrap::columns;
use crate::report::{Style, Wrap};
use crate::units::{show_rate, show_share};

/// Names in a list.
const NAMES: usize = 12;

/// The flows, the load of each node that it touches, and what falls next.
pub fn one(design: &Design, after: &Aftermath, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let mut blocks = vec![paint.bold(&subject(design, &[&after.loss], 1))];
    let lost: Vec<&String> =
        after.nodes.iter().filter(|node| node.becomes == Becomes::Lost).map(|node| &node.id).collect();
    if !lost.is_empty() {
        blocks.push(wrap.block(&format!("down: {}", names(lost.into_iter(), NAMES))));
    }
    let width = after.flows.iter().map(|flow| columns(&flow.id)).max().unwrap_or(0);
    let flows = after.flows.iter().map(|flow| {
        let gap = " ".repeat(width - columns(&flow.id));
        let wrap = Wrap { width: style.width, first: width + 4, hang: width + 6 };
        format!("  {}{gap}  {}", flow.id, wrap.text(&outcome(flow)))
    });
    if !after.flows.is_empty() {
        blocks.push(format!("{}\n{}", paint.bold("Flows"), flows.collect::<Vec<_>>().join("\n")));
    }
    let touched: Vec<&NodeAfter> = after.nodes.iter().filter(|node| node.becomes != Becomes::Lost).collect();
    let rows = touched.iter().map(|node| row(node)).collect();
    blocks.extend(table(["Load, at the peak", "before", "after", "carries", "used"], rows, style));
    let sums: Vec<String> = touched
        .iter()
        .filter(|node| node.becomes != Becomes::Otherwise)
        .map(|node| wrap.block(&pressure(design, node)))
        .collect();
    if !sums.is_empty() {
        blocks.push(format!("{}\n{}", paint.bold("Close to the limit, or past it"), sums.join("\n")));
    }
    if let Some(then) = &after.then {
        let mut lines = vec![format!("  lost: {}", names(then.lost.iter(), NAMES))];
        if !then.stops.is_empty() {
            lines.push(wrap.block(&format!("stops: {}", names(then.stops.iter(), NAMES))));
        }
        lines.extend(then.overloaded.iter().map(|node| wrap.block(&pressure(design, node))));
        let heading = paint.bold("And then, once what is past its limit cannot keep up");
        blocks.push(format!("{heading}\n{}", lines.join("\n")));
    }
    if touched.is_empty() {
        blocks.push("  no other node gets or carries another load".to_string());
    }
    format!("{}\n", blocks.join("\n\n"))
}

fn outcome(flow: &FlowAfter) -> String {
    let nodes = names(flow.nodes.iter(), NAMES);
    match flow.outcome {
        Outcome::Stops => "stops".to_string(),
        Outcome::Slows => format!("slows down: it hangs on {nodes}"),
        Outcome::GoesOn if flow.nodes.is_empty() => "goes on".to_string(),
        Outcome::GoesOn => format!("goes on without {nodes}"),
    }
}

fn row(node: &NodeAfter) -> Vec<String> {
    let rate = |rate: Rate| format!("{}{}", if rate.at_least { "≥ " } else { "" }, show_rate(rate.per_s));
    let share = |share: Option<f64>, of: Rate| {
        share.map_or("?".to_string(), |share: f64| {
            format!("{}{}", if of.at_least { "≥ " } else { "" }, show_share(share))
        })
    };
    let used = match (node.used_before(), node.used_after()) {
        (None, None) => "?".to_string(),
        (before, after) => format!("{} → {}", share(before, node.before), share(after, node.after)),
    };
    vec![
        node.id.clone(),
        rate(node.before),
        rate(node.after),
        node.carries_per_s.map_or("?".to_string(), show_rate),
        used,
    ]
}
