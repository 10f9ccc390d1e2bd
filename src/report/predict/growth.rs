//! What breaks first as every flow grows alike.

use super::names;
use crate::design::Design;
use crate::predict::{Growth, LARGEST, Reaches};
use crate::report::wrap::columns;
use crate::report::{Style, Wrap};
use crate::units::show_number;

/// Limits, and names in a list, unless all are asked for.
const LIMITS: usize = 8;
const NAMES: usize = 6;

pub fn section(design: &Design, growth: &Growth, style: Style) -> Option<String> {
    let most = |few: usize| if style.all { usize::MAX - 1 } else { few };
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let mut lines = rows(&growth.reaches[..growth.reaches.len().min(most(LIMITS))], style);
    if growth.reaches.len() > most(LIMITS) {
        lines.push(format!("  and {} later (--all)", growth.reaches.len() - most(LIMITS)));
    }
    let mut say = |text: String| lines.push(wrap.block(&text));
    if !growth.beyond.is_empty() {
        let who = names(growth.beyond.iter(), most(NAMES));
        say(format!("past {}: {who}", times(LARGEST)));
    }
    for fills in &growth.fills {
        say(format!("the disks of `{}`: {}", fills.store, fills.by));
    }
    if !growth.unknown.is_empty() {
        say(format!("not known: {}", unknown(growth, most(NAMES))));
    }
    if !growth.managed.is_empty() {
        let who = names(growth.managed.iter(), most(NAMES));
        say(format!("run by others, within limits that are theirs to say: {who}"));
    }
    if lines.is_empty() || design.flows.is_empty() {
        return None;
    }
    let heading = style.paint().bold("What breaks first, as every flow grows alike");
    Some(format!("{heading}\n{}", lines.join("\n")))
}

/// How many times today's load.
fn times(factor: f64) -> String {
    format!("×{}", show_number(factor))
}

fn rows(reaches: &[Reaches], style: Style) -> Vec<String> {
    let shown: Vec<String> = reaches
        .iter()
        .map(|reaches| format!("{}{}", if reaches.at_most { "≤ " } else { "" }, times(reaches.factor)))
        .collect();
    let name = |reaches: &Reaches| format!("`{}`", reaches.node);
    let widest = |of: &mut dyn Iterator<Item = usize>| of.max().unwrap_or(0);
    let first = widest(&mut shown.iter().map(|factor| columns(factor)));
    let second = widest(&mut reaches.iter().map(|reaches| columns(&name(reaches))));
    let indent = 2 + first + 2 + second + 2;
    let wrap = Wrap { width: style.width, first: indent.min(40), hang: indent.min(40) };
    let row = |(reaches, factor): (&Reaches, &String)| {
        let [gap, pad] =
            [first - columns(factor), second - columns(&name(reaches))].map(|many| " ".repeat(many));
        let known = match reaches.grade() {
            Some(grade) => format!("{}, assumed (grade {grade:?})", reaches.by),
            None => reaches.by.clone(),
        };
        let past = if reaches.factor < 1.0 { "; past it today" } else { "" };
        let by = wrap.text(&format!("{known}{past}"));
        format!("  {gap}{factor}  {}{pad}  {by}", name(reaches))
    };
    reaches.iter().zip(&shown).map(row).collect()
}

/// Nodes that lack the same are named together: "`front` and `links`: `capacity`".
fn unknown(growth: &Growth, most: usize) -> String {
    let mut groups: Vec<(Vec<&String>, Vec<String>)> = Vec::new();
    for unknown in &growth.unknown {
        let own = format!("`capacity` of `{}`", unknown.node);
        let wants: Vec<String> = unknown
            .wants
            .iter()
            .map(|want| if *want == own { "`capacity`".to_string() } else { want.clone() })
            .collect();
        match groups.iter_mut().find(|(_, same)| *same == wants) {
            Some((nodes, _)) => nodes.push(&unknown.node),
            None => groups.push((vec![&unknown.node], wants)),
        }
    }
    let more = groups.len().saturating_sub(most);
    let mut said: Vec<String> = groups
        .into_iter()
        .take(most)
        .map(|(nodes, wants)| {
            format!("{} (no {})", names(nodes.into_iter(), most), super::listed(&wants, "and no"))
        })
        .collect();
    if more > 0 {
        said.push(format!("{more} more (--all)"));
    }
    said.join("; ")
}
