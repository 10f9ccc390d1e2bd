//! `spof fmt`

use std::path::{Path, PathBuf};

use super::output::{Trouble, print, say, write};
use super::terminal::{self, Color};
use super::{Status, input};
use crate::report::clean;
use crate::report::text::listed;
use crate::syntax::{format, parse};

/// Put designs into their canonical form, in place
///
/// Keeps every comment and never changes what a design means. A file with mistakes in its syntax is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof fmt shop.arch
  spof fmt --check designs/*.arch   for CI: names the files that would change, and ends with 1
  spof fmt - < shop.arch            from standard input to standard output")]
pub(super) struct Args {
    /// Designs to format; `-` is standard input, and goes to standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; name the files that would change, and end with 1 if there are any
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let each = args.files.iter().map(|file| match one(file, args.check, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    });
    each.max().unwrap_or(Status::Clean)
}

fn one(file: &Path, check: bool, color: Color) -> Result<Status, Trouble> {
    let source = input::read(file)?;
    let (ast, mistakes) = parse(&source.text);
    if !mistakes.is_empty() {
        let blocks = listed(&source, &mistakes, terminal::for_stderr(color));
        say(&format!("{}\n\n", blocks.join("\n\n")));
        Trouble::new(format!("`{}` is left as it is: its syntax is wrong", source.name)).report(color);
        return Ok(Status::Bad);
    }
    let text = format(&ast, &source.text);
    let same = text == source.text;
    match (check, input::is_stdin(file)) {
        (true, _) if same => Ok(Status::Clean),
        (true, _) => print(&format!("{}\n", clean(&source.name))).map(|()| Status::Findings),
        (false, true) => print(&text).map(|()| Status::Clean),
        // Its time of change is left alone too.
        (false, false) if same => Ok(Status::Clean),
        (false, false) => write(file, text.as_bytes()).map(|()| Status::Clean),
    }
}
