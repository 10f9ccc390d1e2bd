//! What a hop says on its line, and where along the line it stands.

use crate::design::{Arrow, Attrs, Hop, Step, Value};

use super::scene::{Point, Rect};
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

/// What a label should not cover.
pub struct Crowd<'a> {
    pub boxes: &'a [Rect],
    pub frames: &'a [Rect],
    pub titles: &'a [Rect],
    /// All lines; the label's own is `own`.
    pub lines: &'a [Vec<Point>],
    pub own: usize,
    pub labels: &'a [Rect],
}

/// Lines above which labels stand at the middle of theirs, unexamined.
pub const MANY: usize = 400;

/// On its own line, as near to the middle as boxes, titles, labels and other lines allow.
pub fn place(w: f64, h: f64, crowd: &Crowd) -> Rect {
    let line = &crowd.lines[crowd.own];
    let length: f64 = line.windows(2).map(span).sum();
    let around = |point: Point| Rect { x: point.x - w / 2.0, y: point.y - h / 2.0, w, h };
    let middle = around(along(line, length / 2.0));
    if crowd.lines.len() > MANY {
        return middle;
    }
    let mut best = (f64::INFINITY, middle);
    let tries = ((length / 6.0) as usize).clamp(4, 60);
    for at in 0..=tries {
        let distance = length * at as f64 / tries as f64;
        let spot = around(along(line, distance));
        for (x, y, shift) in [
            (0.0, 0.0, 0.0),
            (w / 2.0 + 4.0, 0.0, 14.0),
            (-w / 2.0 - 4.0, 0.0, 14.0),
            (0.0, -h / 2.0 - 2.0, 14.0),
        ] {
            let rect = Rect { x: spot.x + x, y: spot.y + y, ..spot };
            let cost = shift + (distance - length / 2.0).abs() * 0.5 + crowding(&rect, crowd);
            if cost < best.0 {
                best = (cost, rect);
            }
        }
    }
    best.1
}

fn crowding(rect: &Rect, crowd: &Crowd) -> f64 {
    let near = rect.grown(2.0);
    let mut cost = 0.0;
    cost += 10_000.0 * crowd.boxes.iter().filter(|other| other.overlaps(&near)).count() as f64;
    cost += 5_000.0 * crowd.labels.iter().filter(|other| other.overlaps(&near)).count() as f64;
    cost += 5_000.0 * crowd.titles.iter().filter(|other| other.overlaps(&near)).count() as f64;
    // On a frame's border a label reads as the frame's.
    let on_border = |frame: &&Rect| frame.overlaps(rect) && !frame.grown(-1.0).contains(rect);
    cost += 40.0 * crowd.frames.iter().filter(on_border).count() as f64;
    let bends = crowd.lines[crowd.own].iter().skip(1).rev().skip(1);
    let covers = |bend: &&Point| rect.grown(9.0).contains(&Rect { x: bend.x, y: bend.y, w: 0.0, h: 0.0 });
    cost += 40.0 * bends.filter(covers).count() as f64;
    for (at, line) in crowd.lines.iter().enumerate() {
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let segment = Rect {
                x: a.x.min(b.x) - 0.5,
                y: a.y.min(b.y) - 0.5,
                w: (a.x - b.x).abs() + 1.0,
                h: (a.y - b.y).abs() + 1.0,
            };
            if segment.overlaps(rect) {
                // Its own line may pass under it from top to bottom, or from side to side with some to spare.
                let runs_under = a.y == b.y && segment.w < rect.w + 24.0;
                cost += if at != crowd.own {
                    300.0
                } else if runs_under {
                    60.0
                } else {
                    0.0
                };
            }
        }
    }
    cost
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
