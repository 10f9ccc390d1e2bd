//! Other layout engines, run as programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spof::layout::{Area, Layout, Route, Spot};

use crate::drawing::graphs::Case;

mod dot;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Dot,
    Elk,
    D2,
}

/// Those that are there; says of the others that they are not.
pub fn installed() -> Vec<Peer> {
    let there = |peer: &Peer| {
        let found = match peer {
            Peer::Dot => runs("dot", &["-V"]),
            Peer::Elk => runs("node", &["-e", "require('elkjs')"]),
            Peer::D2 => runs("d2", &["--version"]),
        };
        if !found {
            println!("{} is not installed: skipped", peer.name());
        }
        found
    };
    [Peer::Dot, Peer::Elk, Peer::D2].into_iter().filter(there).collect()
}

fn runs(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

const ELK: &str = "
const ELK = require('elkjs'), text = require('fs').readFileSync(0, 'utf8');
const graph = JSON.parse(text);
graph.layoutOptions = {'elk.algorithm': 'layered', 'elk.direction': 'DOWN', 'elk.edgeRouting': 'ORTHOGONAL',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN'};
new ELK().layout(graph).then(out => process.stdout.write(JSON.stringify(out)), () => process.exit(1));";

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Peer::Dot => "dot",
            Peer::Elk => "elkjs",
            Peer::D2 => "d2 + ELK",
        }
    }

    /// Whether its drawing can be read back.
    pub fn draws(self) -> bool {
        self != Peer::D2
    }

    /// The drawing, and the bends where they are not those of the points. None where it fails or takes too long.
    pub fn layout(self, case: &Case, elk: &str, patience: Duration) -> Option<(Layout, Option<usize>)> {
        match self {
            Peer::Dot => dot::read(case, &self.run(&dot::text(case), patience)?),
            Peer::Elk => Some((read(case, &self.run(elk, patience)?)?, None)),
            Peer::D2 => None,
        }
    }

    pub fn time(self, case: &Case, patience: Duration) -> Option<Duration> {
        let text = match self {
            Peer::Dot => dot::text(case),
            Peer::Elk => elk(case),
            Peer::D2 => d2(case),
        };
        let start = Instant::now();
        self.run(&text, patience)?;
        Some(start.elapsed())
    }

    /// What the program writes when it is given a text.
    fn run(self, text: &str, patience: Duration) -> Option<String> {
        let seconds = patience.as_secs().to_string();
        let mut command = Command::new("timeout");
        command.arg(seconds);
        match self {
            Peer::Dot => command.args(["dot", "-Tjson"]),
            Peer::Elk => command.args(["node", "--stack-size=4000", "-e", ELK]),
            Peer::D2 => command.args(["d2", "--layout", "elk", "-", "-"]),
        };
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut input = child.stdin.take()?;
        let text = text.to_string();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = child.wait_with_output().ok()?;
        let written = writer.join().is_ok_and(|done| done.is_ok());
        (written && output.status.success()).then(|| String::from_utf8(output.stdout).ok()).flatten()
    }
}

/// The graph in ELK's JSON.
fn elk(case: &Case) -> String {
    let label = |w: f64, h: f64, text: &str| json!([{"text": text, "width": w, "height": h}]);
    let mut inside: Vec<Vec<Value>> = vec![Vec::new(); case.groups.len() + 1];
    for (id, node) in case.nodes.iter().zip(&case.graph.nodes) {
        let home = node.group.map_or(0, |group| group + 1);
        inside[home].push(json!({"id": id, "width": node.size.w, "height": node.size.h}));
    }
    for (at, group) in case.graph.groups.iter().enumerate().rev() {
        let children = std::mem::take(&mut inside[at + 1]);
        let labels = label(group.head.w, group.head.h, &case.groups[at]);
        let own = json!({"id": case.groups[at], "children": children, "labels": labels});
        inside[group.parent.map_or(0, |parent| parent + 1)].push(own);
    }
    let edges = case.edges.iter().zip(&case.graph.edges).map(|((id, text), edge)| {
        let mut own = json!({"id": id, "sources": [case.name(edge.from)], "targets": [case.name(edge.to)]});
        if let Some(size) = edge.label {
            own["labels"] = label(size.w, size.h, text);
        }
        own
    });
    json!({"id": "root", "edges": edges.collect::<Vec<_>>(), "children": inside.swap_remove(0)}).to_string()
}

/// The graph in D2's language.
fn d2(case: &Case) -> String {
    let path = |group: Option<usize>, name: &str| {
        let around: Vec<usize> =
            std::iter::successors(group, |&at: &usize| case.graph.groups[at].parent).collect();
        let mut path: Vec<&str> = around.iter().rev().map(|&at| case.groups[at].as_str()).collect();
        path.push(name);
        path.join(".")
    };
    let of = |end| match end {
        spof::layout::End::Node(node) => path(case.graph.nodes[node].group, &case.nodes[node]),
        spof::layout::End::Group(group) => path(case.graph.groups[group].parent, &case.groups[group]),
    };
    let mut text = String::new();
    for (name, node) in case.nodes.iter().zip(&case.graph.nodes) {
        text.push_str(&format!(
            "{}: {{width: {}; height: {}}}\n",
            path(node.group, name),
            node.size.w,
            node.size.h
        ));
    }
    for ((_, label), edge) in case.edges.iter().zip(&case.graph.edges) {
        let label = if edge.label.is_some() { format!(": {label}") } else { String::new() };
        text.push_str(&format!("{} -> {}{label}\n", of(edge.from), of(edge.to)));
    }
    text
}

/// What ELK wrote: places are relative to whatever holds the thing.
fn read(case: &Case, text: &str) -> Option<Layout> {
    let value: Value = serde_json::from_str(text).ok()?;
    let number = |value: &Value, key: &str| value[key].as_f64().unwrap_or(0.0);
    let mut areas: BTreeMap<&str, Area> = BTreeMap::new();
    let mut edges: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut stack = vec![(&value, Spot::default())];
    while let Some((own, spot)) = stack.pop() {
        areas.insert(
            own["id"].as_str()?,
            Area { x: spot.x, y: spot.y, w: number(own, "width"), h: number(own, "height") },
        );
        for child in own["children"].as_array().into_iter().flatten() {
            stack.push((child, Spot { x: spot.x + number(child, "x"), y: spot.y + number(child, "y") }));
        }
        for edge in own["edges"].as_array().into_iter().flatten() {
            edges.insert(edge["id"].as_str()?, edge);
        }
    }
    let route = |(id, _): &(String, String)| {
        let edge = edges.get(id.as_str())?;
        let origin = areas.get(edge["container"].as_str()?)?;
        let at = |spot: &Value| Spot { x: origin.x + number(spot, "x"), y: origin.y + number(spot, "y") };
        let mut points = Vec::new();
        for section in edge["sections"].as_array().into_iter().flatten() {
            points.push(at(&section["startPoint"]));
            points.extend(section["bendPoints"].as_array().into_iter().flatten().map(at));
            points.push(at(&section["endPoint"]));
        }
        let label = edge["labels"].get(0).map(|label| {
            let spot = at(label);
            Area { x: spot.x, y: spot.y, w: number(label, "width"), h: number(label, "height") }
        });
        Some(Route { points, label })
    };
    let of = |names: &[String]| {
        names.iter().map(|name| areas.get(name.as_str()).copied()).collect::<Option<Vec<_>>>()
    };
    Some(Layout {
        nodes: of(&case.nodes)?,
        groups: of(&case.groups)?,
        edges: case.edges.iter().map(route).collect::<Option<_>>()?,
        ..Layout::default()
    })
}
