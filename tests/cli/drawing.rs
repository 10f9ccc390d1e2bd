//! `spof draw`: what can be chosen of a drawing, and what is said where it is simpler than asked.

use std::fs;

use crate::common::CLEAN;
use crate::common::program::{Ran, folder, spof};

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
fn flows_and_themes_are_chosen_by_name() {
    let folder = folder(&[
        ("a.arch", "client a\nservice b\nflow order {\na -> b\n}\n"),
        ("ours.toml", "[dark]\nbg = \"#000010\"\n"),
        ("faint.toml", "[light]\n\nink = \"#999999\"\n"),
    ]);
    let draw = |args: &[&str]| spof(folder.path(), &[&["draw", "a.arch", "-o", "-"], args].concat());
    let Ran { status, err, .. } = draw(&["--flow", "oder"]);
    assert!(status == 2 && err.contains("did you mean `order`?"), "{err}");
    let Ran { status, err, .. } = draw(&["--only"]);
    assert!(status == 2 && err.contains("--flow"), "{err}");
    let Ran { status, err, .. } = draw(&["--theme", "drak"]);
    assert!(status == 2 && err.contains("did you mean `dark`?"), "{err}");
    let Ran { status, err, .. } = draw(&["--theme", "faint.toml"]);
    assert!(status == 2 && err.contains("faint.toml:3:7") && err.contains("2.84:1"), "{err}");
    let dark = draw(&["--theme", "dark"]).out;
    assert!(dark.contains("#11161d") && !dark.contains("#ffffff") && !dark.contains("prefers-color-scheme"));
    let auto = draw(&["--theme", "ours.toml"]).out;
    assert!(auto.contains("--bg:#000010") && auto.contains("prefers-color-scheme:dark"));
    let png = |theme: &str| {
        let Ran { status, err, .. } =
            spof(folder.path(), &["draw", "a.arch", "-o", "a.png", "--theme", theme]);
        assert_eq!(status, 0, "{err}");
        fs::read(folder.path().join("a.png")).unwrap()
    };
    assert!(png("light") != png("dark") && png("light") == png("auto"));
}

#[test]
fn what_is_drawn_simpler_is_said() {
    let nodes: String = (0..20_000).map(|at| format!("service s{at}\n")).collect();
    let folder = folder(&[("large.arch", &(nodes + "s0 -> s1\n"))]);
    let Ran { status, out, err } = spof(folder.path(), &["draw", "large.arch", "-o", "-"]);
    assert!(status == 0 && out.ends_with("</svg>\n"), "{err}");
    assert!(err.contains("note: the design is too large for layers: its boxes stand in rows"), "{err}");
}
