//! What every picture keeps, whatever it is given: it is well-formed and small, nothing in it collides, and nothing leaves it.

use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::{
    Class, Downtime, Growth, Line, Part, Share, Stack, Stacks, Total, draw_downtime, draw_growth, draw_stacks,
};
use crate::draw::Theme;
use crate::draw::text::{Weight, width};

#[derive(Debug)]
struct Place {
    text: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

fn classes<'a>(node: &Node<'a, '_>) -> Vec<&'a str> {
    node.attribute("class").unwrap_or_default().split(' ').collect()
}

fn figure(node: &Node, name: &str) -> f64 {
    node.attribute(name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
}

/// Where a level text stands.
fn place(node: &Node) -> Place {
    let classes = classes(node);
    let size = match classes[0] {
        "t" => 22.0,
        "note" | "tick" | "mark" | "axis-name" => 12.0,
        "in" => 11.0,
        _ => 13.0,
    };
    let mut text = String::new();
    let mut wide = 0.0;
    for part in node.descendants().filter(Node::is_text) {
        let around = part.parent().unwrap();
        let own = self::classes(&around);
        let bold = ["t", "name", "b"].iter().any(|class| own.contains(class));
        wide += around.attribute("dx").map_or(0.0, |dx| dx.parse().unwrap());
        wide += width(part.text().unwrap(), size, if bold { Weight::Bold } else { Weight::Regular });
        text.push_str(part.text().unwrap());
    }
    let (x, y) = (figure(node, "x"), figure(node, "y"));
    let left = match () {
        () if classes.contains(&"mid") => x - wide / 2.0,
        () if classes.contains(&"end") => x - wide,
        () => x,
    };
    Place { text, left, right: left + wide, top: y - 0.72 * size, bottom: y + 0.2 * size }
}

/// All that is wrong with a picture.
fn faults(svg: &str) -> Vec<String> {
    let document = match Document::parse(svg) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    let root = document.root_element();
    let (w, h) = (figure(&root, "width"), figure(&root, "height"));
    let mut faults = Vec::new();
    if svg.len() > 15_000 {
        faults.push(format!("{} bytes", svg.len()));
    }
    if svg.contains("NaN") || svg.contains("inf\"") {
        faults.push("not a number".to_string());
    }
    for required in ["title", "desc"] {
        let said = root.children().find(|node| node.has_tag_name(required)).and_then(|node| node.text());
        if said.is_none_or(str::is_empty) || root.attribute("role") != Some("img") {
            faults.push(format!("no {required}"));
        }
    }
    let known = ["svg", "title", "desc", "style", "g", "rect", "path", "circle", "text", "tspan"];
    for node in document.descendants().filter(Node::is_element) {
        if !known.contains(&node.tag_name().name()) {
            faults.push(format!("a {}", node.tag_name().name()));
        }
    }
    let level = |node: &Node| node.has_tag_name("text") && node.attribute("transform").is_none();
    let places: Vec<Place> = document.descendants().filter(level).map(|node| place(&node)).collect();
    for (at, one) in places.iter().enumerate() {
        if one.left < 0.0 || one.right > w || one.top < 0.0 || one.bottom > h {
            faults.push(format!("`{}` leaves the page: {one:?}", one.text));
        }
        for other in &places[at + 1..] {
            let apart = one.right <= other.left || other.right <= one.left;
            if !apart && one.bottom > other.top && other.bottom > one.top {
                faults.push(format!("`{}` on `{}`: {one:?}, {other:?}", one.text, other.text));
            }
        }
    }
    for node in document.descendants().filter(|node| node.has_tag_name("rect")) {
        let [x, y] = ["x", "y"].map(|name| node.attribute(name).map_or(0.0, |value| value.parse().unwrap()));
        let (right, bottom) = (x + figure(&node, "width"), y + figure(&node, "height"));
        if x < 0.0 || y < 0.0 || right > w || bottom > h || right < x {
            faults.push(format!("a bar leaves the page: {node:?}"));
        }
    }
    faults
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z-]{1,14}",
        1 => prop::sample::select(vec![
            "<script>alert(1)</script>".to_string(),
            "]]> <!-- & \"'".to_string(),
            "bell \u{7} null \u{0} not \u{ffff}".to_string(),
            "\u{202e}gnp.exe".to_string(),
            "خدمة الروابط".to_string(),
            "🚀 リンク 👩‍👩‍👧‍👦".to_string(),
            "x".repeat(10_000),
            "界".repeat(10_000),
            "& ".repeat(5_000),
        ]),
        1 => any::<String>(),
    ]
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![(-12.0..9.0_f64).prop_map(|power| 10f64.powf(power)), Just(1.0), Just(0.1), 0.001..2.0_f64]
}

