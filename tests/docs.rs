//! The documentation is run: designs marked `arch` are read without a mistake, those marked `arch error` with one, and
//! what a `console` block shows is what its command prints.
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
        if let Some((_, file)) = info.split_once(" file=") {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, body.join("\n") + "\n").unwrap();
        }
        if info == "console" {
            let command = body[0];
            out.push_str(&format!("{command}\n{}", output(command.strip_prefix("$ spof ").unwrap(), folder)));
        } else {
            out.extend(body.iter().map(|line| format!("{line}\n")));
        }
        out.push_str("```\n");
    }
    out
}

fn output(arguments: &str, folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env("COLUMNS", "100")
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
    for (page, folder) in [("README.md", root)].into_iter().chain(pages.map(|page| (page, scratch.path()))) {
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
