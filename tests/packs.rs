//! Problems that a mentor writes: one that is ready, and what is said of it when it is broken in each of many ways.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::program::{self, Ran};

const PROBLEM: &str = "problems/guestbook.md";
const RUBRIC: &str = "rubrics/guestbook.toml";
const MANAGED: &str = "examples/guestbook/reference-managed.arch";
const NAIVE: &str = "examples/guestbook/naive.arch";

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pack")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).expect("a copy") }
    }
}

/// Exit status, standard output and standard error of `spof ARGS` in a folder.
fn spof(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Ran { status, out, err } = program::spof(folder, args);
    (status, out, err)
}

/// What `pack check` says of the guestbook with one change to one of its files; None removes it.
fn broken(file: &str, change: Option<(&str, &str)>) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&source(), folder.path());
    let path = folder.path().join(file);
    match change {
        None => fs::remove_file(&path).expect("it was there"),
        Some((from, to)) => {
            let text = fs::read_to_string(&path).expect("a file");
            assert!(text.contains(from), "{file} has no {from}");
            fs::write(&path, text.replace(from, to)).expect("it can be written");
        }
    }
    let (status, out, err) = spof(folder.path(), &["pack", "check"]);
    (status, format!("{out}{err}"))
}

#[test]
fn the_guestbook_is_ready() {
    let (status, out, err) = spof(&source(), &["pack", "check"]);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "guestbook: ready (5 criteria, 4 designs)\n", ""));
}

