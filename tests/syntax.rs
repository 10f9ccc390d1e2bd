//! The language as people write it: what is read, and what is said of what cannot be.

use std::{fmt::Write, fs, path::Path};

use spof::{diagnostic::Diagnostic, source::Source, syntax::parse};

const WHOLE: &str = include_str!("fixtures/whole.arch");

#[test]
fn the_whole_example_is_read() {
    let (ast, mistakes) = parse(WHOLE);
    assert_eq!(mistakes, []);
    assert_eq!(ast.items.len(), 35);
}

/// Each file of `fixtures/mistakes` holds cases, parted by `----`. Under a line with mistakes stand carets and the
/// message, and after `=` what helps. The text is parsed without these lines, and annotated anew: what is missing and
/// what is too many both fail. `SPOF_ACCEPT=1` writes the file as it comes out.
#[test]
fn mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mistakes");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let expected = fs::read_to_string(&file).unwrap();
        let cases: Vec<String> = expected.split("----\n").map(|case| annotated(&plain(case))).collect();
        let found = cases.join("----\n");
        if std::env::var_os("SPOF_ACCEPT").is_some() {
            fs::write(&file, &found).unwrap();
            continue;
        }
        assert_eq!(found, expected, "{}", file.display());
    }
}

/// A case without its carets.
fn plain(case: &str) -> String {
    let is_text = |line: &&str| !line.trim_start().starts_with(['^', '=']);
    case.split_inclusive('\n').filter(is_text).collect()
}

fn annotated(text: &str) -> String {
    let (_, mistakes) = parse(text);
    let source = Source::new("case.arch", text);
    let mut out = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        out.push_str(line);
        let here = |mistake: &&Diagnostic| source.place(mistake.at.span.start).line == index + 1;
        for mistake in mistakes.iter().filter(here) {
            let span = mistake.at.span;
            let start = source.place(span.start).column;
            let length = span.text(text).lines().next().unwrap_or("").chars().count().max(1);
            writeln!(
                out,
                "{}{} {}: {}",
                " ".repeat(start - 1),
                "^".repeat(length),
                mistake.message,
                mistake.at.text
            )
            .unwrap();
            for label in &mistake.labels {
                writeln!(out, "  = line {}: {}", source.place(label.span.start).line, label.text).unwrap();
            }
            for help in &mistake.help {
                writeln!(out, "  = {help}").unwrap();
            }
        }
    }
    out
}
