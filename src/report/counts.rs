//! How much was found, by weight.

use serde::Serialize;

use super::summary::counted;
use crate::diagnostic::{Severity, Verdict};
use crate::review::Review;

/// Findings of a verdict of "wrong" by severity; what is only asked is a question, whatever it weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub mistakes: usize,
    pub errors: usize,
    pub warnings: usize,
    pub remarks: usize,
    pub questions: usize,
}

impl Counts {
    pub fn of(review: &Review) -> Counts {
        let mut counts = Counts { mistakes: review.mistakes.len(), ..Counts::default() };
        for finding in &review.critique.findings {
            match (finding.verdict, finding.severity) {
                (Verdict::Wrong, Severity::Error) => counts.errors += 1,
                (Verdict::Wrong, Severity::Warning) => counts.warnings += 1,
                (Verdict::Wrong, Severity::Info) => counts.remarks += 1,
                (Verdict::Unstated, _) => counts.questions += 1,
                (Verdict::NotEvaluated, _) => {}
            }
        }
        counts
    }

    pub fn add(&mut self, other: Counts) {
        self.mistakes += other.mistakes;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.remarks += other.remarks;
        self.questions += other.questions;
    }

    /// `2 errors, 3 warnings, 5 questions`; nothing where there is nothing.
    pub fn words(self) -> String {
        let counts = [
            (self.mistakes, "mistake"),
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.remarks, "remark"),
            (self.questions, "question"),
        ];
        let parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| counted(count, name))
            .collect();
        parts.join(", ")
    }
}
