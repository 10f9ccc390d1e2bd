//! Pages by the words in them.
//!
//! Ranked by BM25 (Robertson and Zaragoza, 2009) with its usual k1 = 1.2 and b = 0.75; a word of a name counts as eight
//! of the text, one of the line below it as three. A page that has more of the words asked for stands before one that
//! has fewer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::topic::{Topic, all, list};
use crate::report::Style;

const SATURATION: f64 = 1.2;
const BY_LENGTH: f64 = 0.75;

/// As many as a screen holds, unless all are asked for.
const SHOWN: usize = 12;

/// A page and how often each word is in it, weighed.
struct Entry {
    topic: Topic,
    words: BTreeMap<String, f64>,
    length: f64,
}

/// The pages that have these words, best first; None where no page has any.
pub fn search(asked: &str, style: Style) -> Option<String> {
    let found = ranked(asked);
    if found.is_empty() {
        return None;
    }
    let shown = if style.all { found.len() } else { SHOWN.min(found.len()) };
    let mut text = list(&found[..shown], "", style);
    if shown < found.len() {
        text.push_str(&format!("\n\n{} more; --all shows them", found.len() - shown));
    }
    Some(format!("{text}\n"))
}

fn ranked(asked: &str) -> Vec<Topic> {
    let asked: BTreeSet<String> = words(asked).collect();
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| all().map(entry).collect());
    let entries = &*ENTRIES;
    let pages = entries.len() as f64;
    let mean = entries.iter().map(|entry| entry.length).sum::<f64>() / pages.max(1.0);
    let rarity: Vec<(&str, f64)> = asked
        .iter()
        .map(|word| {
            let with = entries.iter().filter(|entry| entry.words.contains_key(word)).count() as f64;
            (word.as_str(), (1.0 + (pages - with + 0.5) / (with + 0.5)).ln())
        })
        .collect();
    let score = |entry: &Entry| -> (usize, f64) {
        let damp = SATURATION * (1.0 - BY_LENGTH + BY_LENGTH * entry.length / mean.max(1.0));
        let each = rarity.iter().filter_map(|(word, rarity)| {
            let often = entry.words.get(*word)?;
            Some(rarity * often * (SATURATION + 1.0) / (often + damp))
        });
        each.fold((0, 0.0), |(hits, sum), one| (hits + 1, sum + one))
    };
    let mut scored: Vec<((usize, f64), Topic)> =
        entries.iter().map(|entry| (score(entry), entry.topic)).filter(|((hits, _), _)| *hits > 0).collect();
    // Stable, so that equals keep the order of topics.
    scored.sort_by(|((hits, one), _), ((more, other), _)| {
        Reverse(hits).cmp(&Reverse(more)).then(other.total_cmp(one))
    });
    scored.into_iter().map(|(_, topic)| topic).collect()
}

fn entry(topic: Topic) -> Entry {
    let names = topic.names().into_iter().chain(topic.aliases()).collect::<Vec<_>>().join(" ");
    let mut found: BTreeMap<String, f64> = BTreeMap::new();
    let mut length = 0.0;
    for (text, weight) in [(names, 8.0), (topic.line(), 3.0), (topic.text(), 1.0)] {
        for word in words(&text) {
            *found.entry(word).or_default() += weight;
            length += weight;
        }
    }
    Entry { topic, words: found, length }
}

/// Words in small letters, without the commonest endings.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| stem(&word.to_lowercase()))
}

/// `retries`, `retried` and `retry` are one word, as are `shards` and `sharding`. Short ones stay as they are.
fn stem(word: &str) -> String {
    const LEAST: usize = 3;
    let without = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.chars().count() >= LEAST);
    if let Some(stem) = without("ies").or(without("ied")).or(without("ying")) {
        return format!("{stem}y");
    }
    if word.ends_with("ss") {
        return word.to_string();
    }
    let stem = without("ing").or(without("ed")).or(without("es")).or(without("s")).unwrap_or(word);
    // `cached`, `caches` and `cache`.
    stem.strip_suffix('e').filter(|stem| stem.chars().count() >= LEAST).unwrap_or(stem).to_string()
}

#[cfg(test)]
mod tests {
    use super::{ranked, search, stem};
    use crate::report::Style;

    #[test]
    fn endings_make_no_other_word() {
        for words in
            [["retry", "retries", "retried"], ["shard", "shards", "sharding"], ["cache", "caches", "cached"]]
        {
            assert!(words.iter().all(|word| stem(word) == stem(words[0])), "{words:?}");
        }
        assert_eq!([stem("ss"), stem("class"), stem("id"), stem("us")], ["ss", "class", "id", "us"]);
    }

    #[test]
    fn what_is_about_it_comes_first() {
        let first = |asked: &str| ranked(asked).first().map(|topic| (topic.group(), topic.name()));
        assert_eq!(first("outbox pattern"), Some(("concept", "outbox-pattern")));
        assert_eq!(first("two accounts double-booking"), Some(("concept", "locks")));
        assert_eq!(first("little's law"), Some(("concept", "back-of-envelope")));
        assert_eq!(first("stampede of misses"), Some(("rule", "cache-stampede")));
        assert_eq!(first("kafka"), Some(("technology", "kafka")));
    }

    #[test]
    fn every_page_is_found_by_its_own_name() {
        for topic in super::all() {
            let among = ranked(topic.name()).into_iter().take(40);
            let found =
                among.into_iter().any(|other| (other.group(), other.name()) == (topic.group(), topic.name()));
            // An arrow is no word.
            let wordless = !topic.name().chars().any(char::is_alphanumeric);
            assert!(found || wordless, "{} {}", topic.group(), topic.name());
        }
    }

    #[test]
    fn words_that_no_page_has_find_nothing() {
        let style = Style { width: 80, color: false, all: false };
        assert_eq!(search("xyzzy", style), None);
        assert_eq!(search(" -> ", style), None);
        let some = search("idempotency key", style).expect("pages");
        assert!(some.lines().all(|line| line.chars().count() <= 80), "{some}");
        assert!(some.ends_with("--all shows them\n"), "{some}");
    }
}
