//! The figures of a design, as tables for a person, with their arithmetic on demand, or as JSON.

use serde_json::{Map, Value, json};

use super::wrap::columns;
use super::{Style, Wrap};
use super::{availability, latency};
use crate::design::Design;
use crate::numbers::availability::{Assumption, Places, merged, study};
use crate::numbers::{CacheNumbers, FlowNumbers, Missing, Numbers, Reached};

/// Numbers that are missing, named under the tables.
const WANTED: usize = 8;

/// Flows, nodes and tables; then what was assumed, and what is missing.
pub fn text(design: &Design, numbers: &Numbers, places: Places, style: Style) -> String {
    let paint = style.paint();
    let mut blocks = Vec::new();
    if let Some(title) = &design.title {
        blocks.push(paint.bold(&super::clean(title)));
    }
    let per_flow = numbers.flows.iter().map(|flow| {
        let [available, naive, down] = availability::cells(flow.availability.as_ref());
        let [p50, p99] = latency::cells(flow.latency.as_ref());
        vec![flow.id.clone(), cell(&flow.average), cell(&flow.peak), p50, p99, available, naive, down]
    });
    let heads = ["Flows", "average", "peak", "p50", "p99", "available", "naive", "down a year"];
    blocks.extend(table(heads, per_flow.collect(), style));
    blocks.extend(availability::what_stops(design, numbers, style));
    let per_node = numbers.nodes.iter().map(|node| {
        let of = |figure: &Option<Reached>| figure.as_ref().map_or(String::new(), cell);
        vec![
            node.id.clone(),
            cell(&node.average),
            cell(&node.peak),
            of(&node.capacity),
            of(&node.utilisation),
            of(&node.in_flight),
            of(&node.incoming),
            of(&node.outgoing),
            of(&node.network),
            of(&node.connections),
            of(&node.cache.memory),
            hits(&node.cache),
        ]
    });
    let heads = [
        "Nodes",
        "average",
        "peak",
        "carries",
        "used",
        "in flight",
        "in",
        "out",
        "network",
        "connections",
        "memory",
        "hits",
    ];
    blocks.extend(table(heads, per_node.collect(), style));
    let per_table = numbers
        .tables
        .iter()
        .map(|table| vec![table.id.clone(), cell(&table.rows), cell(&table.size), cell(&table.growth)]);
    blocks.extend(table(["Tables", "rows", "with copies", "a day"], per_table.collect(), style));
    blocks.extend(assumptions(design, numbers, places, "Assumed (--why NODE has the source)", style));
    let wants = numbers.wants();
    if !wants.is_empty() {
        let most = if style.all { wants.len() } else { WANTED };
        let more = wants.len().saturating_sub(most);
        let more = if more > 0 { format!(" and {more} more (--all)") } else { String::new() };
        let text = format!("{}{more}", wanted(&wants[..wants.len().min(most)]));
        let text = Wrap { width: style.width, first: 2, hang: 2 }.block(&text);
        blocks.push(format!("{}\n{text}", paint.bold("A `?` wants")));
    }
    if blocks.len() <= usize::from(design.title.is_some()) {
        blocks.push("nothing to reckon with: no flow, and no node but clients".to_string());
    }
    format!("{}\n", blocks.join("\n\n"))
}

/// "`capacity` of `a`, `latency` of `a`, `b`": each attribute once.
pub(super) fn wanted(wants: &[&str]) -> String {
    let mut subjects: Vec<(&str, Vec<&str>)> = Vec::new();
    for want in wants {
        let (what, of) =
            want.split_once(" of ").filter(|(what, _)| what.starts_with('`')).unwrap_or((want, ""));
        match subjects.iter_mut().find(|(known, names)| *known == what && !names.is_empty()) {
            Some((_, names)) if !of.is_empty() => names.push(of),
            _ => subjects.push((what, Some(of).filter(|of| !of.is_empty()).into_iter().collect())),
        }
    }
    let listed = subjects.into_iter().map(|(what, names)| match names.is_empty() {
        true => what.to_string(),
        false => format!("{what} of {}", names.join(", ")),
    });
    listed.collect::<Vec<String>>().join(", ")
}

