//! What to practise now, and why.

use jiff::Timestamp;
use serde::Serialize;

use super::progress::{best, dimensions};
use super::{Attempt, State};
use crate::rubric::{Dimension, Level, Need, Pack, Packs};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    pub problem: String,
    /// A sentence.
    pub why: String,
}

/// What is repeated sooner than this is remembered, not understood.
const REST: i64 = 24 * 60 * 60;

/// In this order: what is open; what did not reach the level mid, once a day has passed, the longest ago first; what was never
/// tried, as hard as you are ready for and of equals that which asks most about your weakest dimension; what earned least.
pub fn next(state: &State, packs: &Packs, now: Timestamp) -> Option<Next> {
    open(state, packs)
        .or_else(|| again(state, packs, now))
        .or_else(|| new(state, packs))
        .or_else(|| least(state, packs))
}

fn open(state: &State, packs: &Packs) -> Option<Next> {
    let current = state.current().filter(|attempt| attempt.is_open());
    let attempt = current.or_else(|| state.attempts().iter().rev().find(|attempt| attempt.is_open()))?;
    packs.find(&attempt.problem)?;
    let why = format!("your attempt at it is open: `spof practice resume {}`", attempt.problem);
    Some(Next { problem: attempt.problem.clone(), why })
}

fn again(state: &State, packs: &Packs, now: Timestamp) -> Option<Next> {
    let weak = packs.iter().filter_map(|pack| {
        let id = &pack.problem.id;
        let last = state.of(id).filter_map(Attempt::ended).max()?;
        let level = best(state, id).and_then(|best| best.level);
        let since = now.as_second().saturating_sub(last.as_second());
        (level < Some(Level::Mid) && since >= REST).then_some((last, pack, level, since / REST))
    });
    let (_, pack, level, days) = weak.min_by_key(|(last, ..)| *last)?;
    let reached = level.map_or("did not reach a level", |level| match level {
        Level::Junior => "reached junior",
        _ => "stopped short of mid",
    });
    let ago = if days == 1 { "a day ago".to_string() } else { format!("{days} days ago") };
    let why = format!("you {reached} in it {ago}: a second try after a rest teaches more than a new problem");
    Some(Next { problem: pack.problem.id.clone(), why })
}

fn new(state: &State, packs: &Packs) -> Option<Next> {
    let untried = || packs.iter().filter(|pack| state.of(&pack.problem.id).next().is_none());
    let won = won(state, packs);
    let aim = won.as_ref().map_or(0, |won| won.aim);
    let tiers = || untried().map(|pack| pack.problem.tier);
    let tier = tiers().filter(|tier| *tier >= aim).min().or_else(|| tiers().max())?;
    let weakest = dimensions(state).first().filter(|one| one.share() < 1.0).cloned();
    let asks = |pack: &&Pack| weakest.as_ref().map_or(0, |weakest| musts(pack, weakest.id));
    let fitting = || untried().filter(|pack| pack.problem.tier == tier);
    let most = fitting().map(|pack| asks(&pack)).max()?;
    let pack = fitting().find(|pack| asks(pack) == most)?;
    let step = match &won {
        Some(won) if tier > won.tier => {
            format!("you reached {} in {}, so something harder", won.level.name(), won.problem)
        }
        Some(won) if tier == won.tier => {
            format!("you reached {} in {}, so another that is as hard", won.level.name(), won.problem)
        }
        Some(_) => "you have tried all that is harder".to_string(),
        None if state.attempts().is_empty() => "the easiest there is, to begin with".to_string(),
        None => "the easiest of those that you have not tried".to_string(),
    };
    let why = match weakest.filter(|_| most > 0 && !state.attempts().is_empty()) {
        Some(weakest) => format!(
            "{step}; of those it asks most about {}, where you have {:.0} of {:.0} points",
            weakest.id.name(),
            weakest.points,
            weakest.of
        ),
        None => step,
    };
    Some(Next { problem: pack.problem.id.clone(), why })
}

/// What somebody can do already.
struct Won {
    problem: String,
    tier: u8,
    level: Level,
    /// The tier to go on with.
    aim: u8,
}

/// From where to go on: the problem that leads furthest, of equals the easier. Who reached mid is ready for another of its tier, who
/// reached senior for the next.
fn won(state: &State, packs: &Packs) -> Option<Won> {
    let won = packs.iter().filter_map(|pack| {
        let level = best(state, &pack.problem.id)?.level.filter(|level| *level >= Level::Mid)?;
        let tier = pack.problem.tier;
        let aim = if level >= Level::Senior { tier.saturating_add(1) } else { tier };
        Some(Won { problem: pack.problem.id.clone(), tier, level, aim })
    });
    won.min_by_key(|won| (std::cmp::Reverse(won.aim), won.tier))
}

