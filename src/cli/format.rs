//! What `spof check` prints of several designs: each as it comes, or one document of them all at the end.

use clap::ValueEnum;
use serde_json::Value;

use crate::report::comment::Comment;
use crate::report::github::Annotations;
use crate::report::sarif::Log;
use crate::report::{Style, json, text};
use crate::review::Review;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person
    Text,
    /// One object, or an array of them for several files; docs/check.schema.json describes it
    Json,
    /// SARIF 2.1.0, one run over all files, for code scanning and editors
    Sarif,
    /// Workflow commands that annotate a pull request's lines
    Github,
    /// A comment for a pull request
    Markdown,
}

pub(super) enum Output {
    Text { style: Style, further: bool },
    Json { several: bool, objects: Vec<Value> },
    Sarif(Log),
    Github(Annotations),
    Markdown(Comment),
}

impl Output {
    pub fn new(format: Format, style: Style, several: bool) -> Output {
        match format {
            Format::Text => Output::Text { style, further: false },
            Format::Json => Output::Json { several, objects: Vec::new() },
            Format::Sarif => Output::Sarif(Log::default()),
            Format::Github => Output::Github(Annotations::default()),
            Format::Markdown => Output::Markdown(Comment::default()),
        }
    }

    /// One more design; what of it can be printed already.
    pub fn add(&mut self, review: &Review) -> String {
        match self {
            Output::Text { style, further } => {
                let gap = if std::mem::replace(further, true) { "\n" } else { "" };
                return format!("{gap}{}", text::text(review, *style));
            }
            Output::Json { objects, .. } => objects.push(json::review(review)),
            Output::Sarif(log) => log.add(review),
            Output::Github(annotations) => return annotations.add(review),
            Output::Markdown(comment) => comment.add(review),
        }
        String::new()
    }

    /// A file that could not be looked at, which standard error says as well.
    pub fn unread(&mut self, file: &str, why: &str) -> String {
        match self {
            Output::Text { further, .. } => *further = true,
            Output::Json { .. } => {}
            Output::Sarif(log) => log.unread(file, why),
            Output::Github(annotations) => return annotations.unread(file, why),
            Output::Markdown(comment) => comment.unread(file, why),
        }
        String::new()
    }

    /// What is printed when all have been looked at.
    pub fn end(self) -> String {
        match self {
            Output::Text { .. } => String::new(),
            Output::Json { several: true, objects } => json::printed(&Value::Array(objects)),
            Output::Json { objects, .. } => objects.first().map(json::printed).unwrap_or_default(),
            Output::Sarif(log) => json::printed(&log.end()),
            Output::Github(annotations) => annotations.end(),
            Output::Markdown(comment) => comment.end(),
        }
    }
}
