//! Attempts for tests.

use jiff::Timestamp;

use super::{Attempt, Event, Standing, State, What, fingerprint};
use crate::design::{Design, lower};
use crate::review::{Review, Reviewer};
use crate::rubric::Scale;
use crate::source::Source;
use crate::syntax::parse;

/// So many minutes after the first of January 2026.
pub fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + 60 * minute).unwrap()
}

/// One that has just been started.
pub fn attempt(problem: &str, minute: i64) -> Attempt {
    Attempt {
        problem: problem.to_string(),
        scale: Scale::Large,
        minutes: 45,
        folder: format!("/tmp/{problem}"),
        problems: None,
        seen: fingerprint(""),
        events: vec![Event { at: at(minute), what: What::Started }],
    }
}

/// What is said of a design.
pub fn review(text: &str) -> Review {
    Reviewer::plain(jiff::civil::date(2026, 1, 1)).review(Source::new("test.arch", text))
}

/// A text as a design, without mistakes.
#[track_caller]
pub fn design(text: &str) -> Design {
    let (ast, mut mistakes) = parse(text);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    design
}

/// Adds an attempt that ended with this design, so many minutes after its start.
pub fn finished(state: &mut State, text: &str, start: i64, minutes: i64) {
    let score = review(text).score.expect("it solves a problem");
    assert!(state.start(attempt(&score.problem, start)));
    state.log(at(start + minutes), What::Finished { result: Standing::of(&score) });
}
