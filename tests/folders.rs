//! `spof check` of a folder: what is looked at, in which order, and that nothing in it stops the rest.

mod common;

use std::fs;
use std::path::Path;

use serde_json::Value;

use common::program::{command, folder, ran, spof};
use common::{CLEAN, FRAGILE};

/// The files of `--format json`, in its order.
fn files(folder: &Path, args: &[&str]) -> Vec<String> {
    let ran = spof(folder, &[&["check", "--format", "json"], args].concat());
    let Value::Array(objects) = serde_json::from_str(&ran.out).expect(&ran.err) else {
        panic!("a folder is an array, however many designs are in it: {}", ran.out)
    };
    objects.iter().map(|object| object["file"].as_str().expect("a name").to_string()).collect()
}

#[test]
fn every_design_below_is_looked_at_in_order_of_name() {
    let folder = folder(&[
        ("b.arch", CLEAN),
        ("a/z.arch", FRAGILE),
        ("a/deep/er/x.arch", CLEAN),
        ("a.arch", CLEAN),
        ("B.arch", CLEAN),
        ("c.txt", "not one"),
        ("arch", "not one"),
        ("named.arch/in.arch", CLEAN),
        (".hidden/h.arch", CLEAN),
    ]);
    let all = ["B.arch", "a/deep/er/x.arch", "a/z.arch", "a.arch", "b.arch", "named.arch/in.arch"];
    assert_eq!(files(folder.path(), &["."]), all);
    assert_eq!(files(folder.path(), &["a/deep"]), ["a/deep/er/x.arch"], "an array of one");
    assert_eq!(files(folder.path(), &["b.arch", "a"]), ["b.arch", "a/deep/er/x.arch", "a/z.arch"]);
}

#[test]
fn gitignore_is_honoured_and_a_name_goes_before_it() {
    let folder = folder(&[
        (".gitignore", "build/\n*.tmp.arch\n!kept.tmp.arch\n"),
        ("a.arch", CLEAN),
        ("b.tmp.arch", FRAGILE),
        ("kept.tmp.arch", CLEAN),
        ("build/c.arch", FRAGILE),
        ("sub/.gitignore", "d.arch\n[\n"),
        ("sub/d.arch", FRAGILE),
        ("sub/e.arch", CLEAN),
        ("old/.ignore", "*\n"),
        ("old/f.arch", FRAGILE),
    ]);
    let ran = spof(folder.path(), &["check", "."]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "3 designs: nothing to report\n"));
    assert_eq!(files(folder.path(), &["."]), ["a.arch", "kept.tmp.arch", "sub/e.arch"]);
    // From below, what stands above counts too.
    assert_eq!(files(folder.path(), &["sub"]), ["sub/e.arch"]);
    assert_eq!(spof(folder.path(), &["check", "build/c.arch"]).status, 1);
    let nothing = spof(folder.path(), &["check", "old"]);
    assert_eq!((nothing.status, nothing.out.as_str()), (2, ""));
    assert!(nothing.err.contains("one is there, hidden or left out"), "{}", nothing.err);
}

