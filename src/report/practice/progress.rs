//! How far somebody is.

use crate::practice::{Next, Progress, Tried};
use crate::report::summary::counted;
use crate::report::wrap::columns;
use crate::report::{Style, Wrap};

/// Below this share a dimension is named as weak.
const WEAK: f64 = 0.8;

/// Problems, dimensions, what is next.
pub fn progress(progress: &Progress, of: usize, style: Style) -> String {
    let paint = style.paint();
    let mut blocks = Vec::new();
    if progress.problems.is_empty() {
        blocks.push("Nothing practised yet.".to_string());
    } else {
        blocks.push(format!(
            "{}\n{}",
            paint.bold(&format!("{} of {of} problems tried", progress.problems.len())),
            problems(&progress.problems)
        ));
    }
    let weak: Vec<_> = progress.dimensions.iter().filter(|one| one.share() < WEAK).collect();
    if !weak.is_empty() {
        let rows = weak.iter().map(|one| {
            let share = paint.share(one.share(), &format!("{:>3.0} %", 100.0 * one.share()));
            format!("  {:<12} {share}   {:.0} of {:.0} points", one.id.name(), one.points, one.of)
        });
        let head = paint.bold("Weak, over your last attempts");
        blocks.push(format!("{head}\n{}", rows.collect::<Vec<_>>().join("\n")));
    } else if !progress.dimensions.is_empty() {
        blocks.push("No dimension is below 80 % over your last attempts.".to_string());
    }
    blocks.extend(progress.next.as_ref().map(|one| next(one, style)));
    format!("{}\n", blocks.join("\n\n"))
}

fn problems(tried: &[Tried]) -> String {
    let widest = tried.iter().map(|one| columns(&one.id)).max().unwrap_or(0);
    let rows = tried.iter().map(|one| {
        let best = match &one.best {
            Some(best) => {
                let level = best.level.map_or("no level", |level| level.name());
                format!("{:>3.0} of {:<3.0}  {level:<8}", best.points, best.of)
            }
            None => format!("{:<20}", "not finished"),
        };
        let open = if one.open { ", one open" } else { "" };
        format!("  {:<widest$}  {best}  {}{open}", one.id, counted(one.attempts, "attempt"))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// `Next: ID`, and why.
pub fn next(next: &Next, style: Style) -> String {
    let wrap = Wrap { width: style.width, first: 2, hang: 2 };
    let head = style.paint().bold(&format!("Next: {}", next.problem));
    format!("{head}\n{}", wrap.block(&next.why))
}
