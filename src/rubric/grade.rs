//! Criteria to points, points to a score, musts to levels.

use super::judge::Judge;
use super::{
    Criterion, CriterionScore, Dimension, DimensionScore, Gain, Level, LevelReadout, Met, Need, Rubric,
    Scale, Score, trial,
};
use crate::design::Design;
use crate::rules::Critique;

pub(super) fn score(design: &Design, critique: &Critique, rubric: &Rubric, scale: Option<Scale>) -> Score {
    let named = || design.solves.as_ref().and_then(|solves| Scale::parse(solves.scale.as_deref()?));
    let scale = scale.or_else(named).unwrap_or(rubric.scale);
    let judge = Judge::new(design, critique, rubric, scale);
    let asked: Vec<&Criterion> =
        rubric.criteria.iter().filter(|criterion| criterion.scale.is_none_or(|only| only == scale)).collect();
    let criteria: Vec<CriterionScore> =
        asked.iter().map(|criterion| judged(&judge, criterion, rubric, &asked)).collect();
    let dimensions: Vec<DimensionScore> =
        Dimension::ALL.into_iter().filter_map(|dimension| summed(dimension, &criteria)).collect();
    let levels = levels(&criteria);
    let next = gains(&asked, &criteria, &levels);
    Score {
        points: dimensions.iter().map(|dimension| dimension.points).sum(),
        of: dimensions.iter().map(|dimension| dimension.of).sum(),
        level: levels.iter().rev().find(|readout| readout.reached).map(|readout| readout.level),
        weights: rubric.weights,
        problem: rubric.problem.clone(),
        scale,
        dimensions,
        criteria,
        levels,
        next,
    }
}

fn judged(judge: &Judge, criterion: &Criterion, rubric: &Rubric, asked: &[&Criterion]) -> CriterionScore {
    let in_dimension: f64 =
        asked.iter().filter(|other| other.dimension == criterion.dimension).map(|other| other.points).sum();
    let of = criterion.dimension.weight(rubric.weights) * criterion.points / in_dimension;
    let mut outcome = judge.condition(&criterion.condition);
    if outcome.met != Met::Yes {
        let half = criterion.half.as_ref().map(|half| judge.condition(half));
        if half.is_some_and(|half| half.met == Met::Yes) {
            outcome.met = Met::Partly;
        }
    }
    let (share, of) = match outcome.met {
        Met::Yes => (1.0, of),
        Met::Partly => (0.5, of),
        Met::No | Met::Unstated => (0.0, of),
        Met::NotEvaluated => (0.0, 0.0),
    };
    CriterionScore {
        id: criterion.id.clone(),
        dimension: criterion.dimension,
        points: of * share,
        of,
        met: outcome.met,
        why: outcome.why,
        nodes: outcome.nodes,
        need: criterion.need,
        gates: criterion.gates,
        ask: criterion.ask.clone(),
    }
}

/// None where nothing is asked of a dimension at this scale.
fn summed(dimension: Dimension, criteria: &[CriterionScore]) -> Option<DimensionScore> {
    let own: Vec<&CriterionScore> =
        criteria.iter().filter(|criterion| criterion.dimension == dimension).collect();
    let mut open: Option<&CriterionScore> = None;
    for criterion in own.iter().filter(|criterion| criterion.points < criterion.of) {
        if open.is_none_or(|open| criterion.of - criterion.points > open.of - open.points) {
            open = Some(criterion);
        }
    }
    (!own.is_empty()).then(|| DimensionScore {
        id: dimension,
        points: own.iter().map(|criterion| criterion.points).sum(),
        of: own.iter().map(|criterion| criterion.of).sum(),
        why: open.map(|criterion| criterion.why.clone()),
    })
}

/// By gates, not by sum: a level is reached where its musts and those of all levels below are met.
fn levels(criteria: &[CriterionScore]) -> Vec<LevelReadout> {
    let mut reached = true;
    Level::ALL
        .into_iter()
        .map(|level| {
            let open: Vec<String> = criteria
                .iter()
                .filter(|criterion| criterion.gates == Some(level) && criterion.met != Met::Yes)
                .map(|criterion| criterion.id.clone())
                .collect();
            reached &= open.is_empty();
            LevelReadout { level, reached, open }
        })
        .collect()
}

/// What is open: that which the next level waits for first, then by points, then in the rubric's order.
fn gains(asked: &[&Criterion], criteria: &[CriterionScore], levels: &[LevelReadout]) -> Vec<Gain> {
    let next = levels.iter().find(|readout| !readout.reached).map(|readout| readout.level);
    let mut gains: Vec<Gain> = asked
        .iter()
        .zip(criteria)
        .filter(|(_, score)| score.points < score.of)
        .map(|(criterion, score)| Gain {
            criterion: criterion.id.clone(),
            fix: criterion.fix.clone(),
            points: score.of - score.points,
            opens: criterion.gates.filter(|gates| criterion.need == Need::Must && Some(*gates) == next),
            clears: 0,
        })
        .collect();
    trial::sort(&mut gains);
    gains
}
