//! All that is remembered of somebody's practice, and how it changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::flaw::Spotted;
use super::{Attempt, Event, What};
use crate::kept::{self, Kept, Unreadable};

/// Raised with every key that comes, goes or changes its meaning: an older program keeps a newer file aside.
const VERSION: u64 = 1;

/// At most one attempt at a problem is open, and `current` names one that there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    version: u64,
    /// Which attempt is worked at, or was until it was finished.
    current: Option<usize>,
    attempts: Vec<Attempt>,
    /// Flaws that were looked for, the oldest first.
    spotted: Vec<Spotted>,
}

impl Default for State {
    fn default() -> State {
        State { version: VERSION, current: None, attempts: Vec::new(), spotted: Vec::new() }
    }
}

impl Kept for State {
    const NAME: &'static str = "practice";

    /// What breaks a promise of [`State`] or [`Attempt`] is broken too.
    fn read(text: &str) -> Result<State, Unreadable> {
        let state: State = kept::read(text, VERSION)?;
        if state.current.is_some_and(|at| at >= state.attempts.len()) {
            return Err(Unreadable::Broken("the current attempt is none that there is".to_string()));
        }
        for (at, attempt) in state.attempts.iter().enumerate() {
            if attempt.events.first().is_none_or(|event| event.what != What::Started) {
                return Err(Unreadable::Broken(format!("an attempt at {} has no start", attempt.problem)));
            }
            if state.open_at(&attempt.problem).is_some_and(|open| open < at && attempt.is_open()) {
                return Err(Unreadable::Broken(format!("two open attempts at {}", attempt.problem)));
            }
        }
        Ok(state)
    }

    fn text(&self) -> String {
        kept::text(self)
    }
}

impl State {
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    pub fn spotted(&self) -> &[Spotted] {
        &self.spotted
    }

    pub fn spot(&mut self, one: Spotted) {
        self.spotted.push(one);
    }

    /// Those at one problem, the oldest first.
    pub fn of<'s>(&'s self, problem: &'s str) -> impl DoubleEndedIterator<Item = &'s Attempt> {
        self.attempts.iter().filter(move |attempt| attempt.problem == problem)
    }

    pub fn current(&self) -> Option<&Attempt> {
        self.attempts.get(self.current?)
    }

    /// The open attempt at a problem.
    pub fn open(&self, problem: &str) -> Option<&Attempt> {
        self.attempts.get(self.open_at(problem)?)
    }

    fn open_at(&self, problem: &str) -> Option<usize> {
        self.attempts.iter().position(|attempt| attempt.problem == problem && attempt.is_open())
    }

    /// Makes a new attempt the current one. False, and nothing happens, where one at its problem is open.
    pub fn start(&mut self, attempt: Attempt) -> bool {
        if self.open_at(&attempt.problem).is_some() {
            return false;
        }
        self.current = Some(self.attempts.len());
        self.attempts.push(attempt);
        true
    }

    /// Goes back to the open attempt at a problem. False, and nothing happens, where there is none.
    pub fn resume(&mut self, problem: &str, now: Timestamp) -> bool {
        let Some(at) = self.open_at(problem) else { return false };
        self.current = Some(at);
        self.log(now, What::Resumed);
        true
    }

    /// Adds to the current attempt; without one nothing happens.
    pub fn log(&mut self, at: Timestamp, what: What) {
        if let Some(attempt) = self.current.and_then(|at| self.attempts.get_mut(at)) {
            attempt.events.push(Event { at, what });
        }
    }

    /// Notes that the current design reads otherwise than before. `written` is when its file says that it was written,
    /// which counts where it lies between the last event and now.
    pub fn note_edit(&mut self, seen: String, written: Option<Timestamp>, now: Timestamp) {
        let Some(attempt) = self.current.and_then(|at| self.attempts.get_mut(at)) else { return };
        if !attempt.is_open() || attempt.seen == seen {
            return;
        }
        let last = attempt.events.last().map_or(now, |event| event.at);
        let at = written.filter(|written| last <= *written && *written <= now).unwrap_or(now);
        attempt.seen = seen;
        attempt.events.push(Event { at, what: What::Edited });
    }

