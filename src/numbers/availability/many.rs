//! Nodes of many instances: counted instead of named, and still exact.

use petgraph::graph::NodeIndex;

use super::component::{Component, What};
use super::tree::{Term, Terms};

/// That at least `wanted` instances are up, of those that stand in zones which are up.
///
/// For each number of zones that are up there is a number of instances, and with it the share of time in which enough of
/// them are up: the more instances, the larger. So one lot decides for all of these numbers at once: it is drawn from 0 to
/// 1, and enough of them are up if it is below their share. Below the larger share but not below the smaller one is an event
/// of its own, independent of those above it; these events are the components.
pub fn enough(
    terms: &mut Terms,
    node: NodeIndex,
    zones: &[(Term, u64)],
    wanted: u64,
    up: f64,
    region: Option<String>,
) -> Term {
    // Spread one by one, zones differ by one instance at most.
    let largest = zones.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let (large, small): (Vec<_>, Vec<_>) = zones.iter().partition(|(_, count)| *count == largest);
    let least = small.first().map_or(0, |(_, count)| *count);
    let mut ways: Vec<(u64, usize, usize)> = Vec::new();
    for some_large in 0..=large.len() {
        for some_small in 0..=small.len() {
            ways.push((some_large as u64 * largest + some_small as u64 * least, some_large, some_small));
        }
    }
    ways.retain(|(count, ..)| *count >= wanted.max(1));
    ways.sort_unstable_by_key(|way| std::cmp::Reverse(*way));
    // Of numbers falling, the lot so far: it was below the share of the number before.
    let mut lot = terms.always();
    let mut before = 0.0;
    let mut last = None;
    let mut level = 0;
    let mut all = Vec::new();
    for (count, some_large, some_small) in ways {
        if last != Some(count) {
            last = Some(count);
            let fewer = fewer(wanted, count, up);
            // Given that the lot was below the larger share.
            let down = if before < 1.0 { ((fewer - before) / (1.0 - before)).clamp(0.0, 1.0) } else { 1.0 };
            let failures = count - wanted.min(count) + 1;
            let what = What::TooFew(node, level);
            let event = terms.up(Component { what, down, failures, region: region.clone() });
            lot = terms.all(vec![lot, event]);
            before = fewer;
            level += 1;
        }
        let of_large = terms.at_least(some_large, large.iter().map(|(term, _)| *term).collect());
        let of_small = terms.at_least(some_small, small.iter().map(|(term, _)| *term).collect());
        all.push(terms.all(vec![of_large, of_small, lot]));
    }
    if wanted == 0 {
        return terms.always();
    }
    terms.any(all)
}

/// The share of time in which at least `wanted` of `count` are up, each by itself.
pub fn at_least(wanted: u64, count: u64, up: f64) -> f64 {
    1.0 - fewer(wanted, count, up)
}

/// The share of time in which fewer than `wanted` of `count` are up: the lower tail of the binomial distribution, from its
/// largest term downwards, so that nothing is lost where it is small.
pub fn fewer(wanted: u64, count: u64, up: f64) -> f64 {
    if wanted == 0 || up >= 1.0 {
        return if wanted > count { 1.0 } else { 0.0 };
    }
    if wanted > count || up <= 0.0 {
        return 1.0;
    }
    let mean = count as f64 * up;
    if (wanted as f64) <= mean {
        return tail(wanted - 1, count, up, true).min(1.0);
    }
    (1.0 - tail(wanted, count, up, false)).clamp(0.0, 1.0)
}

/// The terms of the binomial distribution from one on, away from its middle: they only get smaller.
fn tail(from: u64, count: u64, up: f64, downwards: bool) -> f64 {
    let all = count as f64;
    let mut some = from as f64;
    let mut term = (log_choose(all, some) + some * up.ln() + (all - some) * (1.0 - up).ln()).exp();
    let mut sum = 0.0;
    while (0.0..=all).contains(&some) {
        sum += term;
        if term <= sum * 1e-18 {
            break;
        }
        term *= match downwards {
            true => some / (all - some + 1.0) * (1.0 - up) / up,
            false => (all - some) / (some + 1.0) * up / (1.0 - up),
        };
        some += if downwards { -1.0 } else { 1.0 };
    }
    sum
}

/// The logarithm of "n choose k".
fn log_choose(n: f64, k: f64) -> f64 {
    log_factorial(n) - log_factorial(k) - log_factorial(n - k)
}

/// Summed while that is quick; Stirling's series beyond, where it has all the digits there are.
fn log_factorial(n: f64) -> f64 {
    if n < 256.0 {
        return (2..=n as u32).map(|factor| f64::from(factor).ln()).sum();
    }
    let inverse = 1.0 / n;
    (n + 0.5) * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI).ln() + inverse / 12.0
        - inverse.powi(3) / 360.0
}

#[cfg(test)]
mod tests {
    use super::{at_least, fewer, log_factorial};

    /// The tail by counting every combination of instances that are up.
    #[test]
    fn the_tail_is_what_counting_gives() {
        for (count, wanted, up) in
            [(1_u32, 1, 0.9), (3, 2, 0.9), (5, 3, 0.99), (8, 8, 0.95), (6, 1, 0.5), (12, 7, 0.3), (2, 3, 0.9)]
        {
            let counted: f64 = (0_u32..1 << count)
                .filter(|state| u64::from(state.count_ones()) >= wanted)
                .map(|state| {
                    let ups = state.count_ones() as i32;
                    up_to(up, ups) * up_to(1.0 - up, count as i32 - ups)
                })
                .sum();
            assert!(
                (at_least(wanted, u64::from(count), up) - counted).abs() < 1e-13,
                "{count} {wanted} {up}"
            );
        }
    }

    fn up_to(share: f64, times: i32) -> f64 {
        share.powi(times)
    }

    #[test]
    fn large_numbers_end_and_stay_shares() {
        for (wanted, count, up) in [
            (1, u64::MAX / 2, 0.5),
            (500_000_000, 1_000_000_000, 0.5),
            (999_999_999, 1_000_000_000, 0.5),
            (900, 1000, 0.99),
        ] {
            let share = fewer(wanted, count, up);
            assert!((0.0..=1.0).contains(&share), "{wanted} of {count}: {share}");
        }
        // By a program that sums with 50 digits.
        assert!(
            (fewer(118, 120, 0.9998) - 2.2076536474255758e-6).abs() < 1e-17,
            "{}",
            fewer(118, 120, 0.9998)
        );
        assert!((log_factorial(256.0) - (2..=256).map(|n| f64::from(n).ln()).sum::<f64>()).abs() < 1e-9);
    }
}
