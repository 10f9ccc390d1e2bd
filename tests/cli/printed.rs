//! What is printed: for terminals, for programs, and for readers that leave.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::check;
use crate::common::program::{command, fed, folder, ran, spof};
use crate::common::{CLEAN, FRAGILE};

#[test]
fn the_text_of_a_design_cannot_steer_the_terminal() {
    let ran = check(
        "client web \"\u{1b}]0;owned\u{7}\"\nweb -> \u{1b}[31mhot\nservice \u{9b}x\n",
        &["--color", "never"],
    );
    assert!(!ran.out.chars().any(|c| c.is_control() && c != '\n'), "{:?}", ran.out);
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    assert!(!check(FRAGILE, &[]).out.contains('\u{1b}'));
    assert!(check(FRAGILE, &["--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn lines_keep_to_the_width_that_is_said() {
    let folder = folder(&[("a.arch", FRAGILE)]);
    let output = command(folder.path(), &["check", "a.arch"]).env("COLUMNS", "60").output().unwrap();
    for line in ran(output).out.lines() {
        assert!(line.chars().count() <= 60, "{line}");
    }
}

#[test]
fn json_has_the_promised_shape() {
    let text =
        format!("design \"A\" solves url-shortener\n{FRAGILE}allow queue-no-dlq because \"none\"\nx -> y\n");
    let ran = check(&text, &["--format", "json", "--today", "2026-01-31"]);
    assert_eq!(ran.status, 2);
    let value: Value = serde_json::from_str(&ran.out).expect("JSON");
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "version",
        "file",
        "design",
        "problem",
        "errors",
        "findings",
        "allowed",
        "not_evaluated",
        "settings",
        "score",
    ];
    assert_eq!(keys, promised);
    assert_eq!((&value["version"], &value["design"]), (&Value::from(1), &Value::from("A")));
    assert_eq!(value["problem"], "url-shortener");
    let finding = value["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "spof-datastore");
    let finding = finding.expect("a finding");
    assert_eq!((&finding["severity"], &finding["verdict"]), (&"error".into(), &"wrong".into()));
    assert_eq!(finding["span"]["line"], 5);
    assert_eq!((&finding["span"]["column"], &finding["span"]["length"]), (&1.into(), &14.into()));
    assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 16);
    for key in [
        "message",
        "nodes",
        "hops",
        "flows",
        "labels",
        "evidence",
        "consequence",
        "fix",
        "question",
        "confidence",
    ] {
        assert!(finding.get(key).is_some(), "{key}");
    }
    let mistake = &value["errors"][0];
    assert!(mistake["span"]["line"].is_u64() && mistake["message"].is_string() && mistake["help"].is_array());
    let score = &value["score"];
    assert!(
        score["points"].is_number() && score["of"].is_number() && score["dimensions"][0]["id"].is_string()
    );
    assert!(["yes", "no", "partly", "unstated"].contains(&score["criteria"][0]["met"].as_str().unwrap()));
}

#[test]
fn json_of_several_files_is_an_array() {
    let folder = folder(&[("a.arch", CLEAN), ("b.arch", FRAGILE)]);
    let ran = spof(folder.path(), &["check", "a.arch", "gone.arch", "b.arch", "--format", "json"]);
    assert_eq!(ran.status, 2);
    let value: Value = serde_json::from_str(&ran.out).expect("JSON");
    let files: Vec<&Value> = value.as_array().unwrap().iter().map(|one| &one["file"]).collect();
    assert_eq!(files, ["a.arch", "b.arch"]);
    assert!(value[0]["score"].is_null() && value[0]["problem"].is_null());
    let rules: Value =
        serde_json::from_str(&spof(folder.path(), &["rules", "--format", "json"]).out).unwrap();
    for rule in rules.as_array().unwrap() {
        for key in ["id", "severity", "group", "summary"] {
            assert!(rule[key].is_string(), "{rule}");
        }
    }
}

#[test]
fn output_is_the_same_every_time() {
    let folder = folder(&[]);
    assert_eq!(spof(folder.path(), &["new", "--example"]).status, 0);
    for args in [&["check", "example.arch", "--all"][..], &["draw", "example.arch", "-o", "-", "--findings"]]
    {
        let first = spof(folder.path(), args);
        assert!(!first.out.contains(folder.path().to_str().unwrap()));
        assert_eq!(first.out, spof(folder.path(), args).out);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = folder(&[("a.arch", &"a -> b\n".repeat(20_000))]);
    let mut child = command(folder.path(), &["check", "a.arch", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.err.as_str()), (2, ""));
}

#[test]
fn numbers_say_what_they_lack_and_how_they_were_reached() {
    let folder = folder(&[(
        "a.arch",
        "client u\nservice a x2\npostgres store\nflow f rate=10/s { u -> a -> store }\n",
    )]);
    let all = spof(folder.path(), &["numbers", "a.arch"]);
    assert_eq!((all.status, all.err.as_str()), (0, ""));
    assert!(all.out.contains("10/s") && all.out.contains("`capacity` of `a`"), "{}", all.out);
    let why = spof(folder.path(), &["numbers", "a.arch", "--why", "store"]);
    assert!(why.out.contains("assumed: 3,000/s") && why.out.contains("grade C"), "{}", why.out);
    let unknown = spof(folder.path(), &["numbers", "a.arch", "--why", "stor"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("did you mean `store`?"), "{}", unknown.err);
    let json = spof(folder.path(), &["numbers", "a.arch", "--format", "json"]);
    let value: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(value["nodes"][0]["capacity_per_s"], Value::Null);
    assert_eq!(value["nodes"][0]["missing"]["capacity_per_s"][0], "`capacity` of `a`");
    assert_eq!(value["nodes"][1]["rate_per_s"], 10.0);
}

#[test]
fn numbers_of_a_design_with_mistakes_are_those_that_can_be_had() {
    let ran = fed(
        Path::new("."),
        &["numbers", "-"],
        b"client u\nservice a x2 capacity=1k/s tll=3\nflow f rate=10/s { u -> a }\n",
    );
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("tll") && ran.out.contains("0.5 %"), "{}\n{}", ran.err, ran.out);
}
