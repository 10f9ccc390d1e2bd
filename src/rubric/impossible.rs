//! Conditions that no design, or every design, meets: mistakes of a rubric that reading alone can find.

use super::condition::{Condition, Test, ValueTest};

/// Why a condition by itself can never hold, or always does; None for most.
pub(super) fn reason(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Node { test: Some(test), .. }
        | Condition::Hop { test: Some(test), .. }
        | Condition::Says { test, .. } => of_test(test),
        Condition::Table { fields: 0, .. } => {
            Some("every table has no fields or more: this always holds".into())
        }
        Condition::Decisions { least: 0 } | Condition::Outs { least: 0 } => {
            Some("none or more: this always holds".into())
        }
        Condition::AtMost { kinds, most: 0 } if kinds.is_any() => {
            Some("a design without any node can meet nothing else: this never holds".into())
        }
        Condition::Rate { within, .. }
        | Condition::Stores { within, .. }
        | Condition::Given { within, .. }
            if within.is_nan() || *within < 1.0 =>
        {
            Some("`within` is a factor of 1 or more: this never holds".into())
        }
        Condition::All(inner) => contradiction(inner),
        _ => None,
    }
}

fn of_test(test: &Test) -> Option<String> {
    match test.value {
        ValueTest::Between { min: Some(min), max: Some(max) } if min > max => {
            Some("`min` is above `max`: this never holds".into())
        }
        _ => None,
    }
}

/// A way that must be there and must not.
fn contradiction(inner: &[Condition]) -> Option<String> {
    inner.iter().find_map(|one| {
        let Condition::Path { flow, stops } = one else { return None };
        inner
            .iter()
            .any(|other| matches!(other, Condition::NoPath { flow: f, stops: s } if f == flow && s == stops))
            .then(|| format!("flow `{flow}` has to have a path and not to have it: this never holds"))
    })
}
