//! What breaks first as every flow grows alike.

use super::{listed, names};
use crate::design::Design;
use crate::predict::{Growth, LARGEST, Reaches, Unknown};
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
        say(format!("not known of {}", unknown(growth, most(NAMES))));
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

/// Who lacks what, and every number that would tell: "`front` and `links`, for want of a `capacity`".
fn unknown(growth: &Growth, most: usize) -> String {
    let nodes = names(growth.unknown.iter().map(|unknown| &unknown.node), most);
    let own = |unknown: &Unknown| unknown.wants == [format!("`capacity` of `{}`", unknown.node)];
    if growth.unknown.iter().all(own) {
        return format!("{nodes}, for want of a `capacity`");
    }
    // "`rate` of flow" with all of its flows.
    let mut wants: Vec<(&str, Vec<&str>)> = Vec::new();
    for want in growth.unknown.iter().flat_map(|unknown| &unknown.wants) {
        let (what, of) = want.rsplit_once(' ').unwrap_or(("", want));
        match wants.iter_mut().find(|(same, _)| *same == what) {
            Some((_, all)) if all.contains(&of) => {}
            Some((_, all)) => all.push(of),
            None => wants.push((what, vec![of])),
        }
    }
    let said = wants.into_iter().map(|(what, of)| {
        let mut named: Vec<String> = of.iter().take(most).map(|name| name.to_string()).collect();
        if of.len() > named.len() {
            named.push(format!("{} more", of.len() - named.len()));
        }
        format!("{what} {}", listed(&named, "and"))
    });
    format!("{nodes}, for want of {}", said.collect::<Vec<_>>().join("; "))
}
