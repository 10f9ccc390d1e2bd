//! `spof practice reveal`

use std::path::Path;

use super::session::{Desk, none};
use crate::catalog::nearest as nearest_name;
use crate::cli::output::Trouble;
use crate::cli::packs::files;
use crate::design::{Design, lower};
use crate::practice::{Attempt, What, nearest, reference};
use crate::report::practice::{self, Shown};
use crate::syntax::parse;

/// How others did it: the reference designs, and yours against the nearest
///
/// Only once the attempt is finished, or given up.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show this one whole, and not the nearest
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// End the open attempt without a score
    #[arg(long)]
    give_up: bool,
}

pub(super) fn reveal(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let mut store = desk.open()?;
    let attempt = store.state.current().ok_or_else(none)?.clone();
    if attempt.is_open() && !args.give_up {
        return Err(Trouble::new(format!("the attempt at {} is not finished", attempt.problem)).help(
            "`spof practice finish` scores it; `spof practice reveal --give-up` ends it without a score",
        ));
    }
    let judge = desk.judge(&attempt)?;
    let texts = references(&attempt)?;
    let designs: Vec<Design> = texts.iter().map(|(_, text)| read(text)).collect();
    // Whose design is gone or cannot be read still sees the references.
    let mine = desk.review(&attempt, &judge, false).ok().map(|review| review.design);
    let chosen = match &args.name {
        Some(name) => texts.iter().position(|(one, _)| one == name).ok_or_else(|| unknown(name, &texts))?,
        None => mine.as_ref().and_then(|mine| nearest(mine, &designs, attempt.scale)).unwrap_or(0),
    };
    if attempt.is_open() {
        store.state.log(desk.now(), What::GaveUp);
    }
    store.state.log(desk.now(), What::Revealed);
    store.save()?;
    let all: Vec<Shown> =
        texts.iter().zip(&designs).map(|((name, text), design)| Shown { name, text, design }).collect();
    Ok(practice::reveal(mine.as_ref(), &all, chosen, desk.style))
}

fn unknown(name: &str, texts: &[(String, String)]) -> Trouble {
    let names = || texts.iter().map(|(name, _)| name.as_str());
    let trouble = Trouble::new(format!("there is no reference `{name}`"));
    match nearest_name(name, names()) {
        Some(near) => trouble.help(format!("did you mean `{near}`?")),
        None => trouble.help(format!("there are {}", names().collect::<Vec<_>>().join(", "))),
    }
}

/// Name and text: of the program's problems those in it, of others those in examples/ID of their folder.
fn references(attempt: &Attempt) -> Result<Vec<(String, String)>, Trouble> {
    let Some(problems) = &attempt.problems else { return Ok(built_in(attempt)) };
    let folder = Path::new(problems).join("examples").join(&attempt.problem);
    if !folder.is_dir() {
        return Ok(built_in(attempt));
    }
    files(&folder, "arch")?
        .into_iter()
        .filter_map(|file| file.strip_prefix("reference-").map(str::to_string))
        .map(|name| {
            let path = folder.join(format!("reference-{name}.arch"));
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Trouble::new(format!("cannot read `{}`: {error}", path.display())))?;
            Ok((name, text))
        })
        .collect()
}

fn built_in(attempt: &Attempt) -> Vec<(String, String)> {
    let all = reference::of(&attempt.problem).into_iter();
    all.map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

fn read(text: &str) -> Design {
    lower(&parse(text).0).0
}
