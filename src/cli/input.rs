//! Reading designs.

use std::fs::File;
use std::io::{ErrorKind, Read, stdin};
use std::path::Path;

use super::Status;
use super::output::{Trouble, say};
use super::terminal::{self, Color};
use crate::catalog::nearest;
use crate::design::{Design, lower};
use crate::diagnostic::Diagnostic;
use crate::report::text::listed;
use crate::source::Source;
use crate::syntax::parse;

/// Larger than any design that a person wrote.
const LARGEST: u64 = 64 << 20;

/// A file's text by its name, `-` being standard input.
pub(super) fn read(name: &Path) -> Result<Source, Trouble> {
    let shown = shown(name);
    let mut bytes = Vec::new();
    if is_stdin(name) {
        stdin()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Trouble::new(format!("cannot read standard input: {error}")))?;
    } else {
        let file = File::open(name).map_err(|error| missing(name, &error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Trouble::new(format!("`{shown}` is a directory")).help("name the designs in it"));
        }
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Trouble::new(format!("cannot read `{shown}`: {error}")))?;
    }
    if bytes.len() as u64 > LARGEST {
        return Err(Trouble::new(format!("`{shown}` is larger than {} MiB", LARGEST >> 20))
            .help("a design is a few kilobytes of text: is this the right file?"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(shown, text)),
        Err(error) => Err(not_text(&shown, error.as_bytes(), error.utf8_error().valid_up_to())),
    }
}

/// A design's text: a file that holds none is a mistake, and most likely a beginner's.
pub(super) fn read_design(name: &Path) -> Result<Source, Trouble> {
    let source = read(name)?;
    if source.text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(Trouble::new(format!("`{}` is empty", source.name)).help(
            "write what calls and what answers, such as `client web; service api x2; web -> api`, \
             or start from `spof new --example`",
        ));
    }
    Ok(source)
}

/// A design as far as it could be read, after all of its mistakes have been said.
pub(super) fn read_and_say(name: &Path, color: Color) -> Result<(Design, Status), Trouble> {
    let source = read_design(name)?;
    let (design, mistakes) = understood(&source);
    let status = told(&source, &mistakes, color);
    if status == Status::Bad {
        say("\n");
    }
    Ok((design, status))
}

/// A text as far as it could be read, and its mistakes in order of place.
pub(super) fn understood(source: &Source) -> (Design, Vec<Diagnostic>) {
    let (ast, mut mistakes) = parse(&source.text);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    mistakes.sort_by_key(|mistake| mistake.at.span);
    (design, mistakes)
}

/// Says the mistakes in a text, if it has some.
pub(super) fn told(source: &Source, mistakes: &[Diagnostic], color: Color) -> Status {
    if mistakes.is_empty() {
        return Status::Clean;
    }
    let blocks = listed(source, mistakes, terminal::for_stderr(color));
    say(&format!("{}\n", blocks.join("\n\n")));
    Status::Bad
}

pub(super) fn is_stdin(name: &Path) -> bool {
    name == Path::new("-")
}

pub(super) fn shown(name: &Path) -> String {
    if is_stdin(name) { "<stdin>".to_string() } else { name.display().to_string() }
}

fn missing(name: &Path, error: &std::io::Error) -> Trouble {
    let shown = shown(name);
    if error.kind() != ErrorKind::NotFound {
        return Trouble::new(format!("cannot read `{shown}`: {error}"));
    }
    let trouble = Trouble::new(format!("there is no file `{shown}`"));
    match neighbour(name) {
        Some(near) => trouble.help(format!("did you mean `{near}`?")),
        None => trouble.help("`spof new --example` writes a design to play with"),
    }
}

/// The nearest name of a design in the same folder.
fn neighbour(name: &Path) -> Option<String> {
    let folder = name.parent()?;
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut names: Vec<String> = std::fs::read_dir(listed)
        .ok()?
        .take(1_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".arch"))
        .collect();
    names.sort();
    let near = nearest(name.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(folder.join(near).display().to_string())
}

fn not_text(shown: &str, bytes: &[u8], at: usize) -> Trouble {
    let line_start = bytes[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&bytes[line_start..at]).chars().count() + 1;
    let trouble =
        Trouble::new(format!("`{shown}` is not UTF-8 text: byte 0x{:02x} at {line}:{column}", bytes[at]));
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => trouble.help("it looks like UTF-16; save it as UTF-8"),
        _ => trouble.help("save it as UTF-8"),
    }
}
