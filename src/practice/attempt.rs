//! One try at a problem, from `start` to `finish`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Event, Standing, What};
use crate::rubric::Scale;

/// An attempt has at least one event, its start. That its folder is there nobody promises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    pub problem: String,
    pub scale: Scale,
    pub minutes: u32,
    /// Where its files are: a path that starts at the root.
    pub folder: String,
    /// The folder of problems that its own is from; None for those of the program.
    pub problems: Option<String>,
    /// What the design said when it was last looked at, as [`fingerprint`] gives it.
    pub seen: String,
    /// In order of time, as far as the clock went forward.
    pub events: Vec<Event>,
}

/// Seconds without an event that nobody worked through: longer than any interview.
const PAUSE: i64 = 2 * 60 * 60;

impl Attempt {
    pub fn is_open(&self) -> bool {
        !self.events.iter().any(|event| matches!(event.what, What::Finished { .. } | What::GaveUp))
    }

    /// What it earned, once it is finished.
    pub fn result(&self) -> Option<&Standing> {
        self.events.iter().find_map(|event| match &event.what {
            What::Finished { result } => Some(result),
            _ => None,
        })
    }

    pub fn started(&self) -> Timestamp {
        self.events.first().map_or(Timestamp::UNIX_EPOCH, |event| event.at)
    }

    /// When it was finished or given up; of an open one, None.
    pub fn ended(&self) -> Option<Timestamp> {
        let ends = |event: &&Event| matches!(event.what, What::Finished { .. } | What::GaveUp);
        self.events.iter().find(ends).map(|event| event.at)
    }

    /// Questions that were answered, each once, in the order in which they were asked.
    pub fn asked(&self) -> Vec<&str> {
        let mut asked: Vec<&str> = Vec::new();
        for event in &self.events {
            if let What::Asked { question } = &event.what
                && !asked.contains(&question.as_str())
            {
                asked.push(question);
            }
        }
        asked
    }

    pub fn followed_up(&self) -> Vec<&str> {
        let question = |event: &'_ Event| matches!(event.what, What::FollowedUp { .. });
        self.events
            .iter()
            .filter(|event| question(event))
            .filter_map(|event| match &event.what {
                What::FollowedUp { question } => Some(question.as_str()),
                _ => None,
            })
            .collect()
    }

    pub fn hints(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.what, What::Hinted { .. })).count()
    }

    /// The highest rung of a criterion's ladder that was given; 0 for none.
    pub fn rung(&self, of: &str) -> usize {
        let rungs = self.events.iter().filter_map(|event| match &event.what {
            What::Hinted { criterion, rung } if criterion == of => Some(*rung),
            _ => None,
        });
        rungs.max().unwrap_or(0)
    }

    /// What was lost in each drill, and whether the answer was right.
    pub fn drills(&self) -> Vec<(&str, bool)> {
        let drill = |event| match event {
            &What::Drilled { ref loss, right } => Some((loss.as_str(), right)),
            _ => None,
        };
        self.events.iter().filter_map(|event| drill(&event.what)).collect()
    }

    /// Seconds between an event and the one before, or 0 where nobody worked in between.
    pub fn worked_before(&self, at: usize) -> i64 {
        let Some(event) = self.events.get(at).filter(|_| at > 0) else { return 0 };
        let before = &self.events[at - 1];
        let is_break = event.what == What::Resumed || before.what == What::Left;
        if is_break { 0 } else { gap(before.at, event.at) }
    }

    /// Seconds of work until now, or until it ended.
    pub fn worked(&self, now: Timestamp) -> i64 {
        let end = self.events.iter().position(|event| Some(event.at) == self.ended());
        let last = end.unwrap_or(self.events.len().saturating_sub(1));
        let known: i64 = (1..=last).map(|at| self.worked_before(at)).sum();
        let since = match (self.is_open(), self.events.last()) {
            (true, Some(event)) if event.what != What::Left => gap(event.at, now),
            _ => 0,
        };
        known + since
    }
}

/// A clock that went back gives nothing, and a pause neither.
fn gap(from: Timestamp, to: Timestamp) -> i64 {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    if seconds > PAUSE { 0 } else { seconds }
}

/// Tells one text from another: FNV-1a (Fowler, Noll and Vo, 1991), 64 bits in hexadecimal.
pub fn fingerprint(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::fingerprint;
    use crate::practice::testing::{at, attempt};
    use crate::practice::{Event, What};

    /// The check values that the authors publish for "", "a" and "foobar".
    #[test]
    fn fingerprints_are_fnv_1a() {
        assert_eq!(fingerprint(""), "cbf29ce484222325");
        assert_eq!(fingerprint("a"), "af63dc4c8601ec8c");
        assert_eq!(fingerprint("foobar"), "85944171f73967e8");
    }

    #[test]
    fn pauses_are_no_work() {
        let mut one = attempt("p", 0);
        let mut log = |minute, what| one.events.push(Event { at: at(minute), what });
        log(10, What::Edited);
        log(100, What::Resumed);
        log(105, What::Asked { question: "Q?".into() });
        log(105 + 121, What::Edited);
        // A clock that was put back.
        log(200, What::Edited);
        assert_eq!(one.worked(at(205)), (10 + 5 + 5) * 60);
        one.events.push(Event { at: at(210), what: What::Left });
        assert_eq!(one.worked(at(300)), (10 + 5 + 10) * 60);
        one.events.push(Event { at: at(215), what: What::GaveUp });
        one.events.push(Event { at: at(220), what: What::Revealed });
        assert_eq!(one.worked(at(230)), (10 + 5 + 10) * 60);
        assert!(!one.is_open());
    }
}
