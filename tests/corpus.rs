//! Designs with everything that is to be said of them written on the lines concerned: `# wrong: RULE` and `# asks: RULE`.
//! What is missing fails, and so does what is too much.
//!
//! The folder of each rule has designs with the flaw and near misses; both were written from the rule's page alone.
//! `CORPUS_ACCEPT=1 cargo test --test corpus` writes the marks anew, to be read before they are believed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use spof::diagnostic::{Diagnostic, Verdict};
use spof::source::Source;
use spof::{design, rules, syntax};

/// Marks by line, counted from 1.
type Marks = BTreeMap<usize, BTreeSet<(Verdict, String)>>;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Folders by name, and the designs in each.
fn folders() -> BTreeMap<String, Vec<PathBuf>> {
    let list = |path: &Path| {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    list(&corpus()).into_iter().map(|folder| (name(&folder), list(&folder))).collect()
}

/// A line without its marks, and the marks: `redis hot  # wrong: a, b; asks: c`.
fn split(line: &str) -> (&str, BTreeSet<(Verdict, String)>) {
    let starts = ["# wrong: ", "# asks: "].into_iter().filter_map(|mark| line.find(mark));
    let Some(start) = starts.min() else { return (line, BTreeSet::new()) };
    let mut marks = BTreeSet::new();
    for part in line[start + 2..].split("; ") {
        let (verdict, names) = part.split_once(": ").expect("a mark is `wrong: RULE` or `asks: RULE`");
        let verdict = if verdict == "wrong" { Verdict::Wrong } else { Verdict::Unstated };
        marks.extend(names.split(", ").map(|rule| (verdict, rule.trim().to_string())));
    }
    (line[..start].trim_end(), marks)
}

fn written(text: &str) -> Marks {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, split(line).1));
    lines.filter(|(_, marks)| !marks.is_empty()).collect()
}

/// What the rules find, on the lines where they point.
fn found(text: &str, path: &Path) -> Marks {
    let (ast, mut mistakes) = syntax::parse(text);
    let (design, more) = design::lower(&ast);
    mistakes.extend(more);
    let messages: Vec<&String> = mistakes.iter().map(|mistake: &Diagnostic| &mistake.message).collect();
    assert!(messages.is_empty(), "{}: {messages:#?}", path.display());
    let source = Source::new("", text);
    let mut marks = Marks::new();
    for finding in rules::find_all(&design) {
        let line = source.place(finding.at.span.start).line;
        marks.entry(line).or_default().insert((finding.verdict, finding.code.to_string()));
    }
    marks
}

fn show(marks: &BTreeSet<(Verdict, String)>) -> String {
    let of = |verdict: Verdict, word: &str| {
        let rules: Vec<&str> =
            marks.iter().filter(|mark| mark.0 == verdict).map(|mark| mark.1.as_str()).collect();
        if rules.is_empty() { None } else { Some(format!("{word}: {}", rules.join(", "))) }
    };
    let parts: Vec<String> =
        [of(Verdict::Wrong, "wrong"), of(Verdict::Unstated, "asks")].into_iter().flatten().collect();
    parts.join("; ")
}

fn marked(text: &str, marks: &Marks) -> String {
    let lines = text.lines().enumerate().map(|(at, line)| {
        let bare = split(line).0;
        match marks.get(&(at + 1)) {
            Some(marks) => format!("{bare}  # {}\n", show(marks)),
            None => format!("{bare}\n"),
        }
    });
    lines.collect()
}

#[test]
fn every_design_has_the_findings_written_on_it_and_no_other() {
    let mut wrong = Vec::new();
    for path in folders().into_values().flatten() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (expected, found) = (written(&text), found(&text, &path));
        if std::env::var_os("CORPUS_ACCEPT").is_some() {
            std::fs::write(&path, marked(&text, &found)).unwrap();
            continue;
        }
        let lines: BTreeSet<&usize> = expected.keys().chain(found.keys()).collect();
        for &line in lines {
            let [expected, found] =
                [&expected, &found].map(|marks| marks.get(&line).cloned().unwrap_or_default());
            if expected != found {
                let [expected, found] = [&expected, &found].map(show);
                wrong.push(format!("{}:{line}: written `{expected}`, found `{found}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_flaws_and_near_misses() {
    let folders = folders();
    for rule in rules::ALL.iter() {
        let designs = folders.get(rule.id).unwrap_or_else(|| panic!("no folder for {}", rule.id));
        for path in designs {
            let text = std::fs::read_to_string(path).unwrap();
            let says = written(&text).into_values().flatten().any(|(_, name)| name == rule.id);
            let has_flaw = path.file_name().unwrap().to_string_lossy().starts_with("flaw");
            assert_eq!(says, has_flaw, "{}", path.display());
        }
        let flaws = designs.iter().filter(|path| path.to_string_lossy().contains("flaw-")).count();
        assert!(flaws >= 2 && designs.len() - flaws >= 2, "{}: too few designs", rule.id);
    }
}
