//! What every drawing must keep, on random designs and on those that mean harm.

mod common;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use spof::design::Arrow;
use spof::design::{Design, lower};
use spof::diagnostic::{Diagnostic, Severity};
use spof::draw::{
    Detail, Edge, Engine, Marks, Plan, Point, Rect, Scene, Theme, Way, drawn, json, layout, svg, svg_themed,
};
use spof::layout::Direction;
use spof::source::Span;
use spof::syntax::parse;

const SHORTENER: &str = r#"
design "URL shortener" solves url-shortener at large
client browser
cdn edge ttl=60s
region us-east zones=3 {
  lb       front  "L7 load balancer" x2
  service  links  "Link service" x6
  redis    hot    "Hot links" x3
  group data "Data" trust=private {
    postgres store  "Links" x3
  }
  kafka    clicks x3
  worker   counter x4
}
monitor watch
note on store "Links never change."
flow redirect "GET /{code}" {
  browser -> edge
  edge -> front on=miss -> links -> hot reads
  links -> store reads on=miss protocol=tcp
  links ~> clicks ~> counter
  browser <-> edge
}
watch ..> store observes
"#;

fn design(text: &str) -> Design {
    lower(&parse(text).0).0
}

fn scene(text: &str) -> Scene {
    layout(&design(text))
}

fn parsed(svg: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}:\n{svg}"))
}

/// The oracle: everything against everything.
fn faults(scene: &Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let page = Rect { x: 0.0, y: 0.0, w: scene.w, h: scene.h };
    for (at, node) in scene.nodes.iter().enumerate() {
        for other in &scene.nodes[at + 1..] {
            if node.at.overlaps(&other.at) {
                faults.push(format!("{} on {}", node.id, other.id));
            }
        }
        if node.group.is_some_and(|group| !scene.groups[group].at.contains(&node.at)) {
            faults.push(format!("{} outside its group", node.id));
        }
        for (number, group) in scene.groups.iter().enumerate() {
            if group.title_at.overlaps(&node.at) {
                faults.push(format!("{} on the title of {}", node.id, group.id));
            }
            let mut around = std::iter::successors(node.group, |&at| scene.groups[at].parent);
            if group.at.overlaps(&node.at) && !around.any(|at| at == number) {
                faults.push(format!("{} in {}, where it does not belong", node.id, group.id));
            }
        }
    }
    for (at, group) in scene.groups.iter().enumerate() {
        if !group.at.contains(&group.title_at) {
            faults.push(format!("the title of {} outside it", group.id));
        }
        if group.parent.is_some_and(|parent| !scene.groups[parent].at.contains(&group.at)) {
            faults.push(format!("{} outside its parent", group.id));
        }
        for (number, other) in scene.groups.iter().enumerate().skip(at + 1) {
            if group.title_at.overlaps(&other.at) && other.parent == Some(at) {
                faults.push(format!("{} on the title of {}", other.id, group.id));
            }
            let mut around = std::iter::successors(Some(number), |&at| scene.groups[at].parent);
            if group.at.overlaps(&other.at) && !around.any(|around| around == at) {
                faults.push(format!("{} across {}", group.id, other.id));
            }
        }
    }
    if scene.way == Way::Layered {
        faults.extend(lines_and_labels(scene));
    }
    for edge in &scene.edges {
        let ends = [(&edge.from, edge.points.first()), (&edge.to, edge.points.last())];
        for (id, point) in ends {
            let node = scene.nodes.iter().find(|node| node.id == *id).expect("an edge ends at nodes");
            if !point.is_some_and(|point| on_border(point, &node.at)) {
                faults.push(format!("{} -> {} does not end at {id}", edge.from, edge.to));
            }
        }
        for point in &edge.points {
            if !page.contains(&Rect { x: point.x, y: point.y, w: 0.0, h: 0.0 }) {
                faults.push(format!("{} -> {} leaves the page", edge.from, edge.to));
            }
        }
    }
    let boxes = (scene.nodes.iter().map(|node| node.at))
        .chain(scene.groups.iter().map(|group| group.at))
        .chain(scene.edges.iter().filter_map(|edge| edge.label.as_ref()).map(|label| label.at));
    let furniture: Vec<Rect> = (scene.notes.iter().map(|note| note.at))
        .chain(scene.legend.iter().map(|entry| entry.at))
        .chain([scene.title_at])
        .collect();
    for rect in boxes {
        if !page.contains(&rect) {
            faults.push(format!("{rect:?} leaves the page"));
        }
        if furniture.iter().any(|other| other.overlaps(&rect)) {
            faults.push(format!("{rect:?} under notes, legend or title"));
        }
    }
    for (at, rect) in furniture.iter().enumerate() {
        if !page.contains(rect) || furniture[at + 1..].iter().any(|other| other.overlaps(rect)) {
            faults.push(format!("{rect:?} collides beside the diagram"));
        }
    }
    faults
}

