//! What a cache has to hold, and how much of what it is asked it answers.
//!
//! Entries live as long as the cache's `ttl`, so that by Little's law there are as many as are filled in within it, and
//! never more than rows to keep. How often each row is asked is not known; what is said of the hit rate is what holds
//! however unequal that is.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::entry::{Entry, entries_of};
use super::figure::{Figure, Missing, Reached, Unit, add_new};
use super::table::TableNumbers;
use crate::catalog::Kind;
use crate::design::{Design, Node};
use crate::units::{show_count, show_duration, show_number, show_rate, show_share, show_size};

/// The figures of one cache or CDN; those that make no sense for it are None.
#[derive(Debug, Default)]
pub struct CacheNumbers {
    /// Bytes of all its instances together, if nothing is dropped before its time.
    pub memory: Option<Reached>,
    /// As stated.
    pub hit_rate: Option<Reached>,
    /// What follows from rows, rate, `ttl` and `memory`, however unequal the demand for rows is. A stated hit rate is
    /// not part of it.
    pub hit_rate_at_least: Option<Reached>,
    /// What it can be at most, if everything asked for is spread as unequally as it can be.
    pub hit_rate_at_most: Option<Reached>,
}

/// A rate at its peak lasts about so long: the busy hour.
const BUSY: f64 = 3600.0;
/// An upper bound above the one says nothing, nor does a lower bound below the other.
const NEARLY_ALL: f64 = 0.99;
const NEXT_TO_NONE: f64 = 0.01;

/// The figures of the caches and CDNs alone.
pub fn caches(design: &Design) -> HashMap<NodeIndex, CacheNumbers> {
    all(design, &super::table::all(design))
}

/// The caches and CDNs of a design.
pub(super) fn all(design: &Design, tables: &[TableNumbers]) -> HashMap<NodeIndex, CacheNumbers> {
    let mut entries = entries_of(design, tables);
    let caches = design.graph.node_indices();
    caches
        .filter(|&index| matches!(design.graph[index].kind, Kind::Cache | Kind::Cdn))
        .map(|index| (index, cache(&design.graph[index], &entries.remove(&index).unwrap_or_default())))
        .collect()
}

fn cache(node: &Node, entries: &[Entry]) -> CacheNumbers {
    let is_filled = entries.iter().any(|entry| entry.asked.is_some());
    let hit_rate = match node.attrs.number("hit_rate").value() {
        Some(share) => {
            let line = format!("`hit_rate` of {} = {}", node.name(), show_share(share));
            Some(Ok(Figure::new(share, Unit::Share, line)))
        }
        None => is_filled.then(|| Err(Missing::of(format!("`hit_rate` of {}", node.name())))),
    };
    if node.kind == Kind::Cdn {
        return CacheNumbers { hit_rate, ..CacheNumbers::default() };
    }
    CacheNumbers {
        memory: (!entries.is_empty()).then(|| memory(node, entries)),
        hit_rate,
        hit_rate_at_least: at_least(node, entries).map(Ok),
        hit_rate_at_most: at_most(node, entries).map(Ok),
    }
}

/// How many instances of a cache keep entries of their own; the others hold copies. Without `shards` and `failover` the
/// callers spread the keys over all of them.
pub fn parts(node: &Node) -> f64 {
    let replicated = node.attrs.text("failover").value().is_some();
    let unsharded = if replicated { 1.0 } else { node.instances as f64 };
    node.attrs.number("shards").value().map_or(unsharded, |shards| shards.max(1.0))
}

/// Machines that each hold an entry.
fn copies(node: &Node) -> f64 {
    if node.is_managed() { 1.0 } else { (node.instances as f64 / parts(node)).floor().max(1.0) }
}

