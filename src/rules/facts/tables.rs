//! The tables that steps name, and how many rows a read of one can select.

use super::Facts;
use crate::design::{Design, Step, Table};

impl<'d> Facts<'d> {
    /// The tables that a step names in `reads=`.
    pub fn tables_read(&self, step: &Step) -> Vec<&'d Table> {
        named(self.design, step, "reads")
    }

    /// The tables that a step names in `writes=`.
    pub fn tables_written(&self, step: &Step) -> Vec<&'d Table> {
        named(self.design, step, "writes")
    }

    /// The most sensitive sorts of data that a step reads: of the tables that it names, else of the whole store.
    pub fn data_read(&self, step: &Step) -> &'d [String] {
        let store = &self.design.graph[step.to];
        let of_tables = self.tables_read(step).into_iter().map(|table| table.attrs.words("data"));
        of_tables.chain([store.attrs.words("data")]).find(|data| !data.is_empty()).unwrap_or_default()
    }
}

/// A replica has its primary's tables.
fn named<'d>(design: &'d Design, step: &Step, how: &str) -> Vec<&'d Table> {
    let node = &design.graph[step.to];
    let primary = node.attrs.text("replica_of").value().and_then(|id| design.node(id));
    let owner = match primary {
        Some(primary) if node.tables.is_empty() => &design.graph[primary],
        _ => node,
    };
    step.attrs.words(how).iter().filter_map(|id| owner.table(id)).collect()
}

/// These fields select one row at most: all of the key, or of something unique, is among them.
pub fn selects_one(table: &Table, fields: &[String]) -> bool {
    // `by=order_id` is the `id` of the table `order`.
    let means = |part: &String, field: &String| {
        field == part
            || field.strip_suffix(part.as_str()).and_then(|rest| rest.strip_suffix('_')) == Some(&table.id)
    };
    let covered = |parts: &Vec<String>| {
        !parts.is_empty() && parts.iter().all(|part| fields.iter().any(|field| means(part, field)))
    };
    std::iter::once(&table.keys).chain(&table.uniques).any(covered)
}

/// These fields are where a longer key or index begins: the table is meant to have many rows of each.
pub fn selects_many(table: &Table, fields: &[String]) -> bool {
    let keys = std::iter::once(&table.keys).chain(&table.uniques).chain(&table.indexes);
    let goes_on = |key: &Vec<String>| {
        key.len() > fields.len() && key[..fields.len()].iter().all(|part| fields.contains(part))
    };
    !selects_one(table, fields) && keys.into_iter().any(goes_on)
}

/// What a person calls the first sort of data that not everybody may see; None where all of it is public.
pub fn private_sort(data: &[String]) -> Option<&str> {
    let sort = data.iter().find(|sort| *sort != "public")?;
    Some(if sort == "pii" { "personal" } else { sort })
}
