//! Figures as a rubric writes them: `39/s`, `3TB`, `100ms`, `99.9%`, `6B` (six bytes), `6G` (a count).

use super::Scale;
use crate::units::{Dimension, Quantity, show_duration, show_number, show_rate, unit};

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

/// A number, a unit or count suffix, and perhaps `/unit`. No arithmetic: that is the design language's.
pub(super) fn parse(text: &str) -> Option<Quantity> {
    let (amount, per) = match text.split_once('/') {
        Some((amount, per)) => (amount, Some(per)),
        None => (text, None),
    };
    let digits = amount.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(amount.len());
    let number: f64 = amount[..digits].parse().ok()?;
    let quantity = Quantity::new(number, Dimension::NONE).times(unit(&amount[digits..])?)?;
    match per {
        None => Some(quantity),
        Some("") => None,
        Some(per) => quantity.over(unit(per)?),
    }
}

/// As a person writes it: `39/s`, `3 TB`, `80 ms`.
pub(super) fn show(quantity: Quantity) -> String {
    const SIZES: [(f64, &str); 6] =
        [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")];
    match quantity.dimension {
        Dimension::RATE => show_rate(quantity.value),
        Dimension::TIME => show_duration(quantity.value),
        Dimension::SIZE => {
            let fits = |(size, _): &(f64, &str)| quantity.value >= *size;
            let (size, unit) = SIZES.into_iter().find(fits).unwrap_or((1.0, "B"));
            format!("{} {unit}", show_number(quantity.value / size))
        }
        _ => show_number(quantity.value),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, show};

    #[test]
    fn figures_read_and_show() {
        for (text, shown) in
            [("39/s", "39/s"), ("3TB", "3 TB"), ("100ms", "100 ms"), ("2.5k/s", "2,500/s"), ("60/min", "1/s")]
        {
            assert_eq!(show(parse(text).expect(text)), shown, "{text}");
        }
        for text in ["", "s", "3 TB", "3XB", "3/x", "3/", "a"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
