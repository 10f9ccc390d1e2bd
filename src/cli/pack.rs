//! `spof pack`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::civil::Date;

use super::output::{Trouble, print};
use super::terminal::{self, Color};
use super::{Status, packs};
use crate::rubric::{Example, Pack, PackText, audit};

/// For those who write problems: see whether one is ready
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Check problems, their rubrics and their designs
///
/// DIR has problems/ID.md, rubrics/ID.toml and examples/ID/*.arch: references (reference-….arch), a first try, a naive
/// one. References have to earn everything and be accused of nothing; the naive and the empty design next to nothing; each
/// criterion has to be met by one design and missed by another.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof pack check my-problems
  spof pack check my-problems --problem guestbook

Exit status: 0 ready, 1 something to mend, 2 a file that cannot be read.")]
struct Check {
    /// The folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Only this one
    #[arg(long, value_name = "ID")]
    problem: Option<String>,
    /// The day on which `allow … until` is judged, as 2027-01-31; today where not given
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    let Command::Check(args) = &args.command;
    match check(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn check(args: &Check, color: Color) -> Result<Status, Trouble> {
    let texts = packs::read(&args.folder)?;
    if let Some(id) = &args.problem
        && !texts.iter().any(|text| text.id == *id)
    {
        let folder = args.folder.join("problems");
        return Err(Trouble::new(format!("there is no `{id}.md` in `{}`", folder.display())));
    }
    let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
    let examples: Vec<(String, Vec<Example>)> = texts
        .iter()
        .map(|text| Ok((text.id.clone(), examples(&args.folder.join("examples").join(&text.id))?)))
        .collect::<Result<_, Trouble>>()?;
    let mut status = Status::Clean;
    let chosen = texts.iter().filter(|text| args.problem.as_ref().is_none_or(|id| *id == text.id));
    for text in chosen {
        let one = one(text, &examples, today, color)?;
        status = status.max(one);
    }
    Ok(status)
}

fn one(
    text: &PackText,
    examples: &[(String, Vec<Example>)],
    today: Date,
    color: Color,
) -> Result<Status, Trouble> {
    let pack = match Pack::read(text) {
        Ok(pack) => pack,
        Err(errors) => return Ok(packs::last_of(&errors, color).report(color)),
    };
    let (own, others): (Vec<_>, Vec<_>) = examples.iter().cloned().partition(|(id, _)| *id == text.id);
    let own: Vec<Example> = own.into_iter().flat_map(|(_, examples)| examples).collect();
    let faults = audit(&pack, text, &own, &others, today);
    if faults.is_empty() {
        let criteria = pack.rubric.criteria.len();
        print(&format!("{}: ready ({criteria} criteria, {} designs)\n", text.id, own.len()))?;
        return Ok(Status::Clean);
    }
    let style = terminal::for_stdout(color);
    let said: String = faults.iter().map(|fault| packs::trouble(fault).text(style)).collect();
    print(&format!("{}: {} to mend\n{said}", text.id, faults.len()))?;
    Ok(Status::Findings)
}

/// The designs of a folder, in order of name; none where there is no such folder.
fn examples(folder: &Path) -> Result<Vec<Example>, Trouble> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let names = packs::files(folder, "arch")?;
    let read = |name: String| {
        let path = folder.join(format!("{name}.arch"));
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Trouble::new(format!("cannot read `{}`: {error}", path.display())))?;
        Ok(Example { file: path.display().to_string(), name, text })
    };
    names.into_iter().map(read).collect()
}
