//! Reference designs, and how one's own differs from the nearest.

use crate::design::Design;
use crate::practice::{Difference, Link, Sides, difference};
use crate::report::{Style, Wrap, clean};

/// A reference: its name, what it says, and what it says of itself.
#[derive(Debug)]
pub struct Shown<'a> {
    pub name: &'a str,
    pub text: &'a str,
    pub design: &'a Design,
}

/// All by title and decisions; then what distinguishes mine from the nearest, and the nearest whole. Without a design of mine the
/// one at `nearest` is shown alone.
pub fn reveal(mine: Option<&Design>, all: &[Shown], nearest: usize, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 4, hang: 6 };
    let mut blocks = Vec::new();
    let listed = all.iter().map(|one| {
        let title = one.design.title.as_deref().unwrap_or(one.name);
        let scale = one.design.solves.as_ref().and_then(|solves| solves.scale.as_deref());
        let scale = scale.map_or(String::new(), |scale| format!(", at {scale} scale"));
        let mut out = format!("  {}  {}{scale}", paint.bold(&clean(one.name)), clean(title));
        for decision in &one.design.decisions {
            out.push_str(&format!(
                "\n{}",
                wrap.block(&format!("{}, because {}", decision.what, decision.because))
            ));
        }
        out
    });
    blocks.push(format!(
        "{}\n{}",
        paint.bold(&format!("{} designs that earn everything", all.len())),
        listed.collect::<Vec<_>>().join("\n")
    ));
    let Some(one) = all.get(nearest) else { return "no reference designs\n".to_string() };
    if let Some(mine) = mine {
        blocks.push(differs(&difference(mine, one.design), one.name, style));
    }
    blocks.push(format!("{}\n\n{}", paint.bold(&format!("{}, whole", clean(one.name))), one.text.trim_end()));
    if all.len() > 1 {
        let other =
            all.iter().enumerate().find(|(at, _)| *at != nearest).map_or(one.name, |(_, one)| one.name);
        blocks.push(format!("The others: spof practice reveal {}", clean(other)));
    }
    format!("{}\n", blocks.join("\n\n"))
}

fn differs(found: &Difference, name: &str, style: Style) -> String {
    let wrap = Wrap { width: style.width, first: 2, hang: 6 };
    let head = style.paint().bold(&format!("Yours against {}", clean(name)));
    let mut lines = Vec::new();
    let mut say = |what: &str, sides: Sides<String>| {
        for (sign, all) in [("- only yours:", sides.mine), ("+ only theirs:", sides.theirs)] {
            if !all.is_empty() {
                lines.push(wrap.block(&format!("{sign} {what}{}", all.join(", "))));
            }
        }
    };
    let kinds = |kinds: &[crate::catalog::Kind]| kinds.iter().map(|kind| kind.name().to_string()).collect();
    say("", Sides { mine: kinds(&found.kinds.mine), theirs: kinds(&found.kinds.theirs) });
    say("flow ", found.flows.clone());
    let links = |links: &[Link]| {
        links.iter().map(|one| format!("`{} {} {}`", one.from.name(), one.arrow, one.to.name())).collect()
    };
    for (flow, sides) in &found.hops {
        say(&format!("in {flow} "), Sides { mine: links(&sides.mine), theirs: links(&sides.theirs) });
    }
    if lines.is_empty() {
        lines.push("  the same kinds, called in the same way on every flow".to_string());
    }
    format!("{head}\n{}", lines.join("\n"))
}
