//! How the parts of a flow's time are put together, as an arithmetic of times.

/// One time, by its place in [`Ways`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way(pub usize);

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Nothing,
    /// The time of a part, by its index in whatever list the caller keeps.
    Part(usize),
    /// One after the other.
    Then(Way, Way),
    /// At once, until both are there.
    Slower(Way, Way),
    /// So many at once, at least one, until the slowest of them is there.
    SlowestOf(f64, Way),
    /// One of these, with probabilities that add up to one.
    Mix(Vec<(f64, Way)>),
    /// Given up after so many seconds.
    Capped(f64, Way),
}

impl Step {
    /// The times that it is made of, and how likely each is.
    pub fn made_of(&self, mut visit: impl FnMut(Way, f64)) {
        match self {
            Step::Nothing | Step::Part(_) => {}
            Step::Then(one, other) | Step::Slower(one, other) => {
                visit(*one, 1.0);
                visit(*other, 1.0);
            }
            Step::SlowestOf(_, of) | Step::Capped(_, of) => visit(*of, 1.0),
            Step::Mix(ways) => ways.iter().for_each(|(share, way)| visit(*way, *share)),
        }
    }
}

/// Every step stands after those that it is made of, so that a walk in order knows them, and one backwards has met all
/// that use it.
#[derive(Debug)]
pub struct Ways {
    steps: Vec<Step>,
}

impl Ways {
    pub const NOTHING: Way = Way(0);

    pub fn new() -> Ways {
        Ways { steps: vec![Step::Nothing] }
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which of so many parts a time is made of.
    pub fn parts_of(&self, way: Way, parts: usize) -> Vec<bool> {
        let mut used = vec![false; way.0 + 1];
        used[way.0] = true;
        let mut parts = vec![false; parts];
        for at in (0..=way.0).rev() {
            if !used[at] {
                continue;
            }
            if let Step::Part(part) = self.steps[at] {
                parts[part] = true;
            }
            self.steps[at].made_of(|of, _| used[of.0] = true);
        }
        parts
    }

    fn add(&mut self, step: Step) -> Way {
        self.steps.push(step);
        Way(self.steps.len() - 1)
    }

    pub fn part(&mut self, part: usize) -> Way {
        self.add(Step::Part(part))
    }

    pub fn then(&mut self, first: Way, second: Way) -> Way {
        match (first, second) {
            (Ways::NOTHING, other) | (other, Ways::NOTHING) => other,
            (first, second) => self.add(Step::Then(first, second)),
        }
    }

    pub fn slower(&mut self, one: Way, other: Way) -> Way {
        match (one, other) {
            (Ways::NOTHING, other) | (other, Ways::NOTHING) => other,
            (one, other) => self.add(Step::Slower(one, other)),
        }
    }

    pub fn slowest_of(&mut self, count: f64, way: Way) -> Way {
        if way == Ways::NOTHING || count <= 1.0 { way } else { self.add(Step::SlowestOf(count, way)) }
    }

    /// With this probability, else nothing.
    pub fn perhaps(&mut self, probability: f64, way: Way) -> Way {
        self.mix(vec![(probability, way)])
    }

    /// One of these, else nothing. Probabilities that add up to more than one are scaled down to it.
    pub fn mix(&mut self, mut ways: Vec<(f64, Way)>) -> Way {
        ways.retain(|(probability, way)| *probability > 0.0 && *way != Ways::NOTHING);
        let sum: f64 = ways.iter().map(|(probability, _)| probability).sum();
        if ways.is_empty() {
            return Ways::NOTHING;
        }
        if sum >= 1.0 {
            ways.iter_mut().for_each(|(probability, _)| *probability /= sum);
        } else {
            ways.push((1.0 - sum, Ways::NOTHING));
        }
        match ways.as_slice() {
            [(_, only)] => *only,
            _ => self.add(Step::Mix(ways)),
        }
    }

    pub fn capped(&mut self, limit: f64, way: Way) -> Way {
        if way == Ways::NOTHING { way } else { self.add(Step::Capped(limit, way)) }
    }

    /// So often, one after the other; a fraction is the probability of one more.
    ///
    /// Doubled as far as it goes: a million calls are twenty doublings.
    pub fn times(&mut self, count: f64, way: Way) -> Way {
        let count = count.clamp(0.0, MOST_CALLS);
        let mut whole = count.floor() as u64;
        let fraction = self.perhaps(count - count.floor(), way);
        let mut sum = Ways::NOTHING;
        let mut doubled = way;
        while whole > 0 {
            if whole % 2 == 1 {
                sum = self.then(sum, doubled);
            }
            whole /= 2;
            if whole > 0 {
                doubled = self.then(doubled, doubled);
            }
        }
        self.then(sum, fraction)
    }
}

/// More calls of one request than any design makes.
const MOST_CALLS: f64 = 1e12;

#[cfg(test)]
mod tests {
    use super::{Step, Ways};

    #[test]
    fn nothing_adds_nothing() {
        let mut ways = Ways::new();
        let part = ways.part(0);
        assert_eq!(ways.then(Ways::NOTHING, part), part);
        assert_eq!(ways.times(1.0, part), part);
        assert_eq!(ways.times(0.0, part), Ways::NOTHING);
        assert_eq!(ways.mix(vec![(1.0, part)]), part);
        assert_eq!(ways.slowest_of(1.0, part), part);
        assert_eq!(ways.steps().len(), 2);
    }

    #[test]
    fn a_million_calls_are_few_steps() {
        let mut ways = Ways::new();
        let part = ways.part(0);
        ways.times(1e6, part);
        assert!(ways.steps().len() < 50);
    }

    #[test]
    fn more_than_all_is_all() {
        let mut ways = Ways::new();
        let [one, two] = [0, 1].map(|part| ways.part(part));
        let mixed = ways.mix(vec![(0.9, one), (0.9, two)]);
        assert_eq!(ways.steps()[mixed.0], Step::Mix(vec![(0.5, one), (0.5, two)]));
    }
}
