//! What a node, a hop or a flow says, against what is asked of it.

use crate::catalog::{Type, catalog};
use crate::design::Value;
use crate::rubric::condition::{Test, ValueTest};
use crate::rubric::outcome::Outcome;
use crate::rubric::{Met, quantity};
use crate::units::{Dimension, Quantity};

/// What a subject says, against what is asked of it. Nothing asked is met.
pub(super) fn tested(test: Option<&Test>, subject: &str, value: impl Fn(&str) -> Option<Value>) -> Outcome {
    let Some(test) = test else {
        return Outcome::new(Met::Yes, subject.to_string());
    };
    let outcomes = test.names.iter().map(|name| match value(name) {
        None => {
            Outcome::new(Met::Unstated, format!("{subject} does not say `{}`", test.names.join("` or `")))
        }
        Some(value) => {
            let met = if fits(&test.value, &value) { Met::Yes } else { Met::No };
            Outcome::new(met, format!("{subject} has `{}`", show(name, &value)))
        }
    });
    Outcome::any(outcomes.collect())
}

/// A value is what is asked for.
pub(super) fn fits(test: &ValueTest, value: &Value) -> bool {
    match (test, value) {
        (ValueTest::Stated, value) => *value != Value::None,
        (ValueTest::Is(words), Value::Words(said)) => said.iter().any(|word| words.contains(word)),
        (ValueTest::Is(words), Value::Yes) => words.iter().any(|word| word == "yes"),
        (ValueTest::Is(words), Value::None) => words.iter().any(|word| word == "none"),
        (ValueTest::Between { min, max }, Value::Number(number)) => {
            // Fractions such as 100 per minute do not come out even.
            min.is_none_or(|min| *number >= min * 0.999_999)
                && max.is_none_or(|max| *number <= max * 1.000_001)
        }
        _ => false,
    }
}

/// `ttl=…`, as near to what was written as matters for a sentence.
fn show(name: &str, value: &Value) -> String {
    match value {
        Value::None => format!("{name}=no"),
        Value::Yes => name.to_string(),
        Value::Number(number) => format!("{name}={}", shown_number(name, *number)),
        Value::Words(words) => format!("{name}={}", words.join(",")),
        Value::Range(least, most) => format!("{name}=[{least}, {most}]"),
    }
}

fn shown_number(name: &str, number: f64) -> String {
    let dimension = match catalog().attribute(name).map(|attribute| attribute.ty) {
        Some(Type::Duration) => Dimension::TIME,
        Some(Type::Size) => Dimension::SIZE,
        Some(Type::Rate) => Dimension::RATE,
        Some(Type::Share) => return format!("{}%", (number * 1e6).round() / 1e4),
        _ => Dimension::NONE,
    };
    quantity::show(Quantity::new(number, dimension)).replace([' ', ','], "")
}