/// What only the layered way promises.
fn lines_and_labels(scene: &Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let pieces = |edge: &Edge| -> Vec<Rect> {
        let piece = |pair: &[Point]| Rect {
            x: pair[0].x.min(pair[1].x),
            y: pair[0].y.min(pair[1].y),
            w: (pair[0].x - pair[1].x).abs(),
            h: (pair[0].y - pair[1].y).abs(),
        };
        edge.points.windows(2).map(piece).collect()
    };
    let labels: Vec<(usize, Rect)> = (scene.edges.iter().enumerate())
        .filter_map(|(at, edge)| edge.label.as_ref().map(|label| (at, label.at)))
        .collect();
    for (at, edge) in scene.edges.iter().enumerate() {
        for line in pieces(edge) {
            let through = scene.nodes.iter().filter(|node| line.overlaps(&node.at));
            faults.extend(through.map(|node| format!("{} -> {} through {}", edge.from, edge.to, node.id)));
            let titled = scene.groups.iter().filter(|group| line.overlaps(&group.title_at));
            faults.extend(
                titled.map(|group| format!("{} -> {} through the title of {}", edge.from, edge.to, group.id)),
            );
            let cut = labels.iter().filter(|(own, label)| *own != at && line.overlaps(label));
            faults.extend(
                cut.map(|(own, _)| format!("{} -> {} through the label of line {own}", edge.from, edge.to)),
            );
        }
    }
    for (place, (_, label)) in labels.iter().enumerate() {
        let others = labels[place + 1..].iter().map(|(_, other)| other);
        let boxes =
            scene.nodes.iter().map(|node| &node.at).chain(scene.groups.iter().map(|group| &group.title_at));
        faults.extend(
            boxes
                .chain(others)
                .filter(|other| other.overlaps(label))
                .map(|other| format!("{label:?} on {other:?}")),
        );
    }
    faults
}

fn on_border(point: &Point, rect: &Rect) -> bool {
    let across = point.x >= rect.x && point.x <= rect.right();
    let down = point.y >= rect.y && point.y <= rect.bottom();
    across
        && down
        && (point.x == rect.x || point.x == rect.right() || point.y == rect.y || point.y == rect.bottom())
}

#[test]
fn shows_what_the_design_says() {
    let scene = scene(SHORTENER);
    assert_eq!(faults(&scene), Vec::<String>::new());
    let drawn = svg(&scene, None);
    let document = parsed(&drawn);
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("graphics-document document"));
    assert_eq!(root.attribute("aria-label"), Some("URL shortener: 9 nodes, 9 connections"));
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .collect();
    for text in
        ["URL shortener", "Hot links", "Redis · x3", "us-east", "region · 3 zones", "private", "on miss"]
    {
        assert!(texts.contains(&text), "{text} not in {texts:?}");
    }
    for text in ["observes", "calls and waits", "hands off, and goes on", "Links never change."] {
        assert!(texts.contains(&text), "{text} not in {texts:?}");
    }
    for absent in ["<script", "foreignObject", "http://www.w3.org/1999/xhtml"] {
        assert!(!drawn.contains(absent), "{absent}");
    }
    assert!(drawn.contains("prefers-color-scheme:dark"));
    assert!(drawn.len() < 25_000, "{} bytes", drawn.len());
    let shape = scene.w / scene.h;
    assert!((0.6..=1.8).contains(&shape), "{shape}");
}

#[test]
fn the_legend_holds_what_occurs_and_no_more() {
    let legend: Vec<String> =
        scene("service a\nservice b\na ~> b").legend.into_iter().map(|entry| entry.text).collect();
    assert_eq!(legend, ["service", "hands off, and goes on"]);
}

