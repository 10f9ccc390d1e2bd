//! What lies in a cache: the sorts of entries, how often each is asked for and filled in, and how large one is.

use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use super::figure::{Missing, Reached};
use super::table::TableNumbers;
use super::want_rate;
use crate::catalog::Kind;
use crate::design::lookup::finds_one;
use crate::design::{Arrow, Design, Flow, Step, Table};
use crate::units::show_number;

/// One sort of entries: rows of one table, answers of one hop, or what is written to the cache itself.
#[derive(Debug)]
pub(super) struct Entry {
    /// `link`, or the hop that they come over.
    pub what: String,
    /// Requests a second that look for one, on average and at the peak; None for what is only written.
    pub asked: Option<(Option<f64>, Option<f64>)>,
    /// Entries a second that are filled in after a miss, or written.
    pub filled: Result<f64, Missing>,
    pub filled_at_peak: Result<f64, Missing>,
    /// How many there can be, where each is a row found by its key.
    pub rows: Option<Reached>,
    /// Bytes that all of them are at most, where they are parts of one table.
    pub most: Option<f64>,
    /// Writes a second of the rows behind; None where it is not known.
    pub written: Option<f64>,
    pub skew: Option<f64>,
    /// Of one entry, and where that is said.
    pub size: Result<(f64, String), Missing>,
}

/// A step that brings entries, and how much of what was asked comes over it.
struct Fill<'d> {
    cache: NodeIndex,
    ask: Option<&'d Step>,
    by: &'d Step,
}

/// The entries of every cache, in the order of the file.
pub(super) fn entries_of(design: &Design, tables: &[TableNumbers]) -> HashMap<NodeIndex, Vec<Entry>> {
    let mut sorts: Vec<(String, Vec<Fill>)> = Vec::new();
    let mut places: HashMap<(NodeIndex, bool, String), usize> = HashMap::new();
    for fill in design.flows.iter().flat_map(|flow| fills(design, flow)) {
        let what = table_of(design, &fill).map_or_else(
            || format!("{} to {}", design.graph[fill.by.from].id, design.graph[fill.by.to].id),
            |(store, table)| format!("{}.{}", design.graph[store].id, table.id),
        );
        let at = *places.entry((fill.cache, fill.ask.is_some(), what.clone())).or_insert(sorts.len());
        match sorts.get_mut(at) {
            Some((_, fills)) => fills.push(fill),
            None => sorts.push((what, vec![fill])),
        }
    }
    let numbers: HashMap<&str, &TableNumbers> =
        tables.iter().map(|numbers| (numbers.id.as_str(), numbers)).collect();
    let written = Written::of(design);
    let mut entries: HashMap<NodeIndex, Vec<Entry>> = HashMap::new();
    for (what, fills) in sorts {
        let table = numbers.get(what.as_str()).copied();
        entries.entry(fills[0].cache).or_default().push(entry(design, table, &written, what, &fills));
    }
    entries
}

/// What a flow brings into caches: after a miss of theirs, or by a write that is no such filling in.
fn fills<'d>(design: &'d Design, flow: &Flow) -> Vec<Fill<'d>> {
    let steps = design.steps_of(flow);
    let mut last: HashMap<NodeIndex, &Step> = HashMap::new();
    let mut arrived: HashMap<NodeIndex, &Step> = HashMap::new();
    let mut fills = Vec::new();
    let mut loaders: HashSet<(NodeIndex, NodeIndex)> = HashSet::new();
    for step in steps {
        let to_cache = design.graph[step.to].kind == Kind::Cache;
        if to_cache && !step.attrs.has("writes") {
            last.insert(step.from, step);
            arrived.insert(step.to, step);
        }
        if step.attrs.text("on").value() != Some("miss") || to_cache {
            continue;
        }
        let itself = design.graph[step.from].kind == Kind::Cache;
        let ask = if itself { arrived.get(&step.from) } else { last.get(&step.from) };
        if let Some(&ask) = ask {
            loaders.insert((step.from, ask.to));
            fills.push(Fill { cache: ask.to, ask: Some(ask), by: step });
        }
    }
    let writes = steps.iter().filter(|step| {
        design.graph[step.to].kind == Kind::Cache
            && step.attrs.has("writes")
            && design.graph[step.hop].arrow != Arrow::Control
            && !loaders.contains(&(step.from, step.to))
    });
    fills.extend(writes.map(|by| Fill { cache: by.to, ask: None, by }));
    fills
}

/// The table that an entry is a row of: what is loaded, or what is written to the cache.
fn table_of<'d>(design: &'d Design, fill: &Fill) -> Option<(NodeIndex, &'d Table)> {
    let store = holder(design, fill.by.to);
    let names = fill.by.attrs.words(if fill.ask.is_some() { "reads" } else { "writes" });
    Some((store, names.iter().find_map(|id| design.graph[store].table(id))?))
}