/// How many of one sort there are at most, and how that is reckoned.
fn count(node: &Node, entry: &Entry) -> Result<(f64, String), Missing> {
    let name = node.name();
    let rows = entry.rows.as_ref().and_then(|rows| rows.as_ref().ok()).map(|rows| rows.value);
    let Some(ttl) = node.attrs.number("ttl").value() else {
        let rows = rows.ok_or_else(|| Missing::of(format!("`ttl` of {name}")))?;
        return Ok((rows, format!("{}: no `ttl`, so all {} rows in the end", entry.what, show_count(rows))));
    };
    let filled = if ttl > BUSY { &entry.filled } else { &entry.filled_at_peak };
    if let Ok(filled) = filled {
        let within = filled * ttl;
        let line = format!(
            "{}: filled {} x {} = {} entries",
            entry.what,
            show_rate(*filled),
            show_duration(ttl),
            show_count(within)
        );
        return Ok(match rows.filter(|rows| *rows < within) {
            Some(rows) => (rows, format!("{line}, but no more than the {} rows", show_count(rows))),
            None => (within, line),
        });
    }
    // Without a hit rate: the most that there can be is what there is where all rows are asked equally often.
    let asked = entry.asked.and_then(|(average, peak)| if ttl > BUSY { average } else { peak });
    match (asked, rows) {
        (Some(asked), Some(rows)) if asked > 0.0 && rows > 0.0 && ttl > 0.0 => {
            let expiring = rows / ttl;
            let count = rows * asked / (asked + expiring);
            let line = format!(
                "{}: {} rows / {} = {} expire; {} x {} / ({} + {}) = {} entries at most",
                entry.what,
                show_count(rows),
                show_duration(ttl),
                show_rate(expiring),
                show_count(rows),
                show_rate(asked),
                show_rate(asked),
                show_rate(expiring),
                show_count(count)
            );
            Ok((count, line))
        }
        _ => Err(filled.clone().err().unwrap_or_default()),
    }
}

fn memory(node: &Node, entries: &[Entry]) -> Reached {
    let mut sum = 0.0;
    let mut lines = Vec::new();
    let mut missing = Missing::default();
    for entry in entries {
        let (count, size) = (count(node, entry), &entry.size);
        for lacking in [count.as_ref().err(), size.as_ref().err()].into_iter().flatten() {
            add_new(&mut missing.wants, &lacking.wants);
        }
        let (Ok((count, line)), Ok((size, of))) = (count, size) else { continue };
        // Pages of one list share no rows: together they are no more than the table.
        let bytes = (count * size).min(entry.most.unwrap_or(f64::INFINITY));
        sum += bytes;
        lines.push(line);
        lines.push(format!(
            "{}: {} x {} ({of}) = {}{}",
            entry.what,
            show_count(count),
            show_size(*size),
            show_size(count * size),
            if bytes < count * size {
                format!(", but no more than the table's {}", show_size(bytes))
            } else {
                String::new()
            }
        ));
    }
    if !missing.wants.is_empty() {
        return Err(missing);
    }
    let (parts, copies) = (parts(node), copies(node));
    let stated = node.attrs.number("memory").value();
    if parts > 1.0 || stated.is_some() {
        let of = stated.map_or(String::new(), |memory| format!(", of {} that it has", show_size(memory)));
        lines.push(format!(
            "one instance: {} / {} = {}{of}",
            show_size(sum),
            show_number(parts),
            show_size(sum / parts)
        ));
    }
    let all = sum * copies;
    lines.push(match copies {
        1.0 => format!("together {}", show_size(all)),
        _ => format!("{} x {} copies = {}", show_size(sum), show_number(copies), show_size(all)),
    });
    Ok(Figure { value: all, unit: Unit::Size, reached: lines, assumed: Vec::new() })
}

