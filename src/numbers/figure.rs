//! A number with how it was reached: nothing is shown that cannot be traced.

use serde::Serialize;

use crate::catalog::Grade;
use crate::units::{show_count, show_duration, show_rate, show_share, show_size};

/// What a number counts, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Plain: rows, requests in flight, connections.
    Count,
    /// Of one: a utilisation, an availability.
    Share,
    /// Per second.
    Rate,
    /// Seconds.
    Time,
    /// Bytes.
    Size,
    /// Bytes per second.
    Speed,
}

/// A value, its arithmetic, and what it takes for granted.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub value: f64,
    pub unit: Unit,
    /// Lines that can be redone by hand; the last one ends in the value.
    pub reached: Vec<String>,
    pub assumed: Vec<Assumed>,
}

/// A number of the catalogue, used because the design states none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumed {
    /// "72,000/s for one instance of `hot`"
    pub what: String,
    pub grade: Grade,
    pub source: String,
    /// What to write to say otherwise: "`capacity=` on `hot`".
    pub instead: String,
}

/// Why there is no number: what to state, and how much there is at the least.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Missing {
    /// As the reader would add them: "`rate` of flow `redirect`".
    pub wants: Vec<String>,
    pub at_least: Option<f64>,
}

pub type Reached = Result<Figure, Missing>;

impl Figure {
    pub fn new(value: f64, unit: Unit, line: impl Into<String>) -> Figure {
        Figure { value, unit, reached: vec![line.into()], assumed: Vec::new() }
    }

    pub fn shown(&self) -> String {
        self.unit.show(self.value)
    }
}

impl Missing {
    pub fn of(want: impl Into<String>) -> Missing {
        Missing { wants: vec![want.into()], at_least: None }
    }
}

impl Unit {
    pub fn show(self, value: f64) -> String {
        match self {
            Unit::Count => show_count(value),
            Unit::Share => show_share(value),
            Unit::Rate => show_rate(value),
            Unit::Time => show_duration(value),
            Unit::Size => show_size(value),
            Unit::Speed => format!("{}/s", show_size(value)),
        }
    }
}

/// One figure out of two; what either lacks is lacking.
pub fn both(
    one: &Reached,
    other: &Reached,
    unit: Unit,
    make: impl FnOnce(f64, f64) -> (f64, String),
) -> Reached {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let (value, line) = make(one.value, other.value);
            let mut figure = Figure::new(value, unit, line);
            let mut assumed = one.assumed.clone();
            assumed.extend(other.assumed.iter().filter(|more| !one.assumed.contains(more)).cloned());
            figure.assumed = assumed;
            Ok(figure)
        }
        _ => {
            let mut wants = Vec::new();
            for missing in [one, other].into_iter().filter_map(|reached| reached.as_ref().err()) {
                add_new(&mut wants, &missing.wants);
            }
            Err(Missing { wants, at_least: None })
        }
    }
}

/// Adds what is not there yet.
pub fn add_new(all: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}
