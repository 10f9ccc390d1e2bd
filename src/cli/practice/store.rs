//! The file in which practice is remembered: one plain file of JSON, read whole and replaced whole.
//!
//! Whoever changes it holds a lock from reading to writing. The lock is the operating system's, which takes it back from a
//! process that is gone.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use fs4::TryLockError;

use crate::cli::output::{Trouble, say, write};
use crate::practice::{State, Unreadable};

const NAME: &str = "practice.json";
const LOCK: &str = "practice.lock";
const SCREEN: &str = "practice.screen.lock";

/// Nobody holds the lock for longer than it takes to write a small file.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a killed process was writing is nobody's after so long.
const ABANDONED: Duration = Duration::from_secs(600);

/// The state, to be changed and saved. Nobody else can do so until this is dropped.
pub struct Store {
    pub state: State,
    file: PathBuf,
    _lock: File,
}

/// Where the file is: `SPOF_DATA`, or `spof` in the folder that the system has for such things.
pub(in crate::cli) fn folder() -> Result<PathBuf, Trouble> {
    if let Some(folder) = std::env::var_os("SPOF_DATA").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    use etcetera::BaseStrategy;
    match etcetera::choose_base_strategy() {
        Ok(system) => Ok(system.data_dir().join("spof")),
        Err(error) => Err(Trouble::new(format!("cannot tell where to remember your practice: {error}"))
            .help("set SPOF_DATA to a folder")),
    }
}

/// The state as it is, not to be changed. One that cannot be read is left where it is, and said.
pub fn look(folder: &Path) -> Result<State, Trouble> {
    let file = folder.join(NAME);
    Ok(match read(&file)? {
        Ok(state) => state,
        Err(why) => {
            say(&format!("note: {}; it is left as it is\n", reason(&file, &why)));
            State::default()
        }
    })
}

/// The same for a screen, on which nothing can be said beside: a state that cannot be read is a trouble.
pub fn look_whole(folder: &Path) -> Result<State, Trouble> {
    let file = folder.join(NAME);
    read(&file)?.map_err(|why| {
        Trouble::new(reason(&file, &why))
            .help("`spof practice list` in another terminal says the same; nothing was written")
    })
}

/// Held by whoever has a session on a screen, for as long as it is there; a command that writes does not ask for it.
pub struct OnScreen {
    _lock: File,
}

/// A trouble where a session is on a screen already.
pub fn on_screen(folder: &Path) -> Result<OnScreen, Trouble> {
    make(folder)?;
    match lock(&folder.join(SCREEN), Duration::ZERO)? {
        Some(lock) => Ok(OnScreen { _lock: lock }),
        None => Err(Trouble::new("your session is on another screen already")
            .help("go on there, or press q there and start again; commands such as `spof practice hint` work beside it")),
    }
}

/// The state, to be changed. A file that cannot be read is moved aside, and said.
pub fn open(folder: &Path) -> Result<Store, Trouble> {
    open_within(folder, PATIENCE)
}

