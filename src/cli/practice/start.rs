//! `spof practice start`

use std::path::{Path, PathBuf};

use super::session::{Desk, STATEMENT, design, shown};
use crate::cli::new::write_all;
use crate::cli::output::Trouble;
use crate::cli::{Size, packs, template};
use crate::practice::{Attempt, Event, What, brief, fingerprint};
use crate::report::practice;

/// Begin an attempt: the statement, a file for your answer, and the clock
///
/// Writes DIR/STATEMENT.md and DIR/ID.arch. The numbers are not in them: ask for them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof practice start url-shortener
  spof practice start chat-system monday --at small --timer 60")]
pub(super) struct Args {
    /// The problem; `spof problems` lists them
    #[arg(value_name = "ID")]
    id: String,
    /// The folder to write to; ID where not given, or ID-2 and so on where that is there already
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The scale of the problem
    #[arg(long, value_enum, value_name = "SCALE")]
    at: Option<Size>,
    /// Minutes that you give yourself; those of the problem where not given
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    timer: Option<u32>,
    #[command(flatten)]
    packs: packs::Folder,
}

pub(super) fn start(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let loaded = args.packs.load(desk.color)?;
    let pack = loaded.find(&args.id)?;
    let problem = &pack.problem;
    let scale = args.at.map_or(pack.rubric.scale, Size::scale);
    let mut store = desk.open()?;
    if let Some(open) = store.state.open(&problem.id) {
        return Err(Trouble::new(format!(
            "an attempt at {} is open, in `{}`",
            problem.id,
            shown(Path::new(&open.folder))
        ))
        .help(format!(
            "`spof practice resume {0}` goes on with it, `spof practice reset {0}` forgets it",
            problem.id
        )));
    }
    let folder = args.folder.clone().unwrap_or_else(|| free(&problem.id));
    let text = template::practice(problem, scale);
    let aside = store.state.current().filter(|one| one.is_open()).map(|one| one.problem.clone());
    let attempt = Attempt {
        problem: problem.id.clone(),
        scale,
        minutes: args.timer.unwrap_or(problem.minutes),
        folder: absolute(&folder)?,
        problems: args.packs.folder().map(absolute).transpose()?,
        seen: fingerprint(&text),
        events: vec![Event { at: desk.now(), what: What::Started }],
    };
    let (statement, answer) = (folder.join(STATEMENT), folder.join(format!("{}.arch", problem.id)));
    write_all(&folder, &[(&statement, brief(problem)), (&answer, text)])?;
    store.state.start(attempt.clone());
    store.save()?;
    let mut out = practice::start(
        problem,
        &attempt,
        &shown(&Path::new(&attempt.folder).join(STATEMENT)),
        &shown(&design(&attempt)),
        desk.style,
    );
    if let Some(aside) = aside {
        out.push_str(&format!("\n{aside} waits: spof practice resume {aside}\n"));
    }
    Ok(out)
}

/// A folder that is not there yet.
fn free(id: &str) -> PathBuf {
    let name = |number: usize| match number {
        1 => PathBuf::from(id),
        number => PathBuf::from(format!("{id}-{number}")),
    };
    (1..).map(name).find(|path| path.symlink_metadata().is_err()).expect("there are more names than folders")
}

/// The state is text: what has no name in it cannot be found again.
fn absolute(folder: impl AsRef<Path>) -> Result<String, Trouble> {
    let folder = folder.as_ref();
    let path = std::path::absolute(folder)
        .map_err(|error| Trouble::new(format!("cannot tell where `{}` is: {error}", folder.display())))?;
    path.to_str()
        .map(str::to_string)
        .ok_or_else(|| Trouble::new(format!("the name of `{}` is not UTF-8 text", path.display())))
}
