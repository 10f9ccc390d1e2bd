//! What `spof diff` says: of each first try against a reference as a reviewer would, of the same design nothing.

mod common;

use std::path::PathBuf;

use common::program::{folder, spof};
use proptest::prelude::*;

use spof::diff::{ChangeKind, Diff, diff};
use spof::report::{Style, diff as report};
use spof::review::Review;

fn review(text: &str) -> Review {
    common::review("design.arch", text)
}

fn between(old: &str, new: &str) -> Diff {
    diff(&review(old), &review(new))
}

fn told(old: &str, new: &str) -> String {
    report::text(&between(old, new), ("old", "new"), Style { width: 100, color: false, all: true })
}

fn examples(beginning: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("examples")
        .unwrap()
        .filter_map(|entry| std::fs::read_dir(entry.unwrap().path()).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "arch"))
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(beginning))
        .collect();
    files.sort();
    files
}

/// The first reference of a problem in the order of names.
fn reference(of: &std::path::Path) -> PathBuf {
    let folder = of.parent().unwrap();
    examples("reference-").into_iter().find(|path| path.parent() == Some(folder)).unwrap()
}

#[test]
fn each_first_try_against_a_reference() {
    let tries = examples("first-try");
    assert!(tries.len() >= 12);
    for file in tries {
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        let (old, new) = (read(&file), read(&reference(&file)));
        let problem = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let names = ("first-try.arch", "reference.arch");
        let text = report::text(&between(&old, &new), names, Style { width: 100, color: false, all: false });
        insta::with_settings!({ prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("diff_{problem}"), text);
        });
    }
}

const SHOP: &str = "\
client web
service api x2
postgres store
redis hot x2 ttl=1h
flow buy \"POST /orders\" rate=10/s {
  web -> api -> store writes=order
}
flow look rate=100/s {
  web -> api -> hot reads
}
";

#[test]
fn the_same_design_written_otherwise_is_the_same() {
    let otherwise = "\
redis    hot x2 ttl=60min
postgres store

service  api x2
client   web
flow look rate=100/s {
  web -> api
  api -> hot reads
}
# the same again
flow buy \"POST /orders\" rate=600/min { web -> api -> store writes=order }
";
    let diff = between(SHOP, otherwise);
    assert!(diff.is_empty(), "{diff:?}");
    assert!(told(SHOP, otherwise).contains("mean the same"));
}

#[test]
fn what_is_only_called_otherwise_is_no_change_of_anything_else() {
    let renamed = SHOP.replace("store", "orders_db").replace("hot", "cache1");
    let diff = between(SHOP, &renamed);
    let was: Vec<_> =
        diff.changes.iter().filter_map(|one| one.was.as_deref().map(|was| (was, one.id.as_str()))).collect();
    assert_eq!(was, [("store", "orders_db"), ("hot", "cache1")]);
    assert!(diff.changes.iter().all(|one| one.says.is_empty()), "{:?}", diff.changes);
    assert!(diff.found.fixed.is_empty() && diff.found.new.is_empty(), "{:?}", diff.found);
}

#[test]
fn two_that_could_be_the_same_are_not_guessed() {
    let old = "service api\nservice one\nservice two\napi -> one\napi -> two\n";
    let new = "service api\nservice three\nservice four\napi -> three\napi -> four\n";
    assert!(between(old, new).changes.iter().all(|one| one.was.is_none()));
}

#[test]
fn what_mended_a_finding_stands_beside_it() {
    let better = SHOP.replace("postgres store", "postgres store x2 failover=auto");
    let diff = between(SHOP, &better);
    let mended = diff.found.fixed.iter().find(|one| one.finding.code == "spof-datastore").unwrap();
    assert_eq!(mended.by, ["store: x2 failover=auto"]);
    let text = told(SHOP, &better);
    assert!(text.contains("~ store: instances x1 → x2; failover=auto is new"), "{text}");
}

#[test]
fn what_a_flow_passes_now_is_said_with_the_flow() {
    let queued = format!(
        "{}queue later x3\nworker w x2\n",
        SHOP.replace("store writes=order", "store writes=order\n  api ~> later ~> w")
    );
    let text = told(SHOP, &queued);
    assert!(text.contains("~ buy: now also api ~> later, later ~> w"), "{text}");
    assert!(text.contains("+ later: queue; x3"), "{text}");
}

#[test]
fn mistakes_and_new_findings_decide_the_exit_status() {
    let folder = folder(&[
        ("good.arch", &SHOP.replace("postgres store", "postgres store x2 failover=auto")),
        ("worse.arch", SHOP),
        ("broken.arch", "client web\nweb -> nowhere\n"),
    ]);
    let status = |old: &str, new: &str| spof(folder.path(), &["diff", old, new]).status;
    assert_eq!(status("good.arch", "good.arch"), 0);
    assert_eq!(status("good.arch", "worse.arch"), 1);
    assert_eq!(status("worse.arch", "good.arch"), 0);
    assert_eq!(status("good.arch", "broken.arch"), 2);
    assert_eq!(status("good.arch", "missing.arch"), 2);
}

/// What stands on one side of a diff must stand on the other side of its mirror image.
fn mirrored(forth: &Diff, back: &Diff) -> Result<(), TestCaseError> {
    let kinds = |diff: &Diff, kind| diff.changes.iter().filter(|one| one.kind == kind).count();
    prop_assert_eq!(kinds(forth, ChangeKind::Added), kinds(back, ChangeKind::Removed));
    prop_assert_eq!(kinds(forth, ChangeKind::Removed), kinds(back, ChangeKind::Added));
    prop_assert_eq!(kinds(forth, ChangeKind::Changed), kinds(back, ChangeKind::Changed));
    prop_assert_eq!(forth.found.fixed.len(), back.found.new.len());
    prop_assert_eq!(forth.found.new.len(), back.found.fixed.len());
    prop_assert_eq!(forth.found.stay, back.found.stay);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_two_examples_mirror_each_other(one in 0..64_usize, other in 0..64_usize) {
        let files = examples("");
        let text = |at: usize| std::fs::read_to_string(&files[at % files.len()]).unwrap();
        let (one, other) = (text(one), text(other));
        mirrored(&between(&one, &other), &between(&other, &one))?;
        let same = between(&one, &one);
        prop_assert!(same.is_empty() && same.availability.is_empty());
    }
}
