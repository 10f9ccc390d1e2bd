//! What is remembered between two runs: plain files of JSON in one folder, each read whole and replaced whole.
//!
//! Whoever changes one holds its lock from reading to writing.

mod lock;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::output::{Trouble, say, write};
use crate::kept::{Kept, Unreadable};

const SCREEN: &str = "practice.screen.lock";

/// Nobody holds a lock for longer than it takes to write a small file.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a killed process was writing is nobody's after so long.
const ABANDONED: Duration = Duration::from_secs(600);

/// What is kept, to be changed and saved. Nobody else can do so until this is dropped.
pub(super) struct Store<K> {
    pub state: K,
    file: PathBuf,
    _lock: File,
}

/// Where the files are: `SPOF_DATA`, or `spof` in the folder that the system has for such things.
pub(super) fn folder() -> Result<PathBuf, Trouble> {
    if let Some(folder) = std::env::var_os("SPOF_DATA").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    use etcetera::BaseStrategy;
    match etcetera::choose_base_strategy() {
        Ok(system) => Ok(system.data_dir().join("spof")),
        Err(error) => Err(Trouble::new(format!("cannot tell where to remember what you practise: {error}"))
            .help("set SPOF_DATA to a folder")),
    }
}

/// What is kept, not to be changed. A file that cannot be read is left where it is, and said.
pub(super) fn look<K: Kept>(folder: &Path) -> Result<K, Trouble> {
    let file = file::<K>(folder);
    Ok(match read(&file)? {
        Ok(state) => state,
        Err(why) => {
            say(&format!("note: {}; it is left as it is\n", reason(&file, &why)));
            K::default()
        }
    })
}

/// The same for a screen, on which nothing can be said beside: a file that cannot be read is a trouble.
pub(super) fn look_whole<K: Kept>(folder: &Path) -> Result<K, Trouble> {
    let file = file::<K>(folder);
    read(&file)?.map_err(|why| {
        Trouble::new(reason(&file, &why))
            .help("`spof practice list` in another terminal says the same; nothing was written")
    })
}

/// Held by whoever has a session on a screen, for as long as it is there; a command that writes does not ask for it.
pub(super) struct OnScreen {
    _lock: File,
}

/// A trouble where a session is on a screen already.
pub(super) fn on_screen(folder: &Path) -> Result<OnScreen, Trouble> {
    make(folder)?;
    match lock::take(&folder.join(SCREEN), Duration::ZERO)? {
        Some(lock) => Ok(OnScreen { _lock: lock }),
        None => Err(Trouble::new("your session is on another screen already").help(
            "go on there, or press q there and start again; commands such as `spof practice hint` work beside it",
        )),
    }
}

/// What is kept, to be changed. A file that cannot be read is moved aside, and said.
pub(super) fn open<K: Kept>(folder: &Path) -> Result<Store<K>, Trouble> {
    open_within(folder, PATIENCE)
}

fn open_within<K: Kept>(folder: &Path, patience: Duration) -> Result<Store<K>, Trouble> {
    make(folder)?;
    let file = file::<K>(folder);
    let path = file.with_extension("lock");
    let lock = lock::take(&path, patience)?.ok_or_else(|| {
        Trouble::new("another spof is writing what you practise at this moment")
            .help(format!("try again; it holds `{}`", path.display()))
    })?;
    sweep(folder);
    let state = match read(&file)? {
        Ok(state) => state,
        Err(why) => {
            let aside = aside(&file, &why);
            std::fs::rename(&file, &aside).map_err(|error| {
                Trouble::new(format!("{}, and cannot be moved aside: {error}", reason(&file, &why)))
            })?;
            say(&format!("note: {}; it is kept as `{}`\n", reason(&file, &why), aside.display()));
            K::default()
        }
    };
    Ok(Store { state, file, _lock: lock })
}

fn make(folder: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Trouble::new(format!("cannot make the folder `{}`: {error}", folder.display()))
            .help("set SPOF_DATA to a folder that can be written to")
    })
}

impl<K: Kept> Store<K> {
    /// Replaces the file at once: whenever the process ends, the old text is there or the new one.
    pub fn save(&self) -> Result<(), Trouble> {
        write(&self.file, self.state.text().as_bytes())
    }
}

fn file<K: Kept>(folder: &Path) -> PathBuf {
    folder.join(format!("{}.json", K::NAME))
}

/// What a file keeps, or why it keeps nothing; a file that is not there is an empty one.
fn read<K: Kept>(file: &Path) -> Result<Result<K, Unreadable>, Trouble> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(match String::from_utf8(bytes) {
            Ok(text) => K::read(&text),
            Err(error) => Err(Unreadable::Broken(error.to_string())),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ok(K::default())),
        // It may well be whole: nothing is moved, and nothing written.
        Err(error) => Err(Trouble::new(format!("cannot read `{}`: {error}", file.display()))),
    }
}

fn reason(file: &Path, why: &Unreadable) -> String {
    let file = file.display();
    match why {
        Unreadable::Newer(version) => {
            format!("`{file}` was written by a later spof (version {version} of the file)")
        }
        Unreadable::Broken(error) => format!("`{file}` cannot be understood ({error})"),
    }
}

/// A name that is not taken.
fn aside(file: &Path, why: &Unreadable) -> PathBuf {
    let what = match why {
        Unreadable::Newer(version) => format!("version-{version}"),
        Unreadable::Broken(_) => "unreadable".to_string(),
    };
    let name = |number: usize| match number {
        1 => file.with_extension(format!("{what}.json")),
        number => file.with_extension(format!("{what}-{number}.json")),
    };
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    (1..).map(name).find(is_free).expect("there are more names than files")
}

/// Takes away what killed processes left behind half written.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let is_temporary =
            name.to_str().is_some_and(|name| name.starts_with(".spof-") && name.ends_with(".tmp"));
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old =
            written.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|since| since > ABANDONED));
        if is_temporary && is_old {
            // If it cannot be, it harms nobody.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
