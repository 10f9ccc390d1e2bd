//! The problems, with what was tried of each.

use super::words::footer;
use crate::practice::State;
use crate::report::Style;
use crate::report::wrap::columns;
use crate::rubric::{Packs, Problem};

/// A line each, easiest first.
pub fn list(packs: &Packs, state: &State, style: Style) -> String {
    let paint = style.paint();
    let mut rows: Vec<&Problem> = packs.iter().map(|pack| &pack.problem).collect();
    rows.sort_by_key(|problem| problem.tier);
    let widest = rows.iter().map(|problem| columns(&problem.id)).max().unwrap_or(0);
    let current = state.current().filter(|attempt| attempt.is_open()).map(|attempt| attempt.problem.as_str());
    let mut out = String::new();
    for problem in rows {
        let finished: Vec<_> = state.of(&problem.id).filter_map(|attempt| attempt.result()).collect();
        let best = finished.iter().max_by(|one, other| one.share().total_cmp(&other.share()));
        let said = match (best, current == Some(problem.id.as_str()), state.open(&problem.id)) {
            (_, true, _) => "you are at it".to_string(),
            (_, _, Some(_)) => format!("open: spof practice resume {}", problem.id),
            (None, ..) if state.of(&problem.id).next().is_some() => "given up".to_string(),
            (None, ..) => "not tried".to_string(),
            (Some(best), ..) => {
                let level = best.level.map_or("no level yet", |level| level.name());
                let times = if finished.len() == 1 { "once" } else { "best" };
                format!("{times} {:.0} of {:.0}, {level}", best.points, best.of)
            }
        };
        let mark = if current == Some(problem.id.as_str()) { "*" } else { " " };
        let line = format!("{mark} {:<widest$}  {:>2} min  {said}", problem.id, problem.minutes);
        out.push_str(&format!("{}\n", if mark == "*" { paint.bold(&line) } else { line }));
    }
    out.push_str(&footer("`spof practice start ID` begins, `spof practice next` says with what", style));
    out
}
