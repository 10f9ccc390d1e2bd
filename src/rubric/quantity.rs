//! Figures as a rubric writes them: `39/s`, `3TB`, `100ms`, `99.9%`, `6B` (a size: six bytes), `6G` (a count).

use super::Scale;
use crate::design::units::{Dimension, Quantity};

/// A figure of the interviewer's, one value for each scale that has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub name: String,
    pub small: Option<Quantity>,
    pub large: Option<Quantity>,
}

impl Named {
    pub fn at(&self, scale: Scale) -> Option<Quantity> {
        match scale {
            Scale::Small => self.small,
            Scale::Large => self.large,
        }
    }
}

/// A number, a unit or count suffix, and perhaps `/unit of time`. No arithmetic: that is the design language's.
pub(super) fn parse(text: &str) -> Option<Quantity> {
    let (amount, per) = match text.split_once('/') {
        Some((amount, per)) => (amount, Some(per)),
        None => (text, None),
    };
    let digits = amount.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(amount.len());
    let number: f64 = amount[..digits].parse().ok()?;
    let (factor, mut dimension) = unit(&amount[digits..])?;
    let mut value = number * factor;
    if let Some(per) = per {
        value /= time(per)?;
        dimension.time -= 1;
    }
    Some(Quantity { value, dimension })
}

fn unit(name: &str) -> Option<(f64, Dimension)> {
    let count = Dimension::default();
    if let Some(seconds) = time(name) {
        return Some((seconds, Dimension { time: 1, ..count }));
    }
    if let Some(prefix) = name.strip_suffix('B') {
        return Some((prefix_factor(prefix)?, Dimension { size: 1, ..count }));
    }
    if name == "%" {
        return Some((0.01, count));
    }
    Some((prefix_factor(name)?, count))
}

fn prefix_factor(prefix: &str) -> Option<f64> {
    Some(match prefix {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        _ => return None,
    })
}

fn time(name: &str) -> Option<f64> {
    const DAY: f64 = 86_400.0;
    Some(match name {
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" | "day" => DAY,
        "w" => 7.0 * DAY,
        "month" => 365.0 * DAY / 12.0,
        "y" => 365.0 * DAY,
        _ => return None,
    })
}

/// As a person writes it: `39/s`, `3 TB`, `80 ms`.
pub(super) fn show(value: f64, dimension: Dimension) -> String {
    let steps: &[(f64, &str)] = match (dimension.time, dimension.size) {
        (1, 0) => &[
            (31_536_000.0, " y"),
            (86_400.0, " d"),
            (3600.0, " h"),
            (60.0, " min"),
            (1.0, " s"),
            (1e-3, " ms"),
        ],
        (0, 1) => &[(1e15, " PB"), (1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " KB"), (1.0, " B")],
        _ => &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")],
    };
    let (factor, name) = steps.iter().copied().find(|(factor, _)| value >= *factor).unwrap_or(match steps {
        [.., last] => *last,
        [] => (1.0, ""),
    });
    let scaled = value / factor;
    let digits = if scaled >= 10.0 || (scaled - scaled.round()).abs() < 0.05 { 0 } else { 1 };
    let rate = if (dimension.time, dimension.size) == (-1, 0) { "/s" } else { "" };
    format!("{scaled:.digits$}{name}{rate}")
}

#[cfg(test)]
mod tests {
    use super::{parse, show};

    #[test]
    fn figures_read_and_show() {
        for (text, shown) in [
            ("39/s", "39/s"),
            ("3TB", "3 TB"),
            ("100ms", "100 ms"),
            ("6G", "6G"),
            ("2.5k/s", "2.5k/s"),
            ("60/min", "1/s"),
            ("60s", "1 min"),
        ] {
            let quantity = parse(text).expect(text);
            assert_eq!(show(quantity.value, quantity.dimension), shown, "{text}");
        }
        for text in ["", "s", "3 TB", "3XB", "3/x", "a"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
