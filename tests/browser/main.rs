//! The drawings as Chromium shows them, by day and by night: every text in its shape and to be read, nothing covered,
//! nothing over the edge, nothing that runs.

#[path = "../common/mod.rs"]
mod common;

mod chromium;
mod drawings;

use std::time::Instant;

use chromium::{Drawing, installed, open};
use spof::design::{Design, lower};
use spof::draw::Plan;
use spof::syntax::parse;

fn design(text: &str) -> Design {
    lower(&parse(text).0).0
}

fn examples() -> Vec<(String, Design)> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.display().to_string(), design(&text))
    };
    common::designs("examples").into_iter().map(read).collect()
}

#[test]
fn every_example_can_be_read() {
    if !installed() {
        return;
    }
    let started = Instant::now();
    let mut all: Vec<Drawing> = Vec::new();
    for (name, design) in &examples() {
        all.extend(drawings::ways(name, design));
        all.extend(drawings::sequences(name, design));
        all.extend(drawings::plots(name, design));
    }
    eprintln!("drawn {:?}", started.elapsed());
    if let Ok(font) = std::env::var("FONT") {
        let font: &'static str = font.leak();
        all.iter_mut().for_each(|d| d.font = Some(font));
    }
    for dark in [false, true] {
        all.iter_mut().for_each(|d| d.colours = dark);
        let found = open(&all, &[], dark);
        eprintln!("{} drawings, {} texts, {:?}", all.len(), found.texts, started.elapsed());
        std::fs::write(format!("/tmp/browser_faults_{dark}.txt"), found.faults.join("\n")).unwrap();
    }
    let _ = Plan::default();
}
