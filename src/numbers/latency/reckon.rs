//! The percentiles of a flow's time, and what its mean is made of.

use super::law::Law;
use super::masses::{CELLS, Masses};
use super::way::{Step, Way, Ways};

/// What is known of a time once it has been reckoned.
#[derive(Debug, Clone, PartialEq)]
pub struct Reckoned {
    pub p50: f64,
    pub p99: f64,
    /// Of each part, the mean time for which the answer waits on it; together the mean of the whole.
    pub parts: Vec<f64>,
}

/// Grids that are tried until one fits.
const TRIES: usize = 12;

/// The percentile has to lie so far up the grid, and no further.
const FITS: std::ops::RangeInclusive<f64> = 0.125..=0.8;

/// `laws` are those of the parts. All times are taken to be independent of each other.
pub fn reckon(ways: &Ways, way: Way, laws: &[Law]) -> Option<Reckoned> {
    if way == Ways::NOTHING {
        return None;
    }
    let reach = 1.5 * guess(ways, way, laws).clamp(1e-9, 1e15);
    let (grid, p99) = fitting(ways, way, laws, 0.99, reach)?;
    let p50 = match grid.whole.percentile(0.5)? {
        // Where the slow ones are very slow, what half of them take is lost in the first steps.
        p50 if p50 > 0.0 && p50 < p99 * FINE => fitting(ways, way, laws, 0.5, p50 * 3.0)?.1,
        p50 => p50,
    };
    let parts = grid.parts(ways, way, laws);
    let is_sane = p99.is_finite() && parts.iter().all(|mean| mean.is_finite());
    is_sane.then_some(Reckoned { p50: p50.min(p99), p99, parts })
}

/// The part of the percentile 99 below which half of the answers want a grid of their own.
const FINE: f64 = 0.1;

/// A grid of which a percentile takes a good part, and the percentile.
fn fitting(ways: &Ways, way: Way, laws: &[Law], share: f64, mut reach: f64) -> Option<(Grid, f64)> {
    for try_number in 1..=TRIES {
        let width = reach / CELLS as f64;
        let grid = Grid::of(ways, way, laws, width);
        reach = match grid.whole.percentile(share) {
            None => reach * 8.0,
            Some(time) if FITS.contains(&(time / reach)) || grid.is_constant() || try_number == TRIES => {
                return Some((grid, time));
            }
            Some(time) if time > reach => time * 2.0,
            Some(time) => (time + 2.0 * width) * 2.5,
        };
    }
    None
}

/// About how long the slow ones take: each part as slow as one in a hundred of it.
fn guess(ways: &Ways, way: Way, laws: &[Law]) -> f64 {
    let mut known: Vec<f64> = Vec::with_capacity(way.0 + 1);
    for step in &ways.steps()[..=way.0] {
        known.push(match step {
            Step::Nothing => 0.0,
            Step::Part(part) => laws[*part].p99(),
            Step::Then(one, other) => known[one.0] + known[other.0],
            Step::Slower(one, other) => known[one.0].max(known[other.0]),
            Step::SlowestOf(count, of) => known[of.0] * (1.0 + count.ln() / 4.6),
            Step::Mix(of) => of.iter().map(|(_, way)| known[way.0]).fold(0.0, f64::max),
            Step::Capped(limit, of) => known[of.0].min(*limit),
        });
    }
    known[way.0]
}

/// The whole on a grid, and which share of each step's mean its own parts are waited for.
struct Grid {
    whole: Masses,
    /// Of each step that takes as long as one of others, or less long, what becomes of their means.
    scales: Vec<[f64; 2]>,
    /// Of the slowest of many, how much longer it is than one of them. That comes from what differs from one to the next.
    more: Vec<f64>,
    variances: Vec<f64>,
}