#[test]
fn a_folder_without_designs_is_not_a_good_one() {
    let folder = folder(&[("empty/readme.md", ""), ("full/a.arch", CLEAN)]);
    let ran = spof(folder.path(), &["check", "empty"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("there is no design in `empty`") && ran.err.contains("spof new --example"));
    let both = spof(folder.path(), &["check", "empty", "full"]);
    assert_eq!(both.status, 2);
    assert!(both.out.ends_with("1 design: nothing to report\n"), "{}", both.out);
    assert_eq!(spof(folder.path(), &["check", "full", "nowhere"]).status, 2);
}

#[test]
fn what_cannot_be_read_has_its_reason_in_its_place() {
    let folder = folder(&[
        ("a.arch", FRAGILE),
        ("c.arch", ""),
        ("e.arch", "client web\nweb -> hto\n"),
        ("f.arch", FRAGILE),
    ]);
    fs::write(folder.path().join("b.arch"), b"client \xff").unwrap();
    fs::write(folder.path().join("d.arch"), vec![0xfe; 4096]).unwrap();
    let ran = spof(folder.path(), &["check", "."]);
    assert_eq!(ran.status, 2);
    let at = |text: &str, what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    assert!(at(&ran.out, "a.arch: 1 error") < at(&ran.out, "e.arch: 1 mistake"));
    assert!(at(&ran.out, "e.arch: 1 mistake") < at(&ran.out, "f.arch: 1 error"));
    assert!(at(&ran.err, "`b.arch` is not UTF-8") < at(&ran.err, "`c.arch` is empty"));
    assert!(at(&ran.err, "`c.arch` is empty") < at(&ran.err, "`d.arch` is not UTF-8"));
    assert!(
        ran.out.contains("6 designs: 2 with something to report, 1 with mistakes in the text, 3 not read")
    );
    // For a program they stand among the others.
    let json = spof(folder.path(), &["check", ".", "--format", "json"]);
    let objects: Value = serde_json::from_str(&json.out).unwrap();
    let codes: Vec<Option<&str>> =
        objects.as_array().unwrap().iter().map(|object| object["errors"][0]["code"].as_str()).collect();
    let unread = Some("unreadable");
    assert_eq!(codes, [None, unread, unread, unread, Some("unknown-id"), None]);
}

#[cfg(unix)]
#[test]
fn links_lead_to_files_and_to_nothing_twice() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("real/a.arch", CLEAN), ("elsewhere/b.arch", CLEAN)]);
    let in_real = |name: &str| folder.path().join("real").join(name);
    symlink(".", in_real("loop")).unwrap();
    symlink("../elsewhere", in_real("there")).unwrap();
    symlink("../elsewhere", in_real("folder.arch")).unwrap();
    symlink("../elsewhere/b.arch", in_real("to-b.arch")).unwrap();
    symlink("nowhere", in_real("broken.arch")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    assert_eq!(files(folder.path(), &["real"]), ["real/a.arch", "real/broken.arch", "real/to-b.arch"]);
    assert_eq!(files(folder.path(), &["link"]), ["link/a.arch", "link/broken.arch", "link/to-b.arch"]);
    let ran = spof(folder.path(), &["check", "real"]);
    assert!(ran.err.contains("cannot read `real/broken.arch`"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_called_a_design_is_not_waited_for() {
    let folder = folder(&[("a.arch", CLEAN)]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("b.arch")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mkfifo");
        return;
    }
    let ran = spof(folder.path(), &["check", "."]);
    assert!(ran.err.contains("`b.arch` is not a file"), "{}", ran.err);
    assert!(ran.out.contains("2 designs: 1 with nothing to report, 1 not read"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_stops_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.arch", CLEAN), ("shut/b.arch", CLEAN), ("z.arch", CLEAN)]);
    let shut = folder.path().join("shut");
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&shut).is_ok() {
        eprintln!("skipped: root reads everything");
        return;
    }
    let ran = spof(folder.path(), &["check", "."]);
    let names = files(folder.path(), &["."]);
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot read the folder `shut`"), "{}", ran.err);
    assert!(ran.out.contains("3 designs: 2 with nothing to report, 1 not read"), "{}", ran.out);
    assert_eq!(names, ["a.arch", "shut", "z.arch"]);
}

#[test]
fn each_folder_has_its_own_settings() {
    let off = "[rules.spof-datastore]\nseverity = \"off\"\nbecause = \"a prototype\"\n";
    let folder = folder(&[
        ("a/x.arch", FRAGILE),
        ("b/spof.toml", off),
        ("b/x.arch", FRAGILE),
        ("c/spof.toml", "rules = 1"),
        ("c/x.arch", FRAGILE),
        ("c/y.arch", FRAGILE),
    ]);
    let ran = spof(folder.path(), &["check", "."]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.contains("a/x.arch: 1 error") && ran.out.contains("b/x.arch: "), "{}", ran.out);
    assert!(!ran.out.contains("b/x.arch: 1 error"), "{}", ran.out);
    assert_eq!(ran.err.matches("c/spof.toml").count(), 1, "said once: {}", ran.err);
    assert!(ran.out.contains("4 designs: 2 with something to report, 2 not read"), "{}", ran.out);
}

#[test]
fn as_many_threads_as_there_are_give_the_same_bytes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for args in [
        &["check", "examples"][..],
        &["check", "examples", "--all"],
        &["check", "examples", "--format", "json"],
        &["check", "tests/heldout", "examples/chat-system/first-try.arch"],
    ] {
        let run = |threads: &str| {
            let today = ["--today", "2026-01-01"];
            let output = command(root, args).args(today).env("RAYON_NUM_THREADS", threads).output();
            let ran = ran(output.unwrap());
            (ran.status, ran.out, ran.err)
        };
        let serial = run("1");
        assert!(serial.1.len() > 1_000);
        assert!(serial == run("2") && serial == run("7"), "{args:?}");
    }
}

#[test]
fn a_folder_is_short_and_all_of_it_is_there_with_all() {
    let folder = folder(&[("a.arch", FRAGILE), ("b.arch", CLEAN), ("c.arch", FRAGILE)]);
    let short = spof(folder.path(), &["check", "."]);
    insta::assert_snapshot!("folder_short", short.out);
    assert_eq!((short.status, short.err.as_str()), (1, ""), "no bar where nobody watches");
    let whole = spof(folder.path(), &["check", ".", "--all"]);
    for name in ["a.arch", "b.arch", "c.arch"] {
        let alone = spof(folder.path(), &["check", name, "--all"]);
        assert!(whole.out.contains(alone.out.trim_end()), "{name} as it is alone");
    }
    assert_eq!(spof(folder.path(), &["check", ".", "--fail-on", "never"]).status, 0);
}

#[test]
fn names_do_nothing_to_a_terminal() {
    let folder = folder(&[("\u{1b}[31mred\nb.arch", FRAGILE)]);
    let ran = spof(folder.path(), &["check", "."]);
    assert!(ran.out.contains("red b.arch: 1 error"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'));
}
