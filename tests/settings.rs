//! `spof.toml`: where it is found, what it changes, what it cannot change, and what is said when it is wrong.

mod common;

use std::fs;
use std::path::Path;

use serde_json::Value;

use common::FRAGILE;
use common::program::{fed, folder, spof};

const OFF: &str = "[rules.spof-datastore]\nseverity = \"off\"\nbecause  = \"a toy that may be down\"\n";

fn json(folder: &Path, args: &[&str]) -> Value {
    let ran = spof(folder, &[&["check", "--format", "json"], args].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

/// The severity of a rule's finding.
fn severity(review: &Value, rule: &str) -> Option<String> {
    let findings = review["findings"].as_array().expect("a list");
    findings
        .iter()
        .find(|finding| finding["rule"] == rule)
        .map(|finding| finding["severity"].as_str().expect("a word").to_string())
}

#[test]
fn a_rule_is_turned_off_with_a_reason_that_is_shown() {
    let folder = folder(&[("a.arch", FRAGILE), ("spof.toml", OFF)]);
    let ran = spof(folder.path(), &["check", "a.arch"]);
    assert_eq!(ran.status, 0, "{}", ran.out);
    assert!(
        ran.out.contains("1 rule is off in spof.toml: spof-datastore, because a toy that may be down"),
        "{}",
        ran.out
    );
    let review = json(folder.path(), &["a.arch"]);
    assert_eq!(severity(&review, "spof-datastore"), None);
    let expected = serde_json::json!({
        "file": "spof.toml",
        "rules": [{ "rule": "spof-datastore", "severity": "off", "because": "a toy that may be down" }],
    });
    assert_eq!(review["settings"], expected);
}

#[test]
fn a_severity_decides_the_exit_status_and_the_order() {
    let set =
        |rule: &str, severity: &str| format!("[rules.{rule}]\nseverity = \"{severity}\"\nbecause = \"x\"\n");
    let lower = folder(&[("a.arch", FRAGILE), ("spof.toml", &set("spof-datastore", "warning"))]);
    assert_eq!(spof(lower.path(), &["check", "a.arch"]).status, 0);
    assert_eq!(spof(lower.path(), &["check", "a.arch", "--fail-on", "warning"]).status, 1);
    assert_eq!(severity(&json(lower.path(), &["a.arch"]), "spof-datastore").as_deref(), Some("warning"));
    let text = spof(lower.path(), &["check", "a.arch"]).out;
    assert!(
        text.contains("1 rule weighs what spof.toml says: spof-datastore (warning), because x"),
        "{text}"
    );
    // A question stays one lower than what is certain.
    let question = folder(&[("a.arch", FRAGILE), ("spof.toml", &set("no-monitoring", "error"))]);
    let before = json(question.path(), &["a.arch", "--no-config"]);
    assert_eq!(severity(&before, "no-monitoring").as_deref(), Some("info"));
    let after = json(question.path(), &["a.arch"]);
    assert_eq!(severity(&after, "no-monitoring").as_deref(), Some("warning"));
    let place = |review: &Value| {
        let findings = review["findings"].as_array().expect("a list");
        findings.iter().position(|finding| finding["rule"] == "no-monitoring").expect("it is asked")
    };
    assert!(place(&after) < place(&before), "what weighs more comes first");
}

#[test]
fn the_nearest_file_wins() {
    let other = "[rules.no-timeout]\nseverity = \"off\"\nbecause = \"the mesh\"\n";
    let folder = folder(&[
        ("spof.toml", OFF),
        ("x/y/a.arch", FRAGILE),
        ("x/z/spof.toml", other),
        ("x/z/a.arch", FRAGILE),
    ]);
    let up = json(folder.path(), &["x/y/a.arch"]);
    assert_eq!((severity(&up, "spof-datastore"), &up["settings"]["file"]), (None, &Value::from("spof.toml")));
    let near = json(folder.path(), &["x/z/a.arch"]);
    assert!(severity(&near, "spof-datastore").is_some() && severity(&near, "no-timeout").is_none());
    assert_eq!(near["settings"]["file"], "x/z/spof.toml");
    // Named from where one stands.
    let inside = json(&folder.path().join("x/y"), &["a.arch"]);
    assert_eq!(inside["settings"]["file"], "../../spof.toml");
    // Each of several designs has its own.
    let both = json(folder.path(), &["x/y/a.arch", "x/z/a.arch"]);
    assert!(severity(&both[0], "spof-datastore").is_none() && severity(&both[1], "spof-datastore").is_some());
}

#[test]
fn a_file_is_chosen_or_ignored() {
    let folder = folder(&[("a.arch", FRAGILE), ("spof.toml", OFF), ("none.toml", "")]);
    let without = json(folder.path(), &["a.arch", "--no-config"]);
    assert!(severity(&without, "spof-datastore").is_some());
    assert_eq!(without["settings"], Value::Null);
    assert!(severity(&json(folder.path(), &["a.arch", "--config", "none.toml"]), "spof-datastore").is_some());
    let missing = spof(folder.path(), &["check", "a.arch", "--config", "nope.toml"]);
    assert!(missing.status == 2 && missing.out.is_empty(), "{}", missing.out);
    assert!(missing.err.contains("there is no file `nope.toml`"), "{}", missing.err);
    let both = spof(folder.path(), &["check", "a.arch", "--config", "none.toml", "--no-config"]);
    assert_eq!(both.status, 2);
}

#[test]
fn standard_input_has_the_settings_of_the_current_folder() {
    let folder = folder(&[("spof.toml", OFF)]);
    let ran = fed(folder.path(), &["check", "-"], FRAGILE.as_bytes());
    assert!(ran.status == 0 && ran.out.contains("1 rule is off"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_mistake_stops_the_check_and_shows_its_place() {
    let wrong = "[rules.spof-datastor]\nseverity = \"of\"\n\n[rule.no-timeout]\nseverity = \"off\"\nbecause = \"x\"\n";
    let folder = folder(&[("a.arch", FRAGILE), ("b.arch", FRAGILE), ("spof.toml", wrong)]);
    let ran = spof(folder.path(), &["check", "a.arch", "b.arch"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    for said in [
        "spof.toml:1:8",
        "there is no rule `spof-datastor`",
        "did you mean `spof-datastore`?",
        "spof.toml:2:12",
        "unknown severity `of`",
        "did you mean `off`?",
        "no `because`",
        "spof.toml:4:2",
        "did you mean `rules`?",
    ] {
        assert!(ran.err.contains(said), "{said}:\n{}", ran.err);
    }
    assert_eq!(ran.err.matches("there is no rule").count(), 1, "said once for both designs");
    assert_eq!(spof(folder.path(), &["check", "a.arch", "--format", "json"]).status, 2);
    // What is no TOML at all.
    fs::write(folder.path().join("spof.toml"), "[rules.no-timeout\nseverity = off\n").expect("a file");
    let broken = spof(folder.path(), &["check", "a.arch"]);
    assert!(broken.status == 2 && broken.err.contains("spof.toml:1:"), "{}", broken.err);
    // Nobody asked for findings here.
    assert_eq!(spof(folder.path(), &["draw", "a.arch", "-o", "-"]).status, 0);
    assert_eq!(spof(folder.path(), &["draw", "a.arch", "-o", "-", "--findings"]).status, 2);
}

#[test]
fn an_allow_of_a_rule_that_is_off_is_not_unused() {
    let design = format!("{FRAGILE}allow spof-datastore on store because \"a toy\"\n");
    let folder = folder(&[("a.arch", &design), ("spof.toml", OFF)]);
    assert_eq!(severity(&json(folder.path(), &["a.arch"]), "unused-allow"), None);
    let unused = format!("{design}allow no-backup on api because \"x\"\n");
    fs::write(folder.path().join("a.arch"), unused).expect("a file");
    assert!(severity(&json(folder.path(), &["a.arch"]), "unused-allow").is_some());
}

#[test]
fn the_drawing_marks_what_the_check_finds() {
    let folder = folder(&[("a.arch", FRAGILE), ("spof.toml", OFF)]);
    let drawn = |args: &[&str]| spof(folder.path(), &[&["draw", "a.arch", "-o", "-"], args].concat()).out;
    assert_ne!(drawn(&["--findings"]), drawn(&["--findings", "--no-config"]));
    assert_eq!(drawn(&[]), drawn(&["--no-config"]));
}

/// Points are for what a design says; who is examined does not choose what is looked at.
#[test]
fn no_setting_changes_a_score() {
    let design = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/url-shortener/first-try.arch");
    let text = fs::read_to_string(design).expect("an example");
    let folder = folder(&[("a.arch", &text)]);
    let before = json(folder.path(), &["a.arch"]);
    let mut all = String::new();
    for rule in spof::rules::ALL.iter() {
        all += &format!("[rules.{}]\nseverity = \"off\"\nbecause = \"x\"\n", rule.id);
    }
    fs::write(folder.path().join("spof.toml"), all).expect("a file");
    let after = json(folder.path(), &["a.arch"]);
    assert!(before["findings"].as_array().is_some_and(|findings| !findings.is_empty()));
    assert_eq!(after["findings"], Value::from(Vec::<Value>::new()));
    assert_eq!(before["score"], after["score"]);
}

/// The page's settings are settings, and its mistake reads as it is printed.
#[test]
fn the_page_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = fs::read_to_string(page).expect("the page");
    let block = |info: &str| {
        let start = page.find(&format!("```{info}\n")).expect("a block") + info.len() + 4;
        &page[start..start + page[start..].find("```").expect("its end")]
    };
    let settings = spof::settings::read(&spof::source::Source::new("spof.toml", block("toml")));
    let settings = settings.expect("no mistakes");
    assert_eq!(settings.rules.len(), 2);
    let misspelt = block("toml").replace("no-timeout", "no-timeot").replace("no-backup", "spof-zone");
    let folder = folder(&[("a.arch", FRAGILE), ("spof.toml", &misspelt)]);
    assert_eq!(spof(folder.path(), &["check", "a.arch"]).err, block("text"));
}
