//! Random designs, and those that mean harm.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use spof::design::Arrow;
use spof::draw::{Detail, Plan, Theme, drawn, layout, svg, svg_themed};

use crate::common::odd_labels;
use crate::faults::faults;
use crate::{design, parsed, scene};

#[test]
fn labels_are_data() {
    for label in odd_labels() {
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