#[test]
fn requests_travel_down() {
    let scene = scene("client a\nservice b\ndatabase c\nworker d\na -> b -> c\nb ~> d ~> b\nc -> a");
    let y = |id: &str| scene.nodes.iter().find(|node| node.id == id).expect("drawn").at.y;
    assert!(y("a") < y("b") && y("b") < y("c") && y("b") < y("d"));
}

/// Whoever writes it from the server's side: the client opened it.
#[test]
fn connections_begin_at_clients() {
    let scene = scene("client a\nclient b\nservice c\nservice d\na -> c <-> b\nc <-> d");
    assert_eq!(faults(&scene), Vec::<String>::new());
    let y = |id: &str| scene.nodes.iter().find(|node| node.id == id).expect("drawn").at.y;
    assert!(y("a") == y("b") && y("b") < y("c") && y("c") < y("d"));
    let edge = scene.edges.iter().find(|edge| edge.to == "b").expect("drawn");
    assert!(edge.from == "c" && edge.points[0].y > edge.points[edge.points.len() - 1].y);
}

#[test]
fn requests_travel_across_where_that_is_asked() {
    let plan = Plan { direction: Direction::Right, ..Plan::default() };
    let scene = drawn(&design(SHORTENER), plan);
    assert_eq!(faults(&scene), Vec::<String>::new());
    let x = |id: &str| scene.nodes.iter().find(|node| node.id == id).expect("drawn").at.x;
    assert!(
        x("browser") < x("edge")
            && x("edge") < x("front")
            && x("front") < x("links")
            && x("links") < x("store")
    );
}

#[test]
fn every_design_at_hand_is_drawn_without_a_fault() {
    let files = [common::designs("examples"), common::designs("tests/corpus")].concat();
    assert!(files.len() > 100);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for direction in [Direction::Down, Direction::Right] {
            let scene = drawn(&design(&text), Plan { direction, ..Plan::default() });
            assert_eq!((scene.way, faults(&scene)), (Way::Layered, Vec::new()), "{}", file.display());
        }
    }
}

#[test]
fn the_library_draws_what_is_flat_and_small() {
    let plan = Plan { engine: Engine::LayoutRs, ..Plan::default() };
    let flat = drawn(&design("client a\nservice b\ndatabase c\na -> b -> c\nb -> b\n"), plan);
    assert_eq!((flat.way, faults(&flat)), (Way::LayoutRs, Vec::new()));
    assert_eq!(drawn(&design(SHORTENER), plan).way, Way::Layered);
    let many: String = (0..80).map(|at| format!("service s{at}\n")).collect();
    assert_eq!(drawn(&design(&many), plan).way, Way::Layered);
}

#[test]
fn dead_letters_stand_below_their_queue() {
    let scene = scene("queue dead\nservice a\nqueue q dlq=dead\na ~> q");
    let y = |id: &str| scene.nodes.iter().find(|node| node.id == id).expect("drawn").at.y;
    assert!(y("a") < y("q") && y("q") < y("dead"));
}

#[test]
fn nothing_is_drawn_of_nothing() {
    for text in ["", "design \"Empty\"", "group g { }", "note \"lonely\""] {
        let scene = scene(text);
        assert_eq!(faults(&scene), Vec::<String>::new(), "{text}");
        parsed(&svg(&scene, None));
    }
}

#[test]
fn json_is_the_scene() {
    let scene = scene(SHORTENER);
    let value: serde_json::Value = serde_json::from_str(&json(&scene)).expect("JSON");
    assert_eq!(value["nodes"].as_array().map(Vec::len), Some(9));
    assert_eq!(value["nodes"][0]["id"], "browser");
    assert_eq!(value["groups"][0]["id"], "us-east");
    let edge = value["edges"].as_array().and_then(|edges| edges.iter().find(|edge| edge["from"] == "edge"));
    let edge = edge.expect("an edge from edge");
    assert_eq!(edge["label"]["text"], "on miss");
    assert!(edge["points"][1][0].is_number());
}

