//! What several tests need.

// Each test is a program of its own and uses some of these.
#![allow(dead_code)]

pub mod program;

use std::path::{Path, PathBuf};

/// Every design in `examples/` but those of outages, which are short and have a test of their own.
pub fn examples() -> Vec<PathBuf> {
    let other = |path: &PathBuf| path.starts_with("examples/outages") || path.starts_with("examples/pack");
    designs("examples").into_iter().filter(|path| !other(path)).collect()
}

/// Every design in a folder of the repository and those below, relative to the repository, in order of name.
pub fn designs(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "arch") {
                files.push(path.strip_prefix(root).unwrap().to_path_buf());
            }
        }
    }
    files.sort();
    files
}

/// A text as a design, without mistakes.
#[track_caller]
pub fn design(text: &str) -> spof::design::Design {
    let (ast, mut mistakes) = spof::syntax::parse(text);
    let (design, more) = spof::design::lower(&ast);
    mistakes.extend(more);
    assert!(mistakes.is_empty(), "{mistakes:#?}\nin:\n{text}");
    design
}

/// What is said of a text of this name, with nothing set or asked for.
pub fn review(name: &str, text: &str) -> spof::review::Review {
    let today = jiff::civil::date(2026, 1, 1);
    spof::review::Reviewer::plain(today).review(spof::source::Source::new(name, text))
}

/// One database on one machine, an error, and no word of time-outs.
pub const FRAGILE: &str = "client web\nlb front managed\nservice api x3\npostgres store\n\
                           flow order { web -> front -> api -> store writes }\n";
/// Draws and means something, and no rule has anything against it.
pub const CLEAN: &str = "client web\nblob files managed\n";

/// Labels that a picture must show as text, whole or cut: markup, control characters, other scripts, and one that is long.
pub fn odd_labels() -> Vec<String> {
    let odd = [
        "<script>alert(1)</script>",
        "a & b",
        "'single' \\\"double\\\"",
        "]]> <!-- --> <?xml?>",
        "bell \u{7} null \u{0} escape \u{1b} not \u{ffff}",
        "\u{202e}gnp.exe",
        "خدمة الروابط",
        "🚀 リンク 👩‍👩‍👧‍👦",
    ];
    odd.into_iter().map(str::to_string).chain(["x".repeat(10_000)]).collect()
}

/// What stands at the head of a page that is written from the code.
pub const NOTICE: &str =
    "<!-- Written by `UPDATE_DOCS=1 cargo test`; change the data, not this page. -->\n\n";

/// A page in `docs/` is this text; `UPDATE_DOCS=1` makes it so.
#[track_caller]
pub fn keep(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/{name} is stale: run `UPDATE_DOCS=1 cargo test`");
}
