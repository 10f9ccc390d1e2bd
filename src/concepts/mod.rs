//! What the field knows by name: a page for each idea that a design stands on, with a drill. The pages are the files in
//! `concepts/`, which this reads and never changes.

#[cfg(test)]
mod audit;
mod group;
mod list;
mod read;

use std::sync::LazyLock;

pub use group::Group;

use crate::rubric::FileError;

/// A page. Its texts are Markdown paragraphs. That the names in it exist is for a test to say.
#[derive(Debug)]
pub struct Concept {
    pub id: String,
    pub title: String,
    /// What else people call it, in lower case.
    pub aliases: Vec<String>,
    pub group: Group,
    /// The rules that check it; none where a drawing does not show it.
    pub rules: Vec<String>,
    /// The problems that ask for it.
    pub problems: Vec<String>,
    /// Other concepts.
    pub see: Vec<String>,
    pub what: String,
    pub bites: String,
    pub trade_off: String,
    pub checked: String,
    pub drill: String,
    pub answer: String,
}

impl Concept {
    /// Its first sentence, for lists.
    pub fn summary(&self) -> String {
        let text = self.what.split_whitespace().collect::<Vec<_>>().join(" ");
        // A stop before a small letter is an abbreviation's.
        let ends = |&(at, _): &(usize, &str)| !text[at + 2..].starts_with(|c: char| c.is_lowercase());
        match text.match_indices(". ").find(ends) {
            Some((at, _)) => text[..=at].to_string(),
            None => text,
        }
    }
}

/// Every concept, in order of id.
pub fn all() -> &'static [Concept] {
    static ALL: LazyLock<Vec<Concept>> = LazyLock::new(|| {
        pages().collect::<Result<_, _>>().expect("the pages are part of the program and tested")
    });
    &ALL
}

pub fn find(id: &str) -> Option<&'static Concept> {
    all().iter().find(|concept| concept.id == id)
}

/// The concepts whose pages name a rule.
pub fn of_rule(rule: &str) -> impl Iterator<Item = &'static Concept> {
    all().iter().filter(move |concept| concept.rules.iter().any(|named| named == rule))
}

/// The concepts whose pages name a problem.
pub fn of_problem(problem: &str) -> impl Iterator<Item = &'static Concept> {
    all().iter().filter(move |concept| concept.problems.iter().any(|named| named == problem))
}

fn pages() -> impl Iterator<Item = Result<Concept, FileError>> {
    list::PAGES.iter().map(|(id, text)| Concept::read(id, &format!("concepts/{id}.md"), text))
}