    /// Forgets the open attempt at a problem. False, and nothing happens, where there is none.
    pub fn forget(&mut self, problem: &str) -> bool {
        let Some(gone) = self.open_at(problem) else { return false };
        self.attempts.remove(gone);
        self.current = match self.current {
            Some(at) if at == gone => None,
            Some(at) if at > gone => Some(at - 1),
            other => other,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{State, VERSION};
    use crate::kept::{Kept, Unreadable};
    use crate::practice::flaw::Spotted;
    use crate::practice::testing::{at, attempt};
    use crate::practice::{What, fingerprint};

    fn kept(state: &State) -> State {
        State::read(&state.text()).expect("what is written can be read")
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut state = State::default();
        state.spot(Spotted { at: at(0), level: 1, rule: "no-backup".into(), right: true });
        assert_eq!(kept(&state), state);
        assert!(state.start(attempt("a", 0)));
        assert!(!state.start(attempt("a", 1)), "one is open");
        state.log(at(2), What::Asked { question: "How \"much\"?\n".into() });
        state.log(at(3), What::Hinted { criterion: "c".into(), rung: 2 });
        state.log(at(4), What::Drilled { loss: "hot/empty".into(), right: true });
        assert!(state.start(attempt("b", 5)));
        assert_eq!(kept(&state), state);
        assert_eq!(state.current().unwrap().problem, "b");
        assert!(state.resume("a", at(6)));
        assert_eq!((state.current().unwrap().rung("c"), state.current().unwrap().rung("d")), (2, 0));
        state.log(at(7), What::GaveUp);
        assert!(!state.resume("a", at(8)) && state.start(attempt("a", 9)));
        assert_eq!(state.of("a").count(), 2);
        assert_eq!(kept(&state), state);
    }

    #[test]
    fn an_edit_is_noted_once_and_at_its_time() {
        let mut state = State::default();
        state.start(attempt("a", 0));
        state.note_edit(fingerprint("one"), Some(at(3)), at(5));
        state.note_edit(fingerprint("one"), Some(at(4)), at(6));
        // Written before what is known, or in the future: whenever it was seen.
        state.note_edit(fingerprint("two"), Some(at(1)), at(7));
        state.note_edit(fingerprint("three"), Some(at(99)), at(8));
        let events = &state.current().unwrap().events;
        let edited: Vec<_> = events.iter().filter(|one| one.what == What::Edited).map(|one| one.at).collect();
        assert_eq!(edited, [at(3), at(7), at(8)]);
    }

    #[test]
    fn what_is_forgotten_leaves_the_rest() {
        let mut state = State::default();
        for (problem, minute) in [("a", 0), ("b", 1), ("c", 2)] {
            state.start(attempt(problem, minute));
        }
        assert!(state.forget("a") && !state.forget("a"));
        assert_eq!(state.current().unwrap().problem, "c");
        assert!(state.forget("c"));
        assert_eq!(state.current(), None);
        assert_eq!(kept(&state), state);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        let mut state = State::default();
        state.start(attempt("a", 0));
        let text = state.text();
        let newer = text.replacen(&format!("\"version\": {VERSION}"), "\"version\": 9", 1);
        assert_eq!(State::read(&newer), Err(Unreadable::Newer(9)));
        let broken = [
            "".to_string(),
            "{}".to_string(),
            text[..text.len() / 2].to_string(),
            text.replacen("\"current\": 0", "\"current\": 1", 1),
            text.replacen("\"started\"", "\"edited\"", 1),
            text.replacen("\"minutes\"", "\"hours\"", 1),
            text.replacen("Z\"", "\"", 1),
        ];
        for text in broken {
            assert!(matches!(State::read(&text), Err(Unreadable::Broken(_))), "{text}");
        }
    }
}
