//! Pictures of figures: that they show what the figures say, and the command that writes them.

mod common;

use std::path::Path;

use common::program::{folder, spof};
use common::{design, examples, keep};
use roxmltree::{Document, Node};
use serde_json::Value;
use spof::draw::Theme;
use spof::numbers::availability::Places;
use spof::numbers::{Numbers, numbers};
use spof::plot::{
    Class, Part, Stack, Stacks, downtime, draw_downtime, draw_growth, draw_stacks, growth, latency,
};

/// A chain whose figures are plain: a carries 100/s, b 1,000/s, c 20,000/s.
fn chain(rate: f64) -> String {
    format!(
        "design \"Chain\"\nclient web\nservice a capacity=100/s availability=99.9%\n\
         service b x2 capacity=500/s availability=99%\nservice c capacity=20000/s availability=99.95%\n\
         flow go rate={rate}/s {{ web -> a -> b -> c }}\n"
    )
}

fn figures(text: &str) -> (spof::design::Design, Numbers) {
    let design = design(text);
    let numbers = numbers(&design);
    (design, numbers)
}

fn growth_svg(text: &str) -> String {
    let (design, numbers) = figures(text);
    draw_growth(&growth(&design, &numbers), Theme::Auto)
}

fn downtime_svg(text: &str, flow: Option<&str>) -> String {
    let (design, numbers) = figures(text);
    draw_downtime(downtime(&design, &numbers, Places::AsStated, flow).as_ref(), Theme::Auto)
}

fn latency_svg(text: &str) -> String {
    let (design, numbers) = figures(text);
    draw_stacks(&latency(&design, &numbers, None), Theme::Auto)
}

fn of_class<'a, 'i>(document: &'a Document<'i>, class: &str) -> Vec<Node<'a, 'i>> {
    let has = |node: &Node| node.attribute("class").is_some_and(|of| of.split(' ').any(|one| one == class));
    document.descendants().filter(has).collect()
}

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap_or_else(|| panic!("{name} of {node:?}")).parse().unwrap()
}

/// Each tick's number and its place, of those beneath a picture or beside it.
fn ticks(document: &Document, end: bool) -> Vec<(f64, f64)> {
    let all = of_class(document, "tick").into_iter();
    all.filter(|tick| tick.attribute("class").unwrap().ends_with("end") == end)
        .filter_map(|tick| {
            let text = tick.text()?.trim_start_matches('×').trim_end_matches(" %").replace(',', "");
            Some((text.parse().ok()?, number(tick, if end { "y" } else { "x" })))
        })
        .collect()
}

/// A place on an axis by ratio, read back from the numbers beside it.
fn read_log(ticks: &[(f64, f64)], place: f64) -> f64 {
    let ((low, from), (high, to)) = (ticks[0], *ticks.last().unwrap());
    low * (high / low).powf((place - from) / (to - from))
}

fn close(one: f64, other: f64, share: f64) -> bool {
    (one - other).abs() <= share * other.abs()
}

#[test]
fn a_line_ends_where_its_node_breaks() {
    let svg = growth_svg(&chain(25.0));
    let document = Document::parse(&svg).unwrap();
    let across = ticks(&document, false);
    let breaks: Vec<f64> =
        of_class(&document, "o").into_iter().map(|point| read_log(&across, number(point, "cx"))).collect();
    // 100 / 25, 2 x 500 / 25, 20,000 / 25.
    for (read, true_one) in breaks.iter().zip([4.0, 40.0, 800.0]) {
        assert!(close(*read, true_one, 0.005), "{breaks:?}");
    }
    assert_eq!(breaks.len(), 3);
    // Today a uses 25 %, b 2.5 %, c 0.125 %. The text of a tick hangs four pixels below its line.
    let up = ticks(&document, true);
    let lines = of_class(&document, "line").into_iter().map(|line| line.attribute("d").unwrap());
    let starts = lines.map(|path| {
        let start: f64 = path[1..].split(['L', ' ']).nth(1).unwrap().parse().unwrap();
        read_log(&up, start + 4.0)
    });
    for (read, true_one) in starts.zip([0.125, 2.5, 25.0]) {
        assert!(close(read, true_one, 0.01), "{read} for {true_one}");
    }
}

