//! Where the time of each flow goes.
//!
//! Plain figures: whoever reckons them says what they mean.

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stacks {
    pub title: Option<String>,
    /// One flow each.
    pub stacks: Vec<Stack>,
    /// What the picture leaves out, and what it takes for granted.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stack {
    pub label: String,
    /// In the order in which they are drawn; their means add up.
    pub parts: Vec<Part>,
    /// Seconds, where they are known.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    /// What the design promises of the p99.
    pub budget: Option<f64>,
    /// Only a part of what takes time is known: p50, p99 and the mean are no less than this.
    pub at_least: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// "store", "links to store"
    pub name: String,
    pub class: Class,
    /// On average.
    pub seconds: f64,
}

/// What a request does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Work,
    Wait,
    Network,
}

impl Class {
    pub const ALL: [Class; 3] = [Class::Work, Class::Wait, Class::Network];

    pub fn name(self) -> &'static str {
        match self {
            Class::Work => "work",
            Class::Wait => "waiting",
            Class::Network => "network",
        }
    }
}

impl Part {
    pub fn new(name: impl Into<String>, class: Class, seconds: f64) -> Part {
        Part { name: name.into(), class, seconds }
    }
}

impl Stack {
    /// Seconds.
    pub fn mean(&self) -> f64 {
        self.parts.iter().map(|part| part.seconds).sum()
    }

    /// Every figure is a length of time.
    pub fn is_sound(&self) -> bool {
        let marks = [self.p50, self.p99, self.budget].into_iter().flatten();
        let parts = self.parts.iter().map(|part| part.seconds);
        marks.chain(parts).chain([self.mean()]).all(|time| time.is_finite() && time >= 0.0)
    }
}

impl Stacks {
    pub fn json(&self) -> Value {
        let flows: Vec<Value> = self
            .stacks
            .iter()
            .map(|stack| {
                let parts: Vec<Value> = stack
                    .parts
                    .iter()
                    .map(|part| json!({ "what": part.name, "class": part.class.name(), "mean_s": part.seconds }))
                    .collect();
                json!({
                    "id": stack.label,
                    "mean_s": stack.mean(),
                    "p50_s": stack.p50,
                    "p99_s": stack.p99,
                    "budget_p99_s": stack.budget,
                    "only_a_part_is_known": stack.at_least,
                    "parts": parts,
                })
            })
            .collect();
        json!({ "version": 1, "of": "latency", "flows": flows, "notes": self.notes })
    }
}