#[test]
fn findings_are_marked() {
    let mut error = Diagnostic::mistake("spof-datastore", "all stops with <store>", Span::new(0, 1), "");
    error.nodes = vec!["store".to_string()];
    let mut remark = error.clone();
    remark.severity = Severity::Info;
    remark.code = "no-backup";
    remark.hops = vec![("links".to_string(), "store".to_string())];
    let marks = Marks::new(&[remark, error]);
    assert_eq!(marks.summary(), "1 error, 1 remark");
    let store = marks.node("store").expect("marked");
    assert_eq!((store.worst, store.count), (Severity::Error, 2));
    let drawn = svg(&scene(SHORTENER), Some(&marks));
    let document = parsed(&drawn);
    let titles: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("title"))
        .filter_map(|node| node.text())
        .collect();
    assert!(
        titles
            .iter()
            .any(|title| title.contains("error spof-datastore: all stops with <store>\nremark no-backup:"))
    );
    assert!(titles.iter().any(|title| title.starts_with("links -> store") && title.contains("no-backup")));
}

/// Each text of the picture, in the order it is read.
fn texts(drawn: &str) -> Vec<String> {
    let document = parsed(drawn);
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_string)).collect()
}

fn elements(drawn: &str, class: &str) -> usize {
    let document = parsed(drawn);
    document
        .descendants()
        .filter(|node| node.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class)))
        .count()
}

#[test]
fn severities_differ_by_shape() {
    let mut finding = Diagnostic::mistake("x", "x", Span::new(0, 1), "");
    finding.nodes = vec!["a".to_string()];
    let shapes: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| {
            finding.severity = severity;
            let drawn = svg(&scene("service a"), Some(&Marks::new(&[finding.clone()])));
            let document = parsed(&drawn);
            let badge = document.descendants().find(|node| node.attribute("class") == Some("m")).unwrap();
            let corners = badge.attribute("d").map_or(0, |path| path.matches('L').count());
            format!("{} {corners}", badge.tag_name().name())
        })
        .collect();
    assert_eq!(shapes, ["path 7", "path 2", "circle 0"]);
}

#[test]
fn a_flow_is_a_numbered_path_over_a_muted_picture() {
    let design = design(SHORTENER);
    let scene = drawn(&design, Plan { flow: Some(0), ..Plan::default() });
    assert_eq!(faults(&scene), Vec::<String>::new());
    let steps = |from: &str, to: &str| {
        let edge =
            scene.edges.iter().find(|edge| edge.from == from && edge.to == to && edge.arrow != Arrow::Stream);
        edge.unwrap().steps.clone()
    };
    assert_eq!(
        [steps("browser", "edge"), steps("edge", "front"), steps("front", "links"), steps("links", "store")],
        [[1], [2], [3], [5]]
    );
    let muted: Vec<&str> =
        scene.nodes.iter().filter(|node| node.muted).map(|node| node.id.as_str()).collect();
    assert_eq!(muted, ["watch"]);
    assert!(scene.edges.iter().all(|edge| edge.muted == (edge.from == "watch")));
    let drawn = svg(&scene, None);
    assert!(drawn.contains("<desc>1 browser to edge; 2 edge to front; 3 front to links;"));
    assert_eq!(elements(&drawn, "flow"), scene.edges.len() - 1);
    assert!(texts(&drawn).iter().any(|text| text == "flow redirect · GET /{code}"));
}

#[test]
fn one_flow_alone_is_what_it_touches() {
    let text =
        format!("{SHORTENER}group other {{\nservice idle\n}}\nnote on idle \"unseen\"\nidle -> links\n");
    let scene = drawn(&design(&text), Plan { flow: Some(0), only: true, ..Plan::default() });
    assert_eq!(faults(&scene), Vec::<String>::new());
    let ids: Vec<&str> = scene.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["browser", "edge", "front", "links", "hot", "store", "clicks", "counter"]);
    let groups: Vec<&str> = scene.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(groups, ["us-east", "data"]);
    assert!(scene.edges.iter().all(|edge| !edge.muted && !edge.steps.is_empty()));
    let store = scene.nodes.iter().find(|node| node.id == "store").unwrap();
    assert_eq!((scene.notes.len(), &store.notes, store.group), (1, &vec![1], Some(1)));
}