/// How many musts of a rubric are about a dimension.
fn musts(pack: &Pack, dimension: Dimension) -> usize {
    let about = |need: Need| {
        pack.rubric.criteria.iter().filter(|one| one.dimension == dimension && one.need == need).count()
    };
    about(Need::Must)
}

fn least(state: &State, packs: &Packs) -> Option<Next> {
    let share =
        |pack: &&Pack| best(state, &pack.problem.id).map_or(0.0, |best| best.points / best.of.max(1.0));
    let pack = packs.iter().min_by(|one, other| share(one).total_cmp(&share(other)))?;
    let why = match best(state, &pack.problem.id) {
        Some(best) => format!(
            "you have tried all; in this one your best is the lowest, {:.0} of {:.0}",
            best.points, best.of
        ),
        None => "you have tried all, and this one you have not finished".to_string(),
    };
    Some(Next { problem: pack.problem.id.clone(), why })
}

#[cfg(test)]
mod tests {
    use super::next;
    use crate::practice::testing::{at, attempt, finished};
    use crate::practice::{State, What, reference};
    use crate::rubric::Packs;

    const DAY: i64 = 24 * 60;
    const NAIVE: &str = include_str!("../../examples/url-shortener/naive.arch");

    fn advice(state: &State, minute: i64) -> (String, String) {
        let next = next(state, Packs::built_in(), at(minute)).unwrap();
        (next.problem, next.why)
    }

    #[test]
    fn what_is_open_then_what_was_weak_then_what_is_new() {
        let mut state = State::default();
        let first = advice(&state, 0);
        assert!(first.1.contains("easiest"), "{first:?}");
        let tier = |id: &str| Packs::built_in().find(id).unwrap().problem.tier;
        assert_eq!(tier(&first.0), Packs::built_in().iter().map(|pack| pack.problem.tier).min().unwrap());

        finished(&mut state, NAIVE, 0, 30);
        // Not the same at once, and not what was tried.
        assert_ne!(advice(&state, 60).0, "url-shortener");
        let (problem, why) = advice(&state, 3 * DAY + 60);
        assert_eq!(problem, "url-shortener");
        assert!(why.contains("3 days ago"), "{why}");

        state.start(attempt("chat-system", 3 * DAY));
        let (problem, why) = advice(&state, 3 * DAY + 60);
        assert!(problem == "chat-system" && why.contains("open"), "{why}");
        state.log(at(3 * DAY + 10), What::GaveUp);
        assert_eq!(advice(&state, 3 * DAY + 60).0, "url-shortener", "the longest ago first");
    }

    #[test]
    fn who_does_well_is_asked_for_more() {
        let tier = |id: &str| Packs::built_in().find(id).unwrap().problem.tier;
        let of = |id: &str| reference::of(id)[0].1;
        let mut state = State::default();
        finished(&mut state, of("rest-no-db"), 0, 20);
        let (problem, why) = advice(&state, 30);
        assert_eq!(tier(&problem), tier("rest-no-db") + 1);
        assert!(why.starts_with("you reached staff in rest-no-db, so something harder"), "{why}");
        finished(&mut state, of("chat-system"), 30, 40);
        assert_eq!(tier(&advice(&state, 80).0), tier("chat-system") + 1);
        finished(&mut state, of("uber-core"), 80, 40);
        let (problem, why) = advice(&state, 130);
        assert_eq!(tier(&problem), tier("stripe-clone"), "as hard as there is: {why}");
        finished(&mut state, of("stripe-clone"), 130, 40);
        let (problem, why) = advice(&state, 180);
        assert_eq!(tier(&problem), 3);
        assert!(why.starts_with("you have tried all that is harder"), "{why}");
    }

    #[test]
    fn when_all_were_tried_the_weakest_comes_again() {
        let mut state = State::default();
        for (minute, pack) in Packs::built_in().iter().enumerate() {
            let (_, text) = reference::of(&pack.problem.id)[0];
            let text = if pack.problem.id == "url-shortener" {
                include_str!("../../examples/url-shortener/first-try.arch")
            } else {
                text
            };
            finished(&mut state, text, minute as i64, 1);
        }
        let (problem, why) = advice(&state, 100);
        assert!(problem == "url-shortener" && why.contains("lowest"), "{why}");
    }
}
