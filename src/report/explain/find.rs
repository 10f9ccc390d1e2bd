//! From a name to what it means.

use super::topic::{Topic, all};

/// What a name means, and what it may mean too.
pub(super) struct Found<'n> {
    /// Without the word before it that says what is meant.
    pub name: &'n str,
    pub named: Vec<Topic>,
    pub also: Vec<Topic>,
}

/// What is called so. A rule's id means the rule alone, since findings say `spof explain ID`.
pub(super) fn find(name: &str) -> Found<'_> {
    let whole = called(name, all());
    if !whole.named.is_empty() || !whole.also.is_empty() {
        return whole;
    }
    let name = name.trim();
    let split = name.split_once(|c: char| c == ':' || c.is_whitespace());
    match split {
        Some((group, rest)) => {
            let mut found = called(
                rest,
                all().filter(|topic| {
                    same(topic.group(), group) || same(&format!("{}s", topic.group()), group)
                }),
            );
            // Somebody who says what is meant wants that one, by whatever name.
            if let [first, ..] = found.named[..] {
                found.named = vec![first];
                found.also.clear();
            }
            found
        }
        None => whole,
    }
}

fn called(name: &str, topics: impl Iterator<Item = Topic>) -> Found<'_> {
    let topics: Vec<Topic> = topics.collect();
    let by = |other_name: &str| {
        let is = |other: &&str| same(other, other_name);
        let (named, rest): (Vec<Topic>, Vec<Topic>) =
            topics.iter().partition(|topic| topic.names().iter().any(&is));
        let also = rest.into_iter().filter(|topic| topic.aliases().iter().any(&is)).collect();
        Found { name: name.trim(), named, also }
    };
    let mut found = by(name);
    let rule = found.named.iter().position(|topic| matches!(topic, Topic::Rule(rule) if same(rule.id, name)));
    if let Some(at) = rule {
        let rule = found.named.remove(at);
        found.also.splice(0..0, std::mem::replace(&mut found.named, vec![rule]));
    }
    if found.named.is_empty() && found.also.is_empty() {
        // One, where it is called by many, and many, where by one.
        let name = name.trim();
        let other = name.strip_suffix('s').map_or(format!("{name}s"), str::to_string);
        found = by(&other);
    }
    found
}

/// Names differ neither by case nor by what joins their words.
pub(super) fn same(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let joined = text.split_whitespace().collect::<Vec<_>>().join("-");
        joined.to_lowercase().replace('_', "-")
    };
    plain(one) == plain(other)
}

/// Every name that leads to a page.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().flat_map(|topic| {
        // A question's topic is a phrase: nobody mistypes one.
        let names = if matches!(topic, Topic::Rule(_)) { vec![topic.name()] } else { topic.names() };
        names.into_iter().chain(if matches!(topic, Topic::Concept(_)) { topic.aliases() } else { Vec::new() })
    })
}