fn open_within(folder: &Path, patience: Duration) -> Result<Store, Trouble> {
    make(folder)?;
    let path = folder.join(LOCK);
    let lock = lock(&path, patience)?.ok_or_else(|| {
        Trouble::new("another spof is writing to your practice at this moment")
            .help(format!("try again; it holds `{}`", path.display()))
    })?;
    sweep(folder);
    let file = folder.join(NAME);
    let state = match read(&file)? {
        Ok(state) => state,
        Err(why) => {
            let aside = aside(folder, &why);
            std::fs::rename(&file, &aside).map_err(|error| {
                Trouble::new(format!("{}, and cannot be moved aside: {error}", reason(&file, &why)))
            })?;
            say(&format!("note: {}; it is kept as `{}`\n", reason(&file, &why), aside.display()));
            State::default()
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

impl Store {
    /// Replaces the file at once: whenever the process ends, the old text is there or the new one.
    pub fn save(&self) -> Result<(), Trouble> {
        write(&self.file, self.state.text().as_bytes())
    }
}

/// The state of a file, or why it has none; a file that is not there has an empty one.
fn read(file: &Path) -> Result<Result<State, Unreadable>, Trouble> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(match String::from_utf8(bytes) {
            Ok(text) => State::read(&text),
            Err(error) => Err(Unreadable::Broken(error.to_string())),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ok(State::default())),
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
fn aside(folder: &Path, why: &Unreadable) -> PathBuf {
    let what = match why {
        Unreadable::Newer(version) => format!("version-{version}"),
        Unreadable::Broken(_) => "unreadable".to_string(),
    };
    let name = |number: usize| match number {
        1 => folder.join(format!("practice.{what}.json")),
        number => folder.join(format!("practice.{what}-{number}.json")),
    };
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    (1..).map(name).find(is_free).expect("there are more names than files")
}

/// None where another holds it for longer than that.
fn lock(path: &Path, patience: Duration) -> Result<Option<File>, Trouble> {
    let cannot = |error: std::io::Error| Trouble::new(format!("cannot lock `{}`: {error}", path.display()));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(cannot)?;
    let begun = Instant::now();
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(Some(file)),
            // Some file systems have no locks; two sessions at once are rarer than those.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(Some(file));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{NAME, look, look_whole, on_screen, open, open_within};
    use crate::layout::random::Random;
    use crate::practice::testing::{at, attempt};
    use crate::practice::{State, What};

    #[test]
    fn two_cannot_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = open(folder.path()).unwrap();
        let Err(trouble) = open_within(folder.path(), Duration::from_millis(30)) else {
            panic!("both hold the lock");
        };
        assert!(trouble.message().contains("another spof"), "{trouble:?}");
        assert_eq!(look(folder.path()).unwrap(), State::default(), "to look needs no lock");
        first.state.start(attempt("a", 0));
        first.save().unwrap();
        let screen = on_screen(folder.path()).unwrap();
        assert!(on_screen(folder.path()).is_err(), "two screens at once");
        drop(first);
        let second = open_within(folder.path(), Duration::ZERO).unwrap();
        assert_eq!(second.state.attempts().len(), 1, "a screen keeps nobody from writing");
        drop(screen);
        on_screen(folder.path()).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        let newer = State::default().text().replacen("\"version\": 1", "\"version\": 7", 1);
        let texts: [&[u8]; 4] = [b"{ \"version\": 1", b"\xff\xfe", b"", newer.as_bytes()];
        for text in texts {
            std::fs::write(&file, text).unwrap();
            assert_eq!(look(folder.path()).unwrap(), State::default());
            assert!(look_whole(folder.path()).is_err());
            assert_eq!(std::fs::read(&file).unwrap(), text, "looking moves nothing");
            let mut store = open(folder.path()).unwrap();
            assert_eq!(store.state, State::default());
            store.state.start(attempt("a", 0));
            store.save().unwrap();
        }
        let kept = ["unreadable", "unreadable-2", "unreadable-3", "version-7"];
        for (name, text) in kept.into_iter().zip(texts) {
            let path = folder.path().join(format!("practice.{name}.json"));
            assert_eq!(std::fs::read(path).unwrap(), text, "{name}");
        }
        assert_eq!(open(folder.path()).unwrap().state.attempts().len(), 1);
    }

    const WRITER: &str = "SPOF_TEST_WRITER";

    /// Started by the test below as a process of its own: adds an event, saves, and says so, until it is killed.
    #[test]
    #[ignore = "the other half of `killed_at_any_instant`"]
    fn writer() {
        let Some(folder) = std::env::var_os(WRITER) else { return };
        let mut out = std::io::stdout();
        writeln!(out, "\nready").unwrap();
        loop {
            let mut store = open(folder.as_ref()).unwrap();
            if store.state.current().is_none() {
                store.state.start(attempt("a", 0));
            }
            store.state.log(at(1), What::Asked { question: "How much of it? ".repeat(20) });
            store.save().unwrap();
            let events = store.state.current().unwrap().events.len();
            drop(store);
            writeln!(out, "saved {events}").unwrap();
            out.flush().unwrap();
        }
    }

    /// `SPOF_KILLS=1000 cargo test --lib killed_at_any_instant -- --nocapture` says how far the writers came.
    #[test]
    fn killed_at_any_instant() {
        let kills: usize =
            std::env::var("SPOF_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(60);
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random::new(1);
        let (mut known, mut between, begun) = (0, 0, Instant::now());
        for kill in 0..kills {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["cli::practice::store::tests::writer", "--exact", "--ignored", "--nocapture"])
                .env(WRITER, folder.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.by_ref().any(|line| line.unwrap() == "ready"), "kill {kill}: it never began");
            std::thread::sleep(Duration::from_micros(random.below(40_000) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
            let saved = |line: String| line.strip_prefix("saved ").and_then(|count| count.parse().ok());
            let last: usize = lines.filter_map(|line| saved(line.ok()?)).last().unwrap_or(known);
            let kept = std::fs::read_to_string(folder.path().join(NAME))
                .map_or(State::default(), |text| State::read(&text).expect("whole after a kill"));
            let events = kept.current().map_or(0, |one| one.events.len());
            // What was saved is there; of what was being saved, nothing or all.
            let next = if last == 0 { 2 } else { last + 1 };
            assert!(events == last || events == next, "kill {kill}: {events} events, {last} saved");
            between += usize::from(events != last);
            known = events;
            // The dead hold no lock.
            drop(open_within(folder.path(), Duration::from_secs(5)).unwrap());
        }
        let kept = std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("unreadable"));
        assert_eq!(kept.count(), 0);
        println!(
            "{kills} kills in {:?}: {known} events, {between} kills between rename and report",
            begun.elapsed()
        );
    }
}