/// What was taken for granted, under a heading: numbers of the catalogue, and how long things are up.
pub fn assumptions(
    design: &Design,
    numbers: &Numbers,
    places: Places,
    heading: &str,
    style: Style,
) -> Option<String> {
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let assumed = numbers
        .assumed()
        .into_iter()
        .map(|assumed| wrap.block(&format!("{}; {} says otherwise", assumed.what, assumed.instead)));
    let lasting = lasting(&numbers.flows);
    let still = availability::standing_still(design, places).filter(|_| !numbers.flows.is_empty());
    let all: Vec<String> = assumed
        .chain(lasting.iter().map(|assumption| availability::assumed(assumption, style)))
        .chain(still.map(|note| wrap.block(note)))
        .collect();
    (!all.is_empty()).then(|| format!("{}\n{}", style.paint().bold(heading), all.join("\n")))
}

/// What was taken for granted of how long things are up, over all flows.
pub(super) fn lasting(flows: &[FlowNumbers]) -> Vec<Assumption> {
    merged(flows.iter().filter_map(|flow| flow.availability.as_ref()).flat_map(|of| &of.assumed))
}

/// `?` where it cannot be had, `≥ 38/s` where a part is known.
pub(super) fn cell(figure: &Reached) -> String {
    match figure {
        Ok(figure) => figure.shown(),
        Err(Missing { at_least: Some(least), .. }) => format!("≥ {}", crate::units::show_rate(*least)),
        Err(_) => "?".to_string(),
    }
}

/// As stated; else what it is at least.
pub(super) fn hits(cache: &CacheNumbers) -> String {
    match (&cache.hit_rate, &cache.hit_rate_at_least) {
        (Some(Err(_)), Some(Ok(least))) => format!("≥ {}", least.shown()),
        (Some(hits), _) => cell(hits),
        (None, _) => String::new(),
    }
}

/// A heading and its rows, without the columns in which nothing stands. None where there are no rows.
pub fn table<const N: usize>(heads: [&str; N], rows: Vec<Vec<String>>, style: Style) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let used: Vec<usize> =
        (0..N).filter(|&at| at == 0 || rows.iter().any(|row| !row[at].is_empty())).collect();
    let width =
        |at: usize| rows.iter().map(|row| columns(&row[at])).chain([columns(heads[at])]).max().unwrap_or(0);
    let widths: Vec<usize> = used.iter().map(|&at| width(at)).collect();
    let line = |cells: Vec<&str>, indent: &str| {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let gap = " ".repeat(widths[at] - columns(cell));
            line.push_str(&if at == 0 { format!("{indent}{cell}{gap}") } else { format!("  {gap}{cell}") });
        }
        line.trim_end().to_string()
    };
    let mut head = line(used.iter().map(|&at| heads[at]).collect(), "");
    // The names stand two columns in from their heading.
    head.insert_str(columns(heads[0]), "  ");
    let mut out = style.paint().bold(&head);
    for row in &rows {
        out.push('\n');
        out.push_str(&line(used.iter().map(|&at| row[at].as_str()).collect(), "  "));
    }
    Some(out)
}

