//! How far somebody is, over all problems.

use jiff::Timestamp;
use serde::Serialize;

use super::next::{Next, next};
use super::{Attempt, State};
use crate::rubric::{Dimension, Level, Packs};

/// What `spof progress --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub version: u32,
    /// Those that were tried, in the catalogue's order.
    pub problems: Vec<Tried>,
    /// Over the last finished attempt at each problem; the weakest first.
    pub dimensions: Vec<Strength>,
    pub next: Option<Next>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    pub id: String,
    pub attempts: usize,
    pub finished: usize,
    pub open: bool,
    /// Of the best of those that were finished.
    pub best: Option<Best>,
    /// Of the last that was finished, in points.
    pub last: Option<f64>,
    /// Of all attempts that were finished or given up, in minutes.
    pub minutes: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Best {
    pub points: f64,
    pub of: f64,
    pub level: Option<Level>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strength {
    pub id: Dimension,
    pub points: f64,
    pub of: f64,
}

impl Strength {
    pub fn share(&self) -> f64 {
        if self.of > 0.0 { self.points / self.of } else { 1.0 }
    }
}

/// Attempts at problems that `packs` has not are counted with the dimensions, and not listed.
pub fn progress(state: &State, packs: &Packs, now: Timestamp) -> Progress {
    let problems = packs.iter().filter_map(|pack| tried(state, &pack.problem.id, now)).collect();
    Progress { version: 1, problems, dimensions: dimensions(state), next: next(state, packs, now) }
}

fn tried(state: &State, id: &str, now: Timestamp) -> Option<Tried> {
    let attempts: Vec<&Attempt> = state.of(id).collect();
    let results: Vec<_> = attempts.iter().filter_map(|attempt| attempt.result()).collect();
    let seconds: i64 =
        attempts.iter().filter(|attempt| !attempt.is_open()).map(|attempt| attempt.worked(now)).sum();
    (!attempts.is_empty()).then(|| Tried {
        id: id.to_string(),
        attempts: attempts.len(),
        finished: results.len(),
        open: state.open(id).is_some(),
        best: best(state, id),
        last: results.last().map(|result| result.points),
        minutes: seconds / 60,
    })
}

/// The most of what all that were finished have: the best share of points, and the highest level.
pub fn best(state: &State, id: &str) -> Option<Best> {
    let results = || state.of(id).filter_map(|attempt| attempt.result());
    let most = results().max_by(|one, other| one.share().total_cmp(&other.share()))?;
    let level = results().map(|result| result.level).max().flatten();
    Some(Best { points: most.points, of: most.of, level })
}

/// The weakest first; of equals in the order in which they are always shown.
pub fn dimensions(state: &State) -> Vec<Strength> {
    let mut last: Vec<&Attempt> = Vec::new();
    for attempt in state.attempts().iter().filter(|attempt| attempt.result().is_some()) {
        last.retain(|other| other.problem != attempt.problem);
        last.push(attempt);
    }
    let earned = || last.iter().filter_map(|attempt| attempt.result()).flat_map(|result| &result.dimensions);
    let mut all: Vec<Strength> = Dimension::ALL
        .into_iter()
        .map(|id| {
            let sum = |of: fn(&super::Earned) -> f64| -> f64 {
                let sum: f64 = earned().filter(|one| one.dimension == id).map(of).sum();
                (sum * 100.0).round() / 100.0
            };
            Strength { id, points: sum(|one| one.points), of: sum(|one| one.of) }
        })
        .filter(|one| one.of > 0.0)
        .collect();
    all.sort_by(|one, other| one.share().total_cmp(&other.share()));
    all
}

#[cfg(test)]
mod tests {
    use super::progress;
    use crate::practice::testing::{at, finished};
    use crate::practice::{State, What};
    use crate::rubric::{Dimension, Level, Packs};

    const NAIVE: &str = include_str!("../../examples/url-shortener/naive.arch");
    const FIRST: &str = include_str!("../../examples/url-shortener/first-try.arch");
    const GOOD: &str = include_str!("../../examples/url-shortener/reference-sql.arch");

    #[test]
    fn the_best_counts_and_the_last_shows_what_is_weak() {
        let packs = Packs::built_in();
        let mut state = State::default();
        let empty = progress(&state, packs, at(0));
        assert!(empty.problems.is_empty() && empty.dimensions.is_empty() && empty.next.is_some());
        finished(&mut state, GOOD, 0, 30);
        finished(&mut state, FIRST, 100, 20);
        let now = progress(&state, packs, at(200));
        let one = &now.problems[0];
        assert_eq!((one.attempts, one.finished, one.open, one.minutes), (2, 2, false, 50));
        let best = one.best.as_ref().unwrap();
        assert_eq!((best.points, best.level), (100.0, Some(Level::Staff)));
        assert!(one.last.unwrap() < 100.0);
        // Of the last attempt alone, weakest first.
        let last = state.attempts()[1].result().unwrap();
        assert_eq!(now.dimensions.len(), last.dimensions.len());
        for earned in &last.dimensions {
            let shown = now.dimensions.iter().find(|one| one.id == earned.dimension).unwrap();
            assert!((shown.points - earned.points).abs() < 0.02, "{earned:?}");
        }
        assert!(now.dimensions.windows(2).all(|two| two[0].share() <= two[1].share()));
        finished(&mut state, NAIVE, 300, 5);
        assert_eq!(progress(&state, packs, at(400)).problems[0].best, Some(best.clone()));
        state.start(crate::practice::testing::attempt("chat-system", 500));
        state.log(at(510), What::GaveUp);
        let now = progress(&state, packs, at(600));
        let chat = now.problems.iter().find(|one| one.id == "chat-system").unwrap();
        assert_eq!((chat.attempts, chat.finished, chat.minutes, chat.last), (1, 0, 10, None));
        assert!(now.dimensions.iter().any(|one| one.id == Dimension::Reliability));
    }
}
