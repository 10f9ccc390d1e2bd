//! The drawings as Chromium shows them, by day and by night: every text in its shape and to be read, nothing covered,
//! nothing over the edge, nothing that runs.

#[path = "../common/mod.rs"]
mod common;

mod chromium;
mod drawings;

use chromium::{Drawing, installed, open};
use spof::design::{Design, lower};
use spof::draw::Plan;
use spof::syntax::parse;

/// Far fewer would say that something is not drawn.
const LEAST_TEXTS: u64 = 30_000;

fn design(text: &str) -> Design {
    lower(&parse(text).0).0
}

fn examples() -> Vec<Drawing> {
    let mut all = Vec::new();
    for path in common::designs("examples") {
        let design = design(&std::fs::read_to_string(&path).unwrap());
        let name = path.display().to_string();
        all.extend(drawings::ways(&name, &design));
        all.extend(drawings::sequences(&name, &design));
        all.extend(drawings::plots(&name, &design));
    }
    all
}

#[test]
fn every_example_can_be_read() {
    if !installed() {
        return;
    }
    let day = examples();
    let wider = |drawing: &Drawing| Drawing { wider: true, ..drawing.clone() };
    let night: Vec<Drawing> = day.iter().map(wider).collect();
    let (day, night) = std::thread::scope(|scope| {
        let night = scope.spawn(|| open(&night, &[], true));
        (open(&day, &[], false), night.join().unwrap())
    });
    for found in [day, night] {
        assert_eq!(found.faults, Vec::<String>::new());
        assert!(found.texts > LEAST_TEXTS, "{}", found.texts);
    }
}

/// What somebody may write who means harm, or just writes.
fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "<script>parent.ran = 1</script>",
        "</text></svg><script>parent.ran = 1</script>",
        "]]></style><script>parent.ran = 1</script> <!-- --> <?xml?>",
        "\" onload=\"parent.ran = 1\" x=\"",
        "<image href='x' onerror='parent.ran = 1'/>",
        "<a href=\"javascript:parent.ran = 1\">here</a>",
        "&lt;script&gt; &xxe; &#0; & %00 \\",
        "bell \u{7} null \u{0} escape \u{1b} not \u{fffe} \u{ffff}",
        "\u{202e}gnp.exe \u{2066}\u{2067}",
        "خدمة الروابط القصيرة",
        "🚀 リンク 👩‍👩‍👧‍👦",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ]
    .map(String::from)
    .into();
    all.push("x".repeat(10_000));
    all.push("& < ".repeat(2_500));
    all
}

/// The text wherever a design holds one.
fn filled(text: &str) -> Design {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    design(&format!(
        "design \"{text}\"\nclient web \"{text}\"\nregion r \"{text}\" zones=3 {{\ngroup g \"{text}\" trust=private {{\n\
         service a \"{text}\" x3 capacity=100/s latency=20ms concurrency=8\n}}\nredis c \"{text}\" ttl=1h hit_rate=90%\n\
         postgres d \"{text}\" x2\n}}\nnote on a \"{text}\"\nnote \"{text}\"\n\
         flow f \"{text}\" rate=80/s p99=100ms {{\nweb -> a -> c reads\na -> d reads on=miss\na -> a\n}}\n"
    ))
}

#[test]
fn what_means_harm_is_text() {
    let mut all = Vec::new();
    for (at, text) in hostile().iter().enumerate() {
        let (name, design) = (format!("hostile {at}"), filled(text));
        assert_eq!((design.graph.node_count(), design.flows.len()), (4, 1), "{text}");
        all.extend(drawings::ways(&name, &design));
        all.extend(drawings::sequences(&name, &design));
        all.extend(drawings::plots(&name, &design));
    }
    for drawing in &all {
        roxmltree::Document::parse(&drawing.svg).unwrap_or_else(|error| panic!("{}: {error}", drawing.name));
    }
    if !installed() {
        return;
    }
    let found = open(&all, &all, false);
    assert_eq!(found.faults, Vec::<String>::new());
}

/// A drawing with one thing in it changed.
fn spoiled(name: &str, from: &str, to: &str) -> Drawing {
    let design = design(
        "design \"Shop\"\nclient web\nservice shop x2\npostgres store\nflow f {\nweb -> shop -> store reads on=miss\n}\n",
    );
    let mut drawing = drawings::diagram(name, &design, Plan::default(), false);
    assert_eq!(drawing.svg.matches(from).count(), 1, "{from} in {}", drawing.svg);
    drawing.svg = drawing.svg.replace(from, to);
    drawing
}

#[test]
fn what_is_spoiled_is_reported() {
    if !installed() {
        return;
    }
    let end = "</svg>";
    let dot = "<rect width=\"60\" height=\"40\" x=\"30\" y=\"30\"/></svg>";
    let line = "<path d=\"M0 45H200\" stroke=\"#000\" fill=\"none\"/></svg>";
    let cases = [
        ("untouched", end, end, ""),
        ("moved", ">web</text>", " dx=\"60\">web</text>", "outside its shape"),
        ("too long", ">PostgreSQL</text>", ">PostgreSQL of the year before last</text>", "outside its shape"),
        ("title covered", end, dot, "covered: `Shop`"),
        ("title crossed", end, line, "crossed: `Shop`"),
        ("two texts", "37\">client</text>", "27\">client</text>", "on another text"),
        ("over the edge", ">Shop</text>", " dx=\"-40\">Shop</text>", "leaves the page"),
        ("foreign card", ">on miss</text>", " dy=\"40\">on miss</text>", "on a card that is not its own"),
        ("faint", ">shop</text>", " style=\"fill:#bbb\">shop</text>", "a contrast of"),
        ("runs", end, "<script>parent.ran = 1</script></svg>", "a script"),
        ("listens", ">Shop</text>", " onclick=\"parent.ran = 1\">Shop</text>", "an attribute onclick"),
        ("loads", end, "<image href=\"https://example.com/a.png\"/></svg>", "a image"),
        ("broken", end, "", "not XML"),
    ];
    let all = cases.map(|(name, from, to, _)| spoiled(name, from, to));
    let found = open(&all, &all[9..10], false);
    for (name, .., expected) in cases {
        let own: Vec<&String> =
            found.faults.iter().filter(|fault| fault.starts_with(&format!("{name}: "))).collect();
        match expected {
            "" => assert_eq!(own, Vec::<&String>::new()),
            _ => assert!(own.iter().any(|fault| fault.contains(expected)), "{name}: {:#?}", found.faults),
        }
    }
    assert!(found.faults.contains(&"runs: ran something".to_string()), "{:#?}", found.faults);
}
