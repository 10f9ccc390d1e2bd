//! What an arrow says: what the step does above, how long it is waited for and how often tried below.

use crate::design::{Attrs, Design, Hop, Step, Value};
use crate::units;

use super::super::text::clean;

/// `reads link by code, conditional`; empty where the design says nothing of the step.
pub fn label(attrs: &Attrs) -> String {
    let mut parts = Vec::new();
    for setting in attrs.iter() {
        let name = setting.name.replace('_', " ");
        parts.extend(match (setting.name, &setting.value) {
            (_, Value::None) => None,
            ("reads" | "writes", Value::Words(words)) if !words.is_empty() => {
                Some(format!("{name} {}", words.join(", ")))
            }
            ("by" | "key", Value::Words(words)) if !words.is_empty() => {
                Some(format!("{name} {}", words.join(", ")))
            }
            (
                "reads" | "writes" | "idempotency_key" | "conditional" | "optional" | "multi_get"
                | "transaction",
                _,
            ) => Some(name),
            ("share", Value::Number(share)) => Some(format!("{}%", plain(share * 100.0))),
            ("calls", Value::Number(calls)) => Some(format!("{} calls each", plain(*calls))),
            ("fanout", Value::Number(many)) => Some(format!("one makes {}", units::show_count(*many))),
            ("batch", Value::Number(many)) => Some(format!("{} in one", units::show_count(*many))),
            _ => None,
        });
    }
    clean(&parts.join(", "))
}

/// `timeout 40 ms, 3 attempts`: what belongs to the connection; inherited are those of `every`.
pub fn patience(hop: &Hop, inherited: bool) -> String {
    let parts: Vec<String> = hop
        .attrs
        .iter()
        .filter(|setting| setting.inherited == inherited)
        .filter_map(|setting| match (setting.name, &setting.value) {
            ("timeout", Value::Number(time)) => Some(format!("timeout {}", units::show_duration(*time))),
            ("attempts", Value::Number(tries)) if *tries == 1.0 => Some("1 attempt".to_string()),
            ("attempts", Value::Number(tries)) => Some(format!("{} attempts", plain(*tries))),
            ("breaker", value) if *value != Value::None => Some("breaker".to_string()),
            ("fallback", Value::Words(words)) if !words.is_empty() => {
                Some(format!("else {}", words.join(", ")))
            }
            _ => None,
        })
        .collect();
    clean(&parts.join(", "))
}

/// When a step with `on` is taken, as a person would say it: `hot misses`, for the cache that its caller asked last.
pub fn condition(design: &Design, before: &[Step], step: &Step) -> Option<String> {
    let on = step.attrs.text("on").value()?;
    if on != "miss" {
        return Some(clean(&format!("on {on}")));
    }
    let keeps = |node: petgraph::graph::NodeIndex| {
        let kind = design.graph[node].kind;
        matches!(kind, crate::catalog::Kind::Cache | crate::catalog::Kind::Cdn)
    };
    let asked = if keeps(step.from) {
        Some(step.from)
    } else {
        before.iter().rev().find(|one| one.from == step.from && keeps(one.to)).map(|one| one.to)
    };
    Some(
        asked.map_or_else(
            || "on miss".to_string(),
            |node| clean(&format!("{} misses", design.graph[node].id)),
        ),
    )
}

fn plain(number: f64) -> String {
    format!("{}", (number * 1000.0).round() / 1000.0)
}
