//! How many designs a second `spof grade --stdin` answers, in how much memory, and how far that is from the least it could
//! take: reading, checking and judging each of them, one after the other and nothing else.
//!
//! `cargo bench --bench grade`, with another number of designs `-- 10000`. They are the examples with other names and
//! numbers, the same on every machine.

#[allow(dead_code)]
mod generate;

use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spof::catalog::Kind;
use spof::design::{Design, lower};
use spof::layout::random::Random;
use spof::rubric::Packs;
use spof::rules::check;
use spof::syntax::parse;

const DESIGNS: usize = 100_000;
/// Of these, how many are taken apart by stage.
const SAMPLE: usize = 10_000;
const SEED: u64 = 7;

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let count = asked.unwrap_or(DESIGNS);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("designs.ndjson");
    let bytes = write(&file, count);
    println!("{count} designs, {} bytes each", bytes / count.max(1));
    let sample = count.min(SAMPLE);
    let stages = stages(&file, sample);
    let bound = each(stages.iter().map(|(_, took)| *took).sum(), sample);
    for (stage, took) in stages {
        println!("{stage:<24} {:>6.0} us of processor time for each", each(took, sample));
    }
    println!("{:<24} {bound:>6.0} us", "together");
    for threads in [1, 2] {
        let before = children();
        let (took, peak) = run(&file, count, threads);
        let processor = each(children().saturating_sub(before), count);
        println!(
            "RAYON_NUM_THREADS={threads}      {processor:>6.0} us, {:.2} times that; {:.0} a second, {peak} KB at most",
            processor / bound,
            count as f64 / took.as_secs_f64(),
        );
    }
}

/// Microseconds.
fn each(took: Duration, count: usize) -> f64 {
    1e6 * took.as_secs_f64() / count.max(1) as f64
}

/// Time that this thread had a processor, which others on a shared machine do not lengthen; time on the clock where the
/// system does not say.
fn processor(start: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Time that processes which were waited for had a processor, in hundredths of a second.
fn children() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = after_name.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    Duration::from_millis(10 * fields.get(13..15).map_or(0, |own| own.iter().sum::<u64>()))
}

/// Writes the lines and says how many bytes they are.
fn write(file: &Path, count: usize) -> usize {
    let examples: Vec<(String, BTreeSet<String>)> = examples()
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("an example"))
        .filter_map(|text| {
            let (design, _) = lower(&parse(&text).0);
            design.solves.as_ref()?;
            Some((text, names(&design)))
        })
        .collect();
    let mut out = BufWriter::new(File::create(file).expect("the target folder can be written to"));
    let mut bytes = 0;
    for at in 0..count {
        let (text, names) = &examples[at % examples.len()];
        let design = mutated(text, names, &mut Random::new(SEED + at as u64));
        bytes += design.len();
        writeln!(out, "{}", json!({ "id": at, "design": design })).expect("there is room");
    }
    out.flush().expect("there is room");
    bytes
}

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = std::fs::read_dir(root).expect("the examples").map(|entry| entry.expect("one").path());
    let mut files: Vec<PathBuf> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| {
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").path())
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "arch"))
        .collect();
    files.sort();
    files
}

/// Nodes that are called like nothing in the language or the rubrics.
fn names(design: &Design) -> BTreeSet<String> {
    let catalog = spof::catalog::catalog();
    let taken = |id: &String| {
        Kind::parse(id).is_some()
            || catalog.attribute(id).is_some()
            || catalog.technology(id).is_some()
            || design.flows.iter().any(|flow| flow.id == *id)
    };
    design.graph.node_weights().map(|node| node.id.clone()).filter(|id| !taken(id)).collect()
}

/// The same design with a number behind each of some names, and other figures of the same order.
fn mutated(text: &str, names: &BTreeSet<String>, random: &mut Random) -> String {
    let suffix = random.below(1_000);
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut quoted = false;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, after) = rest.split_at(end);
        quoted ^= token == "\"";
        match token.parse::<u64>() {
            _ if quoted => out.push_str(token),
            // As many digits, another first one.
            Ok(figure) if figure >= 100 => out.push_str(&format!("{}{}", 1 + random.below(9), &token[1..])),
            _ if names.contains(token) && !after.starts_with('=') => {
                out.push_str(&format!("{token}{suffix}"));
            }
            _ => out.push_str(token),
        }
        rest = after;
    }
    out
}

/// The time of each stage over all designs, on one thread.
fn stages(file: &Path, sample: usize) -> Vec<(&'static str, Duration)> {
    let today = jiff::civil::date(2026, 1, 1);
    let packs = Packs::built_in();
    let (mut json, mut reading, mut checking, mut judging) =
        <(Duration, Duration, Duration, Duration)>::default();
    let mut mistaken = 0;
    let lines = BufReader::new(File::open(file).expect("just written")).lines();
    let begun = Instant::now();
    for line in lines.take(sample) {
        let line = line.expect("text");
        let start = processor(begun);
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let text = line["design"].as_str().expect("a text");
        let read = processor(begun);
        let (ast, mut mistakes) = parse(black_box(text));
        let (design, more) = lower(&ast);
        mistakes.extend(more);
        let lowered = processor(begun);
        let critique = check(&design, today);
        let checked = processor(begun);
        let solved = design.solves.as_ref().and_then(|solves| packs.find(&solves.problem));
        black_box(solved.map(|pack| spof::rubric::score(&design, &critique, &pack.rubric, None)));
        judging += processor(begun) - checked;
        json += read - start;
        reading += lowered - read;
        checking += checked - lowered;
        mistaken += usize::from(!mistakes.is_empty());
    }
    println!("{:.1}% have mistakes in their text", 100.0 * mistaken as f64 / sample.max(1) as f64);
    vec![("JSON", json), ("parse and resolve", reading), ("check", checking), ("judge", judging)]
}

/// The whole program: how long it takes, and what it held at most.
fn run(file: &Path, count: usize, threads: usize) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(["grade", "--stdin"])
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::from(File::open(file).expect("just written")))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let status = format!("/proc/{}/status", child.id());
    let (mut answers, mut peak) = (0, 0);
    for line in out.lines() {
        assert!(line.expect("text").contains("\"points\""));
        answers += 1;
        if answers % 1_000 == 0 || answers == count {
            peak = peak.max(high_water(&status));
        }
    }
    assert!(child.wait().expect("it ends").success());
    assert_eq!(answers, count, "each has its answer");
    (start.elapsed(), peak)
}

/// In KB, where the system says so.
fn high_water(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
