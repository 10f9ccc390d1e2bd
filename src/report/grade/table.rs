//! Rows as a person reads them. Names stand last, so that a long one moves nothing.

use super::Row;
use crate::report::{Style, clean};
use crate::rubric::Dimension;

/// In the order of `Dimension::ALL`; the widest decides the width of its column.
const DIMENSIONS: [&str; Dimension::ALL.len()] =
    ["scope", "estim", "struct", "data", "relia", "scale", "trade", "sec"];
const COUNTS: [&str; 4] = ["mist", "err", "warn", "ask"];
const LEVEL: usize = 6;
const POINTS: usize = 7;

/// Column heads; dimensions are a percentage of what could be had.
pub fn table_head(style: Style) -> String {
    let mut out = format!("{:>POINTS$}  {:<LEVEL$} ", "points", "level");
    out.extend(DIMENSIONS.iter().map(|name| format!(" {name}%")));
    out.push(' ');
    out.extend(COUNTS.iter().map(|name| format!(" {name}")));
    format!("{}\n", style.paint().bold(&format!("{out}  design")))
}

/// One design's line.
pub fn table_row(file: &str, row: &Row, style: Style) -> String {
    let paint = style.paint();
    let (Some(points), Some(of)) = (row.points, row.of) else {
        let blank = " ".repeat(table_head(Style { color: false, ..style }).len() - "design\n".len() - POINTS);
        let why = row.error.as_deref().unwrap_or("not graded");
        // Most reasons name the file.
        let why = if why.contains(file) { why.to_string() } else { format!("{file}: {why}") };
        return format!("{:>POINTS$}{blank}{}\n", "-", clean(&why));
    };
    let whole = format!("{}/{}", crate::report::score::points(points, of), of.round());
    let level = row.level.map_or("none", |level| level.name());
    let share = if of > 0.0 { points / of } else { 1.0 };
    let mut out = format!("{}  {level:<LEVEL$} ", paint.share(share, &format!("{whole:>POINTS$}")));
    for (id, name) in Dimension::ALL.into_iter().zip(DIMENSIONS) {
        let width = name.len() + 1;
        out.push(' ');
        out.push_str(&match row.dimension(id).filter(|dimension| dimension.of > 0.0) {
            None => format!("{:>width$}", "-"),
            Some(dimension) => {
                let share = dimension.points / dimension.of;
                let percent = crate::report::score::points(100.0 * share, 100.0);
                paint.share(share, &format!("{percent:>width$}"))
            }
        });
    }
    out.push(' ');
    let counts = row.counts.unwrap_or_default();
    let counts = [counts.mistakes, counts.errors, counts.warnings, counts.questions];
    for (count, name) in counts.into_iter().zip(COUNTS) {
        let width = name.len();
        out.push_str(&format!(" {count:>width$}"));
    }
    format!("{out}  {}\n", clean(file))
}
