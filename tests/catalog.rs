//! The catalogue's data keeps the promises that its readers rely on.

use std::collections::HashSet;

use spof::catalog::{Kind, Subject, Type, catalog};

/// A name in an `on`, and the subjects that it stands for.
fn subjects(name: &str) -> Vec<Subject> {
    match name {
        "node" => Kind::ALL.into_iter().map(Subject::Node).collect(),
        "hop" => vec![Subject::Hop],
        "control" => vec![Subject::Control],
        "flow" => vec![Subject::Flow],
        "group" => vec![Subject::Group],
        "table" => vec![Subject::Table],
        kind => Kind::parse(kind).map(Subject::Node).into_iter().collect(),
    }
}

#[test]
fn every_kind_has_one_entry() {
    let ids: Vec<Kind> = catalog().kinds.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, Kind::ALL);
    for entry in &catalog().kinds {
        assert!(entry.example.starts_with(entry.id.name()), "{}", entry.example);
        assert!(entry.a.ends_with(&entry.title) && entry.meaning.ends_with('.'), "{}", entry.title);
    }
}

#[test]
fn attributes_are_well_formed() {
    let mut names = HashSet::new();
    for attribute in &catalog().attributes {
        let name = &attribute.name;
        assert!(names.insert(name), "`{name}` twice");
        assert!(!attribute.on.is_empty(), "`{name}` is said of nothing");
        for on in &attribute.on {
            assert!(!subjects(on).is_empty(), "`{name}` on `{on}`");
        }
        assert_eq!(attribute.ty == Type::Word, !attribute.words.is_empty(), "words of `{name}`");
        assert!(
            !attribute.words.iter().any(|word| word == "none"),
            "`{name}`: every attribute may be `none`"
        );
        if let Some(bare) = &attribute.bare {
            assert!(bare == "yes" || attribute.words.contains(bare), "bare `{name}`");
            assert!(!matches!(attribute.ty, Type::Flag | Type::Access | Type::Range), "bare `{name}`");
        }
        if attribute.many {
            assert!(matches!(attribute.ty, Type::Word | Type::Node | Type::Names), "many of `{name}`");
        }
        assert!(attribute.meaning.ends_with('.'), "{}", attribute.meaning);
        assert!(
            attribute.example.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name),
            "`{name}` in `{}`",
            attribute.example
        );
    }
}

#[test]
fn connection_attributes_are_these() {
    let of_connection: HashSet<&str> = catalog()
        .attributes
        .iter()
        .filter(|attribute| attribute.connection)
        .map(|attribute| attribute.name.as_str())
        .collect();
    let expected = [
        "timeout",
        "attempts",
        "backoff",
        "jitter",
        "retry_budget",
        "breaker",
        "bulkhead",
        "pool",
        "protocol",
        "tls",
        "fallback",
    ];
    assert_eq!(of_connection, HashSet::from(expected));
}

#[test]
fn synonyms_lead_to_attributes_that_are_valid_there() {
    let mut seen = HashSet::new();
    let mut words = HashSet::new();
    for synonym in &catalog().synonyms {
        let attribute = catalog().attribute(&synonym.write).expect(&synonym.write);
        assert!(!synonym.on.is_empty(), "{:?}", synonym.words);
        for on in &synonym.on {
            let subjects = subjects(on);
            assert!(!subjects.is_empty(), "{:?} on `{on}`", synonym.words);
            for subject in subjects {
                assert!(attribute.applies_to(subject), "`{}` on `{on}`", synonym.write);
                for word in &synonym.words {
                    words.insert(word);
                    assert!(
                        seen.insert((word, format!("{subject:?}"))),
                        "`{word}` on {subject:?} means two things"
                    );
                    assert!(
                        !catalog().attribute(word).is_some_and(|attribute| attribute.applies_to(subject)),
                        "`{word}` is an attribute of {subject:?}"
                    );
                }
            }
        }
    }
    assert!(words.len() >= 60);
}
