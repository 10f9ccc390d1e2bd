//! A practice problem: what the interviewer says.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Scale;

/// The statement and its numbers. How an answer is judged is the rubric's matter.
#[derive(Debug)]
pub struct Problem {
    pub id: &'static str,
    pub title: String,
    /// One line for the catalogue.
    pub summary: String,
    /// 0 is a warm-up, 4 the hardest.
    pub tier: u8,
    /// Minutes an interview gives it.
    pub minutes: u32,
    pub requirements: Vec<Requirement>,
    /// Small first.
    pub scales: Vec<Numbers>,
    /// Markdown, without the front matter.
    pub statement: &'static str,
}

/// A flow that an answer has, and what it does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id of the flow that serves it.
    pub flow: String,
    pub line: String,
    #[serde(default)]
    pub optional: bool,
}

/// The figures of one scale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub scale: Scale,
    /// In one sentence.
    pub line: String,
    pub figures: Vec<Figure>,
}

/// A line for a design's `given`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub name: String,
    /// As the design language writes it: `100M/month`, `100 * created`.
    pub value: String,
    /// Where it comes from.
    pub from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: String,
    summary: String,
    tier: u8,
    minutes: u32,
    requirement: Vec<Requirement>,
    numbers: Vec<Numbers>,
}

/// The catalogue, easiest first.
pub fn problems() -> &'static [Problem] {
    static PROBLEMS: LazyLock<Vec<Problem>> = LazyLock::new(|| {
        vec![
            Problem::read("url-shortener", include_str!("../../problems/url-shortener.md")),
            Problem::read("chat-system", include_str!("../../problems/chat-system.md")),
        ]
    });
    &PROBLEMS
}

impl Problem {
    pub fn find(id: &str) -> Option<&'static Problem> {
        problems().iter().find(|problem| problem.id == id)
    }

    pub fn numbers(&self, scale: Scale) -> Option<&Numbers> {
        self.scales.iter().find(|numbers| numbers.scale == scale)
    }

    fn read(id: &'static str, text: &'static str) -> Problem {
        let (front, statement) = split(text).expect("a problem starts with +++ front matter +++");
        let front: FrontMatter = toml::from_str(front).expect("problems are part of the program and tested");
        Problem {
            id,
            title: front.title,
            summary: front.summary,
            tier: front.tier,
            minutes: front.minutes,
            requirements: front.requirement,
            scales: front.numbers,
            statement,
        }
    }
}

/// `+++` TOML `+++` Markdown
fn split(text: &str) -> Option<(&str, &str)> {
    let (front, rest) = text.strip_prefix("+++\n")?.split_once("\n+++\n")?;
    Some((front, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::{Problem, problems};
    use crate::rubric::Scale;

    #[test]
    fn every_problem_reads_and_has_both_scales() {
        for problem in problems() {
            assert!(problem.numbers(Scale::Small).is_some(), "{}", problem.id);
            assert!(problem.numbers(Scale::Large).is_some(), "{}", problem.id);
            assert!(!problem.requirements.is_empty(), "{}", problem.id);
            assert!(problem.statement.starts_with("# "), "{}", problem.id);
        }
        assert!(Problem::find("no-such-problem").is_none());
    }
}
