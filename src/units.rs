//! Numbers with dimensions: times, sizes, money, counts, and what arithmetic makes of them.

use std::fmt;

use crate::catalog::nearest;

/// Exponents of the base dimensions. A rate is `time: -1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimension {
    pub time: i8,
    pub size: i8,
    pub usd: i8,
    pub eur: i8,
}

impl Dimension {
    pub const NONE: Dimension = Dimension { time: 0, size: 0, usd: 0, eur: 0 };
    pub const TIME: Dimension = Dimension { time: 1, ..Dimension::NONE };
    pub const SIZE: Dimension = Dimension { size: 1, ..Dimension::NONE };
    pub const RATE: Dimension = Dimension { time: -1, ..Dimension::NONE };
    pub const SPEED: Dimension = Dimension { time: -1, size: 1, ..Dimension::NONE };
    pub const USD: Dimension = Dimension { usd: 1, ..Dimension::NONE };
    pub const EUR: Dimension = Dimension { eur: 1, ..Dimension::NONE };

    fn combine(self, other: Dimension, sign: i8) -> Option<Dimension> {
        let add = |a: i8, b: i8| a.checked_add(b.checked_mul(sign)?);
        Some(Dimension {
            time: add(self.time, other.time)?,
            size: add(self.size, other.size)?,
            usd: add(self.usd, other.usd)?,
            eur: add(self.eur, other.eur)?,
        })
    }
}

/// What a person calls a quantity of this dimension: `seconds`, `bytes`, `bytes per second`.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let bases = [(self.size, "bytes"), (self.usd, "USD"), (self.eur, "EUR"), (self.time, "seconds")];
        let power = |(exponent, name): (i8, &str)| match exponent.abs() {
            1 => name.to_string(),
            other => format!("{name}^{other}"),
        };
        let above: Vec<String> = bases.into_iter().filter(|base| base.0 > 0).map(power).collect();
        let below: Vec<String> = bases.into_iter().filter(|base| base.0 < 0).map(power).collect();
        match (above.as_slice(), below.as_slice()) {
            ([], []) => f.write_str("a plain number"),
            (above, []) => f.write_str(&above.join(" times ")),
            ([], [only]) if only == "seconds" => f.write_str("a rate"),
            ([], below) => write!(f, "something per {}", below.join(" per ")),
            (above, below) => {
                let below = below.join(" per ").replace("seconds", "second");
                write!(f, "{} per {below}", above.join(" times "))
            }
        }
    }
}

/// A value in base units: seconds, bytes, dollars, euros, or products of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    pub value: f64,
    pub dimension: Dimension,
}

impl Quantity {
    pub fn new(value: f64, dimension: Dimension) -> Quantity {
        Quantity { value, dimension }
    }

    /// None where the exponents leave their range, which no real quantity does.
    pub fn times(self, other: Quantity) -> Option<Quantity> {
        Some(Quantity::new(self.value * other.value, self.dimension.combine(other.dimension, 1)?))
    }

    pub fn over(self, other: Quantity) -> Option<Quantity> {
        Some(Quantity::new(self.value / other.value, self.dimension.combine(other.dimension, -1)?))
    }
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.0 * DAY;

/// Every unit, its size in base units and its dimension.
const UNITS: [(&str, f64, Dimension); 36] = [
    ("ns", 1e-9, Dimension::TIME),
    ("us", 1e-6, Dimension::TIME),
    ("ms", 1e-3, Dimension::TIME),
    ("s", 1.0, Dimension::TIME),
    ("m", MINUTE, Dimension::TIME),
    ("min", MINUTE, Dimension::TIME),
    ("h", HOUR, Dimension::TIME),
    ("d", DAY, Dimension::TIME),
    ("day", DAY, Dimension::TIME),
    ("w", 7.0 * DAY, Dimension::TIME),
    ("week", 7.0 * DAY, Dimension::TIME),
    ("month", YEAR / 12.0, Dimension::TIME),
    ("y", YEAR, Dimension::TIME),
    ("year", YEAR, Dimension::TIME),
    ("B", 1.0, Dimension::SIZE),
    ("KB", 1e3, Dimension::SIZE),
    ("MB", 1e6, Dimension::SIZE),
    ("GB", 1e9, Dimension::SIZE),
    ("TB", 1e12, Dimension::SIZE),
    ("PB", 1e15, Dimension::SIZE),
    ("KiB", 1024.0, Dimension::SIZE),
    ("MiB", 1_048_576.0, Dimension::SIZE),
    ("GiB", 1_073_741_824.0, Dimension::SIZE),
    ("TiB", 1_099_511_627_776.0, Dimension::SIZE),
    ("PiB", 1_125_899_906_842_624.0, Dimension::SIZE),
    ("b", 0.125, Dimension::SIZE),
    ("Kb", 125.0, Dimension::SIZE),
    ("Mb", 125e3, Dimension::SIZE),
    ("Gb", 125e6, Dimension::SIZE),
    ("k", 1e3, Dimension::NONE),
    ("M", 1e6, Dimension::NONE),
    ("G", 1e9, Dimension::NONE),
    ("T", 1e12, Dimension::NONE),
    ("%", 0.01, Dimension::NONE),
    ("USD", 1.0, Dimension::USD),
    ("EUR", 1.0, Dimension::EUR),
];

/// One of a unit: `unit("min")` is 60 seconds. The empty unit is the plain number one.
pub fn unit(name: &str) -> Option<Quantity> {
    if name.is_empty() {
        return Some(Quantity::new(1.0, Dimension::NONE));
    }
    UNITS
        .iter()
        .find(|(unit, ..)| *unit == name)
        .map(|&(_, value, dimension)| Quantity::new(value, dimension))
}

/// The unit that was probably meant: by habit, else by spelling.
pub fn nearest_unit(name: &str) -> Option<&'static str> {
    unit_by_habit(name).or_else(|| nearest(name, UNITS.iter().map(|(unit, ..)| *unit)))
}

