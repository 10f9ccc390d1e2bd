//! What the pages name exists, and a page is what it has to be.

use std::collections::BTreeMap;

use super::{Concept, Group, all, find, list::PAGES, pages};
use crate::report::Style;
use crate::rubric::{FileError, Packs};
use crate::source::Source;

/// A mistake at a word of a page.
fn at(id: &str, word: &str, message: String) -> String {
    let text = PAGES.iter().find(|(page, _)| *page == id).map_or("", |(_, text)| text);
    let source = Source::new(format!("concepts/{id}.md"), text);
    let start = text.find(word).unwrap_or(0);
    FileError::new(&source, start..start, message).to_string()
}

fn each(judge: impl Fn(&Concept, &mut Vec<String>)) {
    let mut wrong = Vec::new();
    for concept in all() {
        judge(concept, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_read() {
    let mistakes: Vec<String> = pages().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn what_a_page_names_exists() {
    each(|concept, wrong| {
        let mut say = |kind: &str, name: &String, exists: bool| {
            if !exists {
                wrong.push(at(&concept.id, &format!("\"{name}\""), format!("no {kind} is called `{name}`")));
            }
        };
        for rule in &concept.rules {
            say("rule", rule, crate::rules::find(rule).is_some());
        }
        for problem in &concept.problems {
            say("problem", problem, Packs::built_in().find(problem).is_some());
        }
        for other in &concept.see {
            say("other concept", other, find(other).is_some() && *other != concept.id);
        }
        for names in [&concept.rules, &concept.problems, &concept.see, &concept.aliases] {
            for (index, name) in names.iter().enumerate() {
                say("second thing", name, !names[..index].contains(name));
            }
        }
    });
}

#[test]
fn every_rule_is_an_instance_of_something() {
    let alone: Vec<&str> = crate::rules::ALL
        .iter()
        .map(|rule| rule.id)
        .filter(|id| super::of_rule(id).next().is_none())
        .collect();
    assert!(alone.is_empty(), "no concept names {alone:?}");
}

#[test]
fn every_problem_is_about_something() {
    for pack in Packs::built_in().iter() {
        assert!(super::of_problem(&pack.problem.id).next().is_some(), "no concept names {}", pack.problem.id);
    }
}

#[test]
fn a_name_means_one_concept() {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for concept in all() {
        assert!(concept.aliases.iter().all(|alias| *alias == alias.to_lowercase()), "{}", concept.id);
        for name in std::iter::once(&concept.id).chain(&concept.aliases) {
            let other = names.insert(name.replace([' ', '_'], "-"), &concept.id);
            assert_eq!(other, None, "`{name}` is both {} and {}", other.unwrap_or_default(), concept.id);
        }
    }
}

#[test]
fn every_group_has_concepts_and_is_called_as_pages_call_it() {
    for group in Group::ALL {
        let named = format!("\ngroup = \"{}\"\n", group.name());
        let same = all().iter().filter(|concept| concept.group == group).count();
        assert_eq!(PAGES.iter().filter(|(_, text)| text.contains(&named)).count(), same);
        assert!(same > 0, "{}", group.name());
    }
}

/// Attributes, kinds and commands that a page's code shows are the language's.
#[test]
fn attributes_in_a_page_exist() {
    let catalog = crate::catalog::catalog();
    each(|concept, wrong| {
        for code in concept.checked.split('`').skip(1).step_by(2) {
            for word in code.split_whitespace() {
                let Some((name, _)) = word.split_once('=') else { continue };
                let plain = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                if plain && !name.is_empty() && catalog.attribute(name).is_none() {
                    wrong.push(at(&concept.id, code, format!("`{name}` is no attribute")));
                }
            }
        }
    });
}

/// What a terminal of 100 columns and 60 lines holds.
#[test]
fn a_page_fits_a_screen() {
    let style = Style { width: 100, color: false, all: false };
    each(|concept, wrong| {
        let page = crate::report::explain::concept(concept, style);
        let lines = page.lines().count();
        if lines > 60 {
            wrong.push(at(&concept.id, "+++", format!("{lines} lines are more than a screen")));
        }
    });
}
