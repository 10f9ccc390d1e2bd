//! What an open criterion is really worth: the attribute that it asks for is written into the text, and the text is judged
//! again, with all that this changes elsewhere.
//!
//! Tried is what one word in one place can mend: a node, a hop or a flow that does not say something. What takes a new
//! node, a table or a thought is left as it stands, at the points that its rubric gives.

use jiff::civil::Date;

use super::condition::{Condition, Test, ValueTest};
use super::judge::Judge;
use super::{Criterion, Gain, Met, Rubric, Score};
use crate::catalog::catalog;
use crate::design::{Design, lower};
use crate::diagnostic::Severity;
use crate::rules::{self, Critique};
use crate::syntax::parse;

/// Open criteria that are tried, the most telling first: each is a whole check.
const TRIALS: usize = 12;

/// Replaces what a criterion is worth by what writing its attribute brought, and sorts again. `text` is the design's own.
pub fn try_gains(
    text: &str,
    design: &Design,
    critique: &Critique,
    rubric: &Rubric,
    score: &mut Score,
    today: Date,
) {
    let now = score.clone();
    let judge = Judge::new(design, critique, rubric, score.scale);
    for gain in score.next.iter_mut().take(TRIALS) {
        let Some(criterion) = rubric.criteria.iter().find(|one| one.id == gain.criterion) else { continue };
        let tried = edits(&judge, design, criterion).into_iter().filter_map(|edit| {
            let (design, mistakes) = read(&applied(text, &edit));
            if mistakes > 0 {
                return None;
            }
            let after = rules::check(&design, today);
            let score = super::score(&design, &after, rubric, Some(now.scale));
            let met = score.criterion(&criterion.id).is_some_and(|one| one.met == Met::Yes);
            (met && score.points > now.points).then(|| (score.points - now.points, score.level, loud(&after)))
        });
        if let Some((points, level, still)) = tried.max_by(|one, other| one.0.total_cmp(&other.0)) {
            gain.points = points;
            gain.opens = level.filter(|level| Some(*level) > now.level).or(gain.opens);
            gain.clears = loud(critique).saturating_sub(still);
        }
    }
    sort(&mut score.next);
}

/// That which opens a level first, then by points; of equals the rubric's order.
pub(super) fn sort(gains: &mut [Gain]) {
    gains.sort_by(|a, b| b.opens.is_some().cmp(&a.opens.is_some()).then(b.points.total_cmp(&a.points)));
}

/// Findings that are more than remarks.
fn loud(critique: &Critique) -> usize {
    critique.findings.iter().filter(|finding| finding.severity > Severity::Info).count()
}

fn read(text: &str) -> (Design, usize) {
    let (ast, mistakes) = parse(text);
    let (design, more) = lower(&ast);
    (design, mistakes.len() + more.len())
}

/// Words to write, each at a byte of the text.
type Edit = Vec<(usize, String)>;

fn applied(text: &str, edit: &Edit) -> String {
    let mut out = text.to_string();
    let mut edit = edit.clone();
    edit.sort();
    for (at, words) in edit.into_iter().rev() {
        out.insert_str(at, &words);
    }
    out
}

/// The ways to write what a criterion asks for; each is one edit of the whole text.
fn edits(judge: &Judge, design: &Design, criterion: &Criterion) -> Vec<Edit> {
    match &criterion.condition {
        Condition::Any(inner) => inner.iter().filter_map(|one| edit(judge, design, one)).collect(),
        Condition::All(inner) => {
            let (ways, needed): (Vec<_>, Vec<_>) =
                inner.iter().partition(|one| matches!(one, Condition::Any(_)));
            let mut whole = Vec::new();
            for one in needed {
                match edit(judge, design, one) {
                    Some(more) => add_new(&mut whole, more),
                    None => return Vec::new(),
                }
            }
            let Some(Condition::Any(ways)) = ways.first() else { return vec![whole] };
            let tried = ways.iter().filter_map(|way| edit(judge, design, way));
            tried
                .map(|more| {
                    let mut edit = whole.clone();
                    add_new(&mut edit, more);
                    edit
                })
                .collect()
        }
        one => edit(judge, design, one).into_iter().collect(),
    }
}