impl Grid {
    fn of(ways: &Ways, way: Way, laws: &[Law], width: f64) -> Grid {
        let steps = &ways.steps()[..=way.0];
        let mut uses = vec![0_u32; steps.len()];
        uses[way.0] = 1;
        for (at, step) in steps.iter().enumerate().rev() {
            if uses[at] > 0 {
                step.made_of(|of, _| uses[of.0] += 1);
            }
        }
        let mut known: Vec<Option<Masses>> = vec![None; steps.len()];
        let mut scales = vec![[1.0; 2]; steps.len()];
        let (mut more, mut variances) = (vec![0.0; steps.len()], vec![0.0; steps.len()]);
        // Of the whole time, also of what the grid does not reach; but of what is slower than others as far as it does.
        let mut means = vec![0.0; steps.len()];
        for (at, step) in steps.iter().enumerate() {
            if uses[at] == 0 {
                continue;
            }
            let of = |way: Way| known[way.0].as_ref().expect("a step stands after those it is made of");
            let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
            let (masses, mean) = match step {
                Step::Nothing => (Masses::constant(0.0, width), 0.0),
                Step::Part(part) => (Masses::of(laws[*part], width), laws[*part].mean()),
                Step::Then(one, other) => (of(*one).then(of(*other)), means[one.0] + means[other.0]),
                Step::Slower(one, other) => {
                    let (masses, waited) = of(*one).slower(of(*other));
                    scales[at] = [ratio(waited[0], means[one.0]), ratio(waited[1], means[other.0])];
                    (masses, waited[0] + waited[1])
                }
                Step::SlowestOf(count, one) => {
                    let masses = of(*one).slowest_of(*count);
                    let mean = masses.mean().max(means[one.0]);
                    more[at] = mean - means[one.0];
                    (masses, mean)
                }
                Step::Capped(limit, one) => {
                    let masses = of(*one).capped(*limit);
                    let mean = masses.mean().min(means[one.0]);
                    scales[at][0] = ratio(mean, means[one.0]);
                    (masses, mean)
                }
                Step::Mix(mixed) => {
                    let masses: Vec<(f64, &Masses)> =
                        mixed.iter().map(|(share, way)| (*share, of(*way))).collect();
                    let mean = mixed.iter().map(|(share, way)| share * means[way.0]).sum();
                    (Masses::mix(&masses, width), mean)
                }
            };
            means[at] = mean;
            variances[at] = masses.variance();
            known[at] = Some(masses);
            step.made_of(|of, _| release(&mut uses, &mut known, of));
        }
        Grid { whole: known[way.0].take().expect("it is used"), scales, more, variances }
    }

    fn is_constant(&self) -> bool {
        self.whole.percentile(0.5) == self.whole.percentile(0.999)
    }

    /// From the whole down to the parts: a step hands on to each that it is made of what it is waited for itself, and what
    /// comes on top because it is the slowest of many by how much each of them varies.
    fn parts(&self, ways: &Ways, way: Way, laws: &[Law]) -> Vec<f64> {
        let mut parts = vec![0.0; laws.len()];
        let mut weights = vec![0.0; way.0 + 1];
        let mut on_top = vec![0.0; way.0 + 1];
        weights[way.0] = 1.0;
        for (at, step) in ways.steps()[..=way.0].iter().enumerate().rev() {
            let weight = weights[at];
            let more = on_top[at] + weight * self.more[at];
            if let Step::Part(part) = step {
                parts[*part] += weight * laws[*part].mean() + more;
            }
            let mut varies = 0.0;
            step.made_of(|of, share| varies += share * self.variances[of.0]);
            let scales = self.scales[at];
            let mut nth = 0;
            step.made_of(|of, share| {
                weights[of.0] += weight * share * scales[nth.min(1)];
                if varies > 0.0 {
                    on_top[of.0] += more * share * self.variances[of.0] / varies;
                }
                nth += 1;
            });
        }
        parts
    }
}

