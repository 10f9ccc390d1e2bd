//! Time to reckon the availability of one flow: fault tree, minimal cut sets and exact probability, in all; and beside it
//! that of Debian's `scram`, where it is installed, on the same trees.
//!
//! `cargo bench --bench availability`

#[path = "../tests/random_designs/mod.rs"]
#[allow(dead_code)]
mod random_designs;

use std::process::Command;
use std::time::{Duration, Instant};

use random_designs::{Random, large};
use spof::design::Design;
use spof::numbers::availability::{Availability, Down, Places, of_flows, open_psa};

/// Nodes of three or four instances each, over so many regions of three zones; calls in a tree, or knotted.
const SIZES: [(usize, usize, bool); 7] = [
    (8, 1, false),
    (27, 1, false),
    (27, 3, true),
    (270, 1, false),
    (270, 10, false),
    (270, 10, true),
    (2_700, 1, false),
];

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let test = std::env::args().any(|arg| arg == "--test");
    let scram = Command::new("scram").arg("--version").output().is_ok();
    println!(
        "| components | regions | knotted | down | time | `scram --bdd` : this |\n|---|---|---|---|---|---|"
    );
    for &(nodes, regions, knotted) in SIZES.iter().take(if test { 2 } else { SIZES.len() }) {
        let text = large(&mut Random::new(7), nodes, regions, knotted);
        let (design, mistakes) = spof::design::lower(&spof::syntax::parse(&text).0);
        assert!(mistakes.is_empty());
        let (found, time) = best_of_three(&design);
        let down = match found.down {
            Down::Exact(down) => format!("{down:.6e}"),
            Down::Between { least, most, .. } => format!("{least:.6e} to {most:.6e}"),
        };
        let ratio = if scram && !test { beside(&found, time) } else { "-".to_string() };
        let knotted = if knotted { "yes" } else { "no" };
        let count = found.tree.components.len();
        println!(
            "| {count} | {regions} | {knotted} | {down} | {:.1} ms | {ratio} |",
            time.as_secs_f64() * 1000.0
        );
    }
}

fn best_of_three(design: &Design) -> (Availability, Duration) {
    let run = |_| {
        let start = Instant::now();
        let found = of_flows(design, Places::Assumed).remove(0).expect("it has hops");
        (found, start.elapsed())
    };
    (0..3).map(run).min_by_key(|(_, time)| *time).expect("three runs")
}

/// How many times as long it takes, the whole process, with the same order of cut sets; it is given half a minute.
fn beside(found: &Availability, time: Duration) -> String {
    let folder = tempfile::tempdir().expect("a place for temporary files");
    let model = folder.path().join("model.xml");
    std::fs::write(&model, open_psa(&found.tree)).expect("the temporary folder takes files");
    let start = Instant::now();
    let status = Command::new("timeout")
        .args(["30", "scram", "--bdd", "--probability", "1", "--limit-order", "4"])
        .arg(&model)
        .arg("-o")
        .arg(folder.path().join("report.xml"))
        .status();
    let theirs = start.elapsed();
    match status {
        Ok(status) if status.success() => format!("{:.1}", theirs.as_secs_f64() / time.as_secs_f64()),
        _ => format!("more than {:.0}", theirs.as_secs_f64() / time.as_secs_f64()),
    }
}
