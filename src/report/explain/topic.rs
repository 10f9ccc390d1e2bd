//! Everything that has a page: its names, what it is in a line, what is searched, and the page.

use super::set::sentence;
use super::{attribute, concept, find, kind, problem, rule, technology};
use crate::catalog::{Attribute, Kind, Synonym, Technology, catalog};
use crate::concepts::{self, Concept};
use crate::report::statements::{self, Statement};
use crate::report::{Style, Wrap};
use crate::rubric::{Packs, Problem};
use crate::rules::Rule;

#[derive(Clone, Copy)]
pub(super) enum Topic {
    Rule(&'static Rule),
    Statement(&'static Statement),
    Kind(Kind),
    Technology(&'static Technology),
    Attribute(&'static Attribute),
    Concept(&'static Concept),
    Problem(&'static Problem),
}

/// Every topic, by what it is.
pub(super) fn all() -> impl Iterator<Item = Topic> {
    let rules = crate::rules::ALL.iter().copied().map(Topic::Rule);
    let concepts = concepts::all().iter().map(Topic::Concept);
    let problems = Packs::built_in().iter().map(|pack| Topic::Problem(&pack.problem));
    rules
        .chain(statements::ALL.iter().map(Topic::Statement))
        .chain(Kind::ALL.into_iter().map(Topic::Kind))
        .chain(catalog().technologies.iter().map(Topic::Technology))
        .chain(catalog().attributes.iter().map(Topic::Attribute))
        .chain(concepts)
        .chain(problems)
}

impl Topic {
    /// What it is, in a word: written before a name it leaves only one meaning.
    pub fn group(self) -> &'static str {
        match self {
            Topic::Rule(_) => "rule",
            Topic::Statement(_) => "statement",
            Topic::Kind(_) => "kind",
            Topic::Technology(_) => "technology",
            Topic::Attribute(_) => "attribute",
            Topic::Concept(_) => "concept",
            Topic::Problem(_) => "problem",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Topic::Rule(rule) => rule.id,
            Topic::Statement(statement) => statement.names[0],
            Topic::Kind(kind) => kind.name(),
            Topic::Technology(technology) => &technology.id,
            Topic::Attribute(attribute) => &attribute.name,
            Topic::Concept(concept) => &concept.id,
            Topic::Problem(problem) => &problem.id,
        }
    }

    /// What else means it first of all: a question's topic means the rule that asks, `db` a database.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = vec![self.name()];
        match self {
            Topic::Rule(rule) => names.extend(rule.question.as_ref().map(|question| question.topic)),
            Topic::Statement(statement) => names.extend(&statement.names[1..]),
            Topic::Kind(kind) => {
                let habits = catalog().kind(kind).aka.iter().map(String::as_str);
                names.extend(habits.filter(|name| catalog().technology(name).is_none()));
            }
            Topic::Technology(technology) => names.extend(technology.aliases.iter().map(String::as_str)),
            Topic::Attribute(_) | Topic::Concept(_) | Topic::Problem(_) => {}
        }
        names
    }

    /// What may mean it too, where nothing else is called so.
    pub fn aliases(self) -> Vec<&'static str> {
        match self {
            Topic::Concept(concept) => concept.aliases.iter().map(String::as_str).collect(),
            Topic::Attribute(attribute) => {
                let synonyms = catalog().synonyms.iter().filter(|synonym| synonym.write == attribute.name);
                synonyms.flat_map(|synonym| synonym.words.iter().map(String::as_str)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A sentence for lists.
    pub fn line(self) -> String {
        match self {
            Topic::Rule(rule) => sentence(rule.summary),
            Topic::Statement(statement) => statement.meaning.to_string(),
            Topic::Kind(kind) => catalog().kind(kind).meaning.clone(),
            Topic::Technology(technology) => technology.note.clone(),
            Topic::Attribute(attribute) => attribute.meaning.clone(),
            Topic::Concept(concept) => format!("{}: {}", concept.title, concept.summary()),
            Topic::Problem(problem) => format!("{}: {}", problem.title, sentence(&problem.summary)),
        }
    }

    /// What is searched beside its names and its line.
    pub fn text(self) -> String {
        match self {
            Topic::Rule(rule) => {
                let asked = rule.question.as_ref().map_or("", |question| question.text);
                let page = &rule.page;
                [page.checks, page.when, page.why, page.ignore, asked].join("\n")
            }
            Topic::Statement(statement) => statement.form.to_string(),
            Topic::Kind(kind) => catalog().kind(kind).title.clone(),
            Topic::Technology(technology) => {
                let kinds: Vec<&str> = technology.kinds.iter().map(|kind| kind.name()).collect();
                format!("{} {}", technology.title, kinds.join(" "))
            }
            Topic::Attribute(attribute) => attribute.words.join(" "),
            Topic::Concept(concept) => [
                &concept.what,
                &concept.bites,
                &concept.trade_off,
                &concept.checked,
                &concept.drill,
                &concept.answer,
            ]
            .map(String::as_str)
            .join("\n"),
            Topic::Problem(problem) => problem.opening().to_string(),
        }
    }

    pub fn page(self, style: Style) -> String {
        match self {
            Topic::Rule(found) => rule::page_of(found, style),
            Topic::Statement(found) => statements::page(found, style),
            Topic::Kind(found) => kind::page_of(found, style),
            Topic::Technology(found) => technology::page_of(found, style),
            Topic::Attribute(found) => attribute::page_of(found, style),
            Topic::Concept(found) => concept::page_of(found, style),
            Topic::Problem(found) => problem::page_of(found, style),
        }
    }
}

/// What people call an attribute by habit, where that is what it was called.
pub(super) fn habit(attribute: &Attribute, asked: &str) -> Option<(&'static Synonym, &'static str)> {
    let synonyms = catalog().synonyms.iter().filter(|synonym| synonym.write == attribute.name);
    let word = |synonym: &'static Synonym| synonym.words.iter().find(|word| find::same(word, asked));
    synonyms.into_iter().find_map(|synonym| Some((synonym, word(synonym)?.as_str())))
}

/// A line for each of those that were asked for, with the command that shows it.
pub(super) fn list(topics: &[Topic], asked: &str, style: Style) -> String {
    let command = |topic: &Topic| format!("spof explain {}:{}", topic.group(), topic.name());
    let widest = topics.iter().map(|topic| command(topic).len()).max().unwrap_or(0);
    let start = 2 + widest + 2;
    let lines: Vec<String> = topics
        .iter()
        .map(|topic| {
            let called = match topic {
                Topic::Attribute(attribute) => habit(attribute, asked),
                _ => None,
            };
            let text = match called {
                Some((synonym, word)) => {
                    format!("What `{word}` of {} is here: {}", synonym.on.join(", "), topic.line())
                }
                None => topic.line(),
            };
            // Words have to have room beside the command, or stand under it.
            if style.width >= start + 24 {
                let text = Wrap { width: style.width, first: start, hang: start }.text(&text);
                format!("  {:<widest$}  {text}", command(topic))
            } else {
                format!(
                    "  {}\n{}",
                    command(topic),
                    Wrap { width: style.width, first: 6, hang: 6 }.block(&text)
                )
            }
        })
        .collect();
    lines.join("\n")
}

/// A heading and the list under it.
pub(super) fn listed(heading: &str, topics: &[Topic], asked: &str, style: Style) -> String {
    format!("{}\n{}", style.paint().bold(heading), list(topics, asked, style))
}
