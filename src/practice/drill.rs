//! "It is gone: which flows stop, which slow down, what breaks next?" A loss, a question, and how right an answer was.

use std::collections::BTreeSet;

use super::What;
use crate::catalog::Kind;
use crate::design::Design;
use crate::layout::random::Random;
use crate::predict::{Aftermath, Loss, Outcome, after_each, every};

/// A question about one loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Drill {
    pub after: Aftermath,
    /// Ids of the nodes to choose from, in the order of the file: what is pushed past its limit is among them.
    pub choices: Vec<String>,
}

/// What somebody says: places in `Aftermath::flows` and in `Drill::choices`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub stops: BTreeSet<usize>,
    pub slows: BTreeSet<usize>,
    pub breaks: BTreeSet<usize>,
}

/// Losses that are looked at; a design that somebody draws in an hour has fewer.
const LOSSES: usize = 200;
/// Nodes to choose from, unless more are right.
const CHOICES: usize = 6;

/// The hardest loss that was not drilled yet; of equals, chance takes one. None where there is none, or no flow.
pub fn pick(design: &Design, drilled: &[&str], seed: u64) -> Option<Drill> {
    if design.flows.iter().all(|flow| flow.steps.is_empty()) {
        return None;
    }
    let mut random = Random::new(seed);
    let losses: Vec<Loss> = every(design)
        .into_iter()
        .filter(|loss| !drilled.contains(&loss.id().as_str()))
        .take(LOSSES)
        .collect();
    let after = after_each(design, &losses).into_iter();
    let hardest = after.map(|after| (difficulty(&after), random.below(usize::MAX), after));
    let (.., after) = hardest.max_by_key(|(difficulty, chance, _)| (*difficulty, *chance))?;
    let choices = choices(design, &after, &mut random);
    Some(Drill { after, choices })
}

/// Where all flows end alike, one guess is as good as a thought.
fn difficulty(after: &Aftermath) -> usize {
    let outcomes: BTreeSet<u8> = after.flows.iter().map(|flow| flow.outcome as u8).collect();
    let some = |is: bool, worth: usize| if is { worth } else { 0 };
    4 * outcomes.len()
        + some(after.flows.iter().any(|flow| flow.outcome == Outcome::Slows), 3)
        + some(after.then.is_some(), 2)
        + some(!matches!(after.loss, Loss::Node(_)), 1)
}

fn choices(design: &Design, after: &Aftermath, random: &mut Random) -> Vec<String> {
    let right = breaks(after);
    let is_lost = |id: &String| {
        after.nodes.iter().any(|node| node.id == *id && node.becomes == crate::predict::Becomes::Lost)
    };
    let mut others: Vec<(bool, usize, &String)> = design
        .graph
        .node_weights()
        .filter(|node| !matches!(node.kind, Kind::Client | Kind::Monitor | Kind::External))
        .map(|node| &node.id)
        .filter(|id| !right.contains(id) && !is_lost(id))
        .map(|id| (!after.nodes.iter().any(|node| node.id == *id), random.below(usize::MAX), id))
        .collect();
    // Those whose load changes are the likelier mistakes.
    others.sort();
    let more = others.iter().take(CHOICES.saturating_sub(right.len())).map(|(.., id)| *id);
    let chosen: BTreeSet<&String> = right.iter().chain(more).collect();
    design.graph.node_weights().map(|node| &node.id).filter(|id| chosen.contains(id)).cloned().collect()
}

/// Ids of what is pushed past its limit by the loss, with nothing that keeps the rest away.
pub fn breaks(after: &Aftermath) -> &[String] {
    after.then.as_ref().map_or(&[], |then| then.lost.as_slice())
}

impl Drill {
    /// What is so.
    pub fn right(&self) -> Said {
        let flows = |outcome: Outcome| {
            (0..self.after.flows.len()).filter(|&at| self.after.flows[at].outcome == outcome).collect()
        };
        let breaks = breaks(&self.after);
        let places = (0..self.choices.len()).filter(|&at| breaks.contains(&self.choices[at]));
        Said { stops: flows(Outcome::Stops), slows: flows(Outcome::Slows), breaks: places.collect() }
    }

    pub fn is_right(&self, said: &Said) -> bool {
        *said == self.right()
    }

    /// What is remembered of an answer.
    pub fn noted(&self, said: &Said) -> What {
        What::Drilled { loss: self.after.loss.id(), right: self.is_right(said) }
    }

