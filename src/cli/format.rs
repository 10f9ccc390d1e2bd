//! What `spof check` prints of several designs: each as it comes, or one document of them all at the end.

use clap::ValueEnum;
use serde_json::Value;

use super::folder::From;
use crate::report::comment::Comment;
use crate::report::folder::{self, Totals};
use crate::report::github::Annotations;
use crate::report::sarif::{Log, Pages};
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
    Text {
        style: Style,
        /// Something stands above, from which the next text is set apart.
        further: bool,
        /// Of folders, told at the end.
        totals: Option<Totals>,
    },
    Json {
        several: bool,
        objects: Vec<Value>,
    },
    Sarif(Log),
    Github(Annotations),
    Markdown(Comment),
}

impl Output {
    /// For one design, for `several`, or for all that are in `folders` among others.
    pub fn new(format: Format, style: Style, several: bool, folders: bool, pages: Option<Pages>) -> Output {
        match format {
            Format::Text => Output::Text { style, further: false, totals: folders.then(Totals::default) },
            Format::Json => Output::Json { several, objects: Vec::new() },
            Format::Sarif => Output::Sarif(Log::new(pages.or_else(Pages::of_the_package))),
            Format::Github => Output::Github(Annotations::default()),
            Format::Markdown => Output::Markdown(Comment::default()),
        }
    }

    /// One more design; what of it can be printed already. Of many, each has a few lines at most.
    pub fn add(&mut self, review: &Review, in_few_lines: bool) -> String {
        match self {
            Output::Text { style, further, totals } => {
                if let Some(totals) = totals {
                    totals.add(review);
                }
                let text = match in_few_lines {
                    true => folder::design(review, *style),
                    false => Some(text::text(review, *style)),
                };
                let Some(text) = text else { return String::new() };
                let gap = if std::mem::replace(further, true) { "\n" } else { "" };
                return format!("{gap}{text}");
            }
            Output::Json { objects, .. } => objects.push(json::review(review)),
            Output::Sarif(log) => log.add(review),
            Output::Github(annotations) => return annotations.add(review),
            Output::Markdown(comment) => comment.add(review),
        }
        String::new()
    }

    /// A file that could not be looked at, which standard error says as well.
    pub fn unread(&mut self, file: &str, why: &str, from: From) -> String {
        match self {
            Output::Text { further, totals, .. } => {
                *further = true;
                if let Some(totals) = totals.as_mut().filter(|_| from != From::Nothing) {
                    totals.add_unread();
                }
            }
            // A program that reads the objects of a folder does not know which files are missing.
            Output::Json { objects, .. } if from == From::Folder => objects.push(json::unread(file, why)),
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
            Output::Text { totals: None, .. } => String::new(),
            Output::Text { style, further, totals: Some(totals) } => {
                let gap = if further { "\n" } else { "" };
                format!("{gap}{}", totals.text(style.all, style))
            }
            Output::Json { several: true, objects } => json::printed(&Value::Array(objects)),
            Output::Json { objects, .. } => objects.first().map(json::printed).unwrap_or_default(),
            Output::Sarif(log) => json::printed(&log.end()),
            Output::Github(annotations) => annotations.end(),
            Output::Markdown(comment) => comment.end(),
        }
    }
}
