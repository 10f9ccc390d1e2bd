//! The reference pages of `docs/`, written from the catalogue.

use std::fmt::Write;

use super::{Attribute, Grade, Kind, Technology, Type, catalog};

/// Every kind: what it is, one declared, and the technologies that imply it.
pub fn kinds_markdown() -> String {
    let mut page = String::from("| kind | is | example | technologies |\n|---|---|---|---|\n");
    for entry in &catalog().kinds {
        let technologies: Vec<String> = implying(entry.id).map(|technology| code(&technology.id)).collect();
        row(
            &mut page,
            &[code(entry.id.name()), entry.meaning.clone(), code(&entry.example), technologies.join(", ")],
        );
    }
    page
}

/// Every attribute under each subject that may have it; `read_by` gives the rules that ask for it.
pub fn attributes_markdown(read_by: &dyn Fn(&str) -> Vec<&'static str>) -> String {
    let mut page = String::from(
        "Any attribute may be `none` (or `no`): said not to be there, which is not the same as left unsaid.\n",
    );
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    let sections: [(&str, &[&str]); 7] = [
        ("Any node", &["node"]),
        ("Nodes of some kinds", &kinds),
        ("Hops `->`, `~>` and `<->`", &["hop"]),
        ("Hops `..>`", &["control"]),
        ("Flows", &["flow"]),
        ("Regions, zones and groups", &["group"]),
        ("Tables", &["table"]),
    ];
    for (title, names) in sections {
        let _ = write!(
            page,
            "\n## {title}\n\n| name | of | value | meaning | example | read by |\n|---|---|---|---|---|---|\n"
        );
        let of_section = |attribute: &&Attribute| attribute.on.iter().any(|on| names.contains(&on.as_str()));
        for attribute in catalog().attributes.iter().filter(of_section) {
            let rules: Vec<String> = read_by(&attribute.name).into_iter().map(code).collect();
            row(
                &mut page,
                &[
                    code(&attribute.name),
                    subjects(attribute),
                    value(attribute),
                    attribute.meaning.clone(),
                    code(&attribute.example),
                    rules.join(", "),
                ],
            );
        }
    }
    page.push_str(
        "\n## Other words for them\n\n| written by habit | of | write | because |\n|---|---|---|---|\n",
    );
    for synonym in &catalog().synonyms {
        let words: Vec<String> = synonym.words.iter().map(|word| code(word)).collect();
        row(
            &mut page,
            &[
                words.join(", "),
                synonym.on.join(", "),
                code(&synonym.write),
                synonym.why.clone().unwrap_or_default(),
            ],
        );
    }
    page
}

/// Every technology under the kind that it implies, then the graded numbers.
pub fn technologies_markdown() -> String {
    let mut page = String::from(
        "`replication`, `durability` and `failover` are what a technology can do in its ordinary set-up, without add-ons: \
         what a design does is the design's to say.\n",
    );
    for entry in catalog().kinds.iter().filter(|entry| implying(entry.id).next().is_some()) {
        let _ = write!(
            page,
            "\n## {}\n\n| name | is | also | facts | to know |\n|---|---|---|---|---|\n",
            entry.id.name()
        );
        for technology in implying(entry.id) {
            let names: Vec<String> =
                std::iter::once(&technology.id).chain(&technology.aliases).map(|name| code(name)).collect();
            let also: Vec<&str> = technology.kinds[1..].iter().map(|kind| kind.name()).collect();
            row(
                &mut page,
                &[
                    names.join(", "),
                    technology.title.clone(),
                    also.join(", "),
                    facts(technology).join(", "),
                    technology.note.clone(),
                ],
            );
        }
    }
    page.push_str(
        "\n## Numbers\n\nUsed where a design states none, and then listed as assumptions. A: the vendor's own \
         measurement or limit. B: a careful measurement by a third party. C: a rule of thumb, which never raises an \
         error.\n\n| technology | number | grade | source |\n|---|---|---|---|\n",
    );
    for technology in &catalog().technologies {
        let capacity = technology.capacity.as_ref().map(|default| (format!("{}/s", default.value), default));
        let availability = technology
            .availability
            .as_ref()
            .map(|default| (format!("{} %", (default.value * 1e6).round() / 1e4), default));
        let partition = technology.one_partition.as_ref();
        let partition = partition.map(|default| (format!("{}/s, one partition", default.value), default));
        let copies = technology.copies.as_ref().map(|default| (format!("{} copies", default.value), default));
        for (number, default) in capacity.into_iter().chain(partition).chain(availability).chain(copies) {
            let grade = match default.grade {
                Grade::A => "A",
                Grade::B => "B",
                Grade::C => "C",
            };
            row(&mut page, &[code(&technology.id), number, grade.to_owned(), default.source.clone()]);
        }
    }
    page
}

