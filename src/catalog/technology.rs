//! Technologies and the facts that tell them apart.

use serde::{Deserialize, Serialize};

use super::Kind;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    /// The word that declares one: `redis hot`.
    pub id: String,
    /// As its makers write it: `Redis`.
    pub title: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The kinds that it can be; the first is what its name alone implies.
    pub kinds: Vec<Kind>,
    /// How it keeps data: relational, key-value, document, wide-column, graph, time-series, search, columnar, object, log.
    pub model: Option<String>,
    /// Run by its vendor, who replaces failed machines: exempt from "one instance".
    #[serde(default)]
    pub managed: bool,
    /// What a consumer may count on after a failure, as it comes: at-most-once, at-least-once, exactly-once.
    pub delivery: Option<String>,
    /// The strictest order that it can keep: none, key (within a partition or group), total.
    pub order: Option<String>,
    /// Whether a consumer can read again what it has read.
    pub replay: Option<bool>,
    /// Dead letters: `native` (a setting), `by-hand` (the consumer republishes), `none` (cannot be had).
    pub dead_letters: Option<String>,
    /// How the consumers of one group divide its messages: `partitions` (each takes whole ones), `keys` (one at a time),
    /// `messages` (each takes the next).
    pub shares: Option<String>,
    /// As a topic it knows no groups: every connection that subscribes gets every message.
    #[serde(default)]
    pub broadcasts: bool,
    /// What messages that nobody takes fill up: `memory`, or the `disk` of its machines.
    pub backlog: Option<String>,
    /// A producer that it cannot take from is made to wait, rather than refused at once.
    #[serde(default)]
    pub blocks_producers: bool,
    /// Seconds after which it gives an unconfirmed message to another consumer, where nothing else is set.
    pub redelivers_after: Option<f64>,
    /// Its client libraries ask for more time by themselves while a consumer works on a message.
    #[serde(default)]
    pub renews: bool,
    /// Its clients and servers send each other pings by themselves.
    #[serde(default)]
    pub pings: bool,
    /// The strongest copies that its ordinary set-up can keep, without add-ons: none, async, semi-sync, sync, quorum.
    /// What a design has is its own to say: PostgreSQL can wait for a copy, and does not unless told to.
    pub replication: Option<String>,
    /// Where that set-up can keep what it accepted: none (passes it on), memory, disk (of one machine), replicated.
    pub durability: Option<String>,
    /// Who makes a standby take over: none (there is no standby), manual (a person or another tool), auto (itself, or a
    /// part that ships with it).
    pub failover: Option<String>,
    /// How it spreads rows over machines: `hash` of the key, or by `range` of the ordered keys; None where a design decides.
    pub placement: Option<String>,
    /// What it does by itself about two writes of one record at two places: `lww`, or keeps `both` for somebody to choose.
    pub settles: Option<String>,
    /// What a cache drops when its memory is full, as it comes: `none` (writes fail, or it grows until it is killed), `lru`.
    pub eviction: Option<String>,
    /// Many who miss one entry at once wait for a single load of it, as it comes.
    #[serde(default)]
    pub merges_misses: bool,
    /// Its members elect a leader by majority.
    #[serde(default)]
    pub votes: bool,
    /// Its clients are browsers and devices, with access rules of its own.
    #[serde(default)]
    pub faces_clients: bool,
    /// Encrypts all that it keeps, without being told to.
    #[serde(default)]
    pub encrypted: bool,
    /// A library in its caller's process, with a file on its caller's machine: no call leaves the machine.
    #[serde(default)]
    pub embedded: bool,
    /// With every instance unhealthy it sends to all of them rather than none, as it comes.
    #[serde(default)]
    pub fails_open: bool,
    /// Rate that one instance serves, where a source grades it.
    pub capacity: Option<Default>,
    /// Copies of each record that it keeps unless it is told otherwise, however many machines there are.
    pub copies: Option<Default>,
    /// Rate that one partition of a managed queue or topic takes, or one order of all its messages, by its vendor's limit.
    pub one_partition: Option<Default>,
    /// Availability of one (or of the managed whole), as a fraction.
    pub availability: Option<Default>,
    /// One sentence: what to know of it in a design.
    pub note: String,
}

/// A number used where the design states none; always shown as an assumption.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// Per second for a capacity, a fraction for an availability, a count for copies.
    pub value: f64,
    pub grade: Grade,
    pub source: String,
}

/// How far a number can be trusted. Grade C never raises an error, only a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// The vendor's own measurement or official limit.
    A,
    /// A careful measurement by a third party.
    B,
    /// A rule of thumb.
    C,
}

impl Technology {
    pub fn kind(&self) -> Kind {
        self.kinds[0]
    }
}

pub(super) fn read(toml: &str) -> Vec<Technology> {
    #[derive(Deserialize)]
    struct File {
        technology: Vec<Technology>,
    }
    toml::from_str::<File>(toml).expect("technologies.toml is part of the program and tested").technology
}
