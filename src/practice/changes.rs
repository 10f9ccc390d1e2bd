//! What a result has that the one before had not.

use super::Standing;

#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    pub points: f64,
    /// Ids of criteria that are met now, and were open.
    pub gained: Vec<String>,
    /// Ids of those that were met, and are open now.
    pub lost: Vec<String>,
}

/// Criteria that only one of the two was judged by are left out.
pub fn changes(before: &Standing, now: &Standing) -> Changes {
    let both = |one: &[String], other: &[String]| {
        one.iter().filter(|id| other.contains(id)).cloned().collect::<Vec<String>>()
    };
    Changes {
        points: now.points - before.points,
        gained: both(&now.met, &before.open),
        lost: both(&now.open, &before.met),
    }
}

#[cfg(test)]
mod tests {
    use super::changes;
    use crate::practice::Standing;
    use crate::practice::testing::review;

    #[test]
    fn from_a_first_try_to_a_reference() {
        let of = |text: &str| Standing::of(&review(text).score.unwrap());
        let before = of(include_str!("../../examples/url-shortener/first-try.arch"));
        let now = of(include_str!("../../examples/url-shortener/reference-kv.arch"));
        let better = changes(&before, &now);
        assert_eq!((better.lost.len(), better.gained.len()), (0, before.open.len()));
        assert!((better.points - (now.points - before.points)).abs() < 1e-9 && better.points > 10.0);
        let worse = changes(&now, &before);
        assert_eq!((worse.lost, worse.gained), (better.gained, Vec::new()));
        let same = changes(&now, &now);
        assert!(same.points == 0.0 && same.gained.is_empty() && same.lost.is_empty());
    }
}
