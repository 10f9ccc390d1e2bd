//! What programs read: every design of the repository through every format, held against the schema that is published for it.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::program::{Ran, fed, folder};
use common::{CLEAN, FRAGILE};
use jiff::civil::date;
use jsonschema::Validator;
use serde_json::{Value, json};
use spof::diagnostic::{Diagnostic, Verdict};
use spof::report::comment::Comment;
use spof::report::github::Annotations;
use spof::report::sarif::{Log, Pages};
use spof::review::{Review, Reviewer};
use spof::source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator(schema: &str) -> Validator {
    let text = std::fs::read_to_string(root().join(schema)).unwrap();
    // A pattern in SARIF's schema of 2020 has a bracket too many, which OASIS mended in its errata.
    let text = text.replace("{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "{2}(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, value: &Value, name: &str) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .take(5)
        .map(|error| format!("{}: {error:.300}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

/// Every design of the repository, the corpus and every flawed and sound example.
fn every_design() -> Vec<Source> {
    let mut files = common::designs("examples");
    files.extend(common::designs("tests/corpus"));
    assert!(files.len() > 700);
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(root().join(file)).unwrap();
            Source::new(file.display().to_string(), text)
        })
        .collect()
}

fn review(source: Source) -> Review {
    Reviewer::plain(date(2026, 1, 1)).review(source)
}

/// An address ends in a file that is there; kinds of mistakes have none.
fn every_rule_leads_to_its_page(log: &Value) {
    let descriptors = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let mut linked = 0;
    for descriptor in descriptors {
        let id = descriptor["id"].as_str().expect("an id");
        match descriptor["helpUri"].as_str() {
            Some(uri) => {
                let page = uri.strip_prefix("https://example.org/spof/").expect("below the address given");
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(page).is_file(), "{uri}");
                linked += 1;
            }
            None => assert!(spof::rules::find(id).is_none(), "{id} has a page"),
        }
    }
    assert!(linked > 100, "{linked} rules of those that the designs show");
}

/// A text with a mistake in each of its lines but the first two.
const MISTAKEN: &str = "client web\nservice apî x2\nredis hot tll=30s\nweb -> apo\nsolves 3\nkafka x2 €\n";

#[test]
fn json_and_sarif_of_every_design_are_what_their_schemas_say() {
    let (of_json, of_sarif) =
        (validator("docs/check.schema.json"), validator("tests/schemas/sarif-2.1.0.schema.json"));
    let pages: Pages = "https://example.org/spof/docs/rules".parse().expect("an address");
    let (mut log, mut annotations, mut comment) =
        (Log::new(Some(pages)), Annotations::default(), Comment::default());
    let mut said = 0;
    let designs = every_design().into_iter().chain([Source::new("mistaken é.arch", MISTAKEN)]);
    let mut sources = BTreeMap::new();
    for (at, source) in designs.enumerate() {
        let review = review(source);
        let name = &review.source.name;
        assert_valid(&of_json, &spof::report::json::review(&review), name);
        let all: Vec<&Diagnostic> = review.mistakes.iter().chain(&review.critique.findings).collect();
        said += all.len() + review.critique.accepted.len();
        assert_eq!(annotations.add(&review).lines().count(), all.len(), "{name}");
        comment.add(&review);
        log.add(&review);
        sources.insert(at, review.source);
    }
    let log = log.end();
    assert_valid(&of_sarif, &log, "sarif");
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), said);
    what_the_standard_says_in_words(&log);
    every_rule_leads_to_its_page(&log);
    assert!(comment.end().chars().count() < 65_536, "GitHub refuses a longer comment");
}

/// What SARIF 2.1.0 asks for that its schema cannot say.
fn what_the_standard_says_in_words(log: &Value) {
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let artifacts = run["artifacts"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"], "3.27.6: the index is that of the id");
        assert_eq!(
            result["kind"] != "fail",
            result["level"] == "none",
            "3.27.10: a level is that of a failure"
        );
        assert!(result["suppressions"].is_array(), "3.27.23: all results have them, or none");
        let place = &result["locations"][0]["physicalLocation"];
        let file = &place["artifactLocation"];
        let artifact = file["index"].as_u64().unwrap() as usize;
        assert_eq!(artifacts[artifact]["location"]["uri"], file["uri"], "3.4.5");
        let region = &place["region"];
        let at =
            |line: &str, column: &str| (region[line].as_u64().unwrap(), region[column].as_u64().unwrap());
        assert!(at("startLine", "startColumn") <= at("endLine", "endColumn"), "3.30: {region}");
        let text = result["message"]["text"].as_str().unwrap();
        let single = text.replace("{{", "").replace("}}", "");
        assert!(!single.contains(['{', '}']), "3.11.5: braces are doubled: {text}");
    }
    ids.sort_unstable();
    let before = ids.len();
    ids.dedup();
    assert_eq!(before, ids.len(), "3.19.23: a rule is described once");
    let mut uris: Vec<&str> = artifacts.iter().map(|one| one["location"]["uri"].as_str().unwrap()).collect();
    uris.sort_unstable();
    uris.dedup();
    assert_eq!(uris.len(), artifacts.len(), "3.14.15: a file is listed once");
}