/// How each figure of a node, flow or table was reached; None where the name is none of them.
pub fn why(design: &Design, numbers: &Numbers, places: Places, id: &str, style: Style) -> Option<String> {
    let node = numbers.nodes.iter().find(|node| node.id == id).map(|node| node.figures());
    let flow = numbers
        .flows
        .iter()
        .find(|flow| flow.id == id)
        .map(|flow| vec![("average", &flow.average), ("peak", &flow.peak)]);
    let table = numbers
        .tables
        .iter()
        .find(|table| table.id == id || table.id.split_once('.').is_some_and(|(_, name)| name == id))
        .map(|table| table.figures());
    let found: Vec<_> = [node, flow, table].into_iter().flatten().collect();
    if found.is_empty() {
        return None;
    }
    let paint = style.paint();
    let mut blocks = vec![paint.bold(&super::clean(id))];
    for (name, figure) in found.into_iter().flatten() {
        let wrap = Wrap { width: style.width, first: 2, hang: 4 };
        let mut block = format!("{name}: {}", paint.bold(&cell(figure)));
        match figure {
            Ok(figure) => {
                for line in &figure.reached {
                    block.push_str(&format!("\n{}", wrap.block(line)));
                }
                for assumed in &figure.assumed {
                    let text = format!(
                        "assumed: {} (grade {:?}: {}); {} says otherwise",
                        assumed.what, assumed.grade, assumed.source, assumed.instead
                    );
                    block.push_str(&format!("\n{}", paint.dim(&wrap.block(&text))));
                }
            }
            Err(missing) => {
                block.push_str(&format!("\n{}", wrap.block(&format!("wants {}", missing.wants.join(", ")))));
            }
        }
        blocks.push(block);
    }
    let flow = design.flows.iter().zip(&numbers.flows).find(|(_, numbers)| numbers.id == id);
    if let Some((_, FlowNumbers { latency: Some(latency), .. })) = flow {
        blocks.push(latency::why(design, latency, style));
    }
    if let Some((flow, FlowNumbers { availability: Some(availability), .. })) = flow {
        let study = study(design, flow, places, availability);
        blocks.push(availability::why(design, availability, &study, places, style));
    }
    Some(format!("{}\n", blocks.join("\n\n")))
}

/// One object; a figure that cannot be had is null, and what it wants stands under `missing`.
pub fn json(numbers: &Numbers) -> Value {
    let flows: Vec<Value> = numbers
        .flows
        .iter()
        .map(|flow| {
            let rates = [("rate_per_s", Some(&flow.average)), ("peak_per_s", Some(&flow.peak))];
            let mut object = object(&flow.id, rates);
            latency::into_json(flow.latency.as_ref(), &mut object);
            availability::into_json(flow.availability.as_ref(), &mut object);
            object
        })
        .collect();
    let nodes: Vec<Value> = numbers
        .nodes
        .iter()
        .map(|node| {
            object(
                &node.id,
                [
                    ("rate_per_s", Some(&node.average)),
                    ("peak_per_s", Some(&node.peak)),
                    ("capacity_per_s", node.capacity.as_ref()),
                    ("utilisation", node.utilisation.as_ref()),
                    ("in_flight", node.in_flight.as_ref()),
                    ("incoming_bytes_per_s", node.incoming.as_ref()),
                    ("outgoing_bytes_per_s", node.outgoing.as_ref()),
                    ("network_utilisation", node.network.as_ref()),
                    ("connections", node.connections.as_ref()),
                    ("memory_bytes", node.cache.memory.as_ref()),
                    ("hit_rate", node.cache.hit_rate.as_ref()),
                    ("hit_rate_at_least", node.cache.hit_rate_at_least.as_ref()),
                    ("hit_rate_at_most", node.cache.hit_rate_at_most.as_ref()),
                ],
            )
        })
        .collect();
    let tables: Vec<Value> = numbers
        .tables
        .iter()
        .map(|table| {
            object(
                &table.id,
                [
                    ("rows", Some(&table.rows)),
                    ("bytes", Some(&table.size)),
                    ("growth_bytes_per_day", Some(&table.growth)),
                ],
            )
        })
        .collect();
    json!({ "version": 1, "flows": flows, "nodes": nodes, "tables": tables, "assumed": assumed(numbers) })
}

/// What was taken for granted, with grade and source.
pub fn assumed(numbers: &Numbers) -> Vec<Value> {
    let figures = numbers.assumed().into_iter().map(|assumed| json!(assumed));
    figures.chain(lasting(&numbers.flows).into_iter().map(|assumption| json!(assumption))).collect()
}

fn object<const N: usize>(id: &str, figures: [(&str, Option<&Reached>); N]) -> Value {
    let mut object = Map::new();
    let mut missing = Map::new();
    object.insert("id".to_string(), json!(id));
    for (name, figure) in figures {
        let value = match figure {
            Some(Ok(figure)) => json!(figure.value),
            Some(Err(lacks)) => {
                missing.insert(name.to_string(), json!(lacks.wants));
                Value::Null
            }
            None => continue,
        };
        object.insert(name.to_string(), value);
    }
    object.insert("missing".to_string(), Value::Object(missing));
    Value::Object(object)
}
