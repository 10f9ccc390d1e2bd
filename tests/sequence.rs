//! Sequences: what is told, and that nothing lies on anything else, whatever the design.

mod common;
#[allow(dead_code, reason = "others use the rest of it")]
mod random_designs;

use common::{design, examples};
use random_designs::{Random, random_design};
use roxmltree::Document;
use spof::design::Design;
use spof::draw::sequence::{Said, Sequence, Sort, sequence, sequence_svg};
use spof::draw::{Rect, Theme};

fn drawn(text: &str) -> Sequence {
    let design = design(text);
    sequence(&design, &design.flows[0])
}

fn texts(page: &Sequence) -> Vec<&Said> {
    let mut all: Vec<&Said> = page.title.iter().chain(&page.subtitle).collect();
    all.extend(page.heads.iter().flat_map(|head| &head.lines));
    all.extend(page.frames.iter().flat_map(|frame| [&frame.word, &frame.condition]));
    all.extend(page.arrows.iter().flat_map(|arrow| arrow.label.iter().chain(&arrow.note)));
    all
}

/// Every line as a box without width or height.
fn lines(page: &Sequence) -> Vec<Rect> {
    let mut all = Vec::new();
    let mut line = |x: f64, y: f64, right: f64, bottom: f64| {
        all.push(Rect { x: x.min(right), y: y.min(bottom), w: (right - x).abs(), h: (bottom - y).abs() });
    };
    for [from, to] in &page.lifelines {
        line(from.x, from.y, to.x, to.y);
    }
    for arrow in &page.arrows {
        arrow.points.windows(2).for_each(|ends| line(ends[0].x, ends[0].y, ends[1].x, ends[1].y));
    }
    for frame in &page.frames {
        let at = &frame.at;
        line(at.x, at.y, at.right(), at.y);
        line(at.x, at.bottom(), at.right(), at.bottom());
        line(at.x, at.y, at.x, at.bottom());
        line(at.right(), at.y, at.right(), at.bottom());
        frame.dividers.iter().for_each(|&y| line(at.x, y, at.right(), y));
    }
    all.extend(page.bars.iter().map(|bar| bar.at));
    all
}

