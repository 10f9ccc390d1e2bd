//! The catalogue's data keeps the promises that its readers rely on.

use std::collections::HashSet;

use spof::catalog::{Kind, Subject, Type, catalog, nearest, reference};

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
        "rtt",
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

/// The words that open a statement or stand where a kind could.
const KEYWORDS: [&str; 14] = [
    "design", "region", "zone", "group", "flow", "given", "every", "table", "decide", "out", "allow", "note",
    "call", "handoff",
];

#[test]
fn names_mean_one_thing_each() {
    let mut names: HashSet<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    names.extend(KEYWORDS);
    for technology in &catalog().technologies {
        for name in std::iter::once(&technology.id).chain(&technology.aliases) {
            assert!(names.insert(name), "`{name}` twice");
            assert!(
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.split('-').all(|part| {
                        !part.is_empty()
                            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                    }),
                "`{name}` is no name"
            );
        }
    }
}

#[test]
fn technologies_state_facts_in_known_words() {
    let within = |id: &str, fact: &Option<String>, words: &[&str]| {
        if let Some(word) = fact {
            assert!(words.contains(&word.as_str()), "`{id}`: {word}");
        }
    };
    assert!(catalog().technologies.len() >= 110);
    for technology in &catalog().technologies {
        let id = &technology.id;
        let models = [
            "relational",
            "key-value",
            "document",
            "wide-column",
            "graph",
            "time-series",
            "search",
            "columnar",
            "object",
            "log",
        ];
        within(id, &technology.model, &models);
        within(id, &technology.delivery, &["at-most-once", "at-least-once", "exactly-once"]);
        within(id, &technology.order, &["none", "key", "total"]);
        within(id, &technology.dead_letters, &["native", "by-hand", "none"]);
        within(id, &technology.shares, &["partitions", "keys", "messages"]);
        within(id, &technology.backlog, &["memory", "disk"]);
        assert!(technology.redelivers_after.is_none_or(|after| after >= 1.0), "`{id}` redelivers at once");
        within(id, &technology.replication, &["none", "async", "semi-sync", "sync", "quorum"]);
        within(id, &technology.durability, &["none", "memory", "disk", "replicated"]);
        within(id, &technology.failover, &["none", "manual", "auto"]);
        within(id, &technology.placement, &["hash", "range"]);
        assert!(technology.note.ends_with('.') && technology.note.len() < 160, "`{id}`: {}", technology.note);
        let kinds: HashSet<Kind> = technology.kinds.iter().copied().collect();
        assert!(!kinds.is_empty() && kinds.len() == technology.kinds.len(), "kinds of `{id}`");
        for default in
            technology.capacity.iter().chain(&technology.one_partition).chain(&technology.availability)
        {
            assert!(default.source.len() > 10, "`{id}` has a number without a source");
        }
        assert!(
            technology.capacity.as_ref().is_none_or(|default| default.value >= 1.0),
            "capacity of `{id}`"
        );
        assert!(
            technology.availability.as_ref().is_none_or(|default| (0.5..=1.0).contains(&default.value)),
            "availability of `{id}`"
        );
    }
}

#[test]
fn brokers_and_durable_stores_say_what_rules_ask() {
    for technology in &catalog().technologies {
        let id = &technology.id;
        if technology.kind().is_broker() {
            assert!(technology.replay.is_some() && technology.dead_letters.is_some(), "`{id}` as a broker");
        }
        if technology.kind().is_durable() {
            assert!(technology.model.is_some(), "model of `{id}`");
        }
        if let (Some("semi-sync" | "sync" | "quorum"), Some(durability)) =
            (technology.replication.as_deref(), &technology.durability)
        {
            assert!(durability == "replicated" || durability == "memory", "durability of `{id}`");
        }
    }
}

#[test]
fn the_technologies_of_the_language_page_are_as_it_says() {
    let fact = |id: &str| catalog().technology(id).expect(id);
    let kafka = fact("kafka");
    assert_eq!(
        (kafka.kind(), kafka.order.as_deref(), kafka.delivery.as_deref(), kafka.replay),
        (Kind::Topic, Some("key"), Some("at-least-once"), Some(true))
    );
    let pubsub = fact("redis-pubsub");
    assert_eq!(
        (
            pubsub.kind(),
            pubsub.delivery.as_deref(),
            pubsub.durability.as_deref(),
            pubsub.dead_letters.as_deref()
        ),
        (Kind::Topic, Some("at-most-once"), Some("none"), Some("none"))
    );
    let rabbit = fact("rabbit");
    assert_eq!((rabbit.kind(), rabbit.dead_letters.as_deref()), (Kind::Queue, Some("native")));
    assert_eq!((fact("s3").kind(), fact("s3").managed), (Kind::Blob, true));
    assert_eq!(fact("memcached").replication.as_deref(), Some("none"));
    assert_eq!(fact("redis").kind(), Kind::Cache);
    assert!(fact("redis").kinds.contains(&Kind::Topic));
}

