//! Time of each rule alone, on designs that grow tenfold: the slowest ten, and what all together take.
//!
//! `cargo bench --bench rules`

mod generate;

use std::time::{Duration, Instant};

use spof::design::Design;
use spof::rules::{ALL, Facts, Rule};

const SEED: u64 = 7;
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let sizes = if std::env::args().any(|arg| arg == "--test") { &SIZES[..1] } else { &SIZES[..] };
    let designs: Vec<Design> = sizes.iter().map(|&nodes| design(nodes)).collect();
    let mut rows: Vec<(&'static str, Vec<Duration>)> =
        ALL.iter().map(|rule| (rule.id, designs.iter().map(|design| time(rule, design)).collect())).collect();
    rows.sort_by_key(|(_, times)| std::cmp::Reverse(times.last().copied()));
    let heads: Vec<String> = sizes.iter().map(|nodes| format!("{nodes} nodes")).collect();
    println!("| rule | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()));
    for (name, times) in rows.iter().take(10) {
        println!("| {name} | {} |", shown(times));
    }
    let facts: Vec<Duration> =
        designs.iter().map(|design| best_of_three(|| drop(Facts::new(design)))).collect();
    let all: Vec<Duration> =
        (0..sizes.len()).map(|at| rows.iter().map(|(_, times)| times[at]).sum()).collect();
    println!("| the facts, once | {} |\n| all {} rules | {} |", shown(&facts), rows.len(), shown(&all));
}

fn design(nodes: usize) -> Design {
    let text = generate::design(nodes, SEED);
    let (design, mistakes) = spof::design::lower(&spof::syntax::parse(&text).0);
    assert!(mistakes.is_empty());
    design
}

/// What one rule takes when it is the first to ask: facts found on demand are counted for it.
fn time(rule: &Rule, design: &Design) -> Duration {
    let facts = || Facts::new(design);
    (0..3)
        .map(|_| {
            let facts = facts();
            let start = Instant::now();
            std::hint::black_box((rule.check)(&facts));
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn best_of_three(run: impl Fn()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..3).map(time).min().unwrap_or_default()
}

fn shown(times: &[Duration]) -> String {
    let one = |time: &Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    times.iter().map(one).collect::<Vec<_>>().join(" | ")
}
