//! The program as it is run: exit statuses, streams, files that are bad in every way, and writes that cannot be torn.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SPOF: &str = env!("CARGO_BIN_EXE_spof");

/// One database on one machine: an error.
const FRAGILE: &str = "client web\nlb front managed\nservice api x3\npostgres store\n\
                       flow order { web -> front -> api -> store writes }\n";
/// Draws and means something, and no rule has anything against it.
const CLEAN: &str = "client web\nblob files managed\n";
const MISTAKEN: &str = "client web\nredis hot tll=30s\nweb -> hto\n";
const UNFORMATTED: &str = "client   web\nservice api   x2\nweb->api\n";

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ran {
        status: output.status.code().expect("the program ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(SPOF);
    command.args(args).current_dir(folder).env_remove("COLUMNS").env_remove("NO_COLOR");
    command
}

fn spof(folder: &Path, args: &[&str]) -> Ran {
    ran(command(folder, args).stdin(Stdio::null()).output().expect("it runs"))
}

fn fed(folder: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child = command(folder, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // A command line that is refused is refused before anything is read.
    let _ = child.stdin.take().expect("piped").write_all(input);
    ran(child.wait_with_output().expect("it ends"))
}

/// A folder with some files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn check(text: &str, args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    fed(folder.path(), &[&["check", "-"], args].concat(), text.as_bytes())
}

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

#[test]
fn directions_and_engines_can_be_chosen() {
    let grouped = "service a\ngroup g {\nservice b\n}\na -> b\n";
    let folder = folder(&[("flat.arch", CLEAN), ("grouped.arch", grouped)]);
    let drawn =
        |file: &str, engine: &str| spof(folder.path(), &["draw", file, "-o", "-", "--engine", engine]);
    let flat = drawn("flat.arch", "layout-rs");
    assert!(flat.status == 0 && flat.err.is_empty() && flat.out != drawn("flat.arch", "layered").out);
    let other = drawn("grouped.arch", "layout-rs");
    assert_eq!((other.status, &other.out), (0, &drawn("grouped.arch", "layered").out));
    assert!(other.err.contains("which has groups"), "{}", other.err);
    let across = spof(folder.path(), &["draw", "grouped.arch", "-o", "-", "--direction", "right"]);
    assert!(across.status == 0 && across.out != other.out && across.err.is_empty(), "{}", across.err);
}

#[test]
fn draw_writes_where_it_is_told() {
    let folder = folder(&[("a.arch", CLEAN), ("bad.arch", MISTAKEN), ("a.svg.arch", CLEAN)]);
    let dir = folder.path();
    assert_eq!(spof(dir, &["draw", "a.arch"]).status, 0);
    let drawn = fs::read_to_string(dir.join("a.svg")).unwrap();
    assert!(drawn.starts_with("<svg"));
    assert_eq!(spof(dir, &["draw", "a.arch", "-o", "-"]).out, drawn);
    assert_eq!(fed(dir, &["draw", "-"], CLEAN.as_bytes()).out, drawn);
    let scene = spof(dir, &["draw", "a.arch", "--format", "json"]).out;
    assert!(serde_json::from_str::<Value>(&scene).unwrap()["nodes"].is_array());
    // Drawn as far as it could be read.
    let ran = spof(dir, &["draw", "bad.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("did you mean `ttl`?") && ran.out.is_empty(), "{}", ran.err);
    assert!(dir.join("bad.svg").exists());
    for (name, start) in [("a.png", &b"\x89PNG"[..]), ("a.PDF", b"%PDF")] {
        let ran = spof(dir, &["draw", "a.arch", "-o", name, "--findings"]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{name}");
        assert!(fs::read(dir.join(name)).unwrap().starts_with(start), "{name}");
    }
    let ran = spof(dir, &["draw", "a.arch", "-o", "a.png", "--scale", "0"]);
    assert!(ran.status == 2 && ran.err.contains("from 0.1 to 10"), "{}", ran.err);
    for name in ["a.gif", "a", "a.arch"] {
        let ran = spof(dir, &["draw", "a.arch", "-o", name]);
        assert_eq!(ran.status, 2, "{name}");
        assert!(ran.err.contains(".svg") && ran.out.is_empty(), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), CLEAN);
}

#[test]
fn what_cannot_be_written_is_said_with_its_name() {
    let folder = folder(&[("a.arch", CLEAN)]);
    fs::create_dir(folder.path().join("dir.svg")).unwrap();
    for (target, reason) in [("no/such/a.svg", "cannot write `no/such/a.svg`"), ("dir.svg", "is a directory")]
    {
        let ran = spof(folder.path(), &["draw", "a.arch", "-o", target]);
        assert_eq!(ran.status, 2, "{target}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains(reason), "{}", ran.err);
        assert!(!ran.err.contains(".tmp"), "{}", ran.err);
    }
    assert_eq!(names(&folder), ["a.arch", "dir.svg"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let folder = folder(&[("a.arch", CLEAN)]);
    let ran = spof(folder.path(), &["draw", "a.arch", "-o", "/dev/full"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot write `/dev/full`: No space left"), "{}", ran.err);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), &["check", "a.arch"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

/// A design whose drawing is larger than the few blocks that a shell's `ulimit -f` leaves.
#[cfg(unix)]
fn large_design() -> String {
    let nodes: String = (0..200).map(|at| format!("service n{at} \"a service with a name\" x2\n")).collect();
    format!("client web\n{nodes}web -> n0\n")
}

#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_old_file_whole() {
    for (trap, dies) in [("trap '' XFSZ; ", false), ("", true)] {
        let folder = folder(&[("a.arch", &large_design()), ("a.svg", "old")]);
        let script = format!("{trap}ulimit -c 0; ulimit -f 4; exec \"$0\" draw a.arch");
        let output =
            Command::new("sh").args(["-c", &script, SPOF]).current_dir(folder.path()).output().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a.svg")).unwrap(), "old");
        if dies {
            // The system stopped it in the middle of its write.
            assert_eq!(output.status.code(), None);
        } else {
            let ran = ran(output);
            assert_eq!(ran.status, 2);
            assert!(ran.err.contains("cannot write `a.svg`: File too large"), "{}", ran.err);
            assert_eq!(names(&folder), ["a.arch", "a.svg"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.arch", UNFORMATTED)]);
    let (file, link) = (folder.path().join("a.arch"), folder.path().join("link.arch"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a.arch", &link).unwrap();
    assert_eq!(spof(folder.path(), &["fmt", "link.arch"]).status, 0);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_ne!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
    // Write-protected, and so left alone.
    fs::write(&file, UNFORMATTED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    let ran = spof(folder.path(), &["fmt", "a.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot write `a.arch`"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    let folder = folder(&[("a.arch", CLEAN)]);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(spof(folder.path(), &["draw", "a.arch", "-o", "pipe"]).status, 0);
    assert!(reader.join().unwrap().starts_with("<svg"));
    assert!(!fs::metadata(&pipe).unwrap().is_file());
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
fn fmt_rewrites_checks_and_refuses() {
    let folder =
        folder(&[("a.arch", UNFORMATTED), ("bad.arch", "client web\nservice api x2 {{\n"), ("e.arch", "")]);
    let dir = folder.path();
    let ran = spof(dir, &["fmt", "--check", "a.arch"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, "a.arch\n"));
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), UNFORMATTED);
    let formatted = fed(dir, &["fmt", "-"], UNFORMATTED.as_bytes()).out;
    assert_eq!(spof(dir, &["fmt", "a.arch", "e.arch"]).status, 0);
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), formatted);
    assert_eq!(spof(dir, &["fmt", "--check", "a.arch"]).status, 0);
    let before = fs::read_to_string(dir.join("bad.arch")).unwrap();
    let ran = spof(dir, &["fmt", "bad.arch", "a.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.is_empty() && ran.err.contains("--> bad.arch:2:"), "{}", ran.err);
    assert_eq!(fs::read_to_string(dir.join("bad.arch")).unwrap(), before);
    // What it means is not its business: an unknown name can be formatted.
    assert_eq!(fed(dir, &["fmt", "-"], MISTAKEN.as_bytes()).status, 0);
}

#[test]
fn new_never_overwrites() {
    let folder = folder(&[("url-shortener.md", "mine")]);
    let dir = folder.path();
    let ran = spof(dir, &["new", "url-shortener"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("`url-shortener.md` is there already"), "{}", ran.err);
    assert_eq!(names(&folder), ["url-shortener.md"]);
    assert_eq!(fs::read_to_string(dir.join("url-shortener.md")).unwrap(), "mine");
    assert_eq!(spof(dir, &["new", "--example", "play"]).status, 0);
    assert_eq!(spof(dir, &["new", "--example", "play"]).status, 2);
}

#[test]
fn every_attempt_starts_without_mistakes_and_in_canonical_form() {
    let folder = folder(&[]);
    let dir = folder.path();
    for problem in spof::rubric::Packs::built_in().iter().map(|pack| &pack.problem) {
        for scale in ["small", "large"] {
            let sub = format!("{}-{scale}", problem.id);
            assert_eq!(spof(dir, &["new", &problem.id, &sub, "--at", scale]).status, 0);
            let design = PathBuf::from(&sub).join(format!("{}.arch", problem.id));
            let design = design.to_str().unwrap();
            let ran = spof(dir, &["check", design, "--fail-on", "never"]);
            assert_eq!(ran.status, 0, "{}", ran.out);
            assert!(ran.out.contains("Score  0 / 100"), "{}", ran.out);
            assert_eq!(spof(dir, &["fmt", "--check", design]).status, 0, "{design}");
            let statement = fs::read_to_string(dir.join(&sub).join(format!("{}.md", problem.id))).unwrap();
            assert!(!statement.contains("A good answer"), "the statement gives answers away");
        }
        assert!(spof(dir, &["problems", &problem.id]).out.contains(&problem.title));
    }
    assert_eq!(spof(dir, &["new", "--example"]).status, 0);
    assert_eq!(spof(dir, &["fmt", "--check", "example.arch"]).status, 0);
    assert_eq!(spof(dir, &["check", "example.arch"]).status, 1);
}

#[test]
fn everything_that_has_a_name_can_be_explained() {
    let style = spof::report::Style { width: 100, color: false, all: false };
    let page = |name: &str| spof::report::explain::explain(name, style).unwrap_or_else(|_| panic!("{name}"));
    let catalog = spof::catalog::catalog();
    for rule in spof::rules::ALL.iter() {
        let page = page(rule.id);
        assert!(page.contains(rule.severity.name()));
        // Whole, however long it is.
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let (shown, when) = (words(&page), words(rule.page.when));
        assert!(shown.windows(when.len()).any(|part| part == when), "{}:\n{page}", rule.id);
    }
    for kind in &catalog.kinds {
        page(kind.id.name());
    }
    for technology in &catalog.technologies {
        page(&technology.id);
    }
    for attribute in &catalog.attributes {
        page(&attribute.name);
    }
}

#[test]
fn completions_name_the_commands() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let ran = spof(folder.path(), &["completions", shell]);
        assert!(ran.status == 0 && ran.out.contains("explain"), "{shell}");
    }
}

/// Checks a text, or gives up and ends the program.
fn timed(text: &str, args: &[&str]) -> Option<Ran> {
    let folder = folder(&[("a.arch", text)]);
    let file = |name| fs::File::create(folder.path().join(name)).expect("a file");
    let mut child = command(folder.path(), &[&["check", "a.arch"], args].concat())
        .stdout(file("out"))
        .stderr(file("err"))
        .spawn()
        .expect("it runs");
    let start = Instant::now();
    let status = loop {
        match child.try_wait().expect("it can be waited for") {
            Some(status) => break status.code().expect("the program ends by itself"),
            None if start.elapsed() > Duration::from_secs(180) => {
                child.kill().expect("it can be ended");
                child.wait().expect("it has ended");
                return None;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let read = |name| fs::read_to_string(folder.path().join(name)).expect("UTF-8");
    Some(Ran { status, out: read("out"), err: read("err") })
}

/// However large or odd a file is: an answer, and in time.
#[test]
fn extremes_end_in_an_answer() {
    const NODES: usize = 100_000;
    let declared: String = (0..NODES).map(|at| format!("service n{at} x2\n")).collect();
    let hops: String = (1..NODES).map(|at| format!("n{} -> n{at}\n", at - 1)).collect();
    let unknown: String = (0..NODES).map(|at| format!("a -> b{at}\n")).collect();
    for (name, text) in [
        ("a chain", format!("{declared}{hops}")),
        ("a long line", "x".repeat(1 << 20)),
        ("a long line of statements", "a -> b; ".repeat(1 << 13) + &" ".repeat(1 << 20)),
        ("nested groups", (0..10_000).map(|at| format!("group g{at} {{\n")).collect()),
        ("nested braces", "{".repeat(10_000)),
        ("many mistakes", format!("service a x2\n{unknown}")),
        ("zeros", "\0".repeat(1 << 20)),
    ] {
        // JSON holds all of them, which takes a debug build its time.
        let formats: &[&str] = if name == "many mistakes" { &["text"] } else { &["text", "json"] };
        for &format in formats {
            let ran = timed(&text, &["--format", format, "--fail-on", "never"])
                .unwrap_or_else(|| panic!("{name}: too slow"));
            assert!([0, 2].contains(&ran.status) && ran.err.is_empty(), "{name}: {}", ran.err);
            assert!(format == "json" || ran.out.len() < 200_000, "{name}: {} bytes", ran.out.len());
        }
    }
}

/// Ten different mistakes in one file: ten messages in one run, and what is right is checked all the same.
#[test]
fn ten_mistakes() {
    let text = include_str!("fixtures/ten-mistakes.arch");
    let folder = folder(&[("ten-mistakes.arch", text)]);
    let ran = spof(folder.path(), &["check", "ten-mistakes.arch", "--today", "2026-01-01"]);
    assert_eq!((ran.status, ran.err.as_str()), (2, ""));
    assert_eq!(ran.out.matches("error: ").count(), 10);
    assert!(ran.out.contains("error[spof-datastore]"), "what could be read is checked");
    insta::assert_snapshot!("ten_mistakes", ran.out);
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

#[test]
fn every_command_has_a_manual_page() {
    let folder = folder(&[]);
    assert_eq!(spof(folder.path(), &["man", "."]).status, 0);
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["spof.1", "spof-check.1", "spof-report.1", "spof-pack-check.1"] {
        assert!(names.iter().any(|known| known == name), "{name} is not in {names:?}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("spof.1")).unwrap(), spof(folder.path(), &["man"]).out);
    if Command::new("mandoc").arg("-V").output().is_err() {
        eprintln!("skipped: there is no mandoc here");
        return;
    }
    for name in names {
        let lint = Command::new("mandoc")
            .args(["-T", "lint", "-W", "error", &name])
            .current_dir(folder.path())
            .output();
        let lint = lint.unwrap();
        assert!(lint.status.success(), "{name}: {}", String::from_utf8_lossy(&lint.stdout));
    }
}

/// The lines of each `run` of an action, which a shell reads.
fn scripts(action: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = action.lines().collect();
    let runs = lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("run:"));
    runs.map(|(at, run)| {
        let inner =
            lines[at + 1..].iter().take_while(|line| line.trim().is_empty() || indent(line) > indent(run));
        std::iter::once(run).chain(inner).map(|line| format!("{line}\n")).collect()
    })
    .collect()
}

#[test]
fn what_comes_from_outside_is_no_part_of_a_script_of_the_action() {
    let action = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    let scripts = scripts(&action);
    assert_eq!(scripts.len(), 3, "{scripts:#?}");
    for script in scripts {
        assert!(!script.contains("${{"), "{script}");
    }
}

#[test]
#[cfg(unix)]
fn the_action_annotates_draws_and_obeys_no_name() {
    let odd = "$(touch pwned) `touch pwned`;touch pwned.arch";
    let folder = folder(&[
        ("shop.arch", FRAGILE),
        (odd, CLEAN),
        ("-o.arch", CLEAN),
        ("two words.arch", MISTAKEN),
        ("other.txt", ""),
    ]);
    let path = format!(
        "{}:{}",
        Path::new(SPOF).parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let action = |files: &str, sarif: &str| {
        let _ = fs::remove_file(folder.path().join("outputs"));
        let mut command = Command::new("bash");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/action")).current_dir(folder.path());
        command.env("PATH", &path).env("FILES", files).env("FAIL_ON", "error").env("SARIF", sarif);
        command.env("OUT", folder.path().join("out")).env("GITHUB_OUTPUT", folder.path().join("outputs"));
        let ran = ran(command.stdin(Stdio::null()).output().expect("it runs"));
        let outputs = fs::read_to_string(folder.path().join("outputs")).unwrap();
        (ran, outputs.lines().map(str::to_string).collect::<Vec<_>>())
    };
    let names = || {
        let entries = fs::read_dir(folder.path().join("out")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };

    let (ran, outputs) = action("*.arch\n", "spof.sarif");
    assert_eq!(
        (ran.status, &outputs[..]),
        (0, &["status=2", "drawn=true", "sarif=spof.sarif"].map(String::from)[..])
    );
    assert!(ran.out.contains("::error file=shop.arch,line=4"), "{}", ran.out);
    assert!(ran.out.contains("::error file=two words.arch,line=2"), "{}", ran.out);
    assert!(!folder.path().join("pwned").exists(), "a name was run");
    let log: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("spof.sarif")).unwrap()).unwrap();
    assert_eq!(log["runs"][0]["artifacts"].as_array().unwrap().len(), 4);
    let drawn = names();
    assert_eq!(drawn.len(), 8, "{drawn:?}");
    for name in &drawn {
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{name}");
    }

    let (ran, outputs) = action("shop.arch\nnothing*.arch\n", "");
    assert_eq!((ran.status, &outputs[0][..], &outputs[2][..]), (0, "status=1", "sarif="));
    let (ran, outputs) = action("docs/**/*.arch", "");
    assert_eq!((ran.status, &outputs[0][..], &outputs[1][..]), (0, "status=2", "drawn=false"));
    assert!(ran.out.starts_with("::error::no file fits"), "{}", ran.out);
}

#[test]
fn a_name_leads_to_its_page_however_it_is_said() {
    let folder = folder(&[]);
    let explained = |args: &[&str]| {
        let ran = spof(folder.path(), &[&["explain"], args].concat());
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{args:?}");
        ran.out
    };
    // Every concept by its id, its aliases and its words.
    let style = spof::report::Style { width: 100, color: false, all: false };
    for concept in spof::concepts::all() {
        let id = format!("concept:{}", concept.id);
        let page = spof::report::explain::explain(&id, style).unwrap();
        assert!(page.contains(&concept.title) && page.contains("Its answer"), "{page}");
        for alias in &concept.aliases {
            let page = spof::report::explain::explain(alias, style).unwrap();
            assert!(page.contains(&concept.id), "{alias}:\n{page}");
        }
    }
    for problem in spof::rubric::Packs::built_in().iter() {
        assert!(
            spof::report::explain::explain(&problem.problem.id, style)
                .unwrap()
                .contains("Concepts that it needs")
        );
    }
    assert!(explained(&["cursor", "pagination"]).starts_with("pagination  Pagination: cursor or offset"));
    assert!(explained(&["CAP"]).starts_with("cap  CAP theorem"));
    assert!(explained(&["jwts"]).starts_with("jwt  JSON Web Tokens"));
    // A rule's finding says `spof explain ID`: the rule, and then what else is called so.
    let both = explained(&["retry-storm"]);
    assert!(both.starts_with("retry-storm  error") || both.starts_with("retry-storm  warning"), "{both}");
    assert!(both.contains("Also called so\n  spof explain concept:retry-storm  Retry storms"), "{both}");
    // Several with equal right are listed with what they are.
    let several = explained(&["rate", "limit"]);
    assert!(several.starts_with("`rate limit` is 3 things\n"), "{several}");
    for command in ["rule:no-rate-limit", "attribute:rate_limit", "concept:rate-limiting"] {
        assert!(several.contains(&format!("spof explain {command} ")), "{several}");
        assert!(explained(&[command]).len() > several.len());
    }
    let retries = explained(&["retries"]);
    assert!(retries.starts_with("retries  Retries, a concept"), "{retries}");
    assert!(
        retries.contains("spof explain attribute:attempts") && retries.contains("What `retries` of "),
        "{retries}"
    );
    assert!(explained(&["->"]).starts_with("hop  a statement"));
}

#[test]
fn pages_are_found_by_their_words() {
    let folder = folder(&[]);
    let ran = spof(folder.path(), &["explain", "--search", "lost", "messages", "reconnect"]);
    assert_eq!(ran.status, 0);
    assert!(ran.out.starts_with("  spof explain ") && ran.out.contains("ws-lost-message-gap"), "{}", ran.out);
    assert!(ran.out.contains("more; --all shows them"));
    let all = spof(folder.path(), &["explain", "lost messages", "--search", "--all"]);
    assert!(all.status == 0 && all.out.lines().count() > ran.out.lines().count(), "{}", all.err);
    let none = spof(folder.path(), &["explain", "--search", "xyzzy"]);
    assert_eq!((none.status, none.out.as_str()), (2, ""));
    let near = spof(folder.path(), &["explain", "circiut-breaker"]);
    assert!(near.status == 2 && near.err.contains("did you mean `circuit-breaker`?"), "{}", near.err);
}
