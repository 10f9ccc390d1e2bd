//! The documentation is run: designs marked `arch` are read without a mistake, those marked `arch error` with one, and
//! what a `console` block shows is what its command prints: of a long output the first lines after `head=`, the last after `tail=`,
//! and how many are left out; `at=` is when somebody practises, or saves a file. `like=` names the file that a block is a copy of.
//! A `text screen=` block is a screen that another test keeps.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes the outputs anew.

use std::path::{Path, PathBuf};
use std::process::Command;

struct Block {
    place: String,
    info: String,
    text: String,
}

/// The fenced blocks of a Markdown file.
fn blocks(path: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        blocks.push(Block {
            place: format!("{}:{}", path.display(), at + 1),
            info: info.trim().to_string(),
            text: body.join("\n") + "\n",
        });
    }
    blocks
}

fn markdown_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = [root.to_path_buf(), root.join("docs")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

fn mistakes(text: &str) -> Vec<String> {
    let (ast, mut found) = spof::syntax::parse(text);
    let (_, more) = spof::design::lower(&ast);
    found.extend(more);
    found.into_iter().map(|mistake| mistake.message).collect()
}

#[test]
fn every_design_in_the_documentation_is_what_it_claims_to_be() {
    let mut seen = 0;
    for block in markdown_files().iter().flat_map(|path| blocks(path)) {
        let found = mistakes(&block.text);
        match block.info.split(" file=").next().unwrap() {
            "arch" => assert!(found.is_empty(), "{}: {found:#?}", block.place),
            "arch error" => assert!(!found.is_empty(), "{} has no mistake", block.place),
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen >= 15, "only {seen} designs found");
}

/// Every file and folder of the repository, but for what is built.
fn paths() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![root.to_path_buf()];
    let mut at = 0;
    while let Some(path) = all.get(at).cloned() {
        at += 1;
        let is_left_out = ["target", ".git"].iter().any(|name| path == root.join(name));
        if path.is_dir() && !is_left_out {
            all.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    all
}

/// Files are named by their path, by the end of it, or by their name alone.
#[test]
fn the_files_that_guides_name_are_there() {
    let paths = paths();
    let mut named = 0;
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let is_file = [".rs", ".toml", ".md", ".json", ".css"].iter().any(|end| name.ends_with(end));
            let is_pattern = name.contains(|c: char| c.is_whitespace() || "<>*…(:|".contains(c));
            // What people write beside their designs is not in the repository.
            if is_pattern || !(is_file || name.contains('/')) || name == "spof.toml" {
                continue;
            }
            assert!(
                paths.iter().any(|path| path.ends_with(name)),
                "{page} names `{name}`, which is not there"
            );
            named += 1;
        }
    }
    assert!(named > 100, "only {named} names found");
}

#[test]
fn every_test_is_on_the_map() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(root.join("tests")).unwrap() {
        let path = entry.unwrap().path();
        let is_test =
            path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert!(
            !is_test || map.contains(&format!("`{name}`")),
            "ARCHITECTURE.md says nothing of tests/{name}"
        );
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for page in markdown_files() {
        let text = std::fs::read_to_string(&page).unwrap();
        let prose = text.split("```").step_by(2).collect::<String>();
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            assert!(page.with_file_name(file).exists(), "{} leads to {link}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} links found");
}

/// Runs a page from top to bottom: writes its `file=` blocks, runs its commands, and returns it with their output.
fn run(page: &str, folder: &Path) -> String {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        let said = |name: &str| info.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let like = said("like")
            .map(|file| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap());
        let body = like.as_deref().map_or(body, |text| text.lines().collect());
        let instant = |time: &str| format!("2024-03-04T{time}:00Z");
        if let Some(file) = said("file") {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, body.join("\n") + "\n").unwrap();
            if let Some(time) = said("at") {
                let saved: jiff::Timestamp = instant(time).parse().unwrap();
                std::fs::File::options().write(true).open(path).unwrap().set_modified(saved.into()).unwrap();
            }
        }
        if info.split(' ').next() == Some("console") {
            let command = body[0];
            let mut arguments = command.strip_prefix("$ spof ").unwrap().to_string();
            if let Some(time) = said("at") {
                arguments.push_str(&format!(" --now {}", instant(time)));
            }
            let count = |name| said(name).map(|count| count.parse().unwrap());
            let shown = trimmed(&output(&arguments, folder), count("head"), count("tail"));
            out.push_str(&format!("{command}\n{shown}"));
        } else if let Some(name) = said("screen") {
            out.push_str(&screen(name));
        } else {
            out.extend(body.iter().map(|line| format!("{line}\n")));
        }
        out.push_str("```\n");
    }
    out
}

