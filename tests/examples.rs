//! Every example through the program: the report, the JSON and the drawing, whole.

mod common;

use std::path::Path;
use std::process::Command;

/// What the program prints, and its exit status where that is not 0.
fn run(arguments: &[&str], file: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(arguments)
        .arg(file)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => text,
        status => format!("{text}exit status {}\n", status.expect("the program was not killed")),
    }
}

fn snapshot(folder: &str, file: &Path, text: &str) {
    let design = file.with_extension("");
    let name: Vec<_> = design.iter().skip(1).map(|part| part.to_string_lossy()).collect();
    insta::with_settings!({ snapshot_path => format!("snapshots/{folder}"), prepend_module_to_snapshot => false,
        omit_expression => true }, {
        insta::assert_snapshot!(name.join("-"), text);
    });
}

#[test]
fn reports() {
    for file in common::examples() {
        snapshot("report", &file, &run(&["check", "--all", "--today", "2026-01-01"], &file));
    }
}

#[test]
fn numbers() {
    for file in common::examples() {
        snapshot("numbers", &file, &run(&["numbers", "--all"], &file));
    }
}

#[test]
fn json() {
    for file in common::examples() {
        let text = run(&["check", "--format", "json", "--fail-on", "never", "--today", "2026-01-01"], &file);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        snapshot("json", &file, &text);
    }
}

#[test]
fn drawings() {
    for file in common::examples() {
        snapshot("drawing", &file, &run(&["draw", "--findings", "-o", "-"], &file));
    }
}
