//! `--problems DIR`: problems and rubrics that a mentor wrote, beside those of the program.

use std::path::{Path, PathBuf};

use super::output::Trouble;
use super::terminal::Color;
use crate::catalog::nearest;
use crate::rubric::{FileError, Pack, PackText, Packs};

/// Where problems come from.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Folder {
    /// A folder with problems/ID.md and rubrics/ID.toml of your own; one with a known id takes its place
    #[arg(long, value_name = "DIR")]
    problems: Option<PathBuf>,
}

/// The program's own, or those and a folder's.
pub(super) enum Loaded {
    BuiltIn,
    Folder(Packs),
}

impl Loaded {
    pub fn packs(&self) -> &Packs {
        match self {
            Loaded::BuiltIn => Packs::built_in(),
            Loaded::Folder(packs) => packs,
        }
    }

    pub fn find(&self, id: &str) -> Result<&Pack, Trouble> {
        self.packs().find(id).ok_or_else(|| unknown(self.packs(), id))
    }
}

impl Folder {
    pub fn at(problems: Option<PathBuf>) -> Folder {
        Folder { problems }
    }

    pub fn folder(&self) -> Option<&Path> {
        self.problems.as_deref()
    }

    /// Reads the folder, where one is named. All mistakes in it are printed before the trouble is returned.
    pub fn load(&self, color: Color) -> Result<Loaded, Trouble> {
        let Some(folder) = &self.problems else { return Ok(Loaded::BuiltIn) };
        let texts = read(folder)?;
        Packs::with(&texts).map(Loaded::Folder).map_err(|errors| last_of(&errors, color))
    }
}

/// Every problem of a folder, by id.
pub(super) fn read(folder: &Path) -> Result<Vec<PackText>, Trouble> {
    let (problems, rubrics) = (folder.join("problems"), folder.join("rubrics"));
    let ids = files(&problems, "md")?;
    let judged = files(&rubrics, "toml")?;
    if let Some(id) = judged.iter().find(|id| !ids.contains(id)) {
        let (has, lacks) = (rubrics.join(format!("{id}.toml")), problems.join(format!("{id}.md")));
        return Err(Trouble::new(format!("`{}` has no `{}`", has.display(), lacks.display())));
    }
    if ids.is_empty() {
        let trouble = Trouble::new(format!("there is no problem in `{}`", problems.display()));
        return Err(trouble.help("a problem is problems/ID.md and rubrics/ID.toml"));
    }
    let text = |path: PathBuf| {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Trouble::new(format!("cannot read `{}`: {error}", path.display())))?;
        Ok((path.display().to_string(), text))
    };
    ids.into_iter()
        .map(|id| {
            let problem = text(problems.join(format!("{id}.md")))?;
            let rubric = text(rubrics.join(format!("{id}.toml")))?;
            Ok(PackText { id, problem, rubric })
        })
        .collect()
}

/// The names, without their ending, of the files of a folder that have it; in order.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<String>, Trouble> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Trouble::new(format!("cannot read the folder `{}`: {error}", folder.display()))
            .help("a folder of problems has problems/ID.md and rubrics/ID.toml")
    })?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(ending)?.strip_suffix('.')?.to_string()))
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    Ok(names)
}

/// A mistake with its place.
pub(super) fn trouble(error: &FileError) -> Trouble {
    let trouble = Trouble::new(format!("{}:{}:{}: {}", error.file, error.line, error.column, error.message));
    match &error.help {
        Some(help) => trouble.help(help.clone()),
        None => trouble,
    }
}

/// All but the last are printed; the last is the trouble.
pub(super) fn last_of(errors: &[FileError], color: Color) -> Trouble {
    let mut troubles = errors.iter().map(trouble);
    let last = troubles.next_back().unwrap_or_else(|| Trouble::new("the problems cannot be read"));
    troubles.for_each(|trouble| {
        trouble.report(color);
    });
    last
}

/// What is said of a problem's name that is none.
pub(super) fn unknown(packs: &Packs, id: &str) -> Trouble {
    let trouble = Trouble::new(format!("there is no problem `{id}`"));
    match near(packs, id) {
        Some(near) => trouble.help(format!("did you mean `{near}`? `spof problems` lists them")),
        None => trouble.help("`spof problems` lists them"),
    }
}

pub(super) fn near<'p>(packs: &'p Packs, id: &str) -> Option<&'p str> {
    nearest(id, packs.iter().map(|pack| pack.problem.id.as_str()))
}
