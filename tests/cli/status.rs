//! What a command ends with, and what it says of files that are no designs.

use std::fs;

use crate::common::program::{command, folder, ran, spof};
use crate::common::{CLEAN, FRAGILE};
use crate::{MISTAKEN, check, names};

#[test]
fn the_exit_status_says_what_was_found() {
    assert_eq!(check(FRAGILE, &[]).status, 1);
    assert_eq!(check(FRAGILE, &["--fail-on", "info"]).status, 1);
    assert_eq!(check(FRAGILE, &["--fail-on", "never"]).status, 0);
    assert_eq!(check(CLEAN, &["--fail-on", "info"]).status, 0);
    assert_eq!(check(MISTAKEN, &[]).status, 2);
    assert_eq!(check(MISTAKEN, &["--fail-on", "never"]).status, 2);
}

#[test]
fn a_bad_command_line_is_2_and_help_is_0() {
    let folder = folder(&[]);
    for args in [
        &["check"][..],
        &["nonsense"],
        &["check", "a.arch", "--format", "xml"],
        &["check", "a.arch", "--today", "tomorrow"],
        &["check", "a.arch", "--problem", "url-shortner"],
        &["explain", "spof-datastor"],
        &["problems", "nope"],
        &["new", "nope"],
        &["new"],
    ] {
        let ran = spof(folder.path(), args);
        assert_eq!(ran.status, 2, "{args:?}");
        assert!(ran.out.is_empty() && ran.err.starts_with("error: "), "{args:?}: {}", ran.err);
    }
    assert!(
        spof(folder.path(), &["explain", "spof-datastor"]).err.contains("did you mean `spof-datastore`?")
    );
    for args in [&["--help"][..], &["--version"], &["check", "--help"], &["help", "draw"]] {
        let ran = spof(folder.path(), args);
        assert_eq!(ran.status, 0, "{args:?}");
        assert!(ran.err.is_empty() && !ran.out.is_empty(), "{args:?}");
    }
}

#[test]
fn of_several_files_the_worst_counts_and_none_is_left_out() {
    let folder = folder(&[("clean.arch", CLEAN), ("fragile.arch", FRAGILE)]);
    let ran = spof(folder.path(), &["check", "clean.arch", "missing.arch", "fragile.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("there is no file `missing.arch`"), "{}", ran.err);
    assert!(ran.out.contains("clean.arch") && ran.out.contains("error[spof-datastore]"), "{}", ran.out);
    assert_eq!(spof(folder.path(), &["check", "clean.arch", "fragile.arch"]).status, 1);
}

#[test]
fn files_that_are_no_designs_are_named_and_explained() {
    let folder = folder(&[("empty.arch", " \n\n"), ("shop.arch", CLEAN)]);
    fs::write(folder.path().join("latin.arch"), b"client web\nlb caf\xe9\n").unwrap();
    fs::write(folder.path().join("wide.arch"), b"\xff\xfec\0l\0").unwrap();
    fs::create_dir(folder.path().join("designs")).unwrap();
    let huge = fs::File::create(folder.path().join("huge.arch")).unwrap();
    huge.set_len(65 << 20).unwrap();
    for (name, message, help) in [
        ("empty.arch", "`empty.arch` is empty", "client web"),
        ("latin.arch", "not UTF-8 text: byte 0xe9 at 2:7", "UTF-8"),
        ("wide.arch", "byte 0xff at 1:1", "UTF-16"),
        ("designs", "is a directory", "name the designs"),
        ("huge.arch", "larger than 64 MiB", "right file"),
        ("missing.arch", "there is no file `missing.arch`", "spof new --example"),
        ("shp.arch", "there is no file", "did you mean `shop.arch`?"),
    ] {
        // Of a folder, `check` looks at what is in it.
        let verbs: &[&str] = if name == "designs" { &["draw"] } else { &["check", "draw"] };
        for verb in verbs {
            let ran = spof(folder.path(), &[verb, name]);
            assert_eq!(ran.status, 2, "{verb} {name}");
            assert!(ran.out.is_empty(), "{verb} {name}: {}", ran.out);
            let (first, rest) = ran.err.split_once('\n').expect("two lines");
            assert!(first.starts_with("error: ") && first.contains(message), "{verb} {name}: {first}");
            assert!(rest.starts_with("help: ") && rest.contains(help), "{verb} {name}: {rest}");
        }
    }
    assert_eq!(names(&folder).iter().filter(|name| name.ends_with(".svg")).count(), 0);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_only_a_name() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder(&[]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9\x1b[31m.arch");
    fs::write(folder.path().join(name), CLEAN).unwrap();
    let ran = ran(command(folder.path(), &["check"]).arg(name).output().unwrap());
    assert_eq!(ran.status, 0);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[test]
fn a_problem_can_be_named_on_the_command_line_only_by_its_name() {
    assert!(
        check(FRAGILE, &["--problem", "url-shortener", "--at", "small"])
            .out
            .contains("url-shortener at small")
    );
    let ran = check(&format!("design \"A\" solves url-shortner\n{FRAGILE}"), &[]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.contains("did you mean `url-shortener`?"), "{}", ran.out);
}

/// Ten different mistakes in one file: ten messages in one run, and what is right is checked all the same.
#[test]
fn ten_mistakes() {
    let text = include_str!("../fixtures/ten-mistakes.arch");
    let folder = folder(&[("ten-mistakes.arch", text)]);
    let ran = spof(folder.path(), &["check", "ten-mistakes.arch", "--today", "2026-01-01"]);
    assert_eq!((ran.status, ran.err.as_str()), (2, ""));
    assert_eq!(ran.out.matches("error: ").count(), 10);
    assert!(ran.out.contains("error[spof-datastore]"), "what could be read is checked");
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "../snapshots/cli" }, {
        insta::assert_snapshot!("ten_mistakes", ran.out);
    });
}