fn touch(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn faults(page: &Sequence) -> Vec<String> {
    let mut faults = Vec::new();
    let texts = texts(page);
    for (at, text) in texts.iter().enumerate() {
        for other in &texts[at + 1..] {
            if touch(&text.at, &other.at) {
                faults.push(format!("`{}` lies on `{}`", text.text, other.text));
            }
        }
        for line in lines(page) {
            if touch(&text.at, &line) {
                faults.push(format!("a line at {line:?} crosses `{}` at {:?}", text.text, text.at));
            }
        }
        let inside =
            text.at.x >= 0.0 && text.at.y >= 0.0 && text.at.right() <= page.w && text.at.bottom() <= page.h;
        if !inside {
            faults.push(format!("`{}` leaves the page", text.text));
        }
    }
    for head in &page.heads {
        faults.extend(
            head.lines.iter().filter(|line| !head.at.contains(&line.at)).map(|line| line.text.clone()),
        );
    }
    for (at, frame) in page.frames.iter().enumerate() {
        for other in &page.frames[at + 1..] {
            let apart = !touch(&frame.at, &other.at);
            let inner = frame.at.y >= other.at.y && frame.at.bottom() <= other.at.bottom();
            let outer = other.at.y >= frame.at.y && other.at.bottom() <= frame.at.bottom();
            if !(apart || inner || outer) {
                faults.push(format!("frames cross: {:?} {:?}", frame.at, other.at));
            }
        }
    }
    faults
}

fn whole(design: &Design) {
    for flow in &design.flows {
        let page = sequence(design, flow);
        assert_eq!(faults(&page), Vec::<String>::new(), "{}", flow.id);
        let steps = page.arrows.iter().filter(|arrow| arrow.sort != Sort::Answer).count();
        assert_eq!(steps, flow.steps.len(), "{}", flow.id);
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            let svg = sequence_svg(&page, theme);
            assert_eq!(svg, sequence_svg(&sequence(design, flow), theme));
            let document = Document::parse(&svg).unwrap();
            assert!(!document.descendants().any(|node| node.has_tag_name("script")));
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
    }
}

#[test]
fn examples_keep_apart() {
    for path in examples() {
        whole(&design(&std::fs::read_to_string(&path).unwrap()));
    }
}

#[test]
fn whole_sequences() {
    let cases = [
        ("chat-system", "reference-pubsub", "send"),
        ("url-shortener", "reference-kv", "redirect"),
        ("stripe-clone", "reference-shards", "charge"),
    ];
    for (problem, file, id) in cases {
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{problem}/{file}.arch"));
        let design = design(&std::fs::read_to_string(path).unwrap());
        let flow = design.flows.iter().find(|flow| flow.id == id).unwrap();
        let svg = sequence_svg(&sequence(&design, flow), Theme::Auto);
        insta::with_settings!({ snapshot_path => "snapshots/sequence", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{problem}-{file}-{id}"), svg);
        });
    }
}

#[test]
fn random_designs_keep_apart() {
    for seed in 0..300 {
        whole(&design(&random_design(&mut Random::new(seed), 16)));
    }
}

#[test]
fn long_names_steps_to_oneself_and_what_is_nested_keep_apart() {
    let text = "client u \"<b>&quot; a very long name that nobody can read at once\"\nservice s\nredis c\npostgres d \
                { table t { key id } }\nservice x\nevery call timeout=40ms\nflow f \"GET /{code}\" {\nu -> s -> s\n\
                s -> c reads on=error -> c\ns -> d reads=t by=id on=miss timeout=2s attempts=3\ns -> x, d\n\
                x -> x optional\nx ~> s -> u on=failover\n}\n";
    let (ast, _) = spof::syntax::parse(text);
    whole(&spof::design::lower(&ast).0);
}

/// `a>b` goes, `a<b` answers, `a~b` hands off, in the order on the page.
fn told(page: &Sequence) -> Vec<String> {
    let name = |x: f64| {
        let near = |head: &&spof::draw::sequence::Head| (head.at.center().x - x).abs() < 20.0;
        page.heads.iter().find(near).map_or("?", |head| head.lines[0].text.as_str())
    };
    let mut told = Vec::new();
    for arrow in &page.arrows {
        let [from, to] = [arrow.points[0].x, arrow.points[arrow.points.len() - 1].x].map(name);
        told.push(match arrow.sort {
            Sort::Call => format!("{from}>{to}"),
            Sort::Answer => format!("{to}<{from}"),
            Sort::Handoff => format!("{from}~{to}"),
            Sort::Stream => format!("{from}={to}"),
        });
    }
    told
}

#[test]
fn who_is_called_answers_after_its_last_line() {
    let page = drawn(
        "client u\nservice s\nredis c\npostgres d\nqueue q\nworker w\nflow f {\nu -> s -> c reads\n\
         s -> d reads on=miss\ns ~> q ~> w -> d writes\n}\n",
    );
    assert_eq!(told(&page), ["u>s", "s>c", "s<c", "s>d", "s<d", "s~q", "u<s", "q~w", "w>d", "w<d"]);
    assert_eq!(page.frames.len(), 1);
    assert_eq!(page.frames[0].condition.text, "[c misses]");
    let inside = |at: usize| {
        let y = page.arrows[at].points[0].y;
        y > page.frames[0].at.y && y < page.frames[0].at.bottom()
    };
    assert_eq!((0..10).filter(|&at| inside(at)).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn what_is_made_at_once_is_framed_and_answered_there() {
    let page = drawn("client u\nservice s\nservice a\nservice b\nflow f {\nu -> s\ns -> a, b\n}\n");
    assert_eq!(told(&page), ["u>s", "s>a", "s<a", "s>b", "s<b", "u<s"]);
    assert_eq!((page.frames[0].word.text.as_str(), page.frames[0].dividers.len()), ("par", 1));
}

#[test]
fn arrows_say_what_the_step_does_and_how_long_it_waits() {
    let page = drawn(
        "client u\nservice s\npostgres d { table link { key code } }\nflow f \"POST /links\" {\n\
         u -> s idempotency_key\ns -> d writes=link timeout=40ms attempts=3\n}\n",
    );
    let said = |at: usize| {
        let arrow = &page.arrows[at];
        arrow.label.iter().chain(&arrow.note).map(|line| line.text.as_str()).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(said(0), "POST /links, idempotency key");
    assert_eq!(said(1), "writes link | timeout 40 ms, 3 attempts");
}

#[test]
fn long_pages_repeat_their_heads() {
    let lines = "s -> d reads\n".repeat(30);
    let page = drawn(&format!("client u\nservice s\npostgres d\nflow f {{\nu -> s\n{lines}}}\n"));
    assert_eq!(page.heads.len(), 6);
    assert_eq!(drawn("client u\nservice s\nflow f { u -> s }\n").heads.len(), 2);
}

#[test]
fn the_command_draws_the_flow_that_is_named() {
    let file = "examples/url-shortener/first-try.arch";
    let run = |more: &[&str]| {
        let spof = std::process::Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(["draw", file, "-o", "-"])
            .args(more)
            .output()
            .unwrap();
        [spof.stdout, spof.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let [first, _] = run(&["--as", "sequence"]);
    assert!(first.contains("<title>URL shortener: shorten</title>"));
    let [second, _] = run(&["--as", "sequence", "--flow", "redirect"]);
    assert!(second.contains("<title>URL shortener: redirect</title>"));
    let [nothing, said] = run(&["--as", "sequence", "--flow", "redirct"]);
    assert!(nothing.is_empty() && said.contains("did you mean `redirect`?"), "{said}");
    for wrong in [["--as", "sequence", "--heat"], ["--as", "sequence", "--findings"]] {
        let [nothing, said] = run(&wrong);
        assert!(nothing.is_empty() && said.starts_with("error: "), "{said}");
    }
}