#[test]
fn every_flow_at_hand_has_its_numbers_where_they_can_be_read() {
    let mut seen = 0;
    for file in common::designs("examples") {
        let design = design(&std::fs::read_to_string(&file).unwrap());
        for flow in 0..design.flows.len() {
            for only in [false, true] {
                let scene = drawn(&design, Plan { flow: Some(flow), only, ..Plan::default() });
                assert_eq!(faults(&scene), Vec::<String>::new(), "{}", file.display());
                let badges: Vec<Rect> = scene.edges.iter().filter_map(|edge| edge.steps_at).collect();
                for (at, badge) in badges.iter().enumerate() {
                    seen += 1;
                    let on_card = scene.nodes.iter().any(|node| node.at.overlaps(badge));
                    let on_badge = badges[at + 1..].iter().any(|other| other.overlaps(badge));
                    assert!(!on_card && !on_badge, "{}, flow {flow}: {badge:?}", file.display());
                }
            }
        }
    }
    assert!(seen > 100);
}

#[test]
fn detail_is_as_much_as_asked() {
    let text = "region r zones=3 {\nservice a \"A name\" x2\nredis c ttl=1h hit_rate=90%\n}\na -> c protocol=tcp\n\
                flow f rate=10/s {\na -> c reads\n}";
    let of = |detail| texts(&svg(&drawn(&design(text), Plan { detail, ..Plan::default() }), None));
    let low = of(Detail::Low);
    for absent in ["service · x2", "TCP", "ab", "zones it stands in"] {
        assert!(!low.iter().any(|text| text == absent), "{absent} in {low:?}");
    }
    assert!(low.iter().any(|text| text == "A name"));
    let normal = of(Detail::Normal);
    for present in ["service · x2", "TCP", "ab", "zones it stands in"] {
        assert!(normal.iter().any(|text| text == present), "{present} not in {normal:?}");
    }
    assert!(!normal.iter().any(|text| text.contains("peak")));
    let high = of(Detail::High);
    assert!(high.iter().any(|text| text == "ttl 1 h · 90 % hits"), "{high:?}");
    assert!(high.iter().any(|text| text.starts_with("10/s peak · carries ≈")), "{high:?}");
}

#[test]
fn heat_is_a_tint_a_figure_and_a_legend() {
    let text = "client a\nservice b capacity=100/s\nservice idle\nflow f rate=83/s {\na -> b\n}";
    let drawn = svg(&drawn(&design(text), Plan { heat: true, ..Plan::default() }), None);
    assert_eq!((elements(&drawn, "hot"), elements(&drawn, "heat-4"), elements(&drawn, "sw")), (1, 2, 6));
    let texts = texts(&drawn);
    for present in ["83 %", "under 25 % used at the peak", "over 100 %", "no figure"] {
        assert!(texts.iter().any(|text| text == present), "{present} not in {texts:?}");
    }
    assert!(drawn.contains("83/s / 100/s = 83 %"), "the arithmetic is in the tooltip");
}

#[test]
fn twenty_nodes_are_a_small_file() {
    let kinds = ["lb", "gateway", "service", "redis", "postgres", "kafka", "worker"];
    let node = |at: usize| format!("{} n{at} \"Node of number {at}\" x3\n", kinds[at % 7]);
    let nodes: String = (0..20).map(node).collect();
    let hop = |at: usize| format!("n{} -> n{at} on=miss\n", (at - 1) / 2);
    let hops: String = (1..20).map(hop).collect();
    let text =
        format!("design \"Twenty-one\"\nclient web\nregion r zones=3 {{\n{nodes}}}\nweb -> n0\n{hops}");
    let scene = scene(&text);
    assert_eq!((scene.nodes.len(), scene.edges.len()), (21, 20));
    let drawn = svg(&scene, None);
    assert!(drawn.len() < 25_000, "{} bytes", drawn.len());
}

#[test]
fn cards_are_read_in_the_order_of_the_file() {
    let drawn = svg(&scene(SHORTENER), None);
    let document = parsed(&drawn);
    let images = document.descendants().filter(|node| node.attribute("role") == Some("img"));
    let names: Vec<&str> = images
        .filter(|image| image.has_attribute("transform"))
        .filter_map(|image| image.first_element_child()?.text())
        .map(|title| title.split(" (").next().unwrap())
        .collect();
    let said = [
        "browser",
        "edge",
        "L7 load balancer",
        "Link service",
        "Hot links",
        "Links",
        "clicks",
        "counter",
        "watch",
    ];
    assert_eq!(names, said);
}

