//! What a drawing shows, and where.

use spof::draw::{Engine, Plan, Way, drawn, json, svg};
use spof::layout::Direction;

use crate::common::designs;
use crate::faults::faults;
use crate::{SHORTENER, design, parsed, scene};

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
    let files = [designs("examples"), designs("tests/corpus")].concat();
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
