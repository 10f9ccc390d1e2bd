//! What changed between two designs, and what that did to the critique: `Review × Review → Diff`.
//!
//! Compared is what a design means, not how it is written: order, layout and units make no difference, and a node that was
//! only renamed is the same node.

mod found;
mod items;
mod renames;

pub use found::{Found, Mended};
pub use items::Sort;

use std::collections::BTreeMap;

use crate::numbers::availability::{Places, of_flows};
use crate::review::Review;
use crate::rubric::{Dimension, Level, Score};
use items::{Item, items};

/// How two reviews differ.
#[derive(Debug)]
pub struct Diff {
    /// In the order of the new design; what is gone stands last of its sort.
    pub changes: Vec<Change>,
    pub found: Found,
    pub score: Option<Scores>,
    /// Flows that both have, and how often each is served, as a fraction of time; where that changed.
    pub availability: Vec<Served>,
}

/// One thing that a design says, and the other does not, or says otherwise.
#[derive(Debug)]
pub struct Change {
    pub sort: Sort,
    /// As the new design calls it, or the old one where it is gone.
    pub id: String,
    /// What it was called.
    pub was: Option<String>,
    pub kind: ChangeKind,
    pub says: Vec<Aspect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

/// What is said of a thing, before and after, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aspect {
    /// An attribute; `kind`, `label`, `in`, or a hop that a flow passes.
    pub name: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// Points and levels before and after, where both were judged by the same problem.
#[derive(Debug)]
pub struct Scores {
    pub problem: String,
    pub old: f64,
    pub new: f64,
    pub of: f64,
    pub old_level: Option<Level>,
    pub new_level: Option<Level>,
    /// Those that changed: before, after, of.
    pub dimensions: Vec<(Dimension, f64, f64, f64)>,
    /// Ids of criteria that are met now and were not, and the other way round.
    pub gained: Vec<String>,
    pub lost: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub struct Served {
    pub flow: String,
    pub old: f64,
    pub new: f64,
}

pub fn diff(old: &Review, new: &Review) -> Diff {
    let renamed = renames::renames(&old.design, &new.design);
    let before = items(&old.design, &old.source.text, &renamed);
    let after = items(&new.design, &new.source.text, &BTreeMap::new());
    let changes = changes(before, after, &renamed);
    let found = found::found(old, new, &renamed, &changes);
    Diff { found, changes, score: scores(old, new), availability: availability(old, new) }
}

impl Diff {
    /// Nothing that the designs mean, and nothing that is said of them, differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.found.fixed.is_empty() && self.found.new.is_empty()
    }
}

fn changes(before: Vec<Item>, after: Vec<Item>, renamed: &BTreeMap<String, String>) -> Vec<Change> {
    let was: BTreeMap<&str, &str> = renamed.iter().map(|(old, new)| (new.as_str(), old.as_str())).collect();
    let mut old: BTreeMap<(Sort, String), Item> =
        before.into_iter().map(|item| ((item.sort, item.key.clone()), item)).collect();
    let mut changes = Vec::new();
    for item in after {
        let was =
            (item.sort == Sort::Node).then(|| was.get(item.id.as_str()).map(|id| id.to_string())).flatten();
        let Some(past) = old.remove(&(item.sort, item.key.clone())) else {
            let says = item.says.into_iter().map(|said| said.added()).collect();
            changes.push(Change { sort: item.sort, id: item.id, was: None, kind: ChangeKind::Added, says });
            continue;
        };
        let says = aspects(past, &item);
        if !says.is_empty() || was.is_some() {
            changes.push(Change { sort: item.sort, id: item.id, was, kind: ChangeKind::Changed, says });
        }
    }
    for ((sort, _), item) in old {
        let says = item.says.into_iter().map(|said| said.removed()).collect();
        changes.push(Change { sort, id: item.id, was: None, kind: ChangeKind::Removed, says });
    }
    changes.sort_by_key(|change| change.sort);
    changes
}

fn aspects(past: Item, now: &Item) -> Vec<Aspect> {
    let mut gone = past.says;
    let mut aspects = Vec::new();
    for said in &now.says {
        let before = gone.iter().position(|old| old.name == said.name).map(|at| gone.remove(at));
        match before {
            // What is written alike differs by a figure of `given`, which is told there.
            Some(before) if before.means == said.means || before.shown == said.shown => {}
            Some(before) => aspects.push(Aspect {
                name: said.name.clone(),
                old: Some(before.shown),
                new: Some(said.shown.clone()),
            }),
            None => aspects.push(said.clone().added()),
        }
    }
    aspects.extend(gone.into_iter().map(|said| said.removed()));
    aspects
}

fn scores(old: &Review, new: &Review) -> Option<Scores> {
    let (Some(before), Some(after)) = (&old.score, &new.score) else { return None };
    if before.problem != after.problem {
        return None;
    }
    let dimensions = after
        .dimensions
        .iter()
        .filter_map(|now| {
            let then = before.dimensions.iter().find(|then| then.id == now.id)?;
            ((then.points - now.points).abs() > 0.005).then_some((now.id, then.points, now.points, now.of))
        })
        .collect();
    let met = |score: &Score, id: &str| score.criterion(id).is_some_and(|one| one.points + 0.005 >= one.of);
    let only = |one: &Score, other: &Score| -> Vec<String> {
        let ids = one.criteria.iter().map(|criterion| criterion.id.as_str());
        ids.filter(|id| met(one, id) && !met(other, id)).map(str::to_string).collect()
    };
    Some(Scores {
        problem: after.problem.clone(),
        old: before.points,
        new: after.points,
        of: after.of,
        old_level: before.level,
        new_level: after.level,
        dimensions,
        gained: only(after, before),
        lost: only(before, after),
    })
}

fn availability(old: &Review, new: &Review) -> Vec<Served> {
    let of = |review: &Review| -> BTreeMap<String, f64> {
        let served = of_flows(&review.design, Places::AsStated);
        let flows = review.design.flows.iter().zip(served);
        flows
            .filter_map(|(flow, served)| Some((flow.serves().to_string(), 1.0 - served?.down.most())))
            .collect()
    };
    let before = of(old);
    let differs = |one: f64, other: f64| (one - other).abs() > 1e-6;
    of(new)
        .into_iter()
        .filter_map(|(flow, new)| Some(Served { old: *before.get(&flow)?, new, flow }))
        .filter(|served| differs(served.old, served.new))
        .collect()
}
