//! How a time is spread: the few laws that a latency is made of.

use super::normal::{Z99, below};

/// No log-normal law has a 99th percentile further above its mean: exp(z² / 2), where σ = z.
pub const WIDEST: f64 = 14.968;

/// A time in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Always the same.
    Constant(f64),
    /// With probability `share` an exponential time of this mean, else nothing: work (`share` 1), or a wait.
    Exponential { share: f64, mean: f64 },
    /// exp of a normal variable with mean `mu` and standard deviation `sigma`.
    LogNormal { mu: f64, sigma: f64 },
}

impl Law {
    /// The log-normal law with this mean and 99th percentile: p99 / mean = exp(zσ − σ²/2), of whose two solutions the
    /// narrower. None where the percentile lies below the mean, or above [`WIDEST`] times it.
    pub fn through(mean: f64, p99: f64) -> Option<Law> {
        let ratio = p99 / mean;
        if !(ratio.is_finite() && ratio >= 1.0) {
            return None;
        }
        let below_root = Z99 * Z99 - 2.0 * ratio.ln();
        if below_root < 0.0 {
            return None;
        }
        let sigma = Z99 - below_root.sqrt();
        if sigma < 1e-9 {
            return Some(Law::Constant(mean));
        }
        Some(Law::LogNormal { mu: mean.ln() - sigma * sigma / 2.0, sigma })
    }

    pub fn mean(self) -> f64 {
        match self {
            Law::Constant(time) => time,
            Law::Exponential { share, mean } => share * mean,
            Law::LogNormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp(),
        }
    }

    /// The squared coefficient of variation: variance over squared mean.
    pub fn variability(self) -> f64 {
        match self {
            Law::Constant(_) => 0.0,
            Law::Exponential { share, .. } => 2.0 / share - 1.0,
            Law::LogNormal { sigma, .. } => (sigma * sigma).exp_m1(),
        }
    }

    /// The time within which 99 of 100 are done.
    pub fn p99(self) -> f64 {
        match self {
            Law::Constant(time) => time,
            Law::Exponential { share, mean } => mean * (share / 0.01).max(1.0).ln(),
            Law::LogNormal { mu, sigma } => (mu + Z99 * sigma).exp(),
        }
    }

    /// How much of it lies beyond `x`, on average: E[(X − x)⁺]. What a grid is filled from.
    pub fn beyond(self, x: f64) -> f64 {
        match self {
            Law::Constant(time) => (time - x).max(0.0),
            Law::Exponential { share, mean } => share * mean * (-x / mean).exp(),
            Law::LogNormal { .. } if x <= 0.0 => self.mean() - x,
            Law::LogNormal { mu, sigma } => {
                let above = (mu - x.ln()) / sigma;
                (self.mean() * below(above + sigma) - x * below(above)).max(0.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Law, WIDEST};

    #[test]
    fn a_log_normal_law_goes_through_what_is_stated() {
        for (mean, p99) in [(0.005, 0.020), (1.0, 1.001), (3e-6, 4e-5), (0.1, 0.1 * (WIDEST - 0.001))] {
            let law = Law::through(mean, p99).unwrap();
            assert!(
                (law.mean() / mean - 1.0).abs() < 1e-12 && (law.p99() / p99 - 1.0).abs() < 1e-12,
                "{law:?}"
            );
        }
    }

    #[test]
    fn what_no_law_has_is_refused() {
        for (mean, p99) in [(0.005, 0.004), (0.001, 0.015), (0.0, 1.0), (1.0, f64::NAN)] {
            assert_eq!(Law::through(mean, p99), None, "{mean}, {p99}");
        }
        assert_eq!(Law::through(2.0, 2.0), Some(Law::Constant(2.0)));
    }

    /// The slope of what lies beyond is the share that does: compared with the percentile.
    #[test]
    fn one_in_a_hundred_lies_beyond_the_percentile() {
        let laws = [
            Law::through(0.005, 0.020).unwrap(),
            Law::Exponential { share: 1.0, mean: 0.02 },
            Law::Exponential { share: 0.3, mean: 0.02 },
        ];
        for law in laws {
            let (at, step) = (law.p99(), law.p99() * 1e-5);
            let share = (law.beyond(at - step) - law.beyond(at + step)) / (2.0 * step);
            assert!((share - 0.01).abs() < 1e-6, "{law:?}: {share}");
            assert!((law.beyond(0.0) - law.mean()).abs() < 1e-12, "{law:?}");
        }
    }
}