#[test]
fn a_schema_refuses_what_is_wrong() {
    let review =
        review(Source::new("a.arch", "client web\nservice api\npostgres store\nweb -> api -> store\n"));
    let value = spof::report::json::review(&review);
    let validator = validator("docs/check.schema.json");
    assert!(validator.is_valid(&value) && validator.is_valid(&json!([value, value])));
    for (path, wrong) in [
        ("/version", json!(2)),
        ("/findings/0/severity", json!("fatal")),
        ("/findings/0/span/line", json!(0)),
        ("/findings/0/nodes", Value::Null),
        ("/design", json!(1)),
    ] {
        let mut broken = value.clone();
        *broken.pointer_mut(path).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{path}");
    }
    let mut short = value;
    short["findings"][0].as_object_mut().unwrap().remove("fingerprint");
    assert!(!validator.is_valid(&short), "a key that goes is noticed");

    let mut log = Log::default();
    log.add(&review);
    let log = log.end();
    let validator = self::validator("tests/schemas/sarif-2.1.0.schema.json");
    assert!(validator.is_valid(&log));
    for (path, wrong) in [
        ("/runs/0/results/0/kind", json!("question")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/artifacts/0/location/uri", json!("a b.arch")),
        ("/runs/0/columnKind", json!("characters")),
    ] {
        let mut broken = log.clone();
        *broken.pointer_mut(path).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{path}");
    }
}

/// The text that a region of SARIF's stands for.
fn text_of(text: &str, region: &Value) -> String {
    let number = |key: &str| region[key].as_u64().unwrap() as usize;
    let offset = |line: usize, column: usize| {
        let start: usize = text.split_inclusive('\n').take(line - 1).map(|line| line.chars().count()).sum();
        start + column - 1
    };
    let start = offset(number("startLine"), number("startColumn"));
    let end = offset(number("endLine"), number("endColumn"));
    text.chars().skip(start).take(end - start).collect()
}

#[test]
fn places_are_those_of_the_text() {
    let text = "design \"Tëst 🦀\"; client web\nservice apî x2; postgres störe\nweb -> apî -> störe; redis hot tll=3s\n";
    let review = review(Source::new("a.arch", text));
    let mut log = Log::default();
    log.add(&review);
    let log = log.end();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let said: Vec<&Diagnostic> = review.mistakes.iter().chain(&review.critique.findings).collect();
    assert_eq!(results.len(), said.len());
    assert!(
        said.iter().any(|one| one.is_mistake()) && said.iter().any(|one| one.verdict == Verdict::Unstated)
    );
    for (result, said) in results.iter().zip(said) {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(text_of(text, region), said.at.span.text(text), "{}", said.message);
        let related = result["relatedLocations"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(related.len(), said.labels.len());
        for (place, label) in related.iter().zip(&said.labels) {
            assert_eq!(text_of(text, &place["physicalLocation"]["region"]), label.span.text(text));
        }
    }
}

#[test]
fn a_fix_is_a_replacement_that_mends() {
    let text = "client web\nservice api x2\nweb —> api\n";
    let review = review(Source::new("a.arch", text));
    let with_edits: Vec<&Diagnostic> = review.mistakes.iter().filter(|one| !one.edits.is_empty()).collect();
    assert_eq!(with_edits.len(), 1, "{:#?}", review.mistakes);
    let mut log = Log::default();
    log.add(&review);
    let log = log.end();
    let replacement = &log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    let deleted = text_of(text, &replacement["deletedRegion"]);
    let mended = text.replacen(&deleted, replacement["insertedContent"]["text"].as_str().unwrap(), 1);
    let (_, left) = spof::syntax::parse(&mended);
    assert!(left.is_empty(), "{mended}{left:#?}");
}

#[test]
fn what_is_allowed_is_suppressed_with_its_reason() {
    let text = "client web\nservice api x2\npostgres store\nweb -> api -> store\n\
                allow spof-datastore on store because \"a toy\" until 2027-06-30\n";
    let mut log = Log::default();
    log.add(&review(Source::new("a.arch", text)));
    let log = log.end();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let (suppressed, rest): (Vec<&Value>, Vec<&Value>) =
        results.iter().partition(|one| !one["suppressions"].as_array().unwrap().is_empty());
    assert!(suppressed.len() == 1 && !rest.is_empty());
    assert_eq!(suppressed[0]["ruleId"], "spof-datastore");
    let expected =
        json!([{ "kind": "inSource", "status": "accepted", "justification": "a toy (until 2027-06-30)" }]);
    assert_eq!(suppressed[0]["suppressions"], expected);
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let text = "client web\nservice api\npostgres store\nweb -> api -> store\n";
    let prints = |text: &str| {
        let mut log = Log::default();
        log.add(&review(Source::new("a.arch", text)));
        let results = log.end()["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|one| one["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(prints(text), prints(&format!("# moved\n\n{}", text.replace(' ', "  "))));
    assert!(prints(text).iter().all(|print| print["spofFinding/v1"].is_string()));
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    fed(folder, arguments, FRAGILE.as_bytes())
}

#[test]
fn several_files_and_standard_input_end_as_with_text() {
    let folder = folder(&[
        ("fragile.arch", FRAGILE),
        ("clean.arch", CLEAN),
        ("mistaken.arch", "client web\nredis hot tll=30s\n"),
    ]);
    for files in [
        &["clean.arch"][..],
        &["fragile.arch"],
        &["-"],
        &["mistaken.arch"],
        &["fragile.arch", "clean.arch"],
        &["mistaken.arch", "-", "clean.arch"],
        &["nowhere.arch", "fragile.arch"],
        &["nowhere.arch"],
        &["fragile.arch", "--fail-on", "never"],
        &["fragile.arch", "--fail-on", "info"],
    ] {
        let text = run(folder.path(), &[&["check"], files].concat());
        for format in ["json", "sarif", "github", "markdown"] {
            let ran = run(folder.path(), &[&["check", "--format", format], files].concat());
            assert_eq!(ran.status, text.status, "{files:?} as {format}");
            assert_eq!(ran.err, text.err, "{files:?} as {format}");
        }
    }
    let files = ["check", "mistaken.arch", "nowhere.arch", "-", "./clean.arch", "--format"];
    let as_format = |format| run(folder.path(), &[&files[..], &[format]].concat()).out;
    let log: Value = serde_json::from_str(&as_format("sarif")).unwrap();
    assert_valid(&validator("tests/schemas/sarif-2.1.0.schema.json"), &log, "several");
    let run = &log["runs"][0];
    let uris: Vec<&str> = run["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["location"]["uri"].as_str().unwrap())
        .collect();
    assert_eq!(uris, ["mistaken.arch", "nowhere.arch", "%3Cstdin%3E", "clean.arch"]);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(
        run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
        "there is no file `nowhere.arch`"
    );
    let github = as_format("github");
    let heads: Vec<&str> = github.lines().map(|line| line[2..].split_once("::").unwrap().0).collect();
    assert!(
        heads.contains(&"error file=mistaken.arch,line=2,col=11,endColumn=14,title=mistake"),
        "{heads:#?}"
    );
    assert!(heads.contains(&"error file=nowhere.arch,title=not checked"), "{heads:#?}");
    assert!(heads.contains(&"error title=spof-datastore"), "{heads:#?}");
    let markdown = as_format("markdown");
    let headings: Vec<&str> = markdown.lines().filter(|line| line.starts_with("### ")).collect();
    assert_eq!(headings.len(), 4, "{markdown}");
    assert_eq!(headings[1], "### `nowhere.arch`: not checked");
    assert_eq!(headings[3], "### `./clean.arch`: nothing to report");
}

#[test]
fn a_comment_keeps_to_the_room_there_is() {
    let text = std::fs::read_to_string(root().join("examples/chat-system/first-try.arch")).unwrap();
    let mut comment = Comment::default();
    let many = 2_000;
    let mut review = review(Source::new("", text));
    for at in 0..many {
        review.source.name = format!("designs/{at}.arch");
        comment.add(&review);
    }
    let text = comment.end();
    assert!(text.chars().count() < 65_536);
    let whole = text.matches("**error: everything stops").count();
    let short = text.matches("\n### ").count();
    assert!(whole >= 5 && short > 100 + whole, "{whole} whole, {short} in all");
    assert!(
        text.ends_with(&format!("And {} more, for which a comment has no room.\n", many - short)),
        "{short}"
    );
}
