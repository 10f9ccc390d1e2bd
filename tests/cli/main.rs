//! The program as it is run: exit statuses, streams, files that are bad in every way, and writes that cannot be torn.

#[path = "../common/mod.rs"]
mod common;

mod action;
mod drawing;
mod extremes;
mod pages;
mod printed;
mod status;
mod written;

use std::fs;
use std::path::Path;

use common::program::{Ran, fed, folder};

const MISTAKEN: &str = "client web\nredis hot tll=30s\nweb -> hto\n";
const UNFORMATTED: &str = "client   web\nservice api   x2\nweb->api\n";

/// What is in a folder.
fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn check(text: &str, args: &[&str]) -> Ran {
    let folder = folder(&[]);
    fed(folder.path(), &[&["check", "-"], args].concat(), text.as_bytes())
}