/// A lower bound of the hit rate, for a cache of one sort of entries that are rows found by their key.
///
/// A row that is asked `r` times a second, written `w` times, and kept for `T`, misses once in each time that it is there
/// and answers the rest: of its requests it answers at least `r / (r + w + 1/T)`, and with `w = 0` exactly that (a TTL
/// cache under Poisson requests: Choungmo Fofack, Nain, Neglia, Towsley, 2012). `r² / (r + w + 1/T)` is convex in `r` and
/// `w` together, so the sum over all rows is least where they are alike: `λ / (λ + W + N/T)`.
fn at_least(node: &Node, entries: &[Entry]) -> Option<Figure> {
    let [entry] = entries else { return None };
    let rows = entry.rows.as_ref()?.as_ref().ok()?.value;
    let asked = entry.asked?.0.filter(|asked| *asked > 0.0 && rows > 0.0)?;
    // What never expires has to fit.
    if node.attrs.get("ttl").is_none() && node.attrs.number("memory").value().is_none() {
        return None;
    }
    let passes = matches!(node.attrs.text("strategy").value(), Some("write-through" | "write-behind"));
    let written = if passes { 0.0 } else { entry.written? };
    let ttl = node.attrs.number("ttl").value().filter(|ttl| *ttl > 0.0);
    let expiring = ttl.map_or(0.0, |ttl| rows / ttl);
    let alike = asked / (asked + written + expiring);
    let mut best = alike;
    let mut lines = Vec::new();
    if let Some(ttl) = ttl {
        let (rows, ttl) = (show_count(rows), show_duration(ttl));
        lines.push(format!("{rows} rows / {ttl} = {} expire", show_rate(expiring)));
    }
    let parts: Vec<String> = [asked, written, expiring]
        .into_iter()
        .enumerate()
        .filter(|(at, rate)| *at == 0 || *rate > 0.0)
        .map(|(_, rate)| show_rate(rate))
        .collect();
    lines.push(format!(
        "every row asked equally often, the worst there is: {} / ({}) = {}",
        show_rate(asked),
        parts.join(" + "),
        show_share(alike)
    ));
    if let Some(skew) = entry.skew.filter(|skew| *skew > 0.0 && *skew < 1.0) {
        let (hot, rest) = (asked * skew, asked * (1.0 - skew));
        let of_hot = hot / (hot + written + ttl.map_or(0.0, |ttl| 1.0 / ttl));
        let of_rest = rest / (rest + written + expiring);
        let skewed = skew * of_hot + (1.0 - skew) * of_rest;
        if skewed > best {
            best = skewed;
            lines.push(format!(
                "the hottest row, {} of all: {} x {} + {} x {} = {}",
                show_share(skew),
                show_share(skew),
                show_share(of_hot),
                show_share(1.0 - skew),
                show_share(of_rest),
                show_share(skewed)
            ));
        }
    }
    if let Some(memory) = node.attrs.number("memory").value() {
        let size = entry.size.as_ref().ok()?.0;
        let fits = (memory * self::parts(node) / size.max(1.0)).floor();
        if fits < rows * alike {
            let share = fits / rows;
            best = share;
            lines.push(format!(
                "its memory holds {} of {} rows: {}",
                show_count(fits),
                show_count(rows),
                show_share(share)
            ));
        }
    }
    (best >= NEXT_TO_NONE).then_some(Figure {
        value: best,
        unit: Unit::Share,
        reached: lines,
        assumed: Vec::new(),
    })
}

/// An upper bound of the hit rate, for a cache that nothing fills but misses.
///
/// No row is asked for more often than the hottest, which gets the share `s` of all requests (its table's `skew`), or
/// than all of them; a row that is asked `r` times a second answers at most `rT / (1 + rT)` of them (see `at_least`).
/// Of `C` entries that fit in memory none answers more than `s`.
fn at_most(node: &Node, entries: &[Entry]) -> Option<Figure> {
    let [entry] = entries else { return None };
    let asked = entry.asked?.1.filter(|asked| *asked > 0.0)?;
    let filled_otherwise = matches!(
        node.attrs.text("strategy").value(),
        Some("write-through" | "write-behind" | "refresh-ahead")
    );
    if filled_otherwise || node.attrs.text("stampede").value() == Some("stale") {
        return None;
    }
    let mut best: Option<Figure> = None;
    let mut take = |value: f64, line: String| {
        if value < best.as_ref().map_or(1.0, |best| best.value) {
            best = Some(Figure::new(value, Unit::Share, line));
        }
    };
    let skew = entry.skew.filter(|skew| *skew > 0.0);
    if let Some(ttl) = node.attrs.number("ttl").value() {
        let hottest = asked * skew.unwrap_or(1.0);
        let within = hottest * ttl;
        let (rate, of) = match skew {
            Some(skew) => (show_rate(hottest), format!("{} of {}", show_share(skew), show_rate(asked))),
            None => (show_rate(asked), "if all ask for one and the same".to_string()),
        };
        let share = within / (1.0 + within);
        let line = format!(
            "the hottest is asked for {rate} ({of}), {} times within {}: {} / (1 + {}) = {}",
            show_number(within),
            show_duration(ttl),
            show_number(within),
            show_number(within),
            show_share(share)
        );
        take(share, line);
    }
    if let (Some(memory), Ok((size, _)), Some(skew)) =
        (node.attrs.number("memory").value(), &entry.size, skew)
    {
        let fits = (memory * parts(node) / size.max(1.0)).floor();
        let line = format!(
            "its memory holds {} entries, and none is asked for in more than {} of all requests: {} x {} = {}",
            show_count(fits),
            show_share(skew),
            show_count(fits),
            show_share(skew),
            show_share(fits * skew)
        );
        take(fits * skew, line);
    }
    best.filter(|best| best.value < NEARLY_ALL)
}
