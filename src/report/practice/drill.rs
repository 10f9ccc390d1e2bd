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
    let lost = subject(design, &[&drill.after.loss], 1);
    let head = format!("At the peak, {lost}.");
    let flows: Vec<String> = drill
        .after
        .flows
        .iter()
        .enumerate()
        .map(|(at, flow)| {
            let label = design.flow(&flow.id).and_then(|flow| flow.label.as_deref());
            numbered(at, &flow.id, label, style)
        })
        .collect();
    let nodes: Vec<String> = drill
        .choices
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let label = design.node(id).and_then(|at| design.graph[at].label.as_deref());
            numbered(at, id, label, style)
        })
        .collect();
    format!(
        "{}\n\n{}\n{}\n\n{}\n{}\n",
        paint.bold(&Wrap { width: style.width, first: 0, hang: 2 }.block(&head)),
        paint.bold("Flows"),
        flows.join("\n"),
        paint.bold("Nodes that may get more than they carry"),
        if nodes.is_empty() { "  none to choose from".to_string() } else { nodes.join("\n") }
    )
}

fn numbered(at: usize, id: &str, label: Option<&str>, style: Style) -> String {
    let label = label.map_or(String::new(), |label| format!("  {}", style.paint().dim(&clean(label))));
    format!("{:>3}. {}{label}", at + 1, clean(id))
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
        let note = if mine == is { String::new() } else { format!("   you said: {mine}") };
        out.push_str(&format!("  {}{gap}  {is:<10}{note}\n", clean(&flow.id)).replace("  \n", "\n"));
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
