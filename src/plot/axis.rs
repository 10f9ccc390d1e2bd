//! Where a value stands on an axis, and the round numbers beside it.

/// A stretch of the page that starts at `from` and is `length` long; both in pixels, `length` may be negative.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: f64,
    pub length: f64,
}

impl Span {
    /// From 0 to `most`, evenly. What lies outside stands at the nearer end.
    pub fn linear(self, value: f64, most: f64) -> f64 {
        self.from + self.length * (value / most).clamp(0.0, 1.0)
    }

    /// From `least` to `most`, both above 0, by ratio.
    pub fn log(self, value: f64, least: f64, most: f64) -> f64 {
        let share = (value.clamp(least, most) / least).ln() / (most / least).ln();
        self.from + self.length * share
    }
}

/// 0 and multiples of 1, 2 or 5 times a power of ten; the last of them is the first that is no less than `most`, and there
/// are no more than `many` and one.
pub fn round_ticks(most: f64, many: usize) -> Vec<f64> {
    let least_step = most / many as f64;
    let power = 10f64.powi(least_step.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= least_step * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0) * power;
    let steps = (most / step * (1.0 - 1e-9)).ceil() as usize;
    (0..=steps).map(|at| at as f64 * step).collect()
}

/// 1, 2 and 5 times each power of ten from `least` to `most`.
pub fn log_ticks(least: f64, most: f64) -> Vec<f64> {
    let powers = least.log10().floor() as i32..=most.log10().ceil() as i32;
    powers
        .flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * 10f64.powi(power)))
        .filter(|tick| *tick >= least * (1.0 - 1e-9) && *tick <= most * (1.0 + 1e-9))
        .collect()
}

/// The largest unit of which a time has one at least, as the times beside it are told: its name, and how many seconds it has.
pub fn time_unit(seconds: f64) -> (&'static str, f64) {
    const UNITS: [(&str, f64); 7] = [
        ("days", 86_400.0),
        ("hours", 3600.0),
        ("minutes", 60.0),
        ("seconds", 1.0),
        ("milliseconds", 1e-3),
        ("microseconds", 1e-6),
        ("nanoseconds", 1e-9),
    ];
    UNITS.into_iter().find(|(_, size)| seconds >= *size).unwrap_or(UNITS[6])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Span, log_ticks, round_ticks, time_unit};

    #[test]
    fn ticks_are_round() {
        assert_eq!(round_ticks(6.0, 6), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(round_ticks(9.63, 6), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(round_ticks(100.0, 6), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(log_ticks(1.0, 20.0), [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(time_unit(3599.0).0, "minutes");
        assert_eq!(time_unit(7200.0).0, "hours");
    }

    proptest! {
        #[test]
        fn ticks_are_few_even_and_within(most in -12.0..12.0_f64, many in 2..12_usize) {
            let most = 10f64.powf(most);
            let ticks = round_ticks(most, many);
            prop_assert!(ticks.len() >= 2 && ticks.len() <= many + 1, "{ticks:?} to {most}");
            prop_assert!(ticks[ticks.len() - 2] < most && ticks[ticks.len() - 1] >= most * 0.999_999);
            let step = ticks[1] / 10f64.powf(ticks[1].log10().floor());
            prop_assert!([1.0, 2.0, 5.0, 10.0].iter().any(|round| (step - round).abs() < 1e-6), "{step}");
        }

        #[test]
        fn places_lie_on_the_axis_in_order(one in 0.0..2.0_f64, other in 0.0..2.0_f64) {
            let span = Span { from: 10.0, length: 100.0 };
            let (low, high) = (one.min(other), one.max(other));
            for place in [|v| Span { from: 10.0, length: 100.0 }.linear(v, 1.0), |v| Span { from: 10.0, length: 100.0 }.log(v, 0.001, 1.0)] {
                prop_assert!(place(low) <= place(high));
                prop_assert!((span.from..=span.from + span.length).contains(&place(low)));
            }
        }
    }
}
