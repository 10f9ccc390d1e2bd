//! Every design in the documentation is read by the tool: those marked `arch` without a mistake, those marked
//! `arch error` with one.

use std::path::{Path, PathBuf};

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
        match block.info.as_str() {
            "arch" => assert!(found.is_empty(), "{}: {found:#?}", block.place),
            "arch error" => assert!(!found.is_empty(), "{} has no mistake", block.place),
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen >= 15, "only {seen} designs found");
}
