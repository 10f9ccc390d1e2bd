//! "Spot the flaw": a reference design without one of its safeties; somebody names the node and what is wrong with it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::mutate::{about, safeties, without};
use super::{reference, when};
use crate::catalog::Kind;
use crate::design::{Design, lower};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::layout::random::Random;
use crate::rules::{self, Rule, check};
use crate::source::Source;
use crate::syntax::{format, parse};

/// A design with a flaw that the rules see, and nothing else that they call more than a remark.
pub struct Puzzle {
    pub problem: &'static str,
    /// Of the reference that it was made from.
    pub name: &'static str,
    pub level: u8,
    pub source: Source,
    pub design: Design,
    /// What the rules say, the worst first.
    pub findings: Vec<Diagnostic>,
    /// Ids of the nodes to choose from, in the order of the file.
    pub nodes: Vec<String>,
    /// Rules to choose from, in order of name; one of them speaks.
    pub rules: Vec<&'static Rule>,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spotted {
    #[serde(with = "when")]
    pub at: Timestamp,
    pub level: u8,
    /// The rule that spoke first.
    pub rule: String,
    pub right: bool,
}

pub const LEVELS: std::ops::RangeInclusive<u8> = 1..=3;

/// Safeties that are taken out before the level is given up.
const TRIES: usize = 120;
/// Rules to choose from.
const CHOICES: usize = 5;
/// So many answers at a level tell whether it is the right one.
const ENOUGH: usize = 5;

/// The same for the same seed. Level 1 has what loses data or stops everything, level 2 what a warning is for, level 3 what is no
/// longer said; where chance finds none of a level, what it found first.
pub fn puzzle(seed: u64, level: u8, today: Date) -> Option<Puzzle> {
    let mut random = Random::new(seed);
    let all: Vec<_> = reference::all().collect();
    let mut other = None;
    for _ in 0..TRIES {
        let (problem, name, text) = all[random.below(all.len())];
        let safeties = safeties(text);
        if safeties.is_empty() {
            continue;
        }
        let safety = &safeties[random.below(safeties.len())];
        // Of a reference the rules say no more than remarks: whatever they say now is about what was taken out.
        let broken = without(text, &safety.parts);
        let Some(puzzle) = made(problem, name, &broken, today, &mut random) else { continue };
        if puzzle.level == level {
            return Some(puzzle);
        }
        other = other.or(Some(puzzle));
    }
    other
}

/// None where the text is not what it should be, or the rules say no more than a remark.
fn made(
    problem: &'static str,
    name: &'static str,
    text: &str,
    today: Date,
    random: &mut Random,
) -> Option<Puzzle> {
    // In canonical form: a gap in the text would say where something is missing.
    let (ast, mistakes) = parse(text);
    let text = format(&ast, text);
    let (ast, more) = parse(&text);
    let (design, rest) = lower(&ast);
    if !mistakes.is_empty() || !more.is_empty() || !rest.is_empty() {
        return None;
    }
    let mut findings = check(&design, today).findings;
    findings.retain(|finding| finding.severity > Severity::Info && !about(&design, finding).is_empty());
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let level = match findings.first() {
        None => return None,
        Some(first) if first.severity == Severity::Error => 1,
        Some(first) if first.verdict == Verdict::Wrong => 2,
        Some(_) => 3,
    };
    let nodes = design.graph.node_weights().filter(|node| node.kind != Kind::Client);
    let nodes = nodes.map(|node| node.id.clone()).collect();
    let rules = choices(&findings, random)?;
    let source = Source::new(format!("{problem}.arch"), text);
    Some(Puzzle { problem, name, level, source, design, findings, nodes, rules })
}

/// The rule that speaks first, and others that do not speak here: of its group first.
fn choices(findings: &[Diagnostic], random: &mut Random) -> Option<Vec<&'static Rule>> {
    let right = rules::find(findings.first()?.code)?;
    let speaks = |rule: &Rule| findings.iter().any(|finding| finding.code == rule.id);
    let mut others: Vec<(bool, usize, &'static Rule)> = rules::ALL
        .iter()
        .copied()
        .filter(|rule| !speaks(rule) && rule.severity > Severity::Info)
        .map(|rule| (rule.group != right.group, random.below(usize::MAX), rule))
        .collect();
    others.sort_by_key(|(other_group, chance, _)| (*other_group, *chance));
    let mut all = vec![right];
    all.extend(others.into_iter().take(CHOICES - 1).map(|(.., rule)| rule));
    all.sort_by_key(|rule| rule.id);
    Some(all)
}

impl Puzzle {
    /// Whether the node and the rule are right: of one finding both, or of some finding one of them.
    pub fn marks(&self, node: &str, rule: &str) -> (bool, bool) {
        let is_about = |finding: &&Diagnostic| about(&self.design, finding).iter().any(|id| id == node);
        let says = |finding: &&Diagnostic| finding.code == rule;
        let any = |is: &dyn Fn(&&Diagnostic) -> bool| self.findings.iter().any(|finding| is(&finding));
        let both = any(&|finding| is_about(finding) && says(finding));
        if both { (true, true) } else { (any(&is_about), any(&says) && !any(&is_about)) }
    }

