//! What is shown on a drawing where it is asked for: findings, one flow, figures, heat.

use spof::design::Arrow;
use spof::diagnostic::{Diagnostic, Severity};
use spof::draw::{Detail, Marks, Plan, Rect, drawn, svg};
use spof::source::Span;

use crate::common::designs;
use crate::faults::faults;
use crate::{SHORTENER, design, elements, parsed, scene, texts};

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
    for file in designs("examples") {
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
