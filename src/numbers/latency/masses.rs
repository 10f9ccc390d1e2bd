//! A time as probability masses at equal steps, and what becomes of several of them.

use super::law::Law;

/// Cells of a grid.
pub const CELLS: usize = 2048;

/// What is less likely than this is moved to its neighbour.
const LITTLE: f64 = 1e-13;

/// What the cells lack of one is an error of rounding up to here, and from here on lies beyond them.
const LACKING: f64 = 1e-9;

/// No smooth law has so much at one step.
const EXACT: f64 = 0.08;

/// A time that is `at + k × width` with probability `cells[k]`, and more than the grid holds with probability `beyond`.
///
/// Times that meet have the same width. A law is put on the grid so that its mean is kept, however coarse the steps are.
#[derive(Debug, Clone, PartialEq)]
pub struct Masses {
    width: f64,
    at: f64,
    cells: Vec<f64>,
    beyond: f64,
}

impl Masses {
    pub fn constant(time: f64, width: f64) -> Masses {
        Masses { width, at: time, cells: vec![1.0], beyond: 0.0 }
    }

    /// Each mass is shared out between the two steps around it: the second difference of what lies beyond them.
    pub fn of(law: Law, width: f64) -> Masses {
        if let Law::Constant(time) = law {
            return Masses::constant(time, width);
        }
        let mut here = law.beyond(0.0) / width;
        let mut next = law.beyond(width) / width;
        let mut cells = vec![(1.0 - (here - next)).max(0.0)];
        while cells.len() < CELLS && here > LITTLE {
            let after = law.beyond((cells.len() + 1) as f64 * width) / width;
            cells.push((here - 2.0 * next + after).max(0.0));
            (here, next) = (next, after);
        }
        Masses { width, at: 0.0, cells, beyond: 0.0 }.rounded_off()
    }

    /// One after the other.
    pub fn then(&self, other: &Masses) -> Masses {
        let (short, long) = if self.cells.len() < other.cells.len() { (self, other) } else { (other, self) };
        let length = (short.cells.len() + long.cells.len() - 1).min(CELLS);
        let mut cells = vec![0.0; length];
        for (start, &mass) in short.cells.iter().enumerate() {
            for (cell, &more) in cells[start..].iter_mut().zip(&long.cells) {
                *cell += mass * more;
            }
        }
        Masses { width: self.width, at: self.at + other.at, cells, beyond: 0.0 }.rounded_off()
    }

    /// Both at once, until the later of them is there; and of the mean of that, the parts for which either is waited.
    pub fn slower(&self, other: &Masses) -> (Masses, [f64; 2]) {
        let width = self.width;
        if self.is_over_before(other) {
            return (other.clone(), [0.0, other.mean()]);
        }
        if other.is_over_before(self) {
            return (self.clone(), [self.mean(), 0.0]);
        }
        let base = self.at.min(other.at);
        let [one, two] = [self, other].map(|masses| masses.moved_to(base));
        let length = one.cells.len().max(two.cells.len());
        let mut cells = Vec::with_capacity(length);
        let mut waited = [0.0; 2];
        let mut sums = [0.0_f64; 2];
        let give = |waited: &mut [f64; 2], time: f64, mass: f64, odds: [f64; 2]| {
            let sum = odds[0] + odds[1];
            if sum > 0.0 {
                waited[0] += time * mass * odds[0] / sum;
                waited[1] += time * mass * odds[1] / sum;
            }
        };
        for at in 0..length {
            let masses = [&one, &two].map(|of| of.cells.get(at).copied().unwrap_or(0.0));
            let before = sums[0] * sums[1];
            // That it is this one which is met, in the middle of the step.
            let odds = [masses[0] * (sums[1] + masses[1] / 2.0), masses[1] * (sums[0] + masses[0] / 2.0)];
            sums = [sums[0] + masses[0], sums[1] + masses[1]];
            let mass = sums[0] * sums[1] - before;
            give(&mut waited, base + at as f64 * width, mass, odds);
            cells.push(mass);
        }
        let masses = Masses { width, at: base, cells, beyond: 0.0 }.rounded_off();
        give(&mut waited, base + CELLS as f64 * width, masses.beyond, [one.beyond, two.beyond]);
        (masses, waited)
    }

    /// The slowest of so many at once; at least one.
    pub fn slowest_of(&self, count: f64) -> Masses {
        let mut below = 0.0;
        let mut sum = 0.0_f64;
        let cells = self.cells.iter().map(|mass| {
            sum += mass;
            let power = sum.min(1.0).powf(count);
            let mass = power - below;
            below = power;
            mass
        });
        Masses { width: self.width, at: self.at, cells: cells.collect(), beyond: 0.0 }.rounded_off()
    }

    /// One of several, by chance; the probabilities add up to one.
    pub fn mix(ways: &[(f64, &Masses)], width: f64) -> Masses {
        let base = ways.iter().map(|(_, masses)| masses.at).fold(f64::INFINITY, f64::min);
        let mut cells = vec![0.0];
        for (probability, masses) in ways {
            let moved = masses.moved_to(base);
            if moved.cells.len() > cells.len() {
                cells.resize(moved.cells.len(), 0.0);
            }
            for (cell, mass) in cells.iter_mut().zip(&moved.cells) {
                *cell += probability * mass;
            }
        }
        Masses { width, at: base, cells, beyond: 0.0 }.rounded_off()
    }