/// The oracle: the same design at that load.
#[test]
fn what_breaks_at_a_factor_carries_just_less() {
    let (design, numbers) = figures(&chain(25.0));
    for line in growth(&design, &numbers).lines {
        for (times, breaks) in [(0.999, false), (1.001, true)] {
            let (_, grown) = figures(&chain(25.0 * line.breaks_at() * times));
            let node = grown.nodes.iter().find(|node| node.id == line.id).unwrap();
            let used = node.utilisation.as_ref().unwrap().as_ref().unwrap().value;
            assert_eq!(used > 1.0, breaks, "{} at {used}", line.id);
        }
    }
}

#[test]
fn what_is_past_its_capacity_broke_before_today() {
    let svg = growth_svg(&chain(250.0));
    let document = Document::parse(&svg).unwrap();
    let across = ticks(&document, false);
    let point = of_class(&document, "o")[0];
    assert!(close(read_log(&across, number(point, "cx")), 0.4, 0.01));
    assert!(document.descendants().any(|node| node.text() == Some("today")));
    // Beyond what the picture holds, an arrow.
    let svg = growth_svg(&chain(25.0).replace("capacity=100/s", "capacity=1/day"));
    let document = Document::parse(&svg).unwrap();
    assert_eq!(of_class(&document, "o")[0].tag_name().name(), "path");
}

#[test]
fn the_headline_is_true() {
    let said = |text: &str| {
        let svg = growth_svg(text);
        let document = Document::parse(&svg).unwrap();
        let title = document.root_element().children().find(|node| node.has_tag_name("title")).unwrap();
        title.text().unwrap().to_string()
    };
    assert_eq!(said(&chain(25.0)), "a breaks first, at 4 times today's load");
    assert_eq!(said(&chain(250.0)), "a is past what it carries at today's load: 250 % of it");
    assert_eq!(said(&chain(0.01)), "Nothing breaks before 1,000 times today's load; a would at 10,000");
    let guessed = chain(25.0).replace("service a capacity=100/s", "postgres a");
    assert_eq!(said(&guessed), "b breaks first, at 40 times today's load");
    let guessed = guessed.replace("capacity=500/s", "capacity=5000/s");
    assert_eq!(said(&guessed), "a breaks first, at 120 times today's load (assumed capacity)");
    // Of b nothing is known: it may be the first.
    let partly = chain(25.0).replace("b x2 capacity=500/s", "b x2");
    assert_eq!(said(&partly), "Of what is known, a breaks first, at 4 times today's load");
    let twins = chain(25.0).replace("capacity=500/s", "capacity=50/s");
    assert_eq!(said(&twins), "a and b break first, at 4 times today's load");
    // A second flow without a rate leads to a: 4 is the most.
    let more = format!("{}flow other {{ web -> a }}\n", chain(25.0));
    assert_eq!(said(&more), "a breaks at 4 times today's load, or sooner");
    let none = "client web\nservice a\nflow go { web -> a }";
    assert_eq!(said(none), "No node has both a load and a capacity that are known");
    assert!(growth_svg(none).contains("`capacity` of `a`"), "what is missing is named");
}

#[test]
fn bars_begin_where_the_last_ended_and_add_up() {
    let svg = downtime_svg(&chain(25.0), None);
    let document = Document::parse(&svg).unwrap();
    let across = ticks(&document, false);
    let ((_, zero), (last, end)) = (across[0], *across.last().unwrap());
    let hours = |x: f64| (x - zero) / (end - zero) * last;
    let rows = of_class(&document, "row").into_iter();
    let bars: Vec<(f64, f64)> = rows
        .map(|row| {
            let bar = row.children().find(|node| node.has_tag_name("rect")).unwrap();
            (hours(number(bar, "x")), hours(number(bar, "x") + number(bar, "width")))
        })
        .collect();
    // 0.1 % of 8,760 h, 0.05 %, and 1 % of 1 %; together less what they have in common.
    let true_ones = [8.76, 4.38, 0.876];
    let down = 1.0 - 0.999 * 0.9995 * (1.0 - 0.01 * 0.01);
    let mut sum = 0.0;
    for ((from, to), true_one) in bars.iter().zip(true_ones) {
        assert!((from - sum).abs() < 0.01 && (to - from - true_one).abs() < 0.01, "{bars:?}");
        sum = *to;
    }
    assert_eq!(bars.len(), 4);
    assert!(bars[3].0.abs() < 1e-9 && close(bars[3].1, 8760.0 * down, 0.001), "{bars:?}");
    let classes = |class| of_class(&document, class).len();
    // Their keys, too.
    assert_eq!((classes("one"), classes("many"), classes("sum")), (3, 2, 1));
}

