//! `spof practice list` and `next`

use super::session::Desk;
use crate::cli::output::Trouble;
use crate::cli::packs;
use crate::practice::next as advise;
use crate::report::practice;

/// The problems, and what you have tried of each
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    packs: packs::Folder,
}

/// What to practise now, and why
#[derive(Debug, clap::Args)]
pub(super) struct NextArgs {
    #[command(flatten)]
    packs: packs::Folder,
}

pub(super) fn list(args: &ListArgs, desk: &Desk) -> Result<String, Trouble> {
    let loaded = args.packs.load(desk.color)?;
    Ok(practice::list(loaded.packs(), &desk.look()?, desk.style))
}

pub(super) fn next(args: &NextArgs, desk: &Desk) -> Result<String, Trouble> {
    let loaded = args.packs.load(desk.color)?;
    let state = desk.look()?;
    let Some(next) = advise(&state, loaded.packs(), desk.now()) else {
        return Ok("There are no problems.\n".to_string());
    };
    let begin = if state.open(&next.problem).is_some() { "resume" } else { "start" };
    Ok(format!("{}\n\nspof practice {begin} {}\n", practice::next(&next, desk.style), next.problem))
}
