//! Where settings are looked for, and what is said when they cannot be read.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::input::{is_stdin, read};
use super::output::{Trouble, say};
use super::terminal::{self, Color};
use crate::report::text::listed;
use crate::settings::{self, Settings};

pub(super) const NAME: &str = "spof.toml";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Config {
    /// Settings of rules; where not given, the nearest `spof.toml` in the design's folder or above it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no settings, whatever lies beside the design
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
}

impl Config {
    /// For those who have no say in what is looked at.
    pub fn none() -> Config {
        Config { config: None, no_config: true }
    }

    /// The file that a design's settings are in.
    fn file(&self, design: &Path) -> Option<PathBuf> {
        match &self.config {
            _ if self.no_config => None,
            Some(file) => Some(file.clone()),
            None => nearest(design),
        }
    }

    /// The settings of a design; None where they cannot be read, which has been said.
    pub fn load(&self, design: &Path, color: Color) -> Option<Settings> {
        Loaded::new(self, color).of(design)
    }

    /// The settings of a design as they are now, with nothing said: for those whose screen would be written over.
    pub fn read(&self, design: &Path) -> Result<Settings, Trouble> {
        let Some(file) = self.file(design) else { return Ok(Settings::default()) };
        let source = read(&file)?;
        settings::read(&source).map_err(|mistakes| {
            let Some(first) = mistakes.first() else { return Trouble::new("the settings cannot be read") };
            let line = source.place(first.at.span.start).line;
            Trouble::new(format!("{}:{line}: {}", source.name, first.message))
                .help("`spof check` shows every mistake in its place")
        })
    }
}

/// Settings read so far: several designs mostly share one file, whose mistakes are said once.
pub(super) struct Loaded<'a> {
    args: &'a Config,
    color: Color,
    files: HashMap<PathBuf, Option<Settings>>,
}

impl<'a> Loaded<'a> {
    pub fn new(args: &'a Config, color: Color) -> Loaded<'a> {
        Loaded { args, color, files: HashMap::new() }
    }

    /// The settings of a design; None where they cannot be read, which has been said.
    pub fn of(&mut self, design: &Path) -> Option<Settings> {
        let Some(file) = self.args.file(design) else { return Some(Settings::default()) };
        let color = self.color;
        self.files.entry(file).or_insert_with_key(|file| load(file, color)).clone()
    }
}

fn load(file: &Path, color: Color) -> Option<Settings> {
    let source = match read(file) {
        Ok(source) => source,
        Err(trouble) => {
            trouble.report(color);
            return None;
        }
    };
    match settings::read(&source) {
        Ok(settings) => Some(settings),
        Err(mistakes) => {
            let blocks = listed(&source, &mistakes, terminal::for_stderr(color));
            say(&format!("{}\n", blocks.join("\n\n")));
            None
        }
    }
}

/// The first `spof.toml` from the design's folder up to the root; from the current folder for standard input.
fn nearest(design: &Path) -> Option<PathBuf> {
    let folder = if is_stdin(design) { Path::new("") } else { design.parent()? };
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // A link to a folder leads to the settings of where it leads.
    let from = shown.canonicalize().ok()?;
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let found = from.ancestors().map(|folder| folder.join(NAME)).find(|file| file.exists())?;
    match here {
        Some(here) if !design.is_absolute() => Some(relative(&found, &here)),
        _ => Some(found),
    }
}

/// As a person standing in a folder would name a file: `../spof.toml`.
fn relative(file: &Path, here: &Path) -> PathBuf {
    let shared = file.components().zip(here.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::relative;
    use std::path::Path;

    #[test]
    fn a_file_is_named_from_where_one_stands() {
        let named = |file, here| relative(Path::new(file), Path::new(here)).display().to_string();
        assert_eq!(named("/a/spof.toml", "/a"), "spof.toml");
        assert_eq!(named("/a/b/spof.toml", "/a"), "b/spof.toml");
        assert_eq!(named("/a/spof.toml", "/a/b/c"), "../../spof.toml");
        assert_eq!(named("/x/spof.toml", "/a"), "../x/spof.toml");
    }
}
