//! `spof grade`: a class in a folder, and designs as lines of JSON.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use common::program::{self, Ran, folder, ran};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Says what it solves.
const DRAFT: &str = "design \"Draft\" solves url-shortener\nclient web\nservice api\npostgres store\n\
                     flow redirect { web -> api -> store reads }\n";
const PLAIN: &str = "client web\nservice api x2\nflow create { web -> api }\n";

fn command(folder: impl AsRef<Path>, args: &[&str]) -> Command {
    program::command(folder, &[args, &["--today", "2026-01-01"]].concat())
}

fn spof(folder: impl AsRef<Path>, args: &[&str]) -> Ran {
    ran(command(folder, args).output().expect("it runs"))
}

fn grade(folder: impl AsRef<Path>, args: &[&str]) -> Ran {
    spof(folder, &[&["grade"], args].concat())
}

fn started(args: &[&str]) -> Child {
    command(ROOT, &[&["grade", "--stdin"], args].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs")
}

/// The answers to some lines, and that it ended well.
#[track_caller]
fn answers(input: &[u8], args: &[&str]) -> Vec<Value> {
    let mut child = started(args);
    let mut stdin = child.stdin.take().expect("piped");
    let ran = std::thread::scope(|threads| {
        threads.spawn(move || stdin.write_all(input).expect("it reads to the end"));
        ran(child.wait_with_output().expect("it ends"))
    });
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    rows(&ran.out)
}

/// One object a line.
fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn line(id: impl Into<Value>, design: &str) -> String {
    json!({ "id": id.into(), "design": design }).to_string() + "\n"
}

fn error(row: &Value) -> &str {
    row["error"].as_str().unwrap_or_default()
}

#[test]
fn a_class_has_a_row_for_each_and_what_most_miss() {
    let run = grade(ROOT, &["examples/url-shortener", "--problem", "url-shortener", "--at", "large"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    insta::assert_snapshot!("class", run.out);
}

/// Every figure again from what `check` says of each design alone.
#[test]
fn rows_and_summary_are_what_check_says_of_each() {
    let run = grade(ROOT, &["examples/url-shortener", "examples/chat-system", "--format", "json"]);
    let class: Value = serde_json::from_str(&run.out).expect(&run.out);
    let rows = class["designs"].as_array().unwrap();
    assert!(rows.len() >= 12);
    let mut missed: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    let mut shares = Vec::new();
    for row in rows {
        let file = row["file"].as_str().unwrap();
        let check = spof(ROOT, &["check", "--format", "json", "--no-config", file]);
        let check: Value = serde_json::from_str(&check.out).unwrap();
        let score = &check["score"];
        for key in ["problem", "scale", "points", "of", "level"] {
            assert_eq!(row[key], score[key], "{key} of {file}");
        }
        for (own, whole) in
            row["dimensions"].as_array().unwrap().iter().zip(score["dimensions"].as_array().unwrap())
        {
            assert!(["id", "points", "of"].iter().all(|key| own[key] == whole[key]), "{file}: {own}");
        }
        let findings = check["findings"].as_array().unwrap();
        let count = |verdict: &str, severity: &str| {
            let is = |one: &&Value| {
                one["verdict"] == verdict && (severity.is_empty() || one["severity"] == severity)
            };
            findings.iter().filter(is).count()
        };
        let counts = json!({
            "mistakes": check["errors"].as_array().unwrap().len(),
            "errors": count("wrong", "error"),
            "warnings": count("wrong", "warning"),
            "remarks": count("wrong", "info"),
            "questions": count("unstated", ""),
        });
        assert_eq!(row["counts"], counts, "{file}");
        let open: Vec<&Value> = score["levels"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|level| level["open"].as_array().unwrap())
            .collect();
        assert!(open.into_iter().eq(row["unmet_musts"].as_array().unwrap()), "{file}");
        for criterion in score["criteria"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_string();
            let counts = missed.entry((text(&score["problem"]), text(&criterion["id"]))).or_default();
            let met = criterion["met"].as_str().unwrap();
            counts[0] += u64::from(met != "not-evaluated");
            counts[1] += u64::from(met != "not-evaluated" && met != "yes");
            counts[2] += u64::from(met == "partly");
        }
        shares.push(100.0 * score["points"].as_f64().unwrap() / score["of"].as_f64().unwrap());
    }
    let summary = &class["summary"];
    let said = summary["missed"].as_array().unwrap();
    for one in said {
        let key = (one["problem"].as_str().unwrap().to_string(), one["id"].as_str().unwrap().to_string());
        let counts = ["asked", "missed", "partly"].map(|count| one[count].as_u64().unwrap());
        assert_eq!(Some(&counts), missed.get(&key), "{key:?}");
    }
    assert_eq!(said.len(), missed.values().filter(|counts| counts[1] > 0).count());
    shares.sort_by(f64::total_cmp);
    let middle = (shares[(shares.len() - 1) / 2] + shares[shares.len() / 2]) / 2.0;
    let percent = &summary["percent"];
    for (key, share) in [("lowest", shares[0]), ("median", middle), ("highest", shares[shares.len() - 1])] {
        assert!((percent[key].as_f64().unwrap() - share).abs() < 0.06, "{key}: {percent}");
    }
    let levels: u64 = summary["levels"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(levels, rows.len() as u64);
}

#[test]
fn every_format_has_the_same_rows_whatever_the_threads() {
    let class = ["examples/chat-system", "tests/problems", "examples/outages"];
    let of = |format: &str, threads: &str| {
        let args = [&["grade"], &class[..], &["--problem", "chat-system", "--format", format]].concat();
        ran(command(ROOT, &args).env("RAYON_NUM_THREADS", threads).output().unwrap()).out
    };
    for format in ["text", "csv", "json", "ndjson"] {
        let serial = of(format, "1");
        assert!(serial == of(format, "2") && serial == of(format, "7"), "{format}");
    }
    let json: Value = serde_json::from_str(&of("json", "2")).unwrap();
    let lines = rows(&of("ndjson", "2"));
    assert_eq!(json["designs"].as_array(), Some(&lines));
    let csv = of("csv", "2");
    assert_eq!(csv.matches("\r\n").count(), lines.len() + 1, "RFC 4180 ends a line so");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|head| head == name).expect(name);
    for (record, row) in reader.records().map(Result::unwrap).zip(&lines) {
        assert_eq!(&record[column("file")], row["file"].as_str().unwrap());
        for key in ["points", "of"] {
            assert_eq!(record[column(key)].parse().ok(), row[key].as_f64());
        }
        let none = if row["points"].is_null() { "" } else { "none" };
        assert_eq!(&record[column("level")], row["level"].as_str().unwrap_or(none));
        for dimension in row["dimensions"].as_array().unwrap() {
            let name = format!("points_{}", dimension["id"].as_str().unwrap());
            assert_eq!(record[column(&name)].parse().ok(), dimension["points"].as_f64());
        }
        for (key, count) in row["counts"].as_object().into_iter().flatten() {
            assert_eq!(record[column(key)], count.to_string());
        }
        let musts: Vec<&str> =
            row["unmet_musts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(record[column("unmet_musts")], musts.join(" "));
    }
}

#[test]
fn what_cannot_be_graded_has_its_reason_in_its_row() {
    let class = folder(&[
        ("a.arch", DRAFT),
        ("b.arch", " \n"),
        ("d.arch", PLAIN),
        ("e.arch", "design solves shop\nclient a\n"),
        ("f.arch", DRAFT),
    ]);
    fs::write(class.path().join("c.arch"), b"\xff").unwrap();
    let run = grade(&class, &[".", "--format", "ndjson"]);
    assert_eq!((run.status, run.err.as_str()), (2, ""));
    let rows = rows(&run.out);
    let said: Vec<(&str, bool, &str)> = rows
        .iter()
        .map(|row| {
            (row["file"].as_str().unwrap(), row["points"].is_null(), error(row).split(':').next().unwrap())
        })
        .collect();
    let expected = [
        ("a.arch", false, ""),
        ("b.arch", true, "`b.arch` is empty"),
        ("c.arch", true, "`c.arch` is not UTF-8 text"),
        ("d.arch", true, "no problem to grade it by"),
        ("e.arch", true, "there is no problem `shop`"),
        ("f.arch", false, ""),
    ];
    assert_eq!(said, expected);
    // Every row has every key.
    let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(rows.iter().all(|row| keys(row) == keys(&rows[0])));
    let text = grade(&class, &["."]).out;
    assert!(
        text.contains("  `c.arch` is not UTF-8") && text.contains("2 designs graded; 4 not graded"),
        "{text}"
    );
    assert_eq!(grade(&class, &[".", "--problem", "url-shortener"]).status, 2);
    assert_eq!(grade(&class, &["a.arch", "d.arch", "--problem", "url-shortener"]).status, 0);
}

#[test]
fn a_command_line_that_means_nothing_is_refused() {
    let class = folder(&[("readme.md", "")]);
    for (args, reason) in [
        (&["."][..], "there is no design in `.`"),
        (&["nowhere"], "there is no file `nowhere`"),
        (&[".", "--problem", "url-shortner"], "did you mean `url-shortener`?"),
        (&[".", "--stdin"], "cannot be used with"),
        (&["--stdin", "--format", "csv"], "cannot be used with"),
        (&[], "required"),
    ] {
        let run = grade(&class, args);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.contains(reason), "{args:?}: {}", run.err);
    }
}

#[test]
fn no_name_is_a_formula_or_breaks_a_row() {
    let names = [
        "+1.arch",
        "-1.arch",
        "=cmd|' !C calc'!A0.arch",
        "@SUM(A1).arch",
        "a\"b,c.arch",
        "a\nb.arch",
        "a\u{1b}[31mb.arch",
    ];
    let class = folder(&names.map(|name| (name, DRAFT)));
    let run = grade(&class, &[".", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(run.out.as_bytes());
    let shown: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_string()).collect();
    let mut expected: Vec<String> = names
        .iter()
        .map(
            |name| if name.starts_with(['+', '-', '=', '@']) { format!("'{name}") } else { name.to_string() },
        )
        .collect();
    expected.sort_by_key(|name| name.trim_start_matches('\'').to_string());
    assert_eq!(shown, expected);
    let rows = rows(&grade(&class, &[".", "--format", "ndjson"]).out);
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    assert!(rows.iter().map(|row| row["file"].as_str().unwrap()).eq(sorted));
    assert!(!grade(&class, &["."]).out.contains('\u{1b}'));
}

#[test]
fn every_line_is_answered_in_its_place() {
    let ids =
        json!(["ada", "ada", "", 7, -7, 0, u64::MAX, "a\nb\"c\\\u{2028}\u{1b}[31m", "=1+1", "</script>"]);
    let mut input = String::new();
    for id in ids.as_array().unwrap() {
        input += &line(id.clone(), DRAFT);
    }
    let out = answers(input.as_bytes(), &[]);
    assert!(out.iter().map(|row| &row["id"]).eq(ids.as_array().unwrap()));
    assert!(out.iter().map(|row| row["line"].as_u64().unwrap()).eq(1..=out.len() as u64));
    // As the same design in a file, but for its name.
    let class = folder(&[("a.arch", DRAFT)]);
    let alone = rows(&grade(&class, &[".", "--format", "ndjson"]).out).remove(0);
    for row in &out {
        for (key, value) in alone.as_object().unwrap().iter().filter(|(key, _)| *key != "file") {
            assert_eq!(&row[key], value);
        }
    }
}

#[test]
fn a_bad_line_is_said_and_the_next_one_read() {
    let good = line("x", DRAFT);
    let long_problem = json!({ "id": 1, "design": PLAIN, "problem": "x".repeat(100_000) }).to_string();
    let deep = format!("{{\"id\": 1, \"design\": {}", "[".repeat(100_000));
    let bad: Vec<(&[u8], &str)> = vec![
        (b"", "the line is empty"),
        (b" \t", "the line is empty"),
        (b"nope", "the line is not a JSON object"),
        (b"[\"x\", \"client a\"]", "the line is not a JSON object"),
        (b"{\"id\": \"x\", ", "the line is not JSON as asked for: EOF while parsing a value at column 12"),
        (b"{\"id\": 1} {\"id\": 2}", "trailing characters"),
        (b"{\"id\": 1, \"id\": 2}", "duplicate field `id`"),
        (b"{\"id\": 1}", "the line has no `design`"),
        (b"{\"design\": \"client a\"}", "the line has no `id`"),
        (b"{\"id\": [1], \"design\": \"client a\"}", "`id` is neither a string nor"),
        (b"{\"id\": 1.5, \"design\": \"client a\"}", "`id` is neither a string nor"),
        (b"{\"id\": 18446744073709551616, \"design\": \"client a\"}", "`id` is neither a string nor"),
        (b"{\"id\": 1, \"design\": 5}", "`design` is not a string"),
        (b"{\"id\": 1, \"design\": \"  \\n\"}", "`design` is empty"),
        (b"{\"id\": 1, \"design\": \"\\ud800\"}", "the line is not JSON"),
        (b"{\"id\": 1, \"design\": \"client a\"}", "no problem to grade it by"),
        (b"{\"id\": 1, \"design\": \"client a\", \"problem\": \"shop\"}", "there is no problem `shop`"),
        (b"{\"id\": 1, \"design\": \"client a\", \"problem\": 5}", "`problem` is not a string"),
        (b"{\"id\": 1, \"design\": \"client a\", \"at\": \"huge\"}", "`at` is neither"),
        (b"{\"id\": 1, \"design\": \"a\xff\"}", "the line is not UTF-8: byte 0xff at 23"),
        (b"\xff\xfe{\0", "the line is not UTF-8: byte 0xff at 1"),
        (b"\0", "the line is not a JSON object"),
        (deep.as_bytes(), "recursion limit"),
        (long_problem.as_bytes(), "there is no problem `xxx"),
    ];
    let mut input = Vec::new();
    for (line, _) in &bad {
        input.extend_from_slice(line);
        input.push(b'\n');
        input.extend_from_slice(good.as_bytes());
    }
    let out = answers(&input, &[]);
    assert_eq!(out.len(), 2 * bad.len());
    for (pair, (line, reason)) in out.chunks(2).zip(&bad) {
        assert!(error(&pair[0]).contains(reason), "{}: {}", String::from_utf8_lossy(line), pair[0]);
        assert!(pair[0]["points"].is_null() && error(&pair[0]).len() < 2_000);
        assert!(error(&pair[1]).is_empty() && pair[1]["id"] == "x" && pair[1]["points"].is_number());
    }
    assert!(out.iter().map(|row| row["line"].as_u64().unwrap()).eq(1..=out.len() as u64));
}

#[test]
fn ends_of_lines_and_of_the_stream_are_what_they_are_elsewhere() {
    let one = line(1, DRAFT);
    let (one, expected) = (one.trim_end(), json!([1, 1]));
    for input in [format!("{one}\n{one}\n"), format!("{one}\n{one}"), format!("\u{feff}{one}\r\n{one}\r\n")] {
        let out = answers(input.as_bytes(), &[]);
        let ids: Vec<&Value> = out.iter().map(|row| &row["id"]).collect();
        assert_eq!(json!(ids), expected);
        assert!(out.iter().all(|row| error(row).is_empty()));
    }
    assert!(answers(b"", &[]).is_empty());
}

#[test]
fn a_line_may_name_its_problem_and_scale() {
    let with = |extra: Value| {
        let mut line = json!({ "id": 1, "design": DRAFT, "student": { "name": "Ada" } });
        line.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        line.to_string() + "\n"
    };
    let input = with(json!({}))
        + &with(json!({ "problem": "chat-system", "at": "small" }))
        + &with(json!({ "problem": null }));
    let of = |args: &[&str]| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_string();
        answers(input.as_bytes(), args)
            .iter()
            .map(|row| (text(&row["problem"]), text(&row["scale"])))
            .collect()
    };
    let pair = |problem: &str, scale: &str| (problem.to_string(), scale.to_string());
    let own = pair("chat-system", "small");
    let solves = pair("url-shortener", "large");
    assert_eq!(of(&[]), [solves.clone(), own.clone(), solves]);
    let option = pair("cached-api", "large");
    assert_eq!(of(&["--problem", "cached-api", "--at", "large"]), [option.clone(), own, option]);
}

#[test]
fn threads_change_no_byte_of_the_answers() {
    let designs: Vec<String> = ["first-try", "naive", "overbuilt", "reference-sql"]
        .iter()
        .map(|name| fs::read_to_string(format!("{ROOT}/examples/url-shortener/{name}.arch")).unwrap())
        .collect();
    let mut input = String::new();
    for at in 0..300 {
        input += &line(at, &designs[at % designs.len()]);
        if at % 7 == 0 {
            input += "{\n";
        }
    }
    let of = |threads: &str| {
        let folder = folder(&[("in", &input)]);
        let stdin = fs::File::open(folder.path().join("in")).unwrap();
        let args = ["grade", "--stdin"];
        ran(command(ROOT, &args).env("RAYON_NUM_THREADS", threads).stdin(stdin).output().unwrap()).out
    };
    let serial = of("1");
    assert_eq!(serial.lines().count(), input.lines().count());
    assert!(serial == of("2") && serial == of("7"));
}

#[test]
fn an_answer_comes_before_the_next_line_is_sent() {
    let mut child = started(&[]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for at in 0..20 {
        input.write_all(line(at, DRAFT).as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], at);
    }
    drop(input);
    assert!(output.next().is_none() && child.wait().unwrap().success());
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let mut child = started(&["--problem", "rest-no-db"]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    input.write_all(line(0, PLAIN).as_bytes()).unwrap();
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    // Until it has noticed.
    while input.write_all(line(1, PLAIN).as_bytes()).is_ok() {}
    let mut error = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut error).unwrap();
    assert_eq!((child.wait().unwrap().code(), error.as_str()), (Some(0), ""));
}

/// Peak resident memory in KB, of a process that is still there.
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn neither_a_long_line_nor_many_are_held() {
    let mut child = started(&["--problem", "rest-no-db"]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&output.next().unwrap().unwrap()).unwrap();
    input.write_all(line(0, PLAIN).as_bytes()).unwrap();
    assert_eq!(next()["id"], 0);
    let before = peak(&child);
    // A line of 100 MB.
    let chunk = vec![b'x'; 1 << 20];
    input.write_all(b"{\"id\": 1, \"design\": \"").unwrap();
    for _ in 0..100 {
        input.write_all(&chunk).unwrap();
    }
    input.write_all(b"\"}\n").unwrap();
    let long = next();
    assert_eq!(error(&long), "the line has 104857623 bytes, and 8388608 is the most that is read");
    let held = peak(&child) - before;
    assert!(held < 32 << 10, "{held} KB for a line that was skipped");
    // 50 MB of lines that are answered slower than they come.
    let text = line(2, &format!("# {}\n{PLAIN}", "x".repeat(10_000)));
    let many = 5_000;
    std::thread::scope(|threads| {
        threads.spawn(|| (0..many).for_each(|_| input.write_all(text.as_bytes()).unwrap()));
        for _ in 0..many {
            assert_eq!(next()["id"], 2);
        }
    });
    let held = peak(&child) - before;
    assert!(held < 32 << 10, "{held} KB for lines one after the other");
    drop(input);
    assert!(child.wait().unwrap().success());
}
