//! `spof practice resume` and `reset`

use std::path::Path;

use super::session::{Desk, STATEMENT, design, none, shown};
use crate::cli::output::Trouble;
use crate::cli::prompt;
use crate::practice::{Attempt, State};
use crate::report::practice;

/// Go on with an attempt that is open: where its files are, and what was done
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// The problem, where several are open
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// Forget an attempt that is open; its files stay
#[derive(Debug, clap::Args)]
pub(super) struct ResetArgs {
    /// The problem, where several are open
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Without being asked
    #[arg(long)]
    yes: bool,
}

pub(super) fn resume(args: &ResumeArgs, desk: &Desk) -> Result<String, Trouble> {
    let mut store = desk.open()?;
    let problem = chosen(&store.state, args.id.as_deref())?.problem.clone();
    store.state.resume(&problem, desk.now());
    store.save()?;
    let attempt = store.state.current().ok_or_else(none)?;
    Ok(format!(
        "{}\n  {}\n  {}\n{}",
        desk.style_bold(&format!("Back at {}, {} scale", attempt.problem, attempt.scale.name())),
        shown(&Path::new(&attempt.folder).join(STATEMENT)),
        shown(&design(attempt)),
        practice::clock(attempt, desk.now(), desk.style)
    ))
}

pub(super) fn reset(args: &ResetArgs, desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = chosen(&state, args.id.as_deref())?;
    let folder = shown(Path::new(&attempt.folder));
    let question = format!(
        "Forget this attempt at {}, {}? The files in {folder} stay.",
        attempt.problem,
        practice::counts(attempt)
    );
    if !args.yes && !prompt::yes(&question)? {
        return Ok("Nothing was forgotten.\n".to_string());
    }
    let mut store = desk.open()?;
    if store.state.open(&attempt.problem).is_none_or(|open| open.started() != attempt.started()) {
        return Err(Trouble::new("meanwhile another command has ended that attempt; nothing was forgotten"));
    }
    store.state.forget(&attempt.problem);
    store.save()?;
    Ok(format!("Forgotten; the files in {folder} are as they were.\n"))
}

/// The open attempt that is named; else the current one, else the only one.
pub fn chosen<'s>(state: &'s State, id: Option<&str>) -> Result<&'s Attempt, Trouble> {
    if let Some(id) = id {
        return state.open(id).ok_or_else(|| {
            Trouble::new(format!("no attempt at `{id}` is open")).help("`spof practice list` says which are")
        });
    }
    if let Some(current) = state.current().filter(|attempt| attempt.is_open()) {
        return Ok(current);
    }
    let open: Vec<&Attempt> = state.attempts().iter().filter(|attempt| attempt.is_open()).collect();
    match open.as_slice() {
        [] => Err(none()),
        [only] => Ok(only),
        several => {
            let ids: Vec<&str> = several.iter().map(|attempt| attempt.problem.as_str()).collect();
            Err(Trouble::new("several attempts are open").help(format!("name one of {}", ids.join(", "))))
        }
    }
}
