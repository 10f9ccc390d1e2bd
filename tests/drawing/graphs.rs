//! Graphs: read from ELK's JSON, or made up from a seed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use spof::layout::random::Random;
use spof::layout::{Area, Edge, End, Graph, Group, Layout, Node, Options, Size, Spacing};

/// A graph with the names of its things.
pub struct Case {
    pub graph: Graph,
    pub nodes: Vec<String>,
    pub groups: Vec<String>,
    /// Name and label of each edge.
    pub edges: Vec<(String, String)>,
}

/// The clearances that ELK has where it is told none, so that lengths can be compared.
pub fn options() -> Options {
    let spacing = Spacing {
        node: 20.0,
        layer: 20.0,
        edge_node: 10.0,
        edge: 10.0,
        label: 4.0,
        padding: 12.0,
        part: 20.0,
    };
    Options { direction: spof::layout::Direction::Down, spacing, shape: 1.2 }
}

/// From ELK's JSON. A child with children is a group.
pub fn read(text: &str) -> Case {
    let value: Value = serde_json::from_str(text).expect("a graph is JSON");
    let mut case = Case { graph: Graph::default(), nodes: Vec::new(), groups: Vec::new(), edges: Vec::new() };
    let mut ends: BTreeMap<String, End> = BTreeMap::new();
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    let mut stack: Vec<(&Value, Option<usize>)> = vec![(&value, None)];
    // A group stands after the one around it, and nodes in the order of the text within their group.
    while let Some((value, group)) = stack.pop() {
        let mut inner = Vec::new();
        for child in value["children"].as_array().into_iter().flatten() {
            let id = child["id"].as_str().expect("a child has a name").to_string();
            if child.get("children").is_some() {
                let label = &child["labels"][0];
                let head = Size { w: number(&label["width"]), h: number(&label["height"]) };
                ends.insert(id.clone(), End::Group(case.groups.len()));
                inner.push((child, Some(case.groups.len())));
                case.graph.groups.push(Group { parent: group, head });
                case.groups.push(id);
            } else {
                ends.insert(id.clone(), End::Node(case.nodes.len()));
                let size = Size { w: number(&child["width"]), h: number(&child["height"]) };
                case.graph.nodes.push(Node { size, group });
                case.nodes.push(id);
            }
        }
        stack.extend(inner.into_iter().rev());
    }
    for edge in value["edges"].as_array().into_iter().flatten() {
        let end = |key: &str| ends[edge[key][0].as_str().expect("an end has a name")];
        let label = edge["labels"].get(0);
        let size = label.map(|label| Size { w: number(&label["width"]), h: number(&label["height"]) });
        case.graph.edges.push(Edge { from: end("sources"), to: end("targets"), label: size });
        let text = label.and_then(|label| label["text"].as_str()).unwrap_or_default();
        case.edges.push((edge["id"].as_str().unwrap_or_default().to_string(), text.to_string()));
    }
    case
}

impl Case {
    pub fn name(&self, end: End) -> &str {
        match end {
            End::Node(node) => &self.nodes[node],
            End::Group(group) => &self.groups[group],
        }
    }

    /// A layout by name: `{"nodes": {id: [x, y, w, h]}, "groups": {…}, "edges": [{"id", "s", "t", "pts", "label"}]}`.
    pub fn result(&self, layout: &Layout) -> Value {
        let area = |own: &Area| json!([own.x, own.y, own.w, own.h]);
        let named = |names: &[String], areas: &[Area]| -> Value {
            names.iter().cloned().zip(areas.iter().map(area)).collect::<serde_json::Map<_, _>>().into()
        };
        let edges =
            self.edges.iter().zip(&self.graph.edges).zip(&layout.edges).map(|(((id, _), edge), route)| {
                json!({
                    "id": id,
                    "s": self.name(edge.from),
                    "t": self.name(edge.to),
                    "pts": route.points.iter().map(|spot| [spot.x, spot.y]).collect::<Vec<_>>(),
                    "label": route.label.as_ref().map(area),
                })
            });
        json!({
            "nodes": named(&self.nodes, &layout.nodes),
            "groups": named(&self.groups, &layout.groups),
            "edges": edges.collect::<Vec<_>>(),
        })
    }
}

/// Regions of five zones of eight nodes, and 1.3 edges for each node: six in ten within a zone, one in four within a
/// region, most of them forwards; three in ten labelled.
pub fn nested(count: usize, seed: u64) -> Case {
    let mut random = Random::new(seed);
    let zones = (count / 8).max(2);
    let regions = (zones / 5).max(1);
    let group = |parent| Group { parent, head: Size { w: 14.4, h: 14.0 } };
    let mut groups: Vec<Group> = (0..regions).map(|_| group(None)).collect();
    groups.extend((0..zones).map(|zone| group(Some(zone % regions))));
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); zones];
    let mut nodes = Vec::new();
    for node in 0..count {
        let zone = node % zones;
        held[zone].push(node);
        let size = Size { w: 60.0 + 8.0 * random.below(4) as f64, h: 40.0 };
        nodes.push(Node { size, group: Some(regions + zone) });
    }
    let mut edges = Vec::new();
    for _ in 0..count * 13 / 10 {
        let from = random.below(count);
        let zone = match random.below(20) {
            0..12 => from % zones,
            12..17 => {
                let region = from % zones % regions;
                region + regions * random.below((zones - region).div_ceil(regions))
            }
            _ => random.below(zones),
        };
        let to = held[zone][random.below(held[zone].len())];
        let label = (random.below(10) < 3).then(|| Size { w: 24.0 + 12.0 * random.below(3) as f64, h: 12.0 });
        let forwards = random.below(5) > 0;
        let (from, to) = if forwards { (from.min(to), from.max(to)) } else { (from, to) };
        if from != to {
            edges.push(Edge { from: End::Node(from), to: End::Node(to), label });
        }
    }
    let named = |prefix: &str, count: usize| (0..count).map(|at| format!("{prefix}{at}")).collect::<Vec<_>>();
    Case {
        nodes: named("n", nodes.len()),
        groups: named("g", groups.len()),
        edges: named("e", edges.len()).into_iter().map(|id| (id, "label".to_string())).collect(),
        graph: Graph { nodes, groups, edges },
    }
}