fn add_new(all: &mut Edit, more: Edit) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// What to write so that a condition holds: nothing where it does, None where a word does not do.
fn edit(judge: &Judge, design: &Design, condition: &Condition) -> Option<Edit> {
    if judge.condition(condition).met == Met::Yes {
        return Some(Vec::new());
    }
    match condition {
        Condition::All(inner) => {
            let mut whole = Vec::new();
            for one in inner {
                add_new(&mut whole, edit(judge, design, one)?);
            }
            Some(whole)
        }
        Condition::Any(inner) => inner.iter().find_map(|one| edit(judge, design, one)),
        Condition::Node { flow, kinds, test: Some(test), every } => {
            let nodes = judge.nodes_of(flow)?;
            let fitting = nodes.into_iter().map(|node| &design.graph[node]).filter(|node| {
                kinds.matches(node) && test.names.iter().all(|name| node.attrs.get(name).is_none())
            });
            let words = words(test)?;
            let one = |node: &crate::design::Node| (node.full_span.end, words.clone());
            let most = if *every { usize::MAX } else { 1 };
            some(fitting.take(most).map(one).collect())
        }
        Condition::Hop { flow, hop, test: Some(test), every } => {
            let words = words(test)?;
            let steps = judge.steps_of(flow)?;
            let fitting = steps.into_iter().filter(|step| {
                let hop_attrs = &design.graph[step.hop].attrs;
                hop.matches(design, step)
                    && test.names.iter().all(|name| step.attrs.get(name).or(hop_attrs.get(name)).is_none())
            });
            let most = if *every { usize::MAX } else { 1 };
            let mut edit: Edit = fitting.take(most).map(|step| (step.span.end, words.clone())).collect();
            edit.dedup();
            some(edit)
        }
        Condition::Says { flow, test } => {
            let words = words(test)?;
            let flow = design.flows.iter().find(|one| one.serves() == flow)?;
            let unsaid = test.names.iter().all(|name| flow.attrs.get(name).is_none());
            unsaid.then(|| vec![(flow.full_span.end, words)])
        }
        _ => None,
    }
}

fn some(edit: Edit) -> Option<Edit> {
    (!edit.is_empty()).then_some(edit)
}

/// ` name=value`: a word that is asked for, else as the language's own example has it.
fn words(test: &Test) -> Option<String> {
    let name = test.names.first()?;
    match &test.value {
        ValueTest::Is(words) => Some(format!(" {name}={}", words.first()?)),
        ValueTest::Between { .. } => None,
        ValueTest::Stated => {
            let example = &catalog().attribute(name)?.example;
            let starts = |word: &&str| *word == name || word.starts_with(&format!("{name}="));
            let word = example.split_whitespace().find(starts)?;
            Some(format!(" {word}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, try_gains};
    use crate::rubric::{Level, Packs, Score, score};

    /// The score of an answer to the shortener, before and after its open criteria were tried.
    fn tried(from: &str, to: &str) -> (Score, Score) {
        let reference = include_str!("../../examples/url-shortener/reference-sql.arch");
        assert!(reference.contains(from), "{from}");
        let text = reference.replace(from, to);
        let (design, mistakes) = read(&text);
        assert_eq!(mistakes, 0);
        let today = jiff::civil::date(2026, 1, 1);
        let critique = crate::rules::check(&design, today);
        let rubric = &Packs::built_in().find("url-shortener").expect("it is built in").rubric;
        let before = score(&design, &critique, rubric, None);
        let mut after = before.clone();
        try_gains(&text, &design, &critique, rubric, &mut after, today);
        (before, after)
    }

    #[test]
    fn a_word_is_written_and_judged_with_all_that_it_changes() {
        // Without its codes the service loses a must of mid, and what hangs on it.
        let (before, after) = tried(" generates=code scheme=random", "");
        assert!(before.level < Some(Level::Staff), "{before:?}");
        let gain = after.next.iter().find(|gain| gain.criterion == "codes").expect("it is open");
        assert!(gain.opens > Some(Level::Junior), "{gain:?}");
        assert!(gain.points > 0.0 && gain.points <= after.of - after.points + 1e-9, "{gain:?}");
    }

    #[test]
    fn what_a_word_does_not_mend_keeps_its_points() {
        let (before, after) =
            tried("client browser", "client browser\nsearch find\ndatabase two x3 backup=1d");
        let of = |score: &Score| {
            score.next.iter().map(|gain| (gain.criterion.clone(), gain.points)).collect::<Vec<_>>()
        };
        assert_eq!(of(&before), of(&after));
    }
}
