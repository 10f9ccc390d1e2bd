//! However large or odd a file is: an answer, and in time.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::program::{Ran, command, folder};

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
