//! What one design of a class earned. Facts for every format; whose design it is stands beside it.

use serde::{Serialize, Serializer};

use crate::report::Counts;
use crate::review::Review;
use crate::rubric::{Dimension, Level, Scale, Score};

/// A row always has all of its keys: what there is not is null, and `error` says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Row {
    pub problem: Option<String>,
    pub scale: Option<Scale>,
    #[serde(serialize_with = "hundredths")]
    pub points: Option<f64>,
    #[serde(serialize_with = "hundredths")]
    pub of: Option<f64>,
    /// None as well where a design was graded and does not reach the lowest.
    pub level: Option<Level>,
    pub dimensions: Vec<DimensionPoints>,
    /// None where there was nothing to look at.
    pub counts: Option<Counts>,
    /// Ids of the criteria that keep a level shut, the lowest level's first.
    pub unmet_musts: Vec<String>,
    /// Why there are no points.
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DimensionPoints {
    pub id: Dimension,
    #[serde(serialize_with = "rounded")]
    pub points: f64,
    #[serde(serialize_with = "rounded")]
    pub of: f64,
}

impl Row {
    pub fn of(review: &Review) -> Row {
        let row = Row { counts: Some(Counts::of(review)), ..Row::default() };
        match &review.score {
            Some(score) => row.scored(score),
            None => Row { error: Some(why_not(review)), ..row },
        }
    }

    /// One that could not be looked at.
    pub fn without(reason: impl Into<String>) -> Row {
        Row { error: Some(reason.into()), ..Row::default() }
    }

    fn scored(self, score: &Score) -> Row {
        let dimensions = score.dimensions.iter().map(|dimension| DimensionPoints {
            id: dimension.id,
            points: dimension.points,
            of: dimension.of,
        });
        Row {
            problem: Some(score.problem.clone()),
            scale: Some(score.scale),
            points: Some(score.points),
            of: Some(score.of),
            level: score.level,
            dimensions: dimensions.collect(),
            unmet_musts: score.levels.iter().flat_map(|readout| readout.open.iter().cloned()).collect(),
            ..self
        }
    }

    pub fn dimension(&self, id: Dimension) -> Option<&DimensionPoints> {
        self.dimensions.iter().find(|dimension| dimension.id == id)
    }
}

fn why_not(review: &Review) -> String {
    match review.mistakes.iter().find(|mistake| mistake.code == "unknown-problem") {
        Some(unknown) => unknown.message.clone(),
        None => "no problem to grade it by: `--problem ID`, or `solves ID` in its first line".to_string(),
    }
}

/// Shares of a weight have long tails that would differ in the last digit for no reason.
pub(super) fn hundredth(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}

fn rounded<S: Serializer>(points: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(hundredth(*points))
}

fn hundredths<S: Serializer>(points: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    points.map(hundredth).serialize(serializer)
}