fn spof(folder: &std::path::Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn flows_and_themes_are_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.arch"), "client a\nservice b\nflow order {\na -> b\n}\n").unwrap();
    std::fs::write(folder.path().join("ours.toml"), "[dark]\nbg = \"#000010\"\n").unwrap();
    std::fs::write(folder.path().join("faint.toml"), "[light]\n\nink = \"#999999\"\n").unwrap();
    let draw = |args: &[&str]| spof(folder.path(), &[&["draw", "a.arch", "-o", "-"], args].concat());
    let (status, _, err) = draw(&["--flow", "oder"]);
    assert!(status == Some(2) && err.contains("did you mean `order`?"), "{err}");
    let (status, _, err) = draw(&["--only"]);
    assert!(status == Some(2) && err.contains("--flow"), "{err}");
    let (status, _, err) = draw(&["--theme", "drak"]);
    assert!(status == Some(2) && err.contains("did you mean `dark`?"), "{err}");
    let (status, _, err) = draw(&["--theme", "faint.toml"]);
    assert!(status == Some(2) && err.contains("faint.toml:3:7") && err.contains("2.84:1"), "{err}");
    let (_, dark, _) = draw(&["--theme", "dark"]);
    assert!(dark.contains("#11161d") && !dark.contains("#ffffff") && !dark.contains("prefers-color-scheme"));
    let (_, auto, _) = draw(&["--theme", "ours.toml"]);
    assert!(auto.contains("--bg:#000010") && auto.contains("prefers-color-scheme:dark"));
    let png = |theme: &str| {
        let (status, _, err) = spof(folder.path(), &["draw", "a.arch", "-o", "a.png", "--theme", theme]);
        assert_eq!(status, Some(0), "{err}");
        std::fs::read(folder.path().join("a.png")).unwrap()
    };
    assert!(png("light") != png("dark") && png("light") == png("auto"));
}

#[test]
fn labels_are_data() {
    for label in common::odd_labels() {
        let text = format!(
            "design \"{label}\"\ngroup g \"{label}\" {{\nservice a \"{label}\" x3\n}}\nservice b\na -> b\nnote on a \"{label}\""
        );
        let scene = scene(&text);
        assert_eq!(scene.nodes.len(), 2, "{label}");
        assert_eq!(faults(&scene), Vec::<String>::new(), "{label}");
        let dressed = Plan { detail: Detail::High, heat: true, ..Plan::default() };
        assert_eq!(faults(&drawn(&design(&text), dressed)), Vec::<String>::new(), "{label}");
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            let drawn = svg_themed(&scene, None, theme);
            let document = parsed(&drawn);
            assert!(document.descendants().all(|node| !node.has_tag_name("script")), "{label}");
        }
        assert!(scene.nodes.iter().all(|node| node.lines.len() <= 2 && node.at.w < 300.0), "{label}");
    }
    let long = "x".repeat(10_000);
    let scene = scene(&format!("service a \"{long}\""));
    assert!(svg(&scene, None).contains(&long), "the whole label is in the tooltip");
}

#[test]
fn large_designs_end() {
    let started = Instant::now();
    let count = 20_000;
    let mut chain = String::new();
    for at in 0..count {
        chain.push_str(&format!("service s{at}\n"));
        if at > 0 {
            chain.push_str(&format!("s{} -> s{at}\n", at - 1));
            chain.push_str(&format!("s{at} ~> s{} on=miss\n", at * 7919 % count));
        }
    }
    let scene = scene(&chain);
    assert_eq!(scene.nodes.len(), count);
    let shape = scene.w / scene.h;
    assert!((0.6..=1.8).contains(&shape), "{shape}");
    assert!(svg(&scene, None).len() > count);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn what_is_drawn_simpler_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nodes: String = (0..20_000).map(|at| format!("service s{at}\n")).collect();
    std::fs::write(folder.path().join("large.arch"), nodes + "s0 -> s1\n").unwrap();
    let (status, drawn, err) = spof(folder.path(), &["draw", "large.arch", "-o", "-"]);
    assert!(status == Some(0) && drawn.ends_with("</svg>\n"), "{err}");
    assert!(err.contains("note: the design is too large for layers: its boxes stand in rows"), "{err}");
}

