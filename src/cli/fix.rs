//! `spof check --fix` and `--diff`

use std::io::{IsTerminal, stdout};
use std::path::Path;

use super::output::{Trouble, say, write};
use super::terminal::{self, Color};
use super::{Status, input};
use crate::fix::{Applicability, Asked, Repaired, repair, unified};
use crate::report::{clean, fixes, text::listed};
use crate::review::Reviewer;
use crate::source::Source;

#[derive(Debug, clap::Args)]
#[group(multiple = true)]
pub(super) struct Fixing {
    /// Write into each file what mends its findings: limits, times and policies; `-` goes to standard output
    #[arg(long)]
    fix: bool,
    /// Also what adds instances or parts, deletes data, or says how code behaves
    #[arg(long = "unsafe")]
    unsafe_too: bool,
    /// Show what --fix would change, as a unified diff, and change nothing
    #[arg(long, conflicts_with = "format")]
    diff: bool,
}

impl Fixing {
    pub fn asked(&self) -> bool {
        self.fix || self.diff || self.unsafe_too
    }
}

/// What becomes of a design before it is looked at.
pub(super) enum Outcome {
    /// It goes on to be reviewed.
    Review(Source),
    /// All that there is to print of it; with the text that it is judged by, where that is not a diff.
    Print(String, Result<Source, Status>),
}

/// Fixes a design where that was asked for. What was done, and what was not, goes to standard error.
pub(super) fn run(
    fixing: &Fixing,
    file: &Path,
    source: Source,
    reviewer: &Reviewer,
    color: Color,
) -> Result<Outcome, Trouble> {
    if fixing.unsafe_too && !fixing.fix && !fixing.diff {
        return Err(Trouble::new("`--unsafe` says which fixes are made, and none are asked for")
            .help("`--fix --unsafe` makes them, `--diff --unsafe` shows them"));
    }
    if !fixing.fix && !fixing.diff {
        return Ok(Outcome::Review(source));
    }
    let up_to = if fixing.unsafe_too { Applicability::Unsafe } else { Applicability::Safe };
    let repaired = match repair(reviewer, &source, Asked { up_to }) {
        Ok(repaired) => repaired,
        Err(mistakes) => {
            // A review shows them itself.
            let prints = fixing.diff || input::is_stdin(file);
            if prints {
                let blocks = listed(&source, &mistakes, terminal::for_stderr(color));
                say(&format!("{}\n\n", blocks.join("\n\n")));
            }
            let name = clean(&source.name).into_owned();
            Trouble::new(format!("`{name}` is left as it is: its mistakes come first")).report(color);
            return Ok(match prints {
                true => Outcome::Print(String::new(), Err(Status::Bad)),
                false => Outcome::Review(source),
            });
        }
    };
    let Repaired { text, applied, refused } = &repaired;
    let style = terminal::for_stderr(color);
    if fixing.diff {
        say(&fixes::refused(&source.name, refused, style));
        let diff = unified(&source.name, &source.text, text);
        let status = if applied.is_empty() { Status::Clean } else { Status::Findings };
        // A patch is exact to the byte; a terminal is shown nothing that it would obey.
        let shown =
            if stdout().is_terminal() { fixes::shown(&diff, terminal::for_stdout(color)) } else { diff };
        return Ok(Outcome::Print(shown, Err(status)));
    }
    if *text != source.text && !input::is_stdin(file) {
        write(file, text.as_bytes())?;
    }
    say(&fixes::applied(&source.name, applied, style));
    say(&fixes::refused(&source.name, refused, style));
    let fixed = Source::new(source.name, repaired.text);
    Ok(match input::is_stdin(file) {
        true => Outcome::Print(fixed.text.clone(), Ok(fixed)),
        false => Outcome::Review(fixed),
    })
}
