//! A practice problem: what the interviewer says.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{FileError, Scale};
use crate::source::Source;

/// The statement and its numbers. How an answer is judged is the rubric's matter.
#[derive(Debug)]
pub struct Problem {
    pub id: String,
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
    pub statement: String,
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

const TEXTS: [(&str, &str, &str); 2] = [
    ("url-shortener", "problems/url-shortener.md", include_str!("../../problems/url-shortener.md")),
    ("chat-system", "problems/chat-system.md", include_str!("../../problems/chat-system.md")),
];

/// The catalogue, easiest first.
pub fn problems() -> &'static [Problem] {
    static PROBLEMS: LazyLock<Vec<Problem>> = LazyLock::new(|| {
        let read = |(id, name, text)| {
            Problem::read(id, name, text).expect("problems are part of the program and tested")
        };
        TEXTS.into_iter().map(read).collect()
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

    /// Reads a problem file: TOML between two lines of `+++`, then Markdown. `name` is what its errors call it.
    pub fn read(id: &str, name: &str, text: &str) -> Result<Problem, FileError> {
        let source = Source::new(name, text);
        let Some((front, statement)) = split(text) else {
            let message = "a problem starts with front matter: TOML between two lines of `+++`";
            return Err(FileError::new(&source, 0..0, message));
        };
        let front: FrontMatter =
            toml::from_str(front).map_err(|error| FileError::toml(&source, &error, MARK.len()))?;
        Ok(Problem {
            id: id.to_string(),
            title: front.title,
            summary: front.summary,
            tier: front.tier,
            minutes: front.minutes,
            requirements: front.requirement,
            scales: front.numbers,
            statement: statement.to_string(),
        })
    }
}

const MARK: &str = "+++\n";

/// The TOML and the Markdown.
fn split(text: &str) -> Option<(&str, &str)> {
    let (front, rest) = text.strip_prefix(MARK)?.split_once("\n+++\n")?;
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

    #[test]
    fn a_mistake_in_front_matter_has_its_place() {
        let error = Problem::read("a", "a.md", "+++\ntitle = \"A\"\nsumary = \"\"\n+++\n").unwrap_err();
        assert_eq!(error.to_string(), "a.md:3:1: unknown key `sumary`; did you mean `summary`?");
        let error = Problem::read("a", "a.md", "# A\n").unwrap_err();
        assert_eq!((error.line, error.column), (1, 1));
    }
}
