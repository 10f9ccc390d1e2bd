//! `spof new`

use std::path::{Path, PathBuf};

use super::output::{Trouble, create, finish};
use super::terminal::Color;
use super::{Size, Status, packs, template};

/// Start an attempt at a problem: its statement, and a design to fill in
///
/// Writes ID.md and ID.arch into DIR. Files that are there already are never touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof new url-shortener              url-shortener.md and url-shortener.arch, here
  spof new chat-system monday --at small
  spof new --example                  a small finished design to play with")]
pub(super) struct Args {
    /// The problem; `spof problems` lists them
    #[arg(value_name = "ID", required_unless_present = "example")]
    id: Option<String>,
    /// The folder to write to, made if it is not there; here where not given
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The scale of the problem
    #[arg(long, value_enum, value_name = "SCALE")]
    at: Option<Size>,
    /// Write a small design to play with instead
    #[arg(long)]
    example: bool,
    #[command(flatten)]
    packs: packs::Folder,
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match new(args, color) {
        Ok(text) => finish(&text, Status::Clean, color),
        Err(trouble) => trouble.report(color),
    }
}

fn new(args: &Args, color: Color) -> Result<String, Trouble> {
    if args.example {
        // Without a problem, the only argument is the folder.
        let folder = match (&args.id, &args.folder) {
            (Some(_), Some(_)) => {
                return Err(Trouble::new("--example takes a folder and no problem")
                    .help("write `spof new --example [DIR]`, or `spof new ID [DIR]`"));
            }
            (Some(folder), None) => PathBuf::from(folder),
            (None, _) => PathBuf::from("."),
        };
        let design = path(&folder, "example.arch");
        write_all(&folder, &[(&design, template::example())])?;
        let shown = design.display();
        return Ok(format!("wrote {shown}\n\nspof check {shown}\nspof draw {shown}\n"));
    }
    let id = args.id.as_deref().unwrap_or_default();
    let loaded = args.packs.load(color)?;
    let pack = loaded.find(id)?;
    let problem = &pack.problem;
    let scale = match args.at {
        Some(size) => size.scale(),
        None => pack.rubric.scale,
    };
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    let (statement, design) = (path(&folder, &format!("{id}.md")), path(&folder, &format!("{id}.arch")));
    write_all(
        &folder,
        &[(&statement, template::statement(problem)), (&design, template::design(problem, scale))],
    )?;
    let (statement, design) = (statement.display(), design.display());
    Ok(format!(
        "wrote {statement}\nwrote {design}\n\nRead the first, write your answer into the second; {} minutes. Then:\n  \
         spof check {design}\n",
        problem.minutes
    ))
}

/// In the folder, without a `./` that nobody typed.
fn path(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

/// All of them or, where one is there already, none.
pub(super) fn write_all(folder: &Path, files: &[(&Path, String)]) -> Result<(), Trouble> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(Trouble::new(format!("`{}` is there already, and is left as it is", path.display()))
            .help("name another folder (`spof new … second-try`), or move the file away"));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| Trouble::new(format!("cannot make the folder `{}`: {error}", folder.display())))?;
    files.iter().try_for_each(|(path, text)| create(path, text))
}
