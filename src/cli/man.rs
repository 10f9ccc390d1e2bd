//! `spof man`

use std::path::PathBuf;

use clap_mangen::Man;

use super::Status;
use super::output::{Trouble, finish, write};
use super::terminal::Color;

/// Write manual pages, or print the one of the program
///
/// With a folder, which must be there, a page for the program and one for each command, as `man` reads them: spof.1,
/// spof-check.1 and so on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof man | man -l -
  spof man ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Where to write the pages
    folder: Option<PathBuf>,
}

pub(super) fn run(args: &Args, program: clap::Command, color: Color) -> Status {
    match pages(args, program, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn pages(args: &Args, mut program: clap::Command, color: Color) -> Result<Status, Trouble> {
    program.build();
    let Some(folder) = &args.folder else {
        return Ok(finish(&page(&program)?, Status::Clean, color));
    };
    let mut left = vec![program];
    while let Some(command) = left.pop() {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        write(&folder.join(format!("{name}.1")), page(&command)?.as_bytes())?;
        left.extend(command.get_subcommands().filter(|inner| inner.get_name() != "help").cloned());
    }
    Ok(Status::Clean)
}

fn page(command: &clap::Command) -> Result<String, Trouble> {
    let mut page = Vec::new();
    let version = concat!("spof ", env!("CARGO_PKG_VERSION"));
    let written = Man::new(command.clone()).source(version).manual("spof").render(&mut page);
    written.map_err(|error| Trouble::new(format!("cannot write a manual page: {error}")))?;
    // What stands under a command's help are its examples, which clap does not know.
    Ok(String::from_utf8_lossy(&page).replace(".SH EXTRA\n", ".SH EXAMPLES\n"))
}
