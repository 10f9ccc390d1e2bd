//! What will fail, as short sections for a person or as JSON.

mod growth;
mod json;
mod losses;
mod one;
mod stops;

use super::{Style, backlog, numbers, overload};
use crate::design::Design;
use crate::numbers::availability::Places;
use crate::predict::Prediction;

pub use json::{aftermath_json, json};
pub use losses::subject;
pub use one::one;

/// What stops each flow, what each loss does, what growth breaks first; then what was taken for granted.
pub fn text(design: &Design, prediction: &Prediction, places: Places, style: Style) -> String {
    let sections = [
        stops::section(design, &prediction.numbers, style),
        losses::section(design, &prediction.losses, style),
        overload::retries(design, &prediction.retries, style),
        overload::threads(design, &prediction.threads, style),
        backlog::herds(design, &prediction.herds, style),
        backlog::backlogs(design, &prediction.backlogs, style),
        growth::section(design, &prediction.growth, style),
    ];
    let mut blocks: Vec<String> = sections.into_iter().flatten().collect();
    if blocks.is_empty() {
        blocks.push(
            "nothing to predict: no flow says how requests travel, as `flow show rate=10/s { ... }` does"
                .to_string(),
        );
    }
    if let Some(title) = &design.title {
        blocks.insert(0, style.paint().bold(&super::clean(title)));
    }
    let heading = "Assumed (spof numbers --why NODE has the source)";
    blocks.extend(numbers::assumptions(design, &prediction.numbers, places, heading, style));
    format!("{}\n", blocks.join("\n\n"))
}

/// "`a`", "`a` and `b`", "`a`, `b` and 3 more": at most so many.
fn names<'a>(all: impl Iterator<Item = &'a String>, most: usize) -> String {
    let mut named: Vec<String> = all.map(|id| format!("`{id}`")).collect();
    if named.len() > most + 1 {
        let more = named.len() - most;
        named.truncate(most);
        named.push(format!("{more} more"));
    }
    listed(&named, "and")
}

/// "a", "a and b", "a, b and c".
fn listed(all: &[String], last: &str) -> String {
    match all {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
