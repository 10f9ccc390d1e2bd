//! Whole reports, as they are read. The findings are made here, so that a snapshot changes with the layout only.

use jiff::civil::date;

use super::{Style, json, text};
use crate::design::lower;
use crate::diagnostic::{Diagnostic, Severity};
use crate::review::Review;
use crate::rubric::{Dimension, DimensionScore, Gain, Level, LevelReadout, Scale, Score};
use crate::rules::{Accepted, Critique};
use crate::source::{Source, Span};
use crate::syntax::parse;

const SHOP: &str = "\
design \"Shop\"
client web
lb front managed
service shop x3
redis hot
postgres store backup=1d
rabbitmq mails
worker mailer
flow look rate=2M/d availability=99.9% {
  web -> front -> shop -> hot reads
  shop -> store reads on=miss
}
flow buy { shop ~> mails ~> mailer }
";

fn plain(width: usize) -> Style {
    Style { width, color: false, all: false }
}

/// Where some words stand.
fn span(source: &Source, words: &str) -> Span {
    let start = source.text.find(words).expect("the words are in the text");
    Span::new(start, start + words.len())
}

fn wrong(source: &Source, code: &'static str, severity: Severity, message: &str, at: &str) -> Diagnostic {
    Diagnostic { code, severity, ..Diagnostic::wrong(message, span(source, at), "here") }
        .node("store")
        .evidence("2M/d × (1 − 0 % hits) = 23/s")
        .consequence("the first page of the day takes everything down until someone is awake")
        .fix("`stampede=single-flight` on `hot`")
}

fn asked(source: &Source, nodes: &[&str], question: &str) -> Diagnostic {
    let asked = Diagnostic::unstated("not said", span(source, "rabbitmq mails"), "no dead letters");
    let asked = Diagnostic { code: "queue-no-dlq", severity: Severity::Warning, ..asked };
    nodes.iter().fold(asked.question(question).fix("`dlq=ID` on it"), |asked, node| asked.node(*node))
}

fn found(source: &Source) -> Critique {
    let store = Diagnostic::wrong(
        "everything stops when `store` does",
        span(source, "postgres store"),
        "one instance",
    )
    .label(
        span(source, "availability=99.9%"),
        "allows 43.8 min a month, which is less than one restore takes",
    )
    .node("store")
    .flows(["look".to_string()])
    .evidence("both flows need it: web → front → shop → store has no way around")
    .consequence("a disk fails, and look is down until someone restores a backup up to 1 d old")
    .fix("`x2 failover=auto` on `store`");
    let store = Diagnostic { code: "spof-datastore", severity: Severity::Error, ..store };
    let mut findings = vec![store];
    for number in 1..=6 {
        let message =
            format!("flaw number {number} of the design is that something in it is not as it should be");
        findings.push(wrong(source, "some-flaw", Severity::Warning, &message, "redis hot"));
    }
    findings.push(asked(source, &["mails"], "a message fails every time: where does it go?"));
    findings.push(asked(source, &["shop", "store", "mailer", "front", "hot"], "how long do they wait?"));
    let accepted = wrong(source, "spof-datastore", Severity::Error, "accepted", "redis hot");
    let accepted =
        Accepted { finding: accepted, because: "a toy".to_string(), until: Some(date(2027, 6, 30)) };
    Critique { findings, accepted: vec![accepted], ..Critique::default() }
}

fn score() -> Score {
    let dimension =
        |id, points, of, why: Option<&str>| DimensionScore { id, points, of, why: why.map(Into::into) };
    let readout = |level, reached| LevelReadout { level, reached, open: Vec::new() };
    Score {
        points: 43.9,
        of: 50.0,
        level: Some(Level::Junior),
        weights: Level::Senior,
        problem: "shop".to_string(),
        scale: Scale::Large,
        dimensions: vec![
            dimension(Dimension::Scope, 12.0, 12.0, None),
            dimension(Dimension::Reliability, 13.96, 14.0, Some("`store` stands alone, and nobody said what happens then")),
            dimension(Dimension::SecurityOps, 1.0, 24.0, Some("anyone may buy")),
        ],
        criteria: Vec::new(),
        levels: vec![
            readout(Level::Junior, true),
            readout(Level::Mid, false),
            readout(Level::Senior, false),
            readout(Level::Staff, false),
        ],
        next: vec![
            Gain { criterion: "a".into(), fix: "store x3 failover=auto".into(), points: 11.2, opens: Some(Level::Mid), clears: 2 },
            Gain { criterion: "b".into(), fix: "`idempotency_key` on the write that the client may send twice, which is every write that it waits for".into(), points: 0.5, opens: None, clears: 0 },
        ],
    }
}

