//! Attributes: what may be said of a node, a hop, a flow, a group or a table.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Kind;

/// What an attribute is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Node(Kind),
    /// A hop `->`, `~>` or `<->`.
    Hop,
    /// A hop `..>`.
    Control,
    Flow,
    Group,
    Table,
}

impl Subject {
    /// Its names in a catalogue entry's `on`, the most general last.
    fn names(self) -> [&'static str; 2] {
        match self {
            Subject::Node(kind) => [kind.name(), "node"],
            Subject::Hop => ["hop"; 2],
            Subject::Control => ["control"; 2],
            Subject::Flow => ["flow"; 2],
            Subject::Group => ["group"; 2],
            Subject::Table => ["table"; 2],
        }
    }

    pub(super) fn is_among(self, on: &[String]) -> bool {
        on.iter().any(|name| self.names().contains(&name.as_str()))
    }
}

/// How a value reads. Every attribute may also be `none` (or `no`): said not to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// Bare word, `=yes` or `=no`.
    Flag,
    /// A whole number: `3`, `2 * shards`.
    Count,
    /// A plain number.
    Number,
    /// Something over a time: `100/s`, `2 * users / day`. In 1/s.
    Rate,
    /// `40ms`, `5y`. In seconds.
    Duration,
    /// `500B`, `2GiB`. In bytes.
    Size,
    /// `90%` or `0.9`. As a fraction.
    Share,
    /// `60USD/month`.
    Cost,
    /// Size over time, `200MB/s`. In bytes per second.
    Speed,
    /// One of the attribute's `words`, or a list of them where `many` is set.
    Word,
    /// The id of a node, or a list of ids where `many` is set.
    Node,
    /// The id of a node or any word: `fallback=stale`.
    NodeOrWord,
    /// A free name or several: fields, tables, failure domains, teams.
    Names,
    /// Any text, quoted or one word.
    Text,
    /// Yes, a table, or a list of tables: what a hop reads or writes.
    Access,
    /// Yes, or `[least, most]`.
    Range,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    pub name: String,
    /// Names of kinds, or `node` (any kind), `hop`, `control` (`..>`), `flow`, `group`, `table`.
    pub on: Vec<String>,
    #[serde(rename = "type")]
    pub ty: Type,
    #[serde(default)]
    pub words: Vec<String>,
    /// What people write by habit for one of the words, or for `none`: `noeviction` is `eviction=none`.
    #[serde(default)]
    pub habits: BTreeMap<String, String>,
    /// The word that a bare name stands for (`backoff` alone is `backoff=exponential`), or `yes`: stated, without its
    /// value (`backup` alone). None: a bare name is an error unless the type is a flag, an access or a range.
    pub bare: Option<String>,
    #[serde(default)]
    pub many: bool,
    /// Belongs to the connection, and so merges over all places that name it.
    #[serde(default)]
    pub connection: bool,
    /// Zero makes no sense: that there is none of it is `none`, or left unsaid.
    #[serde(default)]
    pub above_zero: bool,
    pub meaning: String,
    pub example: String,
}

impl Attribute {
    pub fn applies_to(&self, subject: Subject) -> bool {
        subject.is_among(&self.on)
    }

    /// Applies to the subject by its own name, not as one of all nodes.
    pub(super) fn is_particular_to(&self, subject: Subject) -> bool {
        let [particular, _] = subject.names();
        self.on.iter().any(|name| name == particular)
    }
}

/// Words written by habit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synonym {
    pub words: Vec<String>,
    /// The attribute to write instead.
    pub write: String,
    /// Where they mean this, as in an attribute's `on`.
    pub on: Vec<String>,
    /// One sentence where the name alone would mislead, as with `retries`.
    pub why: Option<String>,
}

pub(super) fn read(toml: &str) -> (Vec<Attribute>, Vec<Synonym>) {
    #[derive(Deserialize)]
    struct File {
        attribute: Vec<Attribute>,
        synonym: Vec<Synonym>,
    }
    let file: File = toml::from_str(toml).expect("attributes.toml is part of the program and tested");
    (file.attribute, file.synonym)
}
