//! Where the time of an attempt went.

use super::{Attempt, What};

/// Seconds of work in each part of an attempt. The parts end with what is known of them: a design is seen to have changed when
/// somebody looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// From the start to the first question, or to the first edit.
    pub reading: i64,
    /// From the first question to the first edit.
    pub scoping: i64,
    /// From the first edit to the last.
    pub designing: i64,
    /// From the last edit to the end.
    pub defending: i64,
}

pub fn phases(attempt: &Attempt) -> Phases {
    let first = |is: &dyn Fn(&What) -> bool| attempt.events.iter().position(|event| is(&event.what));
    let asked = first(&|what| matches!(what, What::Asked { .. }));
    let edited = first(&|what| *what == What::Edited);
    let last = attempt.events.iter().rposition(|event| event.what == What::Edited);
    let ended = first(&|what| matches!(what, What::Finished { .. } | What::GaveUp));
    let end = ended.unwrap_or(attempt.events.len().saturating_sub(1));
    let mut phases = Phases::default();
    // The time before each event belongs to the phase that this event ends, or lies in.
    for at in 1..=end {
        let is_after = |mark: Option<usize>| mark.is_some_and(|mark| at > mark);
        let phase = match () {
            () if is_after(last) => &mut phases.defending,
            () if is_after(edited) => &mut phases.designing,
            () if is_after(asked) => &mut phases.scoping,
            () => &mut phases.reading,
        };
        *phase += attempt.worked_before(at);
    }
    phases
}

#[cfg(test)]
mod tests {
    use super::{Phases, phases};
    use crate::practice::testing::{at, attempt};
    use crate::practice::{Event, What};

    fn of(events: &[(i64, What)]) -> (Phases, i64) {
        let mut one = attempt("p", 0);
        one.events.extend(events.iter().map(|(minute, what)| Event { at: at(*minute), what: what.clone() }));
        let phases = phases(&one);
        (phases, one.worked(at(40)))
    }

    #[test]
    fn each_minute_belongs_to_one_phase() {
        let asked = || What::Asked { question: "Q?".into() };
        let hinted = || What::Hinted { criterion: "c".into(), rung: 1 };
        let events = [
            (2, asked()),
            (5, asked()),
            (9, What::Edited),
            (15, hinted()),
            (20, What::Edited),
            (31, hinted()),
            (40, What::GaveUp),
            (44, What::Revealed),
        ];
        let (phases, worked) = of(&events);
        let minutes = |phases: Phases| {
            [phases.reading, phases.scoping, phases.designing, phases.defending].map(|seconds| seconds / 60)
        };
        assert_eq!(minutes(phases), [2, 7, 11, 20]);
        assert_eq!(minutes(phases).iter().sum::<i64>() * 60, worked);
        // Nobody asked, or wrote anything.
        assert_eq!(minutes(of(&[(9, What::Edited), (12, asked()), (40, What::GaveUp)]).0), [9, 0, 0, 31]);
        assert_eq!(minutes(of(&[(40, What::GaveUp)]).0), [40, 0, 0, 0]);
    }
}