#[test]
fn deep_and_dense_designs_end() {
    let depth = 10_000;
    let mut deep = String::new();
    for at in 0..depth {
        deep.push_str(&format!("group g{at} {{\nservice s{at}\n"));
    }
    deep.push_str(&"}\n".repeat(depth));
    deep.push_str("s0 -> s9999\ns5000 -> s1\n");
    let scene_of_deep = scene(&deep);
    assert_eq!((scene_of_deep.nodes.len(), scene_of_deep.groups.len()), (depth, 8));

    let mut dense = String::new();
    for at in 0..30 {
        dense.push_str(&format!("service s{at}\n"));
    }
    for from in 0..30 {
        for to in 0..30 {
            if from != to {
                dense.push_str(&format!("s{from} -> s{to}\n"));
            }
        }
    }
    assert_eq!(faults(&scene(&dense)), Vec::<String>::new());
}

/// Design text: nodes in groups that nest, hops between any of them.
fn designs() -> impl Strategy<Value = String> {
    let groups = prop::collection::vec(any::<prop::sample::Index>(), 0..5);
    let kinds = prop::sample::select(vec!["client", "service", "redis", "kafka", "external", "database"]);
    let labels = prop::sample::select(vec![
        "",
        "\"A\"",
        "\"Link redirect service of the east\"",
        "\"日本語のサービス\"",
    ]);
    let nodes = prop::collection::vec((kinds, labels, 1..4_u8, any::<prop::sample::Index>()), 1..14);
    let arrows = prop::sample::select(vec!["->", "~>", "<->", "..>"]);
    let hops = prop::collection::vec(
        (any::<prop::sample::Index>(), arrows, any::<prop::sample::Index>(), any::<bool>()),
        0..24,
    );
    (groups, nodes, hops, any::<bool>()).prop_map(|(groups, nodes, hops, note)| {
        // Group g stands in group `parents[g]`, counted from 1; 0 is the page.
        let parents: Vec<usize> =
            groups.iter().enumerate().map(|(at, parent)| parent.index(at + 1)).collect();
        let homes: Vec<usize> = nodes.iter().map(|(.., home)| home.index(parents.len() + 1)).collect();
        let mut text = String::from("design \"Random\"\n");
        write(&mut text, 0, &parents, &homes, &nodes);
        for (from, arrow, to, label) in hops {
            let (from, to) = (from.index(nodes.len()), to.index(nodes.len()));
            let attribute = match (arrow, label) {
                ("..>", _) => " observes",
                (_, true) => " protocol=grpc",
                _ => "",
            };
            text.push_str(&format!("n{from} {arrow} n{to}{attribute}\n"));
        }
        if note {
            text.push_str("note on n0 \"Said at the whiteboard, and worth keeping.\"\n");
        }
        text
    })
}

fn write<T>(
    text: &mut String,
    group: usize,
    parents: &[usize],
    homes: &[usize],
    nodes: &[(&str, &str, u8, T)],
) {
    for (at, (kind, label, times, _)) in nodes.iter().enumerate().filter(|(at, _)| homes[*at] == group) {
        text.push_str(&format!("{kind} n{at} {label} x{times}\n"));
    }
    for child in (1..=parents.len()).filter(|&child| parents[child - 1] == group) {
        text.push_str(&format!("group g{child} {{\n"));
        write(text, child, parents, homes, nodes);
        text.push_str("}\n");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_designs_keep_apart(text in designs()) {
        let design = design(&text);
        let first = layout(&design);
        prop_assert_eq!(faults(&first), Vec::<String>::new());
        prop_assert_eq!(first.nodes.len(), design.graph.node_count());
        // A connection written from both ends is one line.
        let twice = first.edges.iter().filter(|edge| edge.arrow == Arrow::Stream).filter(|edge| {
            let [from, to] = [&edge.from, &edge.to].map(|id| design.node(id).unwrap());
            design.graph.edges_connecting(to, from).any(|other| other.weight().arrow == Arrow::Stream)
        });
        prop_assert_eq!(first.edges.len() + twice.count(), design.graph.edge_count());
        let drawn = svg(&first, None);
        parsed(&drawn);
        prop_assert_eq!(&first, &scene(&text));
        prop_assert_eq!(drawn, svg(&scene(&text), None));
    }

    #[test]
    fn any_label_is_well_formed(label in "[^\"\\\\\n\r]{0,40}") {
        let scene = scene(&format!("design \"{label}\"\nservice a \"{label}\"\nnote on a \"{label}\""));
        prop_assert_eq!(faults(&scene), Vec::<String>::new());
        parsed(&svg(&scene, None));
    }
}