#[test]
fn typos_lead_to_what_was_meant() {
    use Kind::{Cache, Database, Queue, Service, Topic};
    let attributes = [
        ("tll", Subject::Node(Cache), "ttl"),
        ("evicton", Subject::Node(Cache), "eviction"),
        ("jiter", Subject::Node(Cache), "jitter"),
        ("strategey", Subject::Node(Cache), "strategy"),
        ("replicaton", Subject::Node(Database), "replication"),
        ("failovr", Subject::Node(Database), "failover"),
        ("bakcup", Subject::Node(Database), "backup"),
        ("encription", Subject::Node(Database), "encryption"),
        ("partitons", Subject::Node(Topic), "partitions"),
        ("retenton", Subject::Node(Topic), "retention"),
        ("visibilty", Subject::Node(Queue), "visibility"),
        ("idempotant", Subject::Node(Service), "idempotent"),
        ("rate_limt", Subject::Node(Service), "rate_limit"),
        ("tiemout", Subject::Hop, "timeout"),
        ("attemps", Subject::Hop, "attempts"),
        ("consistancy", Subject::Hop, "consistency"),
        ("availabilty", Subject::Flow, "availability"),
        ("observs", Subject::Control, "observes"),
    ];
    for (typo, subject, meant) in attributes {
        let names = catalog().attributes_of(subject).map(|attribute| attribute.name.as_str());
        assert_eq!(nearest(typo, names), Some(meant), "{typo}");
    }
    let components =
        [("databse", "database"), ("sevice", "service"), ("postgress", "postgres"), ("kafak", "kafka")];
    for (typo, meant) in components {
        let kinds = Kind::ALL.into_iter().map(Kind::name);
        let names = kinds.chain(catalog().technologies.iter().map(|technology| technology.id.as_str()));
        assert_eq!(nearest(typo, names), Some(meant), "{typo}");
    }
}

#[test]
fn a_habit_is_read_by_where_it_stands() {
    let write = |word, subject| catalog().synonym(word, subject).map(|synonym| synonym.write.as_str());
    assert_eq!(write("qps", Subject::Flow), Some("rate"));
    assert_eq!(write("qps", Subject::Node(Kind::Service)), Some("capacity"));
    assert_eq!(write("retries", Subject::Hop), Some("attempts"));
    assert_eq!(write("retries", Subject::Node(Kind::Queue)), Some("max_receives"));
    assert_eq!(write("sla", Subject::Node(Kind::External)), None);
    assert_eq!(write("ttl", Subject::Node(Kind::Cache)), None);
}

#[test]
fn the_reference_has_every_name() {
    let kinds = reference::kinds_markdown();
    assert!(Kind::ALL.iter().all(|kind| kinds.contains(&format!("| `{}` |", kind.name()))));
    let attributes =
        reference::attributes_markdown(&|name| if name == "ttl" { vec!["cache-no-ttl"] } else { vec![] });
    assert!(
        catalog()
            .attributes
            .iter()
            .all(|attribute| attributes.contains(&format!("| `{}` |", attribute.name)))
    );
    assert!(attributes.contains("| `cache-no-ttl` |"));
    let technologies = reference::technologies_markdown();
    assert!(
        catalog()
            .technologies
            .iter()
            .all(|technology| technologies.contains(&format!("`{}`", technology.id)))
    );
    for page in [kinds, attributes, technologies] {
        let mut columns = 0;
        for line in page.lines() {
            let here = if line.starts_with('|') { line.replace("\\|", "").matches('|').count() } else { 0 };
            assert!(here == 0 || columns == 0 || here == columns, "{line}");
            columns = here;
        }
    }
}

#[test]
fn habits_lead_to_words_and_are_none() {
    for attribute in &catalog().attributes {
        for (habit, meant) in &attribute.habits {
            assert!(attribute.words.contains(meant) || meant == "none", "`{}`: {meant}", attribute.name);
            assert!(!attribute.words.contains(habit), "`{}`: {habit} is a word", attribute.name);
            assert_eq!(habit, &habit.to_lowercase());
        }
    }
}
