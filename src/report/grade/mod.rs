//! A class's designs: a row for each, as CSV, JSON or a table, and what most of them miss.

mod csv;
mod missed;
mod row;
mod summary;
mod table;

pub use csv::{csv_head, csv_row};
pub use missed::{Missed, MissedBy};
pub use row::{DimensionPoints, Row};
pub use summary::Summary;
pub use table::{table_head, table_row};
