//! `spof check --fix`, `--diff` and `--unsafe` as they are run: what is written where, and what each ends with.

mod common;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use common::program::{self, Ran, fed};

/// Asked for limits, which are settings, and for a backup that is practised, which people do.
const DESIGN: &str = "client web # people\r\nlb front managed tls\r\nservice api x2 metrics alert\r\npostgres store managed\r\n\
                      flow order rate=50/s availability=99.9% { web -> front -> api -> store }\r\n";

fn check(folder: &Path, args: &[&str], input: &str) -> Ran {
    fed(folder, &[&["check"], args].concat(), input.as_bytes())
}

fn folder(text: &str) -> TempDir {
    program::folder(&[("a.arch", text)])
}

fn read(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("a.arch")).expect("a file")
}

#[test]
fn a_file_is_fixed_once_and_keeps_its_line_ends() {
    let folder = folder(DESIGN);
    let ran = check(folder.path(), &["a.arch", "--fix"], "");
    let fixed = read(&folder);
    assert!(fixed.contains("rate_limit=100/min limit_by=ip"), "{fixed:?}\n{}", ran.err);
    assert!(fixed.starts_with("client web # people\r\n"), "{fixed:?}");
    assert_eq!(fixed.matches('\n').count(), fixed.matches("\r\n").count());
    assert!(ran.err.contains("fixed\n  no-rate-limit: `rate_limit=100/min limit_by=ip` on `"), "{}", ran.err);
    assert!(!ran.out.contains("no-rate-limit"), "{}", ran.out);
    let before = fs::metadata(folder.path().join("a.arch")).unwrap().modified().unwrap();
    let again = check(folder.path(), &["a.arch", "--fix"], "");
    assert_eq!(again.err, "a.arch: nothing fixed\n");
    assert_eq!((read(&folder), again.out), (fixed, ran.out));
    assert_eq!(fs::metadata(folder.path().join("a.arch")).unwrap().modified().unwrap(), before);
}

#[test]
fn what_is_unsafe_is_written_only_where_it_is_asked_for() {
    let folder = folder(DESIGN);
    check(folder.path(), &["a.arch", "--fix"], "");
    assert!(!read(&folder).contains("backup"), "{}", read(&folder));
    check(folder.path(), &["a.arch", "--fix", "--unsafe"], "");
    assert!(read(&folder).contains("store managed backup=1h restore_tested=90d\r\n"), "{}", read(&folder));
    let alone = check(folder.path(), &["a.arch", "--unsafe"], "");
    assert_eq!((alone.status, alone.out.as_str()), (2, ""));
    assert!(alone.err.contains("`--fix --unsafe` makes them"), "{}", alone.err);
}

#[test]
fn a_diff_is_exact_to_the_byte_and_writes_nothing() {
    // A label that would steer a terminal is a part of the patch.
    let text = DESIGN.replace("service api", "service api \"\u{1b}[31m | ::error\"");
    let folder = folder(&text);
    let ran = check(folder.path(), &["a.arch", "--diff"], "");
    assert_eq!((ran.status, read(&folder)), (1, text.clone()), "{}", ran.err);
    assert!(ran.out.starts_with("--- a/a.arch\n+++ b/a.arch\n@@ "), "{}", ran.out);
    // What it says, done by hand, is what `--fix` writes.
    let mut patched = Vec::new();
    for line in ran.out.split_inclusive('\n').filter(|line| !line.starts_with(['-', '@', '\\'])) {
        patched.extend((!line.starts_with("+++")).then(|| &line[1..]));
    }
    check(folder.path(), &["a.arch", "--fix"], "");
    assert_eq!(patched.concat(), read(&folder));
    assert!(patched.concat().contains("\u{1b}[31m"));
    let none = check(folder.path(), &["a.arch", "--diff"], "");
    assert_eq!((none.status, none.out.as_str()), (0, ""));
    // Both: shown, not written.
    fs::write(folder.path().join("a.arch"), &text).unwrap();
    let both = check(folder.path(), &["a.arch", "--fix", "--diff"], "");
    assert_eq!((both.out, read(&folder)), (ran.out, text));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder(DESIGN);
    let ran = check(folder.path(), &["-", "--fix"], DESIGN);
    check(folder.path(), &["a.arch", "--fix"], "");
    assert_eq!(ran.out, read(&folder));
    assert!(ran.err.starts_with("<stdin>: "), "{}", ran.err);
}

#[test]
fn a_design_with_mistakes_is_left_as_it_is() {
    let text = format!("{DESIGN}service b tmeout=1s\n");
    let folder = folder(&text);
    for args in [&["a.arch", "--fix"][..], &["a.arch", "--fix", "--unsafe"], &["a.arch", "--diff"]] {
        let ran = check(folder.path(), args, "");
        assert_eq!((ran.status, read(&folder)), (2, text.clone()));
        assert!(ran.err.contains("`a.arch` is left as it is: its mistakes come first"), "{}", ran.err);
        assert!(format!("{}{}", ran.out, ran.err).contains("unknown attribute `tmeout`"), "{}", ran.err);
    }
    let ran = check(folder.path(), &["-", "--fix"], &text);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
}

#[test]
fn the_report_says_what_can_be_fixed_and_json_how() {
    let folder = folder(DESIGN);
    let report = check(folder.path(), &["a.arch"], "").out;
    let last = report.lines().last().unwrap();
    assert!(last.contains("`spof check --fix a.arch`") && last.contains("with --unsafe"), "{last}");
    let json = check(folder.path(), &["a.arch", "--format", "json"], "").out;
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    let findings = object["findings"].as_array().unwrap();
    let of = |rule: &str| findings.iter().find(|finding| finding["rule"] == rule).unwrap()["edits"].clone();
    let limit = of("no-rate-limit");
    assert_eq!(limit[0]["applicability"], "safe");
    assert_eq!(limit[0]["span"]["length"], 0);
    assert_eq!(limit[0]["text"], " rate_limit=100/min limit_by=ip");
    assert_eq!(of("no-backup")[0]["applicability"], "unsafe");
}
