//! A practice problem: what the interviewer says.

use serde::Deserialize;

use super::statement::{Answer, FOLLOW_UPS, OUT_OF_SCOPE, WHEN_ASKED, answers, part};
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

impl Problem {
    /// What an interviewer opens with: everything before the follow-up questions, which hold answers.
    pub fn opening(&self) -> &str {
        let at = self.statement.find(&format!("## {FOLLOW_UPS}")).unwrap_or(self.statement.len());
        &self.statement[..at]
    }

    /// What an interviewer answers when asked.
    pub fn when_asked(&self) -> Vec<Answer> {
        answers(&self.statement, WHEN_ASKED)
    }

    pub fn out_of_scope(&self) -> Option<&str> {
        part(&self.statement, OUT_OF_SCOPE)
    }

    /// The questions that come when the design stands, and what good answers say.
    pub fn follow_ups(&self) -> Vec<Answer> {
        answers(&self.statement, FOLLOW_UPS)
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
    use super::Problem;
    use crate::rubric::{Packs, Scale};

    #[test]
    fn every_problem_has_both_scales_and_all_parts() {
        for problem in Packs::built_in().iter().map(|pack| &pack.problem) {
            assert!(problem.numbers(Scale::Small).is_some(), "{}", problem.id);
            assert!(problem.numbers(Scale::Large).is_some(), "{}", problem.id);
            assert!(!problem.requirements.is_empty(), "{}", problem.id);
            assert!(problem.statement.starts_with("# "), "{}", problem.id);
            assert!(problem.when_asked().len() >= 3, "{}", problem.id);
            assert!(problem.out_of_scope().is_some(), "{}", problem.id);
            let follow_ups = problem.follow_ups();
            assert!(follow_ups.len() >= 3, "{}", problem.id);
            assert!(follow_ups.iter().all(|one| !one.answer.is_empty()), "{}", problem.id);
        }
        assert!(Packs::built_in().find("no-such-problem").is_none());
    }

    #[test]
    fn a_mistake_in_front_matter_has_its_place() {
        let error = Problem::read("a", "a.md", "+++\ntitle = \"A\"\nsumary = \"\"\n+++\n").unwrap_err();
        assert_eq!(error.to_string(), "a.md:3:1: unknown key `sumary`; did you mean `summary`?");
        let error = Problem::read("a", "a.md", "# A\n").unwrap_err();
        assert_eq!((error.line, error.column), (1, 1));
    }
}