fn reviewed(source: &Source, text: &str, mistakes: Vec<Diagnostic>) -> Review {
    let (design, _) = lower(&parse(text).0);
    Review {
        source: source.clone(),
        design,
        mistakes,
        critique: Critique::default(),
        problem: None,
        score: None,
    }
}

macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "../../tests/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!("report_", $name), $text)
        })
    };
}

#[test]
fn findings_questions_and_score() {
    let source = Source::new("shop.arch", SHOP);
    let critique = found(&source);
    let review = Review { critique, score: Some(score()), ..reviewed(&source, SHOP, Vec::new()) };
    snapshot!("findings_at_100", text::text(&review, plain(100)));
    snapshot!("findings_at_60", text::text(&review, plain(60)));
    snapshot!("findings_all", text::text(&review, Style { all: true, ..plain(80) }));
    snapshot!("findings_json", format!("{:#}", json::review(&review)));
}

#[test]
fn mistakes_in_order_of_place() {
    let text = "design \"Chat\"\nclient web\nredis hot x3 tll=30s\nweb -> hott\nservice web\n";
    let source = Source::new("chat.arch", text);
    let (ast, mut mistakes) = parse(text);
    mistakes.extend(lower(&ast).1);
    snapshot!("mistakes", text::text(&reviewed(&source, text, mistakes), plain(100)));
}

#[test]
fn nothing_to_report() {
    let source = Source::new("shop.arch", SHOP);
    let clean = text::text(&reviewed(&source, SHOP, Vec::new()), plain(200));
    let rules = crate::rules::ALL.len();
    assert_eq!(
        clean,
        format!("shop.arch: nothing to report, 7 nodes, 6 hops and 2 flows, looked at by {rules} rules\n")
    );
}

#[test]
fn an_excerpt_of_a_huge_file_holds_only_what_is_shown() {
    let mut text = "service a\n".repeat(100_000);
    text.push_str(&"x".repeat(1 << 20));
    text.push_str(" here");
    let source = Source::new("huge.arch", text);
    let at = Span::new(source.text.len() - 4, source.text.len());
    let mistake = Diagnostic::mistake("syntax", "wrong", at, "this").label(Span::new(8, 9), "and that");
    let shown = super::whole(&source, &mistake, plain(80));
    assert!(shown.len() < 1_000, "{shown}");
    assert!(shown.contains("huge.arch:100001:1048578") && shown.contains("huge.arch:1:9"), "{shown}");
    assert!(shown.contains("^^^^\n") && shown.contains("= this"), "{shown}");
}

#[test]
fn a_place_at_the_very_end_or_over_several_lines_is_shown() {
    let text = "group a {\r\n  é\n";
    let source = Source::new("a.arch", text);
    for span in [Span::point(text.len()), Span::new(0, text.len()), Span::point(0), Span::new(13, 15)] {
        let mistake = Diagnostic::mistake("syntax", "wrong", span, "this");
        assert!(super::whole(&source, &mistake, plain(80)).contains("^"), "{span:?}");
    }
    let empty = Source::new("e.arch", "");
    let mistake = Diagnostic::mistake("syntax", "wrong", Span::point(0), "this");
    assert!(super::whole(&empty, &mistake, plain(40)).contains("e.arch:1:1"));
}

#[test]
fn colour_changes_no_word() {
    let source = Source::new("shop.arch", SHOP);
    let review =
        Review { critique: found(&source), score: Some(score()), ..reviewed(&source, SHOP, Vec::new()) };
    let colored = text::text(&review, Style { color: true, ..plain(80) });
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some(at) = rest.find("\u{1b}[") {
        bare.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find('m').expect("a colour ends in m") + 1..];
    }
    bare.push_str(rest);
    assert_eq!(bare, text::text(&review, plain(80)));
}