fn implying(kind: Kind) -> impl Iterator<Item = &'static Technology> {
    catalog().technologies.iter().filter(move |technology| technology.kind() == kind)
}

fn subjects(attribute: &Attribute) -> String {
    let names: Vec<String> = attribute
        .on
        .iter()
        .map(|on| match on.as_str() {
            "node" => "any node".to_owned(),
            "control" => "`..>`".to_owned(),
            "hop" if attribute.connection => "hop (the connection)".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    names.join(", ")
}

fn value(attribute: &Attribute) -> String {
    let mut value = match attribute.ty {
        Type::Flag => "flag".to_owned(),
        Type::Count => "count".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Rate => "rate".to_owned(),
        Type::Duration => "time".to_owned(),
        Type::Size => "size".to_owned(),
        Type::Share => "share".to_owned(),
        Type::Cost => "money over time".to_owned(),
        Type::Speed => "size over time".to_owned(),
        Type::Word => attribute.words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", "),
        Type::Node => "id".to_owned(),
        Type::NodeOrWord => "id or word".to_owned(),
        Type::Names => "name".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Access => "bare, table or list".to_owned(),
        Type::Range => "bare or `[least, most]`".to_owned(),
    };
    if attribute.many {
        value.push_str("; several in `[ ]`");
    }
    match attribute.bare.as_deref() {
        Some("yes") => value.push_str("; or bare"),
        Some(word) => {
            let _ = write!(value, "; bare: {}", code(word));
        }
        None => {}
    }
    value
}

fn facts(technology: &Technology) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(technology.managed.then(|| "managed".to_owned()));
    facts.extend(technology.model.clone());
    facts.extend(technology.delivery.clone());
    facts.extend(technology.order.as_ref().map(|order| format!("order {order}")));
    facts.extend(technology.replay.map(|replay| if replay { "replay" } else { "no replay" }.to_owned()));
    facts.extend(technology.dead_letters.as_ref().map(|dead| format!("dead letters {dead}")));
    facts.extend(technology.shares.as_ref().map(|shares| format!("consumers share {shares}")));
    facts.extend(technology.replication.as_ref().map(|replication| format!("replication {replication}")));
    facts.extend(technology.durability.as_ref().map(|durability| format!("durability {durability}")));
    facts.extend(technology.failover.as_ref().map(|failover| format!("failover {failover}")));
    facts.extend(technology.placement.as_ref().map(|placement| format!("placed by {placement}")));
    facts.extend(technology.settles.as_ref().map(|settles| format!("two writes {settles}")));
    facts.extend(technology.eviction.as_ref().map(|eviction| format!("eviction {eviction}")));
    facts.extend(technology.merges_misses.then(|| "merges misses".to_owned()));
    facts.extend(technology.votes.then(|| "elects by majority".to_owned()));
    facts.extend(technology.faces_clients.then(|| "faces clients".to_owned()));
    facts.extend(technology.encrypted.then(|| "encrypted unless told not to".to_owned()));
    facts.extend(technology.embedded.then(|| "embedded".to_owned()));
    facts.extend(technology.fails_open.then(|| "fails open".to_owned()));
    facts
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn row(page: &mut String, cells: &[String]) {
    for cell in cells {
        let _ = write!(page, "| {} ", cell.replace('|', "\\|"));
    }
    page.push_str("|\n");
}