/// `5M` for five million: the shortest way to write a whole count.
pub fn short_count(number: f64) -> Option<String> {
    let scales = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    let (scale, unit) = scales.into_iter().find(|(scale, _)| number >= *scale)?;
    (number < 1e15).then(|| format!("{}{unit}", number / scale))
}

/// What this language calls a unit that people write differently: `sec` is `s`.
pub fn unit_by_habit(name: &str) -> Option<&'static str> {
    Some(match name {
        "sec" | "secs" | "second" | "seconds" | "S" => "s",
        "msec" | "millis" | "milliseconds" | "Ms" | "MS" => "ms",
        "µs" | "μs" | "usec" => "us",
        "mins" | "minute" | "minutes" => "min",
        "hr" | "hrs" | "hour" | "hours" | "H" => "h",
        "days" | "D" => "d",
        "weeks" | "W" => "w",
        "months" | "mo" | "mon" => "month",
        "years" | "yr" | "yrs" | "Y" => "y",
        "kb" | "kB" | "K" => "KB",
        "mb" | "mB" => "MB",
        "gb" | "gB" | "Gig" => "GB",
        "tb" | "tB" => "TB",
        "bytes" | "byte" => "B",
        "bit" | "bits" => "b",
        "kbps" | "Kbps" => "Kb",
        "mbps" | "Mbps" => "Mb",
        "gbps" | "Gbps" => "Gb",
        "mil" | "mio" | "million" | "mm" => "M",
        "bn" | "billion" => "G",
        "thousand" => "k",
        "percent" | "pct" => "%",
        "usd" | "dollars" | "dollar" => "USD",
        "eur" | "euro" | "euros" => "EUR",
        _ => return None,
    })
}

/// A rate as a person would say it: `40,000/s`, `2.3/s`, `5/min`.
pub fn show_rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1.0 || rate == 0.0 => format!("{}/s", show_number(rate)),
        rate if rate * MINUTE >= 1.0 => format!("{}/min", show_number(rate * MINUTE)),
        rate if rate * HOUR >= 1.0 => format!("{}/h", show_number(rate * HOUR)),
        rate => format!("{}/day", show_number(rate * DAY)),
    }
}

/// A duration in the largest unit that keeps it above one: `40 ms`, `5 min`, `2 d`.
pub fn show_duration(seconds: f64) -> String {
    const STEPS: [(f64, &str); 8] = [
        (YEAR, "y"),
        (DAY, "d"),
        (HOUR, "h"),
        (MINUTE, "min"),
        (1.0, "s"),
        (1e-3, "ms"),
        (1e-6, "us"),
        (1e-9, "ns"),
    ];
    let (size, unit) = STEPS.into_iter().find(|&(size, _)| seconds >= size * 0.999_999).unwrap_or((1.0, "s"));
    format!("{} {unit}", show_number(seconds / size))
}

/// A size in the largest decimal unit that keeps it above one: `300 B`, `3 MB`, `219 TB`.
pub fn show_size(bytes: f64) -> String {
    const STEPS: [(f64, &str); 6] =
        [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")];
    let (size, unit) = STEPS.into_iter().find(|&(size, _)| bytes >= size * 0.999_999).unwrap_or((1.0, "B"));
    format!("{} {unit}", show_number(bytes / size))
}

/// Three significant digits, thousands separated: `40,000`, `2.35`, `0.012`.
pub fn show_number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let rounded = if value.abs() >= 1000.0 {
        let step = 10f64.powi(value.abs().log10().floor() as i32 - 2);
        format!("{:.0}", (value / step).round() * step)
    } else {
        format!("{value:.digits$}")
    };
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut out = String::new();
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    out.push_str(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Dimension, nearest_unit, show_duration, show_number, show_rate, unit};

    #[test]
    fn case_decides_between_minutes_and_millions() {
        assert_eq!(unit("m").unwrap().value, 60.0);
        assert_eq!(unit("M").unwrap().value, 1e6);
        assert_eq!(unit("m").unwrap().dimension, Dimension::TIME);
        assert!(unit("mb").is_none());
        assert_eq!(nearest_unit("mb"), Some("MB"));
        assert_eq!(nearest_unit("sec"), Some("s"));
    }

    #[test]
    fn numbers_read_as_a_person_says_them() {
        assert_eq!(show_number(40_000.0), "40,000");
        assert_eq!(show_number(1_234_567.0), "1,230,000");
        assert_eq!(show_number(2.3456), "2.35");
        assert_eq!(show_number(0.5), "0.5");
        assert_eq!(show_number(999.99), "1,000");
        assert_eq!(show_rate(0.5), "30/min");
        assert_eq!(show_duration(0.04), "40 ms");
        assert_eq!(show_duration(86_400.0), "1 d");
    }

    #[test]
    fn dimensions_have_names() {
        assert_eq!(Dimension::TIME.to_string(), "seconds");
        assert_eq!(Dimension::SPEED.to_string(), "bytes per second");
        assert_eq!(Dimension::RATE.to_string(), "a rate");
        assert_eq!(Dimension::NONE.to_string(), "a plain number");
    }
}
