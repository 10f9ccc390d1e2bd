//! What every command of a session needs: the clock, the state, the problem and the design.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::input;
use crate::cli::judging::Judge;
use crate::cli::output::Trouble;
use crate::cli::packs::Folder;
use crate::cli::store::{self, Store};
use crate::cli::terminal::{self, Color};
use crate::practice::{Attempt, State, What, fingerprint};
use crate::report::{Style, Wrap};
use crate::review::Review;
use crate::settings::Settings;
use crate::source::Source;

pub const STATEMENT: &str = "STATEMENT.md";

/// What does not change while a command runs.
#[derive(Clone)]
pub struct Desk {
    pub color: Color,
    pub style: Style,
    /// Where the state is.
    pub data: PathBuf,
    now: Option<Timestamp>,
    /// Nothing may be said beside what is shown.
    on_screen: bool,
}

impl Desk {
    pub fn new(now: Option<Timestamp>, color: Color) -> Result<Desk, Trouble> {
        Ok(Desk { color, style: terminal::for_stdout(color), data: store::folder()?, now, on_screen: false })
    }

    /// A paragraph of the terminal's width.
    pub fn set(&self, text: &str) -> String {
        Wrap { width: self.style.width, first: 0, hang: 0 }.own(text)
    }

    pub fn style_bold(&self, text: &str) -> String {
        crate::report::Paint { on: self.style.color }.bold(text)
    }

    pub fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// For a screen, which anything that is said beside would spoil.
    pub fn quiet(self) -> Desk {
        Desk { on_screen: true, ..self }
    }

    /// The state, not to be changed.
    pub fn look(&self) -> Result<State, Trouble> {
        if self.on_screen { store::look_whole(&self.data) } else { store::look(&self.data) }
    }

    /// The state, to be changed and saved; what was written into the current design meanwhile is noted.
    pub fn open(&self) -> Result<Store<State>, Trouble> {
        if self.on_screen {
            store::look_whole::<State>(&self.data)?;
        }
        let mut store: Store<State> = store::open(&self.data)?;
        let now = self.now();
        if let Some(attempt) = store.state.current() {
            let path = design(attempt);
            if let Ok(source) = input::read(&path) {
                let written = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
                let written = written.ok().and_then(|at| Timestamp::try_from(at).ok());
                store.state.note_edit(fingerprint(&source.text), written, now);
            }
        }
        Ok(store)
    }

    /// Adds to the attempt that `of` was when it was looked at, and gives it back as it is then.
    pub fn log(&self, of: &Attempt, what: What) -> Result<Attempt, Trouble> {
        let mut store = self.open()?;
        still(&store.state, of)?;
        store.state.log(self.now(), what);
        store.save()?;
        store.state.current().cloned().ok_or_else(none)
    }

    /// The problems that the attempt's own is among, and how its design is judged.
    pub fn judge(&self, of: &Attempt) -> Result<Judge, Trouble> {
        let packs = Folder::at(of.problems.as_ref().map(PathBuf::from)).load(self.color)?;
        let today = self.now.map(|now| now.to_zoned(jiff::tz::TimeZone::system()).date());
        Ok(Judge::by(packs, &of.problem, of.scale, today))
    }

    /// What is said of the attempt's design.
    pub fn review(&self, of: &Attempt, judge: &Judge, gains: bool) -> Result<Review, Trouble> {
        let path = design(of);
        let source = input::read(&path).map_err(|trouble| {
            Trouble::new(trouble.message()).help(format!(
                "the design of this attempt is written there; if it is gone for good, `spof practice reset {}` forgets \
                 the attempt",
                of.problem
            ))
        })?;
        let source = Source::new(shown(&path), source.text);
        Ok(judge.reviewer(&Settings::default(), gains).review(source))
    }
}

/// An attempt that was looked at before, as it is now.
pub fn still<'s>(state: &'s State, of: &Attempt) -> Result<&'s Attempt, Trouble> {
    let is_same = |one: &&Attempt| {
        one.problem == of.problem && one.started() == of.started() && one.is_open() == of.is_open()
    };
    state.current().filter(is_same).ok_or_else(|| {
        Trouble::new("meanwhile another command has changed the session; nothing was noted")
            .help("`spof practice list` says what you are at")
    })
}

/// The current attempt, which has to be open.
pub fn open_attempt(state: &State) -> Result<&Attempt, Trouble> {
    match state.current() {
        Some(attempt) if attempt.is_open() => Ok(attempt),
        Some(attempt) => {
            Err(Trouble::new(format!("the attempt at {} is finished", attempt.problem)).help(format!(
                "`spof practice reveal` shows how others did it, `spof practice start {}` begins again, \
                 `spof practice next` says what to practise now",
                attempt.problem
            )))
        }
        None => Err(none()),
    }
}

pub fn none() -> Trouble {
    Trouble::new("you are not practising anything")
        .help("`spof practice start ID` begins; `spof practice next` says with what")
}

pub fn design(attempt: &Attempt) -> PathBuf {
    Path::new(&attempt.folder).join(format!("{}.arch", attempt.problem))
}

/// A path as somebody who stands here would type it.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}
