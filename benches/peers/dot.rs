//! Graphviz: groups as clusters, sizes fixed, curves sampled.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use spof::layout::{Area, Layout, Route, Spot};

use crate::drawing::graphs::Case;

/// Pixels in an inch, as Graphviz has it.
const INCH: f64 = 72.0;

pub fn text(case: &Case) -> String {
    let mut inside: Vec<String> = vec![String::new(); case.groups.len() + 1];
    for (id, node) in case.nodes.iter().zip(&case.graph.nodes) {
        let home = node.group.map_or(0, |group| group + 1);
        let (w, h) = (node.size.w / INCH, node.size.h / INCH);
        let _ = writeln!(inside[home], "\"{id}\" [label=\"\", width={w}, height={h}];");
    }
    for (at, group) in case.graph.groups.iter().enumerate().rev() {
        let own = std::mem::take(&mut inside[at + 1]);
        let home = group.parent.map_or(0, |parent| parent + 1);
        let id = &case.groups[at];
        let _ = writeln!(inside[home], "subgraph \"cluster_{id}\" {{ label=\"{id}\";\n{own}}}");
    }
    let mut text = format!("digraph {{ node [shape=box, fixedsize=true]; fontsize=11;\n{}", inside[0]);
    for ((id, _), edge) in case.edges.iter().zip(&case.graph.edges) {
        let label = edge.label.map_or(String::new(), |size| {
            let (w, h) = (size.w, size.h);
            format!(
                ", label=<<TABLE BORDER=\"0\" CELLPADDING=\"0\" CELLSPACING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"{w:.0}\" \
                 HEIGHT=\"{h:.0}\"><TR><TD></TD></TR></TABLE>>"
            )
        });
        let (from, to) = (case.name(edge.from), case.name(edge.to));
        let _ = writeln!(text, "\"{from}\" -> \"{to}\" [id=\"{id}\"{label}];");
    }
    text.push('}');
    text
}

/// The drawing, and how many joints its curves have.
pub fn read(case: &Case, text: &str) -> Option<(Layout, Option<usize>)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let numbers = |text: &str| text.split(',').map(|one| one.parse().ok()).collect::<Option<Vec<f64>>>();
    let mut areas: BTreeMap<&str, Area> = BTreeMap::new();
    for own in value["objects"].as_array().into_iter().flatten() {
        let name = own["name"].as_str()?;
        if let Some(group) = name.strip_prefix("cluster_") {
            let corners = numbers(own["bb"].as_str()?)?;
            let [left, bottom, right, top] = corners[..] else { return None };
            areas.insert(group, Area { x: left, y: -top, w: right - left, h: top - bottom });
        } else {
            let inches = |key: &str| own[key].as_str().and_then(|text| text.parse::<f64>().ok());
            let (w, h) = (inches("width")? * INCH, inches("height")? * INCH);
            let [x, y] = numbers(own["pos"].as_str()?)?[..] else { return None };
            areas.insert(name, Area { x: x - w / 2.0, y: -y - h / 2.0, w, h });
        }
    }
    let mut drawn: BTreeMap<&str, &Value> = BTreeMap::new();
    for edge in value["edges"].as_array().into_iter().flatten() {
        drawn.insert(edge["id"].as_str()?, edge);
    }
    let mut joints = 0;
    let mut edges = Vec::new();
    for ((id, _), edge) in case.edges.iter().zip(&case.graph.edges) {
        let own = drawn.get(id.as_str())?;
        let (points, curves) = sampled(own["pos"].as_str()?)?;
        joints += curves.saturating_sub(1);
        let label = match (edge.label, own["lp"].as_str()) {
            (Some(size), Some(spot)) => {
                let [x, y] = numbers(spot)?[..] else { return None };
                Some(Area { x: x - size.w / 2.0, y: -y - size.h / 2.0, w: size.w, h: size.h })
            }
            _ => None,
        };
        edges.push(Route { points, label });
    }
    let of = |names: &[String]| {
        names.iter().map(|name| areas.get(name.as_str()).copied()).collect::<Option<Vec<_>>>()
    };
    Some((
        Layout { nodes: of(&case.nodes)?, groups: of(&case.groups)?, edges, ..Layout::default() },
        Some(joints),
    ))
}

/// Points on the curves of an edge, and how many curves there are. A curve that runs straight is its ends.
fn sampled(text: &str) -> Option<(Vec<Spot>, usize)> {
    let (mut points, mut count) = (Vec::new(), 0);
    for part in text.split(';') {
        let (mut start, mut end, mut controls) = (None, None, Vec::new());
        for word in part.split_whitespace() {
            let spot = |text: &str| {
                let (x, y) = text.split_once(',')?;
                Some(Spot { x: x.parse().ok()?, y: -y.parse::<f64>().ok()? })
            };
            if let Some(rest) = word.strip_prefix("s,") {
                start = Some(spot(rest)?);
            } else if let Some(rest) = word.strip_prefix("e,") {
                end = Some(spot(rest)?);
            } else {
                controls.push(spot(word)?);
            }
        }
        points.extend(start);
        points.extend(controls.first());
        for at in (1..controls.len().saturating_sub(2)).step_by(3) {
            let [a, b, c, d] = [controls[at - 1], controls[at], controls[at + 1], controls[at + 2]];
            let off = |p: Spot| ((p.x - a.x) * (d.y - a.y) - (p.y - a.y) * (d.x - a.x)).abs() < 1.0;
            let steps = if off(b) && off(c) { 1 } else { 8 };
            for step in 1..=steps {
                let u = f64::from(step) / f64::from(steps);
                let v = 1.0 - u;
                let mix = |a: f64, b: f64, c: f64, d: f64| {
                    v * v * v * a + 3.0 * v * v * u * b + 3.0 * v * u * u * c + u * u * u * d
                };
                points.push(Spot { x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) });
            }
            count += 1;
        }
        points.extend(end);
    }
    Some((points, count))
}
