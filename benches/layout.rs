//! How good the drawings of the layout engine are and how long they take, beside other engines where they are installed:
//! Graphviz (`dot`), ELK (`node` with `elkjs`, which NODE_PATH may point to) and, for time only, D2 with ELK (`d2`).
//!
//! `cargo bench --bench layout`, or for graphs of one's own in ELK's JSON
//! `cargo bench --bench layout -- --graphs DIR --out DIR`, which writes one result a graph and measures no times.

#[path = "../tests/drawing/mod.rs"]
mod drawing;

mod peers;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drawing::graphs::{Case, nested, options, read};
use drawing::measures::{Measures, measures};
use peers::Peer;
use spof::layout::layout;

const SIZES: [usize; 6] = [20, 100, 500, 1_000, 5_000, 20_000];
/// What another engine may take for one graph.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).map(PathBuf::from)
    };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout");
    let folder = value("--graphs").unwrap_or_else(|| own.clone());
    let out = value("--out");
    let test = args.iter().any(|arg| arg == "--test");
    let peers: Vec<Peer> = if test { Vec::new() } else { peers::installed() };
    quality(&folder, out.as_deref(), &peers);
    if folder == own {
        times(if test { &SIZES[..1] } else { &SIZES }, &peers);
    }
}

fn graphs(folder: &Path) -> Vec<(String, String, Case)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let named = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let case = read(&text);
        (name.unwrap_or_default(), text, case)
    };
    files.iter().map(named).collect()
}

fn quality(folder: &Path, out: Option<&Path>, peers: &[Peer]) {
    let cases = graphs(folder);
    let edges: usize = cases.iter().map(|(.., case)| case.graph.edges.len()).sum();
    println!("{} graphs, {edges} edges\n", cases.len());
    println!(
        "| engine | crossings | length | bends | edge through node | through foreign group | label overlaps | label cut \
         | other overlaps | on top, px | median aspect | ms |"
    );
    println!("|{}", "---|".repeat(12));
    let start = Instant::now();
    let laid_out: Vec<_> = cases.iter().map(|(.., case)| layout(&case.graph, &options())).collect();
    let time = start.elapsed();
    let found: Vec<Measures> =
        cases.iter().zip(&laid_out).map(|((.., case), layout)| measures(&case.graph, layout)).collect();
    row("spof", &found, time);
    for peer in peers.iter().filter(|peer| peer.draws()) {
        let start = Instant::now();
        let layouts: Option<Vec<_>> =
            cases.iter().map(|(_, text, case)| peer.layout(case, text, PATIENCE)).collect();
        let time = start.elapsed();
        match layouts {
            Some(layouts) => {
                let of = |((.., case), (layout, bends)): (&(_, _, Case), &(_, Option<usize>))| {
                    let found = measures(&case.graph, layout);
                    Measures { bends: bends.unwrap_or(found.bends), ..found }
                };
                row(peer.name(), &cases.iter().zip(&layouts).map(of).collect::<Vec<_>>(), time);
            }
            None => println!("| {} | failed |", peer.name()),
        }
    }
    if let Some(out) = out {
        std::fs::create_dir_all(out).expect("a folder for results");
        for ((name, _, case), layout) in cases.iter().zip(&laid_out) {
            std::fs::write(out.join(name), case.result(layout).to_string()).expect("room for results");
        }
        println!("\n| graph | crossings | length | bends | aspect |\n|---|---|---|---|---|");
        for ((name, ..), found) in cases.iter().zip(&found) {
            let Measures { crossings, length, bends, .. } = found;
            println!("| {name} | {crossings} | {length:.0} | {bends} | {:.2} |", found.aspect());
        }
    }
}

fn row(engine: &str, found: &[Measures], time: Duration) {
    let sum = |of: fn(&Measures) -> usize| found.iter().map(of).sum::<usize>();
    let total = |of: fn(&Measures) -> f64| found.iter().map(of).sum::<f64>();
    let mut aspects: Vec<f64> = found.iter().map(Measures::aspect).collect();
    aspects.sort_by(f64::total_cmp);
    let middle = aspects.len() / 2;
    let median = match aspects.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => aspects[middle],
        _ => (aspects[middle - 1] + aspects[middle]) / 2.0,
    };
    let other = |one: &Measures| {
        one.node_on_node
            + one.group_on_group
            + one.node_on_foreign_group
            + one.node_or_group_outside_its_group
    };
    println!(
        "| {engine} | {} | {:.0} | {} | {} | {} | {} | {} | {} | {:.0} | {median:.2} | {:.0} |",
        sum(|one| one.crossings),
        total(|one| one.length),
        sum(|one| one.bends),
        sum(|one| one.edge_through_node),
        sum(|one| one.edge_through_group),
        sum(|one| one.label_on_box),
        sum(|one| one.label_cut),
        sum(other),
        total(|one| one.on_top),
        time.as_secs_f64() * 1000.0
    );
}

/// Of nested graphs made up from a seed; the best of three, or the only one where that takes long.
fn times(sizes: &[usize], peers: &[Peer]) {
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size}")).collect();
    println!("\nms for nested graphs of so many nodes\n\n| engine | {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(sizes.len() + 1));
    let cases: Vec<Case> = sizes.iter().map(|&size| nested(size, 7)).collect();
    let mut cells = Vec::new();
    for case in &cases {
        let mut best = Duration::MAX;
        let mut plain = false;
        for _ in 0..3 {
            let start = Instant::now();
            plain = layout(&case.graph, &options()).plain;
            best = best.min(start.elapsed());
        }
        let mode = if plain { " (plain)" } else { "" };
        cells.push(format!("{:.1}{mode}", best.as_secs_f64() * 1000.0));
    }
    println!("| spof | {} |", cells.join(" | "));
    for peer in peers {
        let mut cells = Vec::new();
        for case in &cases {
            let lost = cells.last().is_some_and(|cell| cell == "-");
            let time = if lost { None } else { peer.time(case, PATIENCE) };
            cells.push(time.map_or("-".to_string(), |time| format!("{:.0}", time.as_secs_f64() * 1000.0)));
        }
        println!("| {} | {} |", peer.name(), cells.join(" | "));
    }
    println!(
        "\nThe others with the start of their process; `-`: failed, or longer than {} s.",
        PATIENCE.as_secs()
    );
}
