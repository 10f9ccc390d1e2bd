//! Which designs lie in a folder.

use std::fs::{FileType, metadata};
use std::path::{Path, PathBuf};

use ignore::{DirEntry, Error, WalkBuilder};

use super::output::Trouble;

const ENDING: &str = "arch";

/// A design's file, or something in its place that cannot be looked at, with the reason.
#[derive(Debug)]
pub(super) struct Found {
    pub file: PathBuf,
    pub trouble: Option<Trouble>,
    pub from: From,
}

/// How it came to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Name,
    Folder,
    /// It is a folder, and there is nothing in it.
    Nothing,
}

/// What is named, and in the place of a folder the designs in it. A folder without designs is a trouble of its own: the
/// wrong folder must not pass for a good one.
pub(super) fn expand(named: &[PathBuf]) -> Vec<Found> {
    named.iter().flat_map(|path| if path.is_dir() { designs(path) } else { vec![named_file(path)] }).collect()
}

fn named_file(path: &Path) -> Found {
    Found { file: path.to_path_buf(), trouble: None, from: From::Name }
}

/// Every `*.arch` below a folder, folder by folder in order of name. What `.gitignore` or `.ignore` leaves out is left
/// out, and so is what is hidden. Links to folders are not followed, so that nothing is met twice.
fn designs(folder: &Path) -> Vec<Found> {
    let found: Vec<Found> = walk(folder, true).filter_map(found).collect();
    if !found.is_empty() {
        return found;
    }
    vec![Found { file: folder.to_path_buf(), trouble: Some(empty(folder)), from: From::Nothing }]
}

fn walk(folder: &Path, ignoring: bool) -> impl Iterator<Item = Result<DirEntry, Error>> {
    WalkBuilder::new(folder)
        .standard_filters(ignoring)
        // A checkout without its history is read as one with it, and the same on every machine.
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .sort_by_file_name(Ord::cmp)
        .build()
}

fn found(entry: Result<DirEntry, Error>) -> Option<Found> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => return Some(unreadable(&error)),
    };
    if entry.path().extension().is_none_or(|ending| ending != ENDING) {
        return None;
    }
    let kind = entry.file_type()?;
    if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) {
        return None;
    }
    Some(Found { trouble: not_a_file(entry.path(), kind), ..in_folder(entry.path()) })
}

/// Reading from a pipe with nobody at its other end would never end.
fn not_a_file(path: &Path, kind: FileType) -> Option<Trouble> {
    if kind.is_file() {
        return None;
    }
    match metadata(path) {
        Ok(target) if target.is_file() => None,
        Ok(_) => Some(Trouble::new(format!("`{}` is not a file", shown(path).display()))),
        Err(error) => Some(Trouble::new(format!("cannot read `{}`: {error}", shown(path).display()))),
    }
}

fn in_folder(path: &Path) -> Found {
    Found { file: shown(path), trouble: None, from: From::Folder }
}

/// `a.arch` rather than `./a.arch`.
fn shown(path: &Path) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(rest) if rest != Path::new("") && rest != Path::new("-") => rest.to_path_buf(),
        _ => path.to_path_buf(),
    }
}

fn unreadable(error: &Error) -> Found {
    let mut path = None;
    let mut inner = error;
    loop {
        inner = match inner {
            Error::WithPath { path: named, err } => {
                path.get_or_insert(named.as_path());
                err
            }
            Error::WithDepth { err, .. } | Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    let file = shown(path.unwrap_or(Path::new(".")));
    let reason = match inner {
        Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    let trouble = Trouble::new(format!("cannot read the folder `{}`: {reason}", file.display()));
    Found { file, trouble: Some(trouble), from: From::Folder }
}

fn empty(folder: &Path) -> Trouble {
    let trouble = Trouble::new(format!("there is no design in `{}`", folder.display()));
    let ignored = walk(folder, false).filter_map(found).count();
    trouble.help(match ignored {
        0 => "designs are files that end in `.arch`; `spof new --example` writes one".to_string(),
        1 => "one is there, hidden or left out by `.gitignore`: name it to have it checked".to_string(),
        many => {
            format!("{many} are there, hidden or left out by `.gitignore`: name them to have them checked")
        }
    })
}