#[test]
fn what_cut_sets_have_in_common_leads_back() {
    let text = "client web\nservice a availability=60%\nservice b availability=50%\n\
                flow go rate=1/s { web -> a -> b }";
    let (design, numbers) = figures(text);
    let downtime = downtime(&design, &numbers, Places::AsStated, None).unwrap();
    let json = downtime.json();
    let year = 365.0 * 86_400.0;
    assert!(close(json["down_s_a_year"].as_f64().unwrap(), 0.7 * year, 1e-9));
    assert!(close(json["others_and_overlaps_s"].as_f64().unwrap(), (0.7 - 0.9) * year, 1e-9));
    let svg = draw_downtime(Some(&downtime), Theme::Auto);
    assert!(svg.contains("− 73 d"), "{svg}");
}

#[test]
fn the_flow_that_is_down_longest_is_drawn() {
    let text = "client web\nservice a availability=99.9%\nservice b availability=99%\n\
                flow go rate=1/s { web -> a }\nflow far rate=1/s { web -> a -> b }";
    assert!(downtime_svg(text, None).contains("<title>far is down 4.01 d a year, 3.65 d of it by b alone"));
    assert!(downtime_svg(text, Some("go")).contains("<title>go is down 8.76 h a year, all of it by a alone"));
}

fn made_up() -> Stacks {
    let part = |name: &str, class, ms: f64| Part::new(name, class, ms / 1e3);
    Stacks {
        title: Some("Shop".to_string()),
        stacks: vec![
            Stack {
                label: "look".to_string(),
                parts: vec![
                    part("browser to front", Class::Network, 18.0),
                    part("front", Class::Work, 0.8),
                    part("shop", Class::Work, 20.0),
                    part("wait for orders", Class::Wait, 14.0),
                    part("orders", Class::Work, 6.0),
                    part("shop to orders", Class::Network, 0.4),
                ],
                p50: Some(0.048),
                p99: Some(0.194),
                budget: Some(0.15),
                at_least: false,
            },
            Stack {
                label: "order".to_string(),
                parts: vec![part("shop", Class::Work, 31.0), part("orders", Class::Work, 9.0)],
                p50: Some(0.037),
                p99: Some(0.061),
                budget: Some(0.08),
                at_least: true,
            },
        ],
        notes: vec!["Assumed: 0.5 ms between zones (grade C).".to_string()],
    }
}

#[test]
fn parts_stand_end_to_end_and_marks_where_they_belong() {
    let stacks = made_up();
    let svg = draw_stacks(&stacks, Theme::Auto);
    let document = Document::parse(&svg).unwrap();
    let across = ticks(&document, false);
    let ((_, zero), (last, end)) = (across[0], *across.last().unwrap());
    let ms = |x: f64| (x - zero) / (end - zero) * last;
    let ends: Vec<f64> = of_class(&document, "part")
        .into_iter()
        .filter_map(|part| part.children().find(|node| node.has_tag_name("rect")))
        .map(|bar| ms(number(bar, "x") + number(bar, "width")))
        .collect();
    let true_ends = [18.0, 38.0, 52.0, 58.0, 59.2, 31.0, 40.0];
    assert_eq!(ends.len(), true_ends.len(), "{ends:?}");
    // The two shortest are one, after the others.
    for (read, true_one) in ends.iter().zip(true_ends) {
        assert!((read - true_one).abs() < 0.1, "{ends:?}");
    }
    let at = |class: &str| -> Vec<f64> {
        let places = of_class(&document, class).into_iter();
        places
            .map(|mark| ms(mark.attribute("d").unwrap()[1..].split(' ').next().unwrap().parse().unwrap()))
            .collect()
    };
    for (class, true_ones) in [("p50", [48.0, 37.0]), ("p99", [194.0, 61.0]), ("budget", [150.0, 80.0])] {
        assert!(at(class).iter().zip(true_ones).all(|(read, true_one)| (read - true_one).abs() < 0.1));
    }
    assert!(svg.contains("<title>look promises a p99 of 150 ms and takes 194 ms"));
    insta::assert_snapshot!("latency", svg);
    insta::assert_snapshot!("latency_json", format!("{:#}", stacks.json()));
}

#[test]
fn every_example_has_its_pictures() {
    for path in examples() {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        for svg in [growth_svg(&text), downtime_svg(&text, None)] {
            Document::parse(&svg).unwrap();
            assert!(svg.len() < 15_000, "{}: {} bytes", path.display(), svg.len());
        }
        assert_eq!(growth_svg(&text), growth_svg(&text));
        assert_eq!(downtime_svg(&text, None), downtime_svg(&text, None));
    }
}

