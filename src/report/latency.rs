//! How long the answers of flows take.

use serde_json::{Value, json};

use super::{Style, Wrap};
use crate::design::Design;
use crate::numbers::latency::{Contributor, Latency};
use crate::numbers::{Missing, Reached};
use crate::units::{show_duration, show_number};

/// Contributors of a flow that are shown, unless all are asked for.
const CONTRIBUTORS: usize = 6;

/// p50, p99.
pub fn cells(latency: Option<&Latency>) -> [String; 2] {
    latency.map_or_else(Default::default, |of| [&of.p50, &of.p99].map(cell))
}

/// `?` where it cannot be had, `≥ 12 ms` where a part is known.
fn cell(time: &Reached) -> String {
    match time {
        Ok(figure) => figure.shown(),
        Err(Missing { at_least: Some(least), .. }) => format!("≥ {}", show_duration(*least)),
        Err(_) => "?".to_string(),
    }
}

/// How the times of a flow come to be: of which parts the mean is made, and how those were reached.
pub fn why(design: &Design, of: &Latency, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let inner = Wrap { first: 4, hang: 6, ..wrap };
    let [p50, p99] = cells(Some(of));
    let mut lines = vec![format!("p50: {}", paint.bold(&p50)), format!("p99: {}", paint.bold(&p99))];
    if !of.contributors.is_empty() {
        let text = format!("the mean is {}, of which it waits for", show_duration(of.mean));
        lines.push(wrap.block(&text));
    }
    let most = if style.all { of.contributors.len() } else { CONTRIBUTORS };
    for contributor in of.contributors.iter().take(most) {
        lines.push(inner.block(&contribution(design, contributor, of.mean)));
    }
    if of.contributors.len() > most {
        lines.push(inner.block(&format!("and {} more (--all)", of.contributors.len() - most)));
    }
    lines.extend(of.lines.iter().map(|line| wrap.block(line)));
    if let Err(missing) = &of.p99 {
        lines.push(wrap.block(&format!("wants {}", missing.wants.join(", "))));
    }
    for assumed in &of.assumed {
        let text = format!(
            "assumed: {} (grade {:?}: {}); {} says otherwise",
            assumed.what, assumed.grade, assumed.source, assumed.instead
        );
        lines.push(paint.dim(&wrap.block(&text)));
    }
    lines.join("\n")
}

/// "`store` works: 5 ms, 40 %"
fn contribution(design: &Design, of: &Contributor, mean: f64) -> String {
    let share = show_number(of.share_of(mean) * 100.0);
    format!("{}: {}, {share} %", of.what.in_words(design), show_duration(of.mean))
}

/// Milliseconds; what is known of a time that is not, and what it wants.
pub fn into_json(of: Option<&Latency>, object: &mut Value) {
    let Some(of) = of else { return };
    for (name, time) in [("p50", &of.p50), ("p99", &of.p99)] {
        let key = format!("{name}_ms");
        match time {
            Ok(figure) => object[key] = json!(figure.value * 1e3),
            Err(Missing { wants, at_least }) => {
                object[&key] = Value::Null;
                if let Some(least) = at_least {
                    object[format!("{name}_at_least_ms")] = json!(least * 1e3);
                }
                object["missing"][key] = json!(wants);
            }
        }
    }
}