    /// A node by its number in the list or its id.
    pub fn node(&self, word: &str) -> Result<String, String> {
        let word = word.trim().trim_matches('`');
        let by_number = word.parse::<usize>().ok().and_then(|number| self.nodes.get(number.checked_sub(1)?));
        let by_name = || self.nodes.iter().find(|id| *id == word);
        by_number.or_else(by_name).cloned().ok_or_else(|| {
            format!("`{word}` is none of the nodes: a number from 1 to {}, or a name", self.nodes.len())
        })
    }

    /// A rule by its number in the list, or any by its id.
    pub fn rule(&self, word: &str) -> Result<&'static str, String> {
        let word = word.trim().trim_matches('`');
        let by_number = word.parse::<usize>().ok().and_then(|number| self.rules.get(number.checked_sub(1)?));
        let by_name = || rules::find(word).map(|rule| rule.id);
        by_number.map(|rule| rule.id).or_else(by_name).ok_or_else(|| {
            format!("`{word}` is none of these: a number from 1 to {}, or a rule's name", self.rules.len())
        })
    }
}

/// The level to play at: one up after five answers at a level of which four were right, one down where four were wrong.
pub fn level(spotted: &[Spotted]) -> u8 {
    let mut level = *LEVELS.start();
    let mut right: Vec<bool> = Vec::new();
    for one in spotted {
        if one.level != level {
            continue;
        }
        right.push(one.right);
        if right.len() < ENOUGH {
            continue;
        }
        let known = right[right.len() - ENOUGH..].iter().filter(|right| **right).count();
        let next = match known {
            0 | 1 => level.saturating_sub(1).max(*LEVELS.start()),
            count if count + 1 >= ENOUGH => (level + 1).min(*LEVELS.end()),
            _ => level,
        };
        if next != level {
            level = next;
            right.clear();
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::{Spotted, level, puzzle};
    use crate::diagnostic::Severity;
    use crate::practice::mutate::about;
    use crate::practice::reference;
    use crate::practice::testing::at;

    #[test]
    fn every_puzzle_has_a_flaw_that_the_rules_see() {
        let today = jiff::civil::date(2026, 1, 1);
        let mut seen = Vec::new();
        for seed in 0..12 {
            let wanted = 1 + (seed % 3) as u8;
            let puzzle = puzzle(seed, wanted, today).unwrap();
            let first = &puzzle.findings[0];
            assert!(first.severity > Severity::Info);
            let node = about(&puzzle.design, first)[0].clone();
            assert_eq!(puzzle.marks(&node, first.code), (true, true));
            assert!(puzzle.rules.iter().filter(|rule| rule.id == first.code).count() == 1);
            for rule in &puzzle.rules {
                let speaks = puzzle.findings.iter().any(|finding| finding.code == rule.id);
                assert_eq!(puzzle.marks(&node, rule.id).1, speaks, "{}", rule.id);
            }
            assert!(!puzzle.marks("no such node", first.code).0);
            let (_, _, whole) =
                reference::all().find(|one| one.0 == puzzle.problem && one.1 == puzzle.name).unwrap();
            assert_ne!(whole.trim(), puzzle.source.text.trim());
            if seed == 4 {
                let again = super::puzzle(seed, wanted, today).unwrap();
                assert_eq!((&again.source.text, again.level), (&puzzle.source.text, puzzle.level));
            }
            seen.push((puzzle.level == wanted, first.code));
        }
        assert!(seen.iter().filter(|(wanted, _)| *wanted).count() >= 10, "{seen:?}");
        let mut rules: Vec<_> = seen.iter().map(|(_, rule)| rule).collect();
        rules.sort();
        rules.dedup();
        assert!(rules.len() >= 6, "{rules:?}");
    }

    #[test]
    fn answers_are_numbers_or_names() {
        let puzzle = puzzle(7, 1, jiff::civil::date(2026, 1, 1)).unwrap();
        assert_eq!(puzzle.node("1").unwrap(), puzzle.nodes[0]);
        assert_eq!(puzzle.node(&format!(" `{}` ", puzzle.nodes[1])).unwrap(), puzzle.nodes[1]);
        assert_eq!(puzzle.rule("2").unwrap(), puzzle.rules[1].id);
        assert_eq!(puzzle.rule("queue-no-dlq").unwrap(), "queue-no-dlq");
        for wrong in ["0", "", "99", "nobody"] {
            assert!(puzzle.node(wrong).is_err() && puzzle.rule(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_gets_better_gets_harder_ones() {
        let mut spotted: Vec<Spotted> = Vec::new();
        let mut play = |answers: &[bool]| {
            for right in answers {
                let level = level(&spotted);
                spotted.push(Spotted { at: at(0), level, rule: "a".into(), right: *right });
            }
            level(&spotted)
        };
        assert_eq!(play(&[]), 1);
        assert_eq!(play(&[false; 6]), 1);
        assert_eq!(play(&[true; 3]), 1);
        assert_eq!(play(&[true]), 2);
        assert_eq!(play(&[true; 5]), 3);
        assert_eq!(play(&[true; 9]), 3);
        assert_eq!(play(&[false; 4]), 2);
        assert_eq!(play(&[true, false, true, false, true]), 2);
        // An answer at a level that somebody chose does not count for another.
        spotted.push(Spotted { at: at(0), level: 1, rule: "a".into(), right: false });
        assert_eq!(level(&spotted), 2);
    }
}