    /// Given up after `limit`.
    pub fn capped(&self, limit: f64) -> Masses {
        let place = (limit - self.at) / self.width;
        if place <= 0.0 {
            return Masses::constant(limit, self.width);
        }
        if place >= (CELLS - 1) as f64 || (place >= self.cells.len() as f64 && self.beyond == 0.0) {
            return self.clone();
        }
        let last = place.floor() as usize;
        let mut cells = self.cells.clone();
        cells.resize(last + 2, 0.0);
        let above = 1.0 - cells[..=last].iter().sum::<f64>();
        cells[last] += above * (1.0 - place.fract());
        cells[last + 1] = above * place.fract();
        Masses { width: self.width, at: self.at, cells, beyond: 0.0 }.rounded_off()
    }

    /// The time within which this share of them is there; None where the grid does not reach so far.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        if self.cells.len() == 1 && self.beyond <= 1.0 - share {
            return Some(self.at);
        }
        let mut sum = 0.0;
        for (at, &mass) in self.cells.iter().enumerate() {
            if sum + mass >= share && mass > 0.0 {
                // A mass stands for what lies half a step around it; a large one is a time that is taken exactly.
                let within = if mass > EXACT { 0.0 } else { (share - sum) / mass - 0.5 };
                return Some((self.at + (at as f64 + within) * self.width).max(self.at));
            }
            sum += mass;
        }
        None
    }

    /// As far as the grid reaches.
    pub fn mean(&self) -> f64 {
        let steps: f64 = self.cells.iter().enumerate().map(|(at, mass)| at as f64 * mass).sum();
        self.at + (steps + self.beyond * CELLS as f64) * self.width
    }

    /// As far as the grid reaches.
    pub fn variance(&self) -> f64 {
        let mean = (self.mean() - self.at) / self.width;
        let off = |at: usize| (at as f64 - mean).powi(2);
        let steps: f64 = self.cells.iter().enumerate().map(|(at, mass)| off(at) * mass).sum();
        (steps + off(CELLS) * self.beyond) * self.width * self.width
    }

    fn is_over_before(&self, other: &Masses) -> bool {
        self.beyond == 0.0 && self.at + (self.cells.len() - 1) as f64 * self.width <= other.at
    }

    /// The same on the steps of an earlier beginning.
    fn moved_to(&self, base: f64) -> Masses {
        let width = self.width;
        let place = (self.at - base) / width;
        if place <= 0.0 {
            return self.clone();
        }
        let first = place.floor() as usize;
        if first >= CELLS {
            return Masses { width, at: base, cells: vec![0.0], beyond: 1.0 };
        }
        let mut cells = vec![0.0; (first + self.cells.len() + 1).min(CELLS)];
        for (at, mass) in self.cells.iter().enumerate() {
            for (at, mass) in
                [(first + at, mass * (1.0 - place.fract())), (first + at + 1, mass * place.fract())]
            {
                if let Some(cell) = cells.get_mut(at) {
                    *cell += mass;
                }
            }
        }
        // What was moved off the grid.
        let lost = 1.0 - self.beyond - cells.iter().sum::<f64>();
        let beyond = self.beyond + if lost > LACKING { lost } else { 0.0 };
        Masses { width, at: base, cells, beyond }
    }

    /// Without what is too unlikely to matter at either end; what the cells lack of one lies beyond them.
    fn rounded_off(mut self) -> Masses {
        let lacking = 1.0 - self.cells.iter().sum::<f64>();
        self.beyond = if lacking > LACKING { lacking } else { 0.0 };
        let few = |cells: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            cells
                .take_while(|&&mass| {
                    sum += mass;
                    sum < LITTLE
                })
                .count()
        };
        let high = few(&mut self.cells.iter().rev()).min(self.cells.len() - 1);
        let kept = self.cells.len() - high;
        let cut: f64 = self.cells.drain(kept..).sum();
        self.cells[kept - 1] += cut;
        let low = few(&mut self.cells.iter()).min(self.cells.len() - 1);
        let cut: f64 = self.cells.drain(..low).sum();
        self.cells[0] += cut;
        self.at += low as f64 * self.width;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Masses};
    use crate::numbers::latency::law::Law;

    fn exponential(mean: f64, width: f64) -> Masses {
        Masses::of(Law::Exponential { share: 1.0, mean }, width)
    }

    fn near(one: f64, other: f64, by: f64) {
        assert!((one - other).abs() <= by * other.abs(), "{one} is not {other}");
    }

    #[test]
    fn the_mean_is_kept_however_coarse_the_steps_are() {
        for law in [Law::Exponential { share: 0.3, mean: 0.01 }, Law::through(0.01, 0.05).unwrap()] {
            for width in [0.001, 0.01, 1.0, 100.0] {
                near(Masses::of(law, width).mean(), law.mean(), 1e-6);
            }
        }
    }

    /// Hypoexponential: 1 − (b e^(−x/b) − a e^(−x/a)) / (b − a).
    #[test]
    fn two_different_works_one_after_the_other() {
        let (a, b) = (0.010, 0.030);
        let sum = exponential(a, 1e-4).then(&exponential(b, 1e-4));
        for share in [0.5, 0.9, 0.99] {
            let x = sum.percentile(share).unwrap();
            let below = 1.0 - (b * (-x / b).exp() - a * (-x / a).exp()) / (b - a);
            near(below, share, 1e-4);
        }
    }

    /// Erlang: 1 − e^(−x/m) Σ (x/m)^k / k!
    #[test]
    fn ten_equal_works_one_after_the_other() {
        let mean = 0.01;
        let sum = (1..10).fold(exponential(mean, 2e-4), |sum, _| sum.then(&exponential(mean, 2e-4)));
        for share in [0.5, 0.99] {
            let x = sum.percentile(share).unwrap() / mean;
            let mut term = 1.0;
            let mut series = 1.0;
            for k in 1..10 {
                term *= x / f64::from(k);
                series += term;
            }
            near(1.0 - (-x).exp() * series, share, 1e-4);
        }
    }

    #[test]
    fn the_slowest_of_many() {
        let mean = 0.01;
        for count in [1.0, 2.0, 7.0, 100.0] {
            let slowest = exponential(mean, 1e-4).slowest_of(count);
            for share in [0.5, 0.99] {
                let x = slowest.percentile(share).unwrap();
                near((1.0 - (-x / mean).exp()).powf(count), share, 1e-3);
            }
        }
        let three =
            exponential(mean, 1e-4).slower(&exponential(mean, 1e-4)).0.slower(&exponential(mean, 1e-4)).0;
        near(
            three.percentile(0.99).unwrap(),
            exponential(mean, 1e-4).slowest_of(3.0).percentile(0.99).unwrap(),
            1e-9,
        );
    }

    /// Of two exponential times E[max] = a + b − ab/(a + b); the parts add up to it, and equal ones share it.
    #[test]
    fn what_is_waited_for_adds_up() {
        let (a, b) = (0.01, 0.03);
        let (both, waited) = exponential(a, 1e-4).slower(&exponential(b, 1e-4));
        near(both.mean(), a + b - a * b / (a + b), 2e-3);
        near(waited[0] + waited[1], both.mean(), 1e-9);
        // E[A; A > B] = a − a (b/(a+b))²
        near(waited[0], a - a * (b / (a + b)) * (b / (a + b)), 2e-3);
        let (_, waited) = exponential(a, 1e-4).slower(&exponential(a, 1e-4));
        near(waited[0], waited[1], 1e-9);
    }

    #[test]
    fn a_later_beginning_stays_later() {
        let late = Masses::constant(0.05, 1e-4).then(&exponential(0.01, 1e-4));
        let (both, waited) = late.slower(&exponential(0.02, 1e-4));
        // E[max(0.05 + A, B)] = 0.06 + E[(B − 0.05 − A)⁺] = 0.06 + b e^(−0.05/b) b/(a + b)
        near(both.mean(), 0.06 + 0.02 * (-2.5_f64).exp() * 0.02 / 0.03, 1e-4);
        near(waited[0] + waited[1], both.mean(), 1e-4);
        let mixed = Masses::mix(&[(0.5, &late), (0.5, &exponential(0.02, 1e-4))], 1e-4);
        near(mixed.mean(), 0.04, 1e-4);
    }

    #[test]
    fn constants_are_exact() {
        let [one, two] = [0.000_5, 0.001_7].map(|time| Masses::constant(time, 0.01));
        near(one.then(&two).percentile(0.99).unwrap(), 0.002_2, 1e-15);
        assert_eq!(one.slower(&two).0.percentile(0.5), Some(0.001_7));
        assert_eq!(two.capped(0.001).percentile(0.99), Some(0.001));
    }

    #[test]
    fn by_chance_and_given_up() {
        let mixed =
            Masses::mix(&[(0.9, &Masses::constant(0.0, 1e-4)), (0.1, &exponential(0.01, 1e-4))], 1e-4);
        // One in ten of one in ten.
        near(mixed.percentile(0.99).unwrap(), 0.01 * 10_f64.ln(), 1e-3);
        near(mixed.mean(), 0.001, 1e-6);
        let capped = exponential(0.01, 1e-4).capped(0.012_34);
        near(capped.percentile(0.99).unwrap(), 0.012_34, 0.01);
        near(capped.mean(), 0.01 * (1.0 - (-1.234_f64).exp()), 1e-4);
    }

    #[test]
    fn what_the_grid_does_not_reach_is_no_percentile() {
        let far = exponential(1.0, 0.5 / CELLS as f64);
        assert_eq!(far.percentile(0.5), None);
        assert!(far.percentile(0.3).is_some());
        assert_eq!(far.then(&far).percentile(0.99), None);
        assert!(
            far.slower(&far).0.percentile(0.99).is_none() && far.slowest_of(3.0).percentile(0.9).is_none()
        );
    }
}