/// A replica that declares no tables has those of its primary.
fn holder(design: &Design, store: NodeIndex) -> NodeIndex {
    let node = &design.graph[store];
    let primary = || design.node(node.attrs.text("replica_of").value()?);
    if node.tables.is_empty() { primary().unwrap_or(store) } else { store }
}

/// Writes a second of each table, by its store and id; None where the rate of one is not known.
struct Written<'d>(HashMap<(NodeIndex, &'d str), Option<f64>>);

impl<'d> Written<'d> {
    fn of(design: &'d Design) -> Written<'d> {
        let mut written: HashMap<(NodeIndex, &str), Option<f64>> = HashMap::new();
        for step in design.steps.iter().filter(|step| step.flow.is_some()) {
            for id in step.attrs.words("writes") {
                let sum = written.entry((holder(design, step.to), id)).or_insert(Some(0.0));
                *sum = sum.zip(step.load.items).map(|(sum, more)| sum + more);
            }
        }
        Written(written)
    }
}

fn entry(
    design: &Design,
    numbers: Option<&TableNumbers>,
    written: &Written,
    what: String,
    fills: &[Fill],
) -> Entry {
    let table = table_of(design, &fills[0]);
    let one_row = |fill: &Fill| {
        let fields = fill.by.attrs.words("by");
        fill.by.attrs.get("limit").is_none()
            && (fields.is_empty() || table.is_some_and(|(_, table)| finds_one(table, fields)))
    };
    let rows = fills.iter().all(one_row).then(|| numbers.map(|numbers| numbers.rows.clone())).flatten();
    let row = table.and_then(|(_, table)| table.attrs.number("size").value());
    let most = numbers.and_then(|numbers| numbers.rows.as_ref().ok()).zip(row);
    let asked = fills[0].ask.is_some().then(|| {
        let sum = |when: &str| fills.iter().map(|fill| asked(design, fill, when)).sum::<Option<f64>>();
        (sum("rate"), sum("peak"))
    });
    let sum = |when: &str| fills.iter().map(|fill| rate(design, fill.by, when)).sum();
    Entry {
        what,
        asked,
        filled: sum("rate"),
        filled_at_peak: sum("peak"),
        rows,
        most: most.map(|(rows, row)| rows.value * row),
        written: table.map_or(Some(0.0), |(store, table)| {
            written.0.get(&(store, table.id.as_str())).copied().unwrap_or(Some(0.0))
        }),
        skew: table.and_then(|(_, table)| table.attrs.number("skew").value()),
        size: size(design, &fills[0], table),
    }
}

/// What travels a step a second, on average or at the flow's peak.
fn rate(design: &Design, step: &Step, when: &str) -> Result<f64, Missing> {
    let flow = &design.flows[step.flow.expect("only steps of flows bring entries")];
    let each = flow.attrs.number(when).value().or(flow.attrs.number("rate").value());
    let each = each.ok_or_else(|| want_rate(flow))?;
    match step.load.per_request {
        Some(factor) => Ok(each * factor),
        None => Err(super::unknown_hits(design, step)),
    }
}

/// What looks for an entry, of which the misses come over the filling step.
fn asked(design: &Design, fill: &Fill, when: &str) -> Option<f64> {
    let number = |name| fill.by.attrs.number(name).value().unwrap_or(1.0);
    let each = number("share") * number("calls") * number("fanout") / number("batch").max(1.0);
    Some(rate(design, fill.ask?, when).ok()? * each)
}

/// Of one entry: the answer where its size is said, else the rows that it holds, else what the flow answers.
fn size(design: &Design, fill: &Fill, table: Option<(NodeIndex, &Table)>) -> Result<(f64, String), Missing> {
    let [from, to] = [fill.by.from, fill.by.to].map(|end| &design.graph[end].id);
    let which = if fill.ask.is_some() { "response" } else { "payload" };
    if let Some(size) = fill.by.attrs.number(which).value() {
        return Ok((size, format!("`{which}` of `{from} -> {to}`")));
    }
    let row = table.and_then(|(_, table)| table.attrs.number("size").value());
    let limit = fill.by.attrs.number("limit").value();
    if let (Some(row), Some((store, table))) = (row, table) {
        let id = format!("`{}.{}`", design.graph[store].id, table.id);
        return Ok(match limit.filter(|limit| *limit > 1.0) {
            Some(limit) => (row * limit, format!("{} rows of {id}", show_number(limit))),
            None => (row, format!("`size` of {id}")),
        });
    }
    let flow = &design.flows[fill.by.flow.expect("only steps of flows bring entries")];
    if let Some(size) = flow.attrs.number(which).value() {
        return Ok((size, format!("`{which}` of flow `{}`", flow.id)));
    }
    Err(Missing::of(match table {
        Some((store, table)) => format!("`size` of `{}.{}`", design.graph[store].id, table.id),
        None => format!("`{which}` of `{from} -> {to}`"),
    }))
}