    /// From one line, its parts apart by `;`: what stops, what slows down, what breaks next. What is left out is nothing.
    pub fn read(&self, line: &str) -> Result<Said, String> {
        let parts: Vec<&str> = line.split(';').collect();
        let (flows, nodes) = (self.after.flows.len(), self.choices.len());
        let [stops, slows, breaks] = [(0, flows), (1, flows), (2, nodes)]
            .map(|(part, most)| numbers(parts.get(part).copied().unwrap_or(""), most));
        if parts.len() > 3 {
            return Err(
                "three parts at most, apart by `;`: what stops; what slows down; what breaks".to_string()
            );
        }
        let said = Said { stops: stops?, slows: slows?, breaks: breaks? };
        match said.stops.intersection(&said.slows).next() {
            Some(both) => Err(format!("{} cannot both stop and slow down", both + 1)),
            None => Ok(said),
        }
    }
}

/// Places, from numbers that are counted from 1: `1 3`, `1,3`, `all`, `none`, or nothing.
pub fn numbers(line: &str, most: usize) -> Result<BTreeSet<usize>, String> {
    let line = line.trim().to_lowercase();
    match line.as_str() {
        "" | "none" | "no" | "nothing" | "-" => return Ok(BTreeSet::new()),
        "all" | "everything" => return Ok((0..most).collect()),
        _ => {}
    }
    let words = line.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words
        .filter(|word| *word != "and")
        .map(|word| match word.trim_end_matches('.').parse::<usize>() {
            Ok(number) if (1..=most).contains(&number) => Ok(number - 1),
            _ if most == 0 => Err("there is nothing to choose from: press Enter".to_string()),
            _ => Err(format!("`{word}` is none of the numbers 1 to {most}; nothing is `none`")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{numbers, pick};
    use crate::practice::testing::design;

    const SHOP: &str = "client web; lb front managed; service api x3 capacity=2k/s; redis hot x2 hit_rate=90% ttl=1h\n\
                        postgres store x2 failover=auto capacity=300/s; sqs jobs managed; worker mail x2\n\
                        flow show rate=1k/s { web -> front -> api -> hot reads; api -> store reads on=miss }\n\
                        flow buy rate=10/s { web -> front -> api -> jobs }\n\
                        flow send rate=10/s { jobs -> mail }\n";

    #[test]
    fn the_hardest_loss_comes_first_and_is_read_as_predict_says() {
        let design = design(SHOP);
        let drill = pick(&design, &[], 1).unwrap();
        // Without the cache 1,000 a second ask a store that carries 300.
        assert!(
            ["hot/empty", "hot/instance"].contains(&drill.after.loss.id().as_str()),
            "{:?}",
            drill.after.loss
        );
        let store = drill.choices.iter().position(|id| id == "store").unwrap() + 1;
        let said = drill.read(&format!("none; 1; {store}")).unwrap();
        assert!(drill.is_right(&said), "{drill:#?}");
        assert!(!drill.is_right(&drill.read("1").unwrap()));
        assert_eq!(pick(&design, &[], 1), Some(drill), "the same seed asks the same");
    }

    #[test]
    fn every_loss_comes_once() {
        let design = design(SHOP);
        let mut drilled: Vec<String> = Vec::new();
        while let Some(drill) = pick(&design, &drilled.iter().map(String::as_str).collect::<Vec<_>>(), 3) {
            assert!(!drilled.contains(&drill.after.loss.id()));
            drilled.push(drill.after.loss.id());
        }
        assert_eq!(drilled.len(), crate::predict::every(&design).len());
        assert_eq!(pick(&super::super::testing::design("client web\n"), &[], 1), None);
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let places = |line: &str| numbers(line, 3).map(Vec::from_iter);
        assert_eq!(places("1, 3").unwrap(), [0, 2]);
        assert_eq!(places(" 2 and 3. ").unwrap(), [1, 2]);
        assert_eq!(places("All").unwrap(), [0, 1, 2]);
        assert_eq!(numbers("none", 3), Ok(BTreeSet::new()));
        for wrong in ["0", "4", "x", "1;2", "-1", "99999999999999999999999"] {
            assert!(places(wrong).is_err(), "{wrong}");
        }
        let drill = pick(&design(SHOP), &[], 1).unwrap();
        assert!(drill.read("1;1").is_err() && drill.read("1;2;none;4").is_err());
    }
}