#[test]
fn labels_are_data() {
    for label in common::odd_labels() {
        let text = format!(
            "design \"{label}\"\nclient web\nservice a \"{label}\" capacity=10/s\nflow go \"{label}\" rate=1/s {{ web -> a }}"
        );
        for svg in [growth_svg(&text), downtime_svg(&text, None)] {
            let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
            assert!(document.descendants().all(|node| !node.has_tag_name("script")), "{label}");
            assert!(svg.len() < 15_000, "{label}: {}", svg.len());
        }
    }
    // Names can be long, or from right to left, too.
    let long = "x".repeat(10_000);
    let text = format!(
        "client web\nservice {long} capacity=10/s\nservice خدمة capacity=20/s\nflow {long}f rate=1/s {{ web -> {long} -> خدمة }}"
    );
    for svg in [growth_svg(&text), downtime_svg(&text, None)] {
        Document::parse(&svg).unwrap();
        assert!(svg.len() < 15_000, "{}", svg.len());
    }
}

#[test]
fn the_command_writes_pictures_and_data() {
    let folder = folder(&[("chain.arch", &chain(25.0))]);
    let drawn = spof(folder.path(), &["plot", "chain.arch", "--of", "growth"]);
    assert_eq!(drawn.said(), (0, "", ""));
    let svg = std::fs::read_to_string(folder.path().join("chain-growth.svg")).unwrap();
    assert_eq!(svg, growth_svg(&chain(25.0)));
    let printed = spof(folder.path(), &["plot", "chain.arch", "--of", "growth", "-o", "-"]);
    assert_eq!(printed.said(), (0, svg.as_str(), ""));
    let data = spof(folder.path(), &["plot", "chain.arch", "--of", "growth", "--format", "json"]);
    let data: Value = serde_json::from_str(data.said().1).unwrap();
    assert_eq!(data["lines"][0]["id"], "a");
    assert_eq!(data["lines"][0]["breaks_at_factor"], 4.0);
    let data = spof(
        folder.path(),
        &["plot", "chain.arch", "--of", "availability", "--flow", "go", "--format", "json"],
    );
    let data: Value = serde_json::from_str(data.said().1).unwrap();
    assert_eq!(
        (&data["flow"], &data["cut_sets"][0]["what"]),
        (&Value::from("go"), &Value::from("`a` alone"))
    );
    assert_eq!(
        (&data["cut_sets"][0]["single"], &data["cut_sets"][2]["single"]),
        (&true.into(), &false.into())
    );
}

#[test]
fn the_command_says_what_it_cannot_do() {
    let folder = folder(&[("chain.arch", &chain(25.0))]);
    for (args, message) in [
        (&["--of", "growth", "-o", "chain.gif"][..], "end the name in .svg, .png or .pdf"),
        (&["--of", "growth", "--flow", "go"], "leave `--flow` out"),
        (&["--of", "availability", "--flow", "og"], "no flow is called `og`"),
        (&["--of", "availability", "--flow", "goo"], "did you mean `go`?"),
        (&["--of", "growth", "-o", "nowhere/x.svg"], "no such directory"),
        (&["--of", "nonsense"], "invalid value"),
        (&[], "--of"),
    ] {
        let ran = spof(folder.path(), &[&["plot", "chain.arch"], args].concat());
        let (status, out, err) = ran.said();
        assert_eq!((status, out), (2, ""), "{args:?}");
        assert!(err.contains(message), "{args:?}: {err}");
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["chain.arch"]);
    // A design with mistakes is plotted as far as it could be read.
    std::fs::write(folder.path().join("bad.arch"), chain(25.0).replace("availability=99%", "tll=1s"))
        .unwrap();
    let ran = spof(folder.path(), &["plot", "bad.arch", "--of", "growth", "-o", "-"]);
    let (status, out, err) = ran.said();
    assert!(status == 2 && out.starts_with("<svg") && err.contains("`tll`"), "{err}");
}

#[test]
fn the_pictures_of_the_documentation() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plots.md")).unwrap();
    let text = page.split_once("```arch file=shop.arch\n").unwrap().1.split_once("```").unwrap().0;
    keep("img/growth.svg", &growth_svg(text));
    keep("img/availability.svg", &downtime_svg(text, None));
    keep("img/latency.svg", &latency_svg(text));
}
