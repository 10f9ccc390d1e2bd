//! How much data there is, and how fast it grows.

use petgraph::graph::NodeIndex;

use super::figure::{Assumed, Figure, Missing, Reached, Unit, both};
use super::want_rate;
use crate::design::rows::{Write, Writes, row_writes};
use crate::design::{Design, Node, Table};
use crate::units::{show_count, show_number, show_rate, show_size};

const DAY: f64 = 86_400.0;

/// The figures of one table.
#[derive(Debug)]
pub struct TableNumbers {
    pub store: NodeIndex,
    /// `store.link`
    pub id: String,
    pub rows: Reached,
    /// All rows, with every copy.
    pub size: Reached,
    /// Bytes a day that flows add, with every copy.
    pub growth: Reached,
}

impl TableNumbers {
    pub fn figures(&self) -> Vec<(&'static str, &Reached)> {
        vec![("rows", &self.rows), ("size", &self.size), ("growth a day", &self.growth)]
    }
}

pub(super) fn all(design: &Design) -> Vec<TableNumbers> {
    let writes = &row_writes(design);
    let stores = design.graph.node_indices();
    stores
        .flat_map(|store| {
            design.graph[store].tables.iter().map(move |table| self::table(design, writes, store, table))
        })
        .collect()
}

fn table(design: &Design, writes: &Writes, store: NodeIndex, table: &Table) -> TableNumbers {
    let node = &design.graph[store];
    let id = format!("{}.{}", node.id, table.id);
    let row = stated(table, "size", Unit::Size, &id);
    let written = written(design, writes, store, table);
    let rows = rows(table, &written, &id);
    let copies = copies(node);
    let assumed = node.usual_copies().map(|usual| Assumed {
        what: format!("{} copies of each row of {}", show_number(usual.value), node.name()),
        grade: usual.grade,
        source: usual.source.clone(),
        instead: format!("`copies=` on {}", node.name()),
    });
    let assume = |mut figure: Figure| {
        figure.assumed.extend(assumed.clone());
        figure
    };
    let size = both(&rows, &row, Unit::Size, |rows, row| {
        let all = rows * row * copies;
        let line = format!(
            "{} rows x {} x {} = {}",
            show_count(rows),
            show_size(row),
            counted(copies),
            show_size(all)
        );
        (all, line)
    })
    .map(assume);
    let growth = both(&written, &row, Unit::Size, |written, row| {
        let a_day = written * DAY * row * copies;
        let line = format!(
            "{} x 86,400 s x {} x {} = {} a day",
            show_rate(written),
            show_size(row),
            counted(copies),
            show_size(a_day)
        );
        (a_day, line)
    })
    .map(assume);
    TableNumbers { store, id, rows, size, growth }
}

fn counted(copies: f64) -> String {
    if copies == 1.0 { "1 copy".to_string() } else { format!("{} copies", show_number(copies)) }
}

/// Machines that each hold a row: `copies` where stated, or as the technology has it; the instances of each of its
/// `shards`, or of a store that is not split.
fn copies(node: &Node) -> f64 {
    let is_split = node.tables.iter().any(|table| !table.shard.is_empty());
    match (node.copies(), node.attrs.number("shards").value()) {
        (Some(copies), _) => copies,
        (None, _) if node.is_managed() => 1.0,
        (None, Some(shards)) => (node.instances as f64 / shards.max(1.0)).floor().max(1.0),
        (None, None) if is_split => 1.0,
        (None, None) => node.instances as f64,
    }
}

fn stated(table: &Table, name: &str, unit: Unit, id: &str) -> Reached {
    match table.attrs.number(name).value() {
        Some(value) => Ok(Figure::new(value, unit, format!("`{name}` of `{id}` = {}", unit.show(value)))),
        None => Err(Missing::of(format!("`{name}` of `{id}`"))),
    }
}

/// As stated, or what is written while a row lives.
fn rows(table: &Table, written: &Reached, id: &str) -> Reached {
    let stated = stated(table, "rows", Unit::Count, id);
    match written.as_ref().ok().and_then(|written| living(table, written)) {
        Some(living) if stated.is_err() => Ok(living),
        _ => stated,
    }
}

/// The rows that are there in the end, from what flows write and how long a row lives; None where a write may be of a
/// row that is there.
pub fn expected_rows(design: &Design, writes: &Writes, store: NodeIndex, table: &Table) -> Option<Figure> {
    let of_table = writes.get(&(store, table.id.as_str()))?;
    if of_table.iter().any(|(_, write)| matches!(write, Write::Again | Write::Compared | Write::Unknown)) {
        return None;
    }
    living(table, &written(design, writes, store, table).ok()?)
}

fn living(table: &Table, written: &Figure) -> Option<Figure> {
    let lives = table.attrs.number("ttl").value()?;
    let rows = written.value * lives;
    let line =
        format!("{} x {} = {} rows", show_rate(written.value), Unit::Time.show(lives), show_count(rows));
    Some(Figure::new(rows, Unit::Count, line))
}

/// Rows that flows add to it, a second. A write of several tables adds a row to each; one that may change a row counts,
/// for it may add it.
fn written(design: &Design, writes: &Writes, store: NodeIndex, table: &Table) -> Reached {
    let mut sum = 0.0;
    let mut lines = Vec::new();
    for (step, write) in writes.get(&(store, table.id.as_str())).into_iter().flatten() {
        let Some(flow) = step.flow.map(|flow| &design.flows[flow]) else { continue };
        if *write == Write::Changes {
            continue;
        }
        let Some(items) = step.load.items else {
            return Err(want_rate(flow));
        };
        sum += items;
        let most = if *write == Write::Adds { "" } else { " at most, for it may change what is there" };
        lines.push(format!("{}: {} rows{most}", flow.id, show_rate(items)));
    }
    if lines.is_empty() {
        return Err(Missing::of(format!("a flow that adds to `{}`", table.id)));
    }
    Ok(Figure { value: sum, unit: Unit::Rate, reached: lines, assumed: Vec::new() })
}