#[test]
fn the_problems_of_the_program_are_ready() {
    let (status, out, err) = spof(Path::new(env!("CARGO_MANIFEST_DIR")), &["pack", "check"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    for pack in spof::rubric::Packs::built_in().iter() {
        assert!(out.contains(&format!("{}: ready", pack.problem.id)), "{out}");
    }
}

#[test]
fn each_way_to_break_it_is_named() {
    let cases = [
        // The statement.
        (
            PROBLEM,
            Some(("## Out of scope", "## Beyond")),
            "problems/guestbook.md:1:1: nothing is out of scope",
        ),
        (
            PROBLEM,
            Some(("**Somebody reads page 40,000.**", "Somebody reads page 40,000.")),
            "`## Follow-up questions` has 2 questions; 3 are wanted",
        ),
        (
            PROBLEM,
            Some(("20 * signed\", from = \"the interviewer's ratio\"", "20 * singed\", from = \"\"")),
            "the figures at small scale are no `given` of a design",
        ),
        (
            PROBLEM,
            Some(("tier = 0", "teir = 0")),
            "problems/guestbook.md:4:1: unknown key `teir`; did you mean `tier`?",
        ),
        (PROBLEM, None, "has no `./problems/guestbook.md`"),
        // The two files do not agree.
        (
            PROBLEM,
            Some(("flow = \"read\"", "flow = \"browse\"")),
            "asks for flow `browse`, and no `[[flow]]` has it",
        ),
        (
            RUBRIC,
            Some(("problem = \"guestbook\"", "problem = \"gestbook\"")),
            "a rubric for `gestbook`, in the file of `guestbook`",
        ),
        // The rubric.
        (
            RUBRIC,
            Some(("silent = [\"no-backup\"]", "silent = [\"no-backups\"]")),
            "unknown rule `no-backups`",
        ),
        (
            RUBRIC,
            Some(("flow = \"sign\", hop", "flow = \"sing\", hop")),
            "the rubric has no `[[flow]]` called `sing`; did you mean `sign`?",
        ),
        (
            RUBRIC,
            Some(("has = \"idempotency_key\"", "has = \"idempotence\"")),
            "unknown attribute `idempotence`",
        ),
        (RUBRIC, Some(("  \"client, service, database\",\n", "")), "2 hints; three are wanted"),
        (
            RUBRIC,
            Some(("\"client, service, database\"", "\"\"")),
            "criterion `restraint` leaves a hint empty",
        ),
        (RUBRIC, Some(("gates = \"senior\"", "gates = \"staff\"")), "no must gates senior"),
        (RUBRIC, Some(("nodes = \"any\", at_most = 5", "nodes = \"any\", at_most = 0")), "this never holds"),
        (
            RUBRIC,
            Some(("nodes = \"any\", at_most = 5", "nodes = \"any\", at_most = 50")),
            "every design here meets `restraint`: it tells nothing apart",
        ),
        (
            RUBRIC,
            Some(("{ flow = \"sign\", silent = [\"no-backup\"] }", "{ flow = \"sign\", node = \"blob\" }")),
            "no design here meets `backup`",
        ),
        (
            RUBRIC,
            Some(("scale = \"small\"\nall", "scale = \"large\"\nall")),
            "criterion `restraint` is asked of no design here (at large scale)",
        ),
        (
            RUBRIC,
            Some(("\"-> service|function\", \"-> writes database\"]", "\"-> service|function\"]")),
            "a naive design reaches junior",
        ),
        (
            RUBRIC,
            Some(("has = \"idempotency_key\" }", "has = \"backoff\", is = [\"expotential\"] }")),
            "`backoff` is never `expotential`; did you mean `exponential`?",
        ),
        // The designs.
        (MANAGED, None, "1 references; 2 of different shape are wanted"),
        (MANAGED, Some((" backup=1d", "")), "reference-managed.arch:1:1: a reference does not meet `backup`"),
        (MANAGED, Some(("dynamodb   store", "dynamodb   stroe")), "`store`"),
        (
            NAIVE,
            Some(("book ~> lines ~> writer", "book -> writer")),
            "naive.arch:1:1: a naive design reaches junior",
        ),
    ];
    for (file, change, expected) in cases {
        let (status, said) = broken(file, change);
        assert!(status > 0, "{file} {change:?}: {said}");
        let message = said.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace("help: ", "; ");
        let expected = expected.replace("; did you", " ; did you");
        let plain = |text: &str| text.replace(" ;", ";").replace("./", "");
        assert!(
            plain(&message).contains(&plain(&expected)),
            "{file} {change:?}\nwanted: {expected}\nsaid: {said}"
        );
    }
}

/// A mentor's problem is there beside those of the program, in every command that takes one.
#[test]
fn a_folder_of_problems_is_used() {
    let folder = source();
    let (status, out, _) = spof(&folder, &["problems", "--problems", "."]);
    assert_eq!(status, 0);
    assert!(out.contains("guestbook") && out.contains("url-shortener"), "{out}");
    let (status, out, _) = spof(&folder, &["problems", "guestbook", "--follow-ups", "--problems", "."]);
    assert!(status == 0 && out.contains("page 40,000"), "{out}");
    let (_, out, _) = spof(&folder, &["check", "--problems", ".", "examples/guestbook/first-try.arch"]);
    assert!(out.contains("guestbook at small"), "{out}");
    let attempt = tempfile::tempdir().expect("a folder");
    let into = attempt.path().to_str().expect("UTF-8");
    let (status, _, err) = spof(&folder, &["new", "guestbook", into, "--problems", "."]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(attempt.path().join("guestbook.arch").is_file());
    // Without the folder nobody knows it.
    let (status, _, err) = spof(&folder, &["problems", "guestbook"]);
    assert!(status == 2 && err.contains("there is no problem `guestbook`"), "{err}");
    let (status, _, err) = spof(&folder, &["problems", "--problems", "nowhere"]);
    assert!(status == 2 && err.contains("cannot read the folder `nowhere/problems`"), "{err}");
}

/// One with a known id takes the place of the program's own.
#[test]
fn a_known_id_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&source(), folder.path());
    for (from, to) in [(PROBLEM, "problems/chat-system.md"), (RUBRIC, "rubrics/chat-system.toml")] {
        let text = fs::read_to_string(folder.path().join(from)).expect("a file");
        let text = text.replace("problem = \"guestbook\"", "problem = \"chat-system\"");
        fs::write(folder.path().join(to), text).expect("it can be written");
    }
    let (status, out, _) = spof(folder.path(), &["problems", "chat-system", "--problems", "."]);
    assert!(status == 0 && out.contains("Visitors leave a line"), "{out}");
}