fn growths() -> impl Strategy<Value = Growth> {
    let line = (text(), amount(), any::<bool>(), text()).prop_map(|(id, used, at_least, how)| Line {
        id,
        used,
        at_least,
        how,
        assumed: Vec::new(),
    });
    let names = || prop::collection::vec(text(), 0..9);
    let unknown = prop::collection::vec((text(), names()), 0..9);
    (prop::option::of(text()), prop::collection::vec(line, 0..16), unknown, names()).prop_map(
        |(title, mut lines, unknown, others)| {
            lines.sort_by(|one, other| other.used.total_cmp(&one.used));
            Growth { title, lines, unknown, others }
        },
    )
}

fn downtimes() -> impl Strategy<Value = Downtime> {
    let share = (text(), 0.0..1.0_f64, any::<bool>());
    let total = (amount(), any::<bool>());
    let others = prop::collection::vec((text(), amount()), 0..9);
    let names = (prop::option::of(text()), text(), prop::option::of(text()));
    (names, prop::collection::vec(share, 0..14), total, 0.9..1.6_f64, others).prop_map(
        |((title, flow, label), shares, (most, exact), overlap, others)| {
            let most = most.min(3e7);
            let sum: f64 = shares.iter().map(|(_, weight, _)| weight).sum::<f64>().max(1e-9);
            let mut shares: Vec<Share> = shares
                .into_iter()
                .map(|(what, weight, single)| Share { what, seconds: weight / sum * most * overlap, single })
                .collect();
            shares.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
            let total = |most: f64, exact| Total { least: if exact { most } else { most * 0.7 }, most };
            Downtime {
                title,
                flow,
                label,
                shares,
                incomplete: !exact,
                total: total(most, exact),
                others: others.into_iter().map(|(id, most)| (id, total(most, true))).collect(),
                assumed: Vec::new(),
                still: Some("zones never fail"),
            }
        },
    )
}

fn stacks() -> impl Strategy<Value = Stacks> {
    let time = || prop_oneof![8 => (-6.0..1.0_f64).prop_map(|power| 10f64.powf(power)), 1 => Just(0.0), 1 => Just(f64::NAN)];
    let part = (text(), prop::sample::select(Class::ALL.to_vec()), time())
        .prop_map(|(name, class, seconds)| Part { name, class, seconds });
    let mark = || prop::option::of(time());
    let stack = (text(), prop::collection::vec(part, 0..20), mark(), mark(), mark(), any::<bool>()).prop_map(
        |(label, parts, p50, p99, budget, at_least)| Stack { label, parts, p50, p99, budget, at_least },
    );
    (prop::option::of(text()), prop::collection::vec(stack, 0..12), prop::collection::vec(text(), 0..4))
        .prop_map(|(title, stacks, notes)| Stacks { title, stacks, notes })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn growth_keeps_apart(growth in growths()) {
        for theme in [Theme::Auto, Theme::Dark] {
            prop_assert_eq!(faults(&draw_growth(&growth, theme)), Vec::<String>::new());
        }
    }

    #[test]
    fn downtime_keeps_apart(downtime in downtimes()) {
        prop_assert_eq!(faults(&draw_downtime(Some(&downtime), Theme::Auto)), Vec::<String>::new());
    }

    #[test]
    fn stacks_keep_apart(stacks in stacks()) {
        prop_assert_eq!(faults(&draw_stacks(&stacks, Theme::Auto)), Vec::<String>::new());
    }
}

#[test]
fn collisions_are_seen() {
    let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"50\"><text class=\"w\" x=\"1\" y=\"20\">one</text>";
    let faults = faults(&format!("{head}<text class=\"w end\" x=\"20\" y=\"22\">two</text></svg>"));
    assert!(faults.iter().any(|fault| fault.contains("one") && fault.contains("two")), "{faults:?}");
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let none = Growth { title: None, lines: Vec::new(), unknown: Vec::new(), others: Vec::new() };
    for svg in [
        draw_growth(&none, Theme::Auto),
        draw_downtime(None, Theme::Auto),
        draw_stacks(&Stacks::default(), Theme::Auto),
    ] {
        assert_eq!(faults(&svg), Vec::<String>::new(), "{svg}");
    }
}
