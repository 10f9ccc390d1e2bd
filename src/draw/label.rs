//! What a hop says beside its line.

use crate::design::{Arrow, Attrs, Hop, Step, Value};

use super::scene::Point;
use super::text::{Weight, clean, width, wrap};

pub const SIZE: f64 = 11.0;
const HEIGHT: f64 = 14.0;
const WIDEST: f64 = 120.0;

/// What a person would write beside the arrow: when it is taken, what it does, over which protocol. No more than two.
pub fn text(hop: &Hop, steps: &[Step]) -> String {
    let used = || hop.steps.iter().filter_map(|&at| steps.get(at)).map(|step| &step.attrs);
    let mut parts: Vec<String> = Vec::new();
    for attrs in used() {
        parts.extend(words(attrs, "on").map(|when| format!("on {when}")));
    }
    if hop.arrow == Arrow::Control {
        for verb in ["observes", "deploys", "configures", "recovers", "needs"] {
            if has(&hop.attrs, verb) || used().any(|attrs| has(attrs, verb)) {
                parts.push(verb.to_string());
            }
        }
    }
    for attrs in used() {
        if let Some(Value::Number(share)) = find(attrs, "share") {
            parts.push(format!("{}%", (share * 1000.0).round() / 10.0));
        }
    }
    parts.extend(words(&hop.attrs, "protocol").map(protocol));
    let mut seen: Vec<String> = Vec::new();
    for part in parts {
        if !seen.contains(&part) {
            seen.push(part);
        }
    }
    seen.truncate(2);
    clean(&seen.join(", "))
}

/// Everything worth a tooltip: `links -> store: reads, on=miss`.
pub fn full(from: &str, to: &str, hop: &Hop, steps: &[Step]) -> String {
    let mut said: Vec<String> = Vec::new();
    let used = hop.steps.iter().filter_map(|&at| steps.get(at)).map(|step| &step.attrs);
    for attrs in std::iter::once(&hop.attrs).chain(used) {
        for setting in attrs.iter() {
            let text = match &setting.value {
                Value::Yes => setting.name.to_string(),
                Value::Words(words) if words.is_empty() => setting.name.to_string(),
                Value::Words(words) => format!("{}={}", setting.name, words.join(",")),
                // Numbers have their figures in the text, units and all.
                Value::None | Value::Number(_) | Value::Range(..) => continue,
            };
            if !said.contains(&text) {
                said.push(text);
            }
        }
    }
    let ends = format!("{from} {} {to}", hop.arrow.symbol());
    clean(&if said.is_empty() { ends } else { format!("{ends}: {}", said.join(", ")) })
}

fn protocol(word: String) -> String {
    match word.as_str() {
        "http" => "HTTP".to_string(),
        "grpc" => "gRPC".to_string(),
        "graphql" => "GraphQL".to_string(),
        "websocket" => "WebSocket".to_string(),
        "sse" => "SSE".to_string(),
        "amqp" => "AMQP".to_string(),
        "tcp" => "TCP".to_string(),
        "webrtc" => "WebRTC".to_string(),
        _ => word,
    }
}

fn find<'a>(attrs: &'a Attrs, name: &str) -> Option<&'a Value> {
    attrs.iter().find(|setting| setting.name == name).map(|setting| &setting.value)
}

fn has(attrs: &Attrs, name: &str) -> bool {
    find(attrs, name).is_some_and(|value| *value != Value::None)
}

fn words(attrs: &Attrs, name: &str) -> impl Iterator<Item = String> {
    match find(attrs, name) {
        Some(Value::Words(words)) => words.clone(),
        _ => Vec::new(),
    }
    .into_iter()
}

/// The text, cut to what a line can carry, and its size.
pub fn measured(text: &str) -> Option<(String, f64, f64)> {
    let text = wrap(text, SIZE, Weight::Regular, WIDEST, 1).pop()?;
    let wide = width(&text, SIZE, Weight::Regular).ceil() + 6.0;
    Some((text, wide, HEIGHT))
}

fn span(pair: &[Point]) -> f64 {
    (pair[0].x - pair[1].x).abs() + (pair[0].y - pair[1].y).abs()
}

/// The point at a distance from the line's start.
pub fn along(line: &[Point], mut distance: f64) -> Point {
    for pair in line.windows(2) {
        let length = span(pair);
        if distance <= length && length > 0.0 {
            let share = distance / length;
            return Point {
                x: pair[0].x + (pair[1].x - pair[0].x) * share,
                y: pair[0].y + (pair[1].y - pair[0].y) * share,
            };
        }
        distance -= length;
    }
    line.last().copied().unwrap_or(Point { x: 0.0, y: 0.0 })
}

/// The point in the middle of a line.
pub fn share_of(line: &[Point], share: f64) -> Point {
    along(line, line.windows(2).map(span).sum::<f64>() * share)
}