/// What nobody needs any more is let go: a chain of a thousand calls holds two grids, not a thousand.
fn release(uses: &mut [u32], known: &mut [Option<Masses>], way: Way) {
    uses[way.0] = uses[way.0].saturating_sub(1);
    if uses[way.0] == 0 {
        known[way.0] = None;
    }
}

#[cfg(test)]
mod tests {
    use super::reckon;
    use crate::numbers::latency::law::Law;
    use crate::numbers::latency::way::Ways;

    fn near(one: f64, other: f64, by: f64) {
        assert!((one - other).abs() <= by * other.abs(), "{one} is not {other}");
    }

    #[test]
    fn one_exponential_time_whatever_its_size() {
        for mean in [1e-7, 0.01, 5e4] {
            let mut ways = Ways::new();
            let way = ways.part(0);
            let got = reckon(&ways, way, &[Law::Exponential { share: 1.0, mean }]).unwrap();
            near(got.p50, mean * 2_f64.ln(), 1e-4);
            near(got.p99, mean * 100_f64.ln(), 1e-4);
            near(got.parts[0], mean, 1e-9);
        }
    }

    #[test]
    fn the_slowest_of_ten_thousand_and_a_thousand_in_a_row() {
        let mean = 0.01;
        let law = Law::Exponential { share: 1.0, mean };
        let mut ways = Ways::new();
        let part = ways.part(0);
        let way = ways.slowest_of(1e4, part);
        let got = reckon(&ways, way, &[law]).unwrap();
        near(got.p99, -mean * (-(0.99_f64.ln() / 1e4).exp_m1()).ln(), 2e-3);
        // Harmonic number.
        let harmonic: f64 = (1..=10_000).map(|k| 1.0 / f64::from(k)).sum();
        near(got.parts[0], mean * harmonic, 2e-3);
        // A gamma law, by the cube root of Wilson and Hilferty (1931). Steps as wide as a part is long add to its spread.
        for (calls, within) in [(100.0, 2e-3), (1000.0, 0.05)] {
            let way = ways.times(calls, part);
            let got = reckon(&ways, way, &[law]).unwrap();
            let cube: f64 = 1.0 - 1.0 / (9.0 * calls) + 2.326_348 / (9.0 * calls).sqrt();
            near(got.p99, calls * mean * cube.powi(3), within);
            near(got.parts[0], calls * mean, 1e-9);
        }
    }

    /// A round trip is the same for all of them: what the slowest takes longer is work.
    #[test]
    fn the_slowest_differs_where_they_vary() {
        let mut ways = Ways::new();
        let [trip, work] = [0, 1].map(|part| ways.part(part));
        let both = ways.then(trip, work);
        let way = ways.slowest_of(10.0, both);
        let mean = 0.02;
        let laws = [Law::Constant(0.08), Law::Exponential { share: 1.0, mean }];
        let got = reckon(&ways, way, &laws).unwrap();
        let harmonic: f64 = (1..=10).map(|k| 1.0 / f64::from(k)).sum();
        near(got.parts[0], 0.08, 1e-9);
        near(got.parts[1], mean * harmonic, 2e-3);
    }

    #[test]
    fn a_rare_long_way_is_seen_where_it_lies_below_the_percentile() {
        let mut ways = Ways::new();
        let [short, long] = [0, 1].map(|part| ways.part(part));
        let mixed = ways.perhaps(0.02, long);
        let way = ways.then(short, mixed);
        let laws = [Law::Constant(0.001), Law::Exponential { share: 1.0, mean: 10.0 }];
        let got = reckon(&ways, way, &laws).unwrap();
        near(got.p99, 0.001 + 10.0 * 2_f64.ln(), 1e-2);
        near(got.parts[1], 0.2, 1e-9);
        let mixed = ways.perhaps(0.000_1, long);
        let way = ways.then(short, mixed);
        near(reckon(&ways, way, &laws).unwrap().p99, 0.001, 0.01);
    }
}
