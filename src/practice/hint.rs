//! Which criterion matters most now, and the next rung of its ladder.

use super::Attempt;
use crate::rubric::{Criterion, CriterionScore, Met, Rubric, Score};

#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    pub criterion: Criterion,
    /// Counted from 1.
    pub rung: usize,
    pub text: String,
    /// It was given before: the ladder is at its end, as are those of all other open criteria.
    pub again: bool,
    /// Criteria that matter more, whose hints were all given.
    pub above: Vec<Criterion>,
}

/// None where nothing is open that a hint could help with.
pub fn next(score: &Score, rubric: &Rubric, attempt: &Attempt) -> Option<Hint> {
    let ladders: Vec<&Criterion> = order(score)
        .into_iter()
        .filter_map(|open| rubric.criteria.iter().find(|one| one.id == open.id))
        .filter(|criterion| !criterion.hints.is_empty())
        .collect();
    let used_up = |criterion: &Criterion| attempt.rung(&criterion.id) >= criterion.hints.len();
    let above: Vec<&Criterion> = ladders.iter().copied().take_while(|one| used_up(one)).collect();
    let (criterion, rung, above) = match ladders.get(above.len()) {
        Some(criterion) => (*criterion, attempt.rung(&criterion.id) + 1, above),
        None => {
            let criterion = *ladders.first()?;
            (criterion, criterion.hints.len(), Vec::new())
        }
    };
    let text = criterion.hints.get(rung - 1)?.clone();
    let again = used_up(criterion);
    let above = above.into_iter().cloned().collect();
    Some(Hint { criterion: criterion.clone(), rung, text, again, above })
}

/// Open criteria, the one that matters most first: the musts of the lowest level that is shut, then by points that are
/// missing; of equals the rubric's order.
fn order(score: &Score) -> Vec<&CriterionScore> {
    let shut = score.levels.iter().find(|readout| !readout.reached);
    let is_gate = |one: &CriterionScore| shut.is_some_and(|readout| readout.open.contains(&one.id));
    let mut open: Vec<&CriterionScore> = score
        .criteria
        .iter()
        .filter(|one| matches!(one.met, Met::No | Met::Partly | Met::Unstated))
        .collect();
    let missing = |one: &CriterionScore| one.of - one.points;
    open.sort_by(|one, other| {
        is_gate(other).cmp(&is_gate(one)).then(missing(other).total_cmp(&missing(one)))
    });
    open
}

#[cfg(test)]
mod tests {
    use super::{next, order};
    use crate::practice::testing::{at, attempt, review};
    use crate::practice::{Event, What, reference};
    use crate::rubric::{Level, Met, Packs};

    #[test]
    fn a_ladder_is_climbed_and_then_the_next_begins() {
        let rubric = &Packs::built_in().find("url-shortener").unwrap().rubric;
        let score = review("design \"Nothing yet\" solves url-shortener\nclient person\n").score.unwrap();
        let order = order(&score);
        let first = order[0];
        assert_eq!(first.gates, Some(Level::Junior), "the musts of the lowest level that is shut");
        let musts = score.levels[0].open.len();
        assert!(order[..musts].iter().all(|one| score.levels[0].open.contains(&one.id)));
        assert!(order[..musts].windows(2).all(|two| two[0].of - two[0].points >= two[1].of - two[1].points));

        let mut attempt = attempt("url-shortener", 0);
        let open = score.criteria.iter().filter(|one| one.met != Met::NotEvaluated).count();
        let mut given = Vec::new();
        for _ in 0..3 * open {
            let hint = next(&score, rubric, &attempt).unwrap();
            assert!(!hint.again);
            given.push((hint.criterion.id.clone(), hint.rung));
            assert_eq!(hint.above.len(), (given.len() - 1) / 3);
            let what = What::Hinted { criterion: hint.criterion.id.clone(), rung: hint.rung };
            attempt.events.push(Event { at: at(1), what });
        }
        let expected: Vec<(String, usize)> =
            order.iter().flat_map(|one| (1..=3).map(|rung| (one.id.clone(), rung))).collect();
        assert_eq!(given, expected);
        let last = next(&score, rubric, &attempt).unwrap();
        assert!(last.again && last.criterion.id == first.id && last.rung == 3);
    }

    #[test]
    fn what_is_met_needs_no_hint() {
        for (problem, _, text) in reference::all() {
            let rubric = &Packs::built_in().find(problem).unwrap().rubric;
            assert_eq!(next(&review(text).score.unwrap(), rubric, &attempt(problem, 0)), None, "{problem}");
        }
    }
}
