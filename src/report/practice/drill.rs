//! A drill: the question, and what is so.

use crate::design::Design;
use crate::practice::drill::{Drill, Said};
use crate::predict::Outcome;
use crate::report::predict::{one, subject};
use crate::report::wrap::columns;
use crate::report::{Style, Wrap, clean};

/// What is lost, and the flows and nodes to choose from.
pub fn question(design: &Design, drill: &Drill, style: Style) -> String {
    let paint = style.paint();
    let numbered =
        |names: Vec<String>| names.iter().zip(1..).map(|(name, at)| format!("{at:>3}. {name}")).collect();
    let flows: Vec<String> = numbered(flows(design, drill, style));
    let nodes: Vec<String> = numbered(nodes(design, drill, style));
    format!(
        "{}\n\n{}\n{}\n\n{}\n{}\n",
        lost(design, drill, style),
        paint.bold("Flows"),
        flows.join("\n"),
        paint.bold("Nodes that may get more than they carry"),
        if nodes.is_empty() { "  none to choose from".to_string() } else { nodes.join("\n") }
    )
}

/// `At the peak, every instance of `api` is lost.`
pub fn lost(design: &Design, drill: &Drill, style: Style) -> String {
    let head = format!("At the peak, {}.", subject(design, &[&drill.after.loss], 1));
    style.paint().bold(&Wrap { width: style.width, first: 0, hang: 2 }.block(&head))
}

/// The flows to choose from, by id and label.
pub fn flows(design: &Design, drill: &Drill, style: Style) -> Vec<String> {
    let label = |id: &str| design.flow(id)?.label.as_deref();
    drill.after.flows.iter().map(|flow| named(&flow.id, label(&flow.id), style)).collect()
}

/// The nodes to choose from, by id and label.
pub fn nodes(design: &Design, drill: &Drill, style: Style) -> Vec<String> {
    let label = |id: &str| design.graph[design.node(id)?].label.as_deref();
    drill.choices.iter().map(|id| named(id, label(id), style)).collect()
}

fn named(id: &str, label: Option<&str>, style: Style) -> String {
    let label = label.map_or(String::new(), |label| format!("  {}", style.paint().dim(&clean(label))));
    format!("{}{label}", clean(id))
}

/// What was said beside what is so, then all that the loss does.
pub fn marked(design: &Design, drill: &Drill, said: &Said, style: Style) -> String {
    let paint = style.paint();
    let right = drill.right();
    let verdict = if drill.is_right(said) { paint.good("Right.") } else { paint.bold("Not quite.") };
    let mut out = format!("{verdict}\n");
    let widest = drill.after.flows.iter().map(|flow| columns(&flow.id)).max().unwrap_or(0);
    let word = |said: &Said, at: usize| match () {
        () if said.stops.contains(&at) => "stops",
        () if said.slows.contains(&at) => "slows down",
        () => "goes on",
    };
    for (at, flow) in drill.after.flows.iter().enumerate() {
        let (mine, is) = (word(said, at), word(&right, at));
        let gap = " ".repeat(widest - columns(&flow.id));
        let line = format!("  {}{gap}  {is:<10}", clean(&flow.id));
        let note = if mine == is { String::new() } else { format!("you said: {mine}") };
        let apart = if columns(&line) + 3 + columns(&note) <= style.width { "   " } else { "\n      " };
        out.push_str(&match note.as_str() {
            "" => format!("{}\n", line.trim_end()),
            note => format!("{line}{apart}{note}\n"),
        });
    }
    let names = |places: &std::collections::BTreeSet<usize>| match places.len() {
        0 => "nothing".to_string(),
        _ => places.iter().map(|&at| format!("`{}`", drill.choices[at])).collect::<Vec<_>>().join(", "),
    };
    let (mine, is) = (names(&said.breaks), names(&right.breaks));
    let note = if mine == is { String::new() } else { format!("; you said: {mine}") };
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    out.push_str(&format!("{}\n", wrap.block(&format!("breaks next: {is}{note}"))));
    if drill.after.flows.iter().any(|flow| flow.outcome == Outcome::Slows) {
        let text =
            "Slows down: its nodes get more than they carry, so that some wait and some are turned away.";
        out.push_str(&format!("{}\n", wrap.block(text)));
    }
    format!("{out}\n{}", one(design, &drill.after, style))
}
