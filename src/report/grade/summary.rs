//! What a mentor wants to know of a class before looking at anyone's design.

use serde_json::{Value, json};

use super::{Missed, Row};
use crate::report::summary::counted;
use crate::report::{Style, Wrap};
use crate::rubric::{Level, Score};

/// Criteria shown of each problem; a lesson has no more topics.
const TOPICS: usize = 10;

/// A class so far: points of each design, how many reach which level, what is missed.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// A percentage of what could be had, for each design that was graded.
    shares: Vec<f64>,
    without_level: usize,
    /// Junior first.
    levels: [usize; Level::ALL.len()],
    not_graded: usize,
    missed: Missed,
}

impl Summary {
    pub fn add(&mut self, row: &Row, score: Option<&Score>) {
        let (Some(points), Some(of), Some(score)) = (row.points, row.of, score) else {
            self.not_graded += 1;
            return;
        };
        self.shares.push(if of > 0.0 { 100.0 * points / of } else { 0.0 });
        match row.level {
            None => self.without_level += 1,
            Some(level) => self.levels[level as usize] += 1,
        }
        self.missed.add(score);
    }

    pub fn designs(&self) -> usize {
        self.shares.len() + self.not_graded
    }

    /// Lowest, median and highest, as a percentage of what could be had.
    fn spread(&self) -> Option<[f64; 3]> {
        let mut sorted = self.shares.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some([low, f64::midpoint(below, above), high].map(|share| (share * 10.0).round() / 10.0))
    }

    pub fn json(&self) -> Value {
        let spread = self.spread().map(
            |[lowest, median, highest]| json!({ "lowest": lowest, "median": median, "highest": highest }),
        );
        let mut levels = json!({ "none": self.without_level });
        for level in Level::ALL {
            levels[level.name()] = json!(self.levels[level as usize]);
        }
        json!({
            "graded": self.shares.len(),
            "not_graded": self.not_graded,
            "percent": spread,
            "levels": levels,
            "missed": self.missed.sorted(),
        })
    }

    /// A paragraph, and a list of what most miss; blank lines between.
    pub fn text(&self, style: Style) -> String {
        let paint = style.paint();
        let mut out = paint.bold(&Wrap { width: style.width, first: 0, hang: 2 }.text(&self.head()));
        out.push('\n');
        let missed = self.missed.sorted();
        let mut problems: Vec<&str> = missed.iter().map(|one| one.problem.as_str()).collect();
        problems.dedup();
        for problem in problems {
            let by_most: Vec<_> =
                missed.iter().filter(|one| one.problem == problem && 2 * one.missed > one.asked).collect();
            if by_most.is_empty() {
                continue;
            }
            out.push_str(&format!("\n{}\n", paint.bold(&format!("What most miss in {problem}"))));
            for one in by_most.iter().take(TOPICS) {
                let part = match one.partly {
                    0 => String::new(),
                    partly => format!(", {partly} of them partly"),
                };
                let gate =
                    one.gates.map_or_else(String::new, |level| format!(", a must for {}", level.name()));
                let head = format!("{:>9}  ", format!("{} of {}", one.missed, one.asked));
                let text = format!("{}{gate}{part}: {}", one.id, one.ask);
                let hang = head.len() + 2;
                let wrap = Wrap { width: style.width, first: head.len(), hang };
                out.push_str(&format!("{head}{}\n", wrap.text(&text)));
            }
            if by_most.len() > TOPICS {
                out.push_str(&format!("           and {} more\n", by_most.len() - TOPICS));
            }
        }
        out
    }

    fn head(&self) -> String {
        let mut parts = vec![format!("{} graded", counted(self.shares.len(), "design"))];
        if self.not_graded > 0 {
            parts.push(format!("{} not graded", self.not_graded));
        }
        if let Some([low, median, high]) = self.spread() {
            parts.push(format!("from {low:.0}% to {high:.0}%, median {median:.0}%"));
            let levels =
                Level::ALL.into_iter().rev().map(|level| (self.levels[level as usize], level.name()));
            let reached: Vec<String> = levels
                .chain([(self.without_level, "below junior")])
                .filter(|(count, _)| *count > 0)
                .map(|(count, name)| format!("{count} {name}"))
                .collect();
            parts.push(format!("levels: {}", reached.join(", ")));
        }
        parts.join("; ")
    }
}
