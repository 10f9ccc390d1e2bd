//! Which rows of a table the fields of a read lead to.

use super::Table;

/// A field of a read is this column: `by=order_id` is the `id` of the table `order`.
pub fn means(table: &Table, column: &str, field: &str) -> bool {
    field == column
        || field.strip_suffix(column).and_then(|rest| rest.strip_suffix('_')) == Some(table.id.as_str())
}

/// The fields hold a whole key or `unique`: at most one row has them.
pub fn finds_one(table: &Table, fields: &[String]) -> bool {
    std::iter::once(&table.keys)
        .chain(&table.uniques)
        .any(|key| !key.is_empty() && names_all(table, key, fields))
}

/// The fields name all of these columns.
pub fn names_all(table: &Table, columns: &[String], fields: &[String]) -> bool {
    columns.iter().all(|column| fields.iter().any(|field| means(table, column, field)))
}
