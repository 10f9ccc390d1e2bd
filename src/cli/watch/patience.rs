//! When to look at a file that somebody saves: soon, but not in the middle of it.

use std::time::{Duration, Instant};

use super::desk::Outcome;

/// A save is over when nothing has happened for so long: editors empty a file before they fill it, or rename it.
const QUIET: Duration = Duration::from_millis(15);
/// Whatever writes for longer than this is looked at in between.
const LONGEST: Duration = Duration::from_millis(60);
/// A file that is gone or empty may be about to come back.
const GRACE: Duration = Duration::from_millis(250);
/// Not every file system says that a file was saved: once in a while it is looked at anyway.
const ROUND: Duration = Duration::from_secs(1);

pub struct Patience {
    round: Instant,
    /// A save that is not over: when it began, and when it will be.
    save: Option<(Instant, Instant)>,
    /// When the file could first not be read, where it cannot.
    gone: Option<Instant>,
    /// When to look whether it is back.
    back: Option<Instant>,
}

impl Patience {
    /// Looks at once.
    pub fn new(now: Instant) -> Patience {
        Patience { round: now, save: None, gone: None, back: None }
    }

    pub fn saved(&mut self, now: Instant) {
        let began = self.save.map_or(now, |(began, _)| began);
        self.save = Some((began, (now + QUIET).min(began + LONGEST)));
    }

    /// The file could not be read; whether to say so.
    pub fn unread(&mut self, now: Instant, nothing_shown: bool) -> bool {
        let since = *self.gone.get_or_insert(now);
        if nothing_shown || now >= since + GRACE {
            return true;
        }
        self.back = Some(since + GRACE);
        false
    }

    pub fn read(&mut self, outcome: &Outcome) {
        if matches!(outcome, Outcome::Same | Outcome::Reading) {
            (self.gone, self.back) = (None, None);
        }
    }

    pub fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// When there is something to do, if nothing happens before.
    pub fn wakes(&self) -> Instant {
        let save = self.save.map(|(_, over)| over);
        [save, self.back].into_iter().flatten().fold(self.round, Instant::min)
    }

    /// Whether it is time to look, which is then done.
    pub fn looks(&mut self, now: Instant) -> bool {
        if now < self.wakes() {
            return false;
        }
        self.round = now + ROUND;
        (self.save, self.back) = (None, None);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{GRACE, LONGEST, Outcome, Patience, QUIET, ROUND};

    /// At the beginning, after the first look.
    fn patience() -> (Patience, Instant) {
        let start = Instant::now();
        let mut patience = Patience::new(start);
        assert!(patience.looks(start));
        assert!(!patience.looks(start));
        (patience, start)
    }

    #[test]
    fn a_burst_is_one_save() {
        let (mut patience, start) = patience();
        let each = Duration::from_millis(5);
        for nth in 0..4 {
            patience.saved(start + each * nth);
            assert!(!patience.looks(start + each * nth));
        }
        assert_eq!(patience.wakes(), start + each * 3 + QUIET);
        assert!(patience.looks(start + each * 3 + QUIET));
        assert!(!patience.looks(start + each * 3 + QUIET));
    }

    #[test]
    fn who_never_stops_writing_is_looked_at_all_the_same() {
        let (mut patience, start) = patience();
        for nth in 0..100 {
            patience.saved(start + Duration::from_millis(nth));
        }
        assert_eq!(patience.wakes(), start + LONGEST);
    }

    #[test]
    fn a_file_that_comes_back_was_never_gone() {
        let (mut patience, start) = patience();
        assert!(!patience.unread(start, false));
        assert_eq!(patience.wakes(), start + GRACE);
        patience.read(&Outcome::Same);
        assert_eq!(patience.wakes(), start + ROUND);
        assert!(!patience.unread(start + GRACE, false), "a new absence");
        assert!(patience.unread(start + GRACE * 2, false));
        assert!(patience.unread(start, true), "nothing else to show");
    }
}
