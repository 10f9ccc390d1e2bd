//! What one request at a caller goes on to, where not all of it happens to each: cache hits and misses, shares.

use super::way::{Way, Ways};

/// Hops that a caller makes at once, on one line.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    pub on: Option<On>,
    /// The time of each, and its share where it is one of several ways for the same requests.
    pub hops: Vec<(Way, Option<Share>)>,
}

/// Taken after a hit or a miss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct On {
    /// Which question to which cache: two with the same are both hits or both misses.
    pub asked: usize,
    pub hit: bool,
    /// None where it is not said.
    pub hit_rate: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Shares of one group are of the same requests.
    pub group: usize,
    pub of_one: f64,
}

/// What a caller has to do after some line, filled from the last line to the first.
#[derive(Debug, Clone, Default)]
pub struct Later {
    /// What is certain, and choices of which all parts are known.
    done: Option<Way>,
    /// Units that hang on the same choices, of which earlier lines may have more.
    open: Vec<Unit>,
    /// All of it together, until more is added.
    whole: Option<Way>,
}

impl Later {
    pub fn whole(&mut self, ways: &mut Ways) -> Way {
        match self.whole {
            Some(whole) => whole,
            None => {
                let open = folded(ways, &self.open);
                let whole = ways.then(open, self.done.unwrap_or(Ways::NOTHING));
                self.whole = Some(whole);
                whole
            }
        }
    }

    /// One line more, before those that it has.
    pub fn put_before(&mut self, ways: &mut Ways, unit: Unit) {
        self.whole = None;
        let done = self.done.unwrap_or(Ways::NOTHING);
        if unit.on.is_none() && unit.hops.iter().all(|(_, share)| share.is_none()) {
            let at_once = at_once(ways, &unit);
            self.done = Some(ways.then(at_once, done));
            return;
        }
        if !self.open.iter().any(|other| hang_together(&unit, other)) {
            let open = folded(ways, &self.open);
            self.done = Some(ways.then(open, done));
            self.open.clear();
        }
        self.open.push(unit);
    }
}

fn hang_together(one: &Unit, other: &Unit) -> bool {
    let same_question = one.on.zip(other.on).is_some_and(|(one, other)| one.asked == other.asked);
    let group = |unit: &Unit| unit.hops.iter().find_map(|(_, share)| share.map(|share| share.group));
    same_question || (group(one).is_some() && group(one) == group(other))
}

/// All hops of a unit but those with shares.
fn at_once(ways: &mut Ways, unit: &Unit) -> Way {
    let certain = unit.hops.iter().filter(|(_, share)| share.is_none());
    certain.fold(Ways::NOTHING, |slowest, (way, _)| ways.slower(slowest, *way))
}

/// One time for units that hang on choices: of the first question among them hit or miss, of the first group of shares one.
/// Further questions and groups that are tangled up with these are taken to be independent of them.
fn folded(ways: &mut Ways, open: &[Unit]) -> Way {
    let question = open.iter().find_map(|unit| unit.on);
    let shares = |unit: &Unit| unit.hops.iter().filter_map(|(_, share)| *share).next();
    let group = open.iter().find_map(shares).map(|share| share.group);
    let branches = match question {
        None => vec![(1.0, None)],
        Some(On { hit_rate: Some(hits), .. }) => vec![(hits, Some(true)), (1.0 - hits, Some(false))],
        Some(On { hit_rate: None, .. }) => Vec::new(),
    };
    let mut all = Vec::new();
    for (probability, hit) in branches {
        let mut common = Ways::NOTHING;
        let mut shared: Vec<(f64, Way)> = Vec::new();
        for unit in open {
            let chance = match unit.on {
                Some(on) if Some(on.asked) != question.map(|question| question.asked) => {
                    on.hit_rate.map_or(0.0, |hits| if on.hit { hits } else { 1.0 - hits })
                }
                Some(on) if Some(on.hit) != hit => continue,
                _ => 1.0,
            };
            let certain = at_once(ways, unit);
            let certain = ways.perhaps(chance, certain);
            common = ways.then(common, certain);
            for (way, share) in &unit.hops {
                match share {
                    None => {}
                    Some(share) if Some(share.group) == group => shared.push((share.of_one * chance, *way)),
                    Some(share) => {
                        let perhaps = ways.perhaps(share.of_one * chance, *way);
                        common = ways.then(common, perhaps);
                    }
                }
            }
        }
        let one_of_them = ways.mix(shared);
        let both = ways.then(common, one_of_them);
        all.push((probability, both));
    }
    ways.mix(all)
}