/// The first lines and the last, and how many lie between.
fn trimmed(text: &str, head: Option<usize>, tail: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (head, tail) = match (head, tail) {
        (None, None) => (lines.len(), 0),
        (head, tail) => (head.unwrap_or(0), tail.unwrap_or(0)),
    };
    let left_out = lines.len().saturating_sub(head + tail);
    if left_out == 0 {
        return text.to_string();
    }
    let note = format!("… {left_out} more lines …");
    let first = lines[..head].iter().copied();
    let last = lines[lines.len() - tail..].iter().copied();
    first.chain([note.as_str()]).chain(last).map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A screen of a session, as the tests of the screen keep it.
fn screen(name: &str) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/session").join(format!("{name}.snap"));
    let kept = std::fs::read_to_string(path).unwrap();
    let (_, text) = kept.split_once("\n---\n").unwrap();
    text.to_string()
}

/// As a shell would take a line apart, as far as the documentation needs it.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    quoted
        .flat_map(|(nth, part)| match nth % 2 {
            0 => part.split_whitespace().map(str::to_string).collect(),
            _ => vec![part.to_string()],
        })
        .collect()
}

fn output(arguments: &str, folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(words(arguments))
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("SPOF_DATA", folder.join(".spof"))
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_the_documentation_shows_is_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let pages = [
        "docs/tutorial.md",
        "docs/backlog.md",
        "docs/classes.md",
        "docs/drawing.md",
        "docs/formats.md",
        "docs/diff.md",
        "docs/numbers.md",
        "docs/overload.md",
        "docs/plots.md",
        "docs/predict.md",
    ];
    let evening = tempfile::tempdir().unwrap();
    let own = [("README.md", root), ("docs/session.md", evening.path())];
    for (page, folder) in own.into_iter().chain(pages.map(|page| (page, scratch.path()))) {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let ran = run(&text, folder);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(root.join(page), &ran).unwrap();
            continue;
        }
        assert!(text == ran, "{page} is stale: run `UPDATE_DOCS=1 cargo test --test docs`");
    }
}

/// Each `spof … -o docs/gallery/NAME.svg` of the gallery, with the picture that it has to draw below it.
#[test]
fn the_gallery_shows_what_its_commands_draw() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/gallery.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut shown = Vec::new();
    for block in blocks(&page).iter().filter(|block| block.info == "sh") {
        let (command, kept) = block.text.trim().split_once(" -o ").unwrap();
        let name = kept.strip_prefix("docs/gallery/").unwrap();
        let drawn = scratch.path().join(name);
        let arguments = format!("{} -o {}", command.strip_prefix("spof ").unwrap(), drawn.display());
        assert_eq!(output(&arguments, root), "", "{}", block.place);
        let drawn = std::fs::read(drawn).unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(root.join(kept), &drawn).unwrap();
        }
        let stale = std::fs::read(root.join(kept)).ok() != Some(drawn);
        assert!(!stale, "{kept} is stale: run `UPDATE_DOCS=1 cargo test --test docs`");
        assert!(text.contains(&format!("](gallery/{name})")), "{name} is not shown");
        shown.push(name.to_string());
    }
    assert_eq!(text.matches("\n![").count(), shown.len());
    for entry in std::fs::read_dir(root.join("docs/gallery")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name.ends_with(".toml") || shown.contains(&name), "no command draws docs/gallery/{name}");
    }
}
