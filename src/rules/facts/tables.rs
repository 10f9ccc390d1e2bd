//! Tables: who keeps them, which of them a step reads and writes, and what leads to their rows.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::Facts;
pub use crate::design::lookup::{finds_one, means, names_all};
use crate::design::{Arrow, Node, Step, Table};
use crate::source::Span;

impl<'d> Facts<'d> {
    /// The store that a replica copies; itself where it is none.
    pub fn primary(&self, store: NodeIndex) -> NodeIndex {
        let primary = self.node(store).attrs.text("replica_of").value().and_then(|id| self.design.node(id));
        primary.unwrap_or(store)
    }

    /// The store whose tables a store has: its primary's, where it is a replica that declares none.
    pub fn holder(&self, store: NodeIndex) -> NodeIndex {
        if self.node(store).tables.is_empty() { self.primary(store) } else { store }
    }

    /// The declared tables that a step says it reads.
    pub fn tables_read<'s>(&self, step: &'s Step) -> impl Iterator<Item = &'d Table> + use<'d, 's> {
        let holder = self.node(self.holder(step.to));
        step.attrs.words("reads").iter().filter_map(|id| holder.table(id))
    }

    /// The declared tables that a step says it writes.
    pub fn tables_written<'s>(&self, step: &'s Step) -> impl Iterator<Item = &'d Table> + use<'d, 's> {
        let holder = self.node(self.holder(step.to));
        step.attrs.words("writes").iter().filter_map(|id| holder.table(id))
    }

    /// The tables that some step says it writes, by their place in the text.
    pub fn tables_that_flows_write(&self) -> HashSet<Span> {
        self.design.steps.iter().flat_map(|step| self.tables_written(step)).map(|table| table.span).collect()
    }

    /// The most sensitive sorts of data that a step reads: of the tables that it names, else of the whole store.
    pub fn data_read(&self, step: &Step) -> &'d [String] {
        let store = self.node(step.to);
        let of_tables = self.tables_read(step).map(|table| table.attrs.words("data"));
        of_tables.chain([store.attrs.words("data")]).find(|data| !data.is_empty()).unwrap_or_default()
    }

    /// Taken only when another way fails.
    pub fn is_way_out(&self, step: &Step) -> bool {
        matches!(step.attrs.text("on").value(), Some("error" | "failover"))
    }

    /// What is known to be written to a store when its flows are busiest, and the steps that bring it.
    pub fn known_writes(&self, store: NodeIndex) -> (f64, Vec<&'d Step>) {
        let is_write = |step: &&Step| {
            self.arrow(step) != Arrow::Control && step.attrs.has("writes") && self.busiest(step).is_some()
        };
        let steps: Vec<&Step> = self.design.steps_to(store).filter(is_write).collect();
        (steps.iter().filter_map(|step| self.busiest(step)).sum(), steps)
    }
}

/// Some key or index begins with one of the fields, or they name the whole shard; or the table says nothing of keys.
///
/// An index with a `where` holds for reads that name a field of its condition; its own fields are not empty in them, and
/// what was deleted nobody looks for.
pub fn has_way(table: &Table, fields: &[String]) -> bool {
    let indexes = table.indexes.iter().zip(&table.partial).filter(|(_, condition)| {
        condition.as_ref().is_none_or(|condition| {
            let mut words = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word.contains("deleted") || fields.iter().any(|field| field == word))
        })
    });
    let keys = std::iter::once(&table.keys).chain(&table.uniques).chain(indexes.map(|(columns, _)| columns));
    let begins =
        keys.filter_map(|key| key.first()).any(|first| fields.iter().any(|field| means(table, first, field)));
    begins || table.keys.is_empty() || (!table.shard.is_empty() && names_all(table, &table.shard, fields))
}

/// These fields are where a longer key or index begins: the table is meant to have many rows of each.
pub fn finds_many(table: &Table, fields: &[String]) -> bool {
    let keys = std::iter::once(&table.keys).chain(&table.uniques).chain(&table.indexes);
    let goes_on = |key: &Vec<String>| {
        key.len() > fields.len() && key[..fields.len()].iter().all(|part| fields.contains(part))
    };
    !finds_one(table, fields) && keys.into_iter().any(goes_on)
}

/// How many are a few: on average; the largest has more, but not thousands.
const HANDFUL: f64 = 10.0;

/// The lines of an order: the field is another table of the store, with a few rows here for each one there.
pub fn are_parts(store: &Node, table: &Table, fields: &[String]) -> bool {
    let [field] = fields else { return false };
    let whole = store.table(field.strip_suffix("_id").unwrap_or(field));
    let rows = |table: &Table| table.attrs.number("rows").value();
    whole.and_then(rows).zip(rows(table)).is_some_and(|(wholes, parts)| parts <= wholes * HANDFUL)
}

/// The field counts up: a place in a row of things, a version.
pub fn is_count(field: &str) -> bool {
    let name = field.to_lowercase();
    let words = [
        "seq", "sequence", "number", "num", "no", "nr", "position", "version", "revision", "counter",
        "offset",
    ];
    words.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

/// The fields are a whole key of several, whose last is a place in a row of things: one of them, or all that follow.
pub fn is_position(table: &Table, fields: &[String]) -> bool {
    let places = ["seq", "sequence", "offset", "position", "version", "at", "time", "timestamp", "ts"];
    let is_place = |field: &String| {
        let name = field.to_lowercase();
        places.contains(&name.rsplit('_').next().unwrap_or(&name))
    };
    table.keys.len() >= 2
        && fields.len() == table.keys.len()
        && table.keys.last().is_some_and(is_place)
        && names_all(table, &table.keys, fields)
}

/// What a person calls the first sort of data that not everybody may see; None where all of it is public.
pub fn private_sort(data: &[String]) -> Option<&str> {
    let sort = data.iter().find(|sort| *sort != "public")?;
    Some(if sort == "pii" { "personal" } else { sort })
}
