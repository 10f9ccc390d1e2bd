//! Time for each stage of the pipeline at growing sizes, and for the whole program on one example.
//!
//! `cargo bench`; a filter picks: `cargo bench -- parse`.

mod generate;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const SEED: u64 = 7;

#[divan::bench(args = [20, 1_000, 20_000, 100_000])]
fn parse(bencher: Bencher, nodes: usize) {
    let text = generate::design(nodes, SEED);
    bencher.counter(BytesCount::of_str(&text)).bench(|| spof::syntax::parse(black_box(&text)));
}

/// Parse, resolve and run every rule: what `spof check` does between reading and printing.
#[divan::bench(args = [20, 1_000, 20_000, 100_000], sample_count = 20)]
fn check(bencher: Bencher, nodes: usize) {
    let text = generate::design(nodes, SEED);
    let today = jiff::civil::date(2026, 1, 1);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let (ast, _) = spof::syntax::parse(black_box(&text));
        let (design, mistakes) = spof::design::lower(&ast);
        assert!(mistakes.is_empty());
        spof::rules::check(&design, today)
    });
}

#[divan::bench(args = [20, 100], sample_count = 20)]
fn draw(bencher: Bencher, nodes: usize) {
    let text = generate::design(nodes, SEED);
    let (design, _) = spof::design::lower(&spof::syntax::parse(&text).0);
    bencher.bench(|| spof::draw::svg(&spof::draw::layout(black_box(&design)), None));
}

/// The program from start to end, as a shell would run it.
#[divan::bench]
fn process(bencher: Bencher) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/chat-system/first-try.arch");
    bencher.bench(|| {
        std::process::Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(["check", file])
            .output()
            .expect("the program runs")
    });
}

/// The lower bound of `process`: starting a program that does nothing.
#[divan::bench]
fn process_that_does_nothing(bencher: Bencher) {
    bencher.bench(|| std::process::Command::new("true").output().expect("`true` runs"));
}
