//! Findings and questions that are gone, new, or as they were.

use std::collections::{BTreeMap, BTreeSet};

use super::items::written;
use super::{Change, ChangeKind, Sort};
use crate::diagnostic::Diagnostic;
use crate::review::Review;
use crate::rules;

#[derive(Debug)]
pub struct Found {
    pub fixed: Vec<Mended>,
    pub new: Vec<Diagnostic>,
    /// In both, wherever they stand now.
    pub stay: usize,
}

/// A finding of the old design that the new one has not.
#[derive(Debug)]
pub struct Mended {
    pub finding: Diagnostic,
    /// Changes to what it is about, as far as its rule looks at them: `front: x2`.
    pub by: Vec<String>,
}

pub fn found(old: &Review, new: &Review, renamed: &BTreeMap<String, String>, changes: &[Change]) -> Found {
    let name = |id: &String| renamed.get(id).unwrap_or(id).clone();
    let called_now = |finding: &Diagnostic| -> Diagnostic {
        let mut finding = finding.clone();
        finding.nodes = finding.nodes.iter().map(name).collect();
        finding.hops = finding.hops.iter().map(|(from, to)| (name(from), name(to))).collect();
        finding
    };
    let mut there: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &new.critique.findings {
        *there.entry(finding.fingerprint()).or_default() += 1;
    }
    let mut fixed = Vec::new();
    let mut stay = 0;
    for finding in old.critique.findings.iter().map(called_now) {
        match there.get_mut(&finding.fingerprint()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                stay += 1;
            }
            _ => fixed.push(Mended { by: by(&finding, changes), finding }),
        }
    }
    // Of several alike, those are new that are left over.
    let mut findings = Vec::new();
    for finding in new.critique.findings.iter().rev() {
        if let Some(left) = there.get_mut(&finding.fingerprint()).filter(|left| **left > 0) {
            *left -= 1;
            findings.push(finding.clone());
        }
    }
    findings.reverse();
    Found { fixed, new: findings, stay }
}

/// Most changes that are named beside a finding.
const BY: usize = 3;

fn by(finding: &Diagnostic, changes: &[Change]) -> Vec<String> {
    let reads: &[&str] = rules::find(finding.code).map_or(&[], |rule| rule.reads);
    let nodes: BTreeSet<&str> = finding.nodes.iter().map(String::as_str).collect();
    let touches = |change: &Change| match change.sort {
        Sort::Node => nodes.contains(change.id.as_str()),
        Sort::Table => change.id.split_once('.').is_some_and(|(node, _)| nodes.contains(node)),
        Sort::Hop => ends(&change.id).is_some_and(|(from, to)| {
            finding.hops.iter().any(|(one, other)| (one.as_str(), other.as_str()) == (from, to))
        }),
        Sort::Flow => nodes.is_empty() && finding.flows.contains(&change.id),
        _ => false,
    };
    let mut named = Vec::new();
    for change in changes.iter().filter(|change| touches(change)) {
        match change.kind {
            ChangeKind::Removed => named.push(format!("{} is gone", change.id)),
            ChangeKind::Added => {}
            ChangeKind::Changed => {
                let looked_at = |name: &str| reads.contains(&name) || name == "instances";
                let says: Vec<String> = change
                    .says
                    .iter()
                    .filter(|aspect| looked_at(&aspect.name))
                    .filter_map(|aspect| {
                        let new = aspect.new.as_ref()?;
                        Some(if aspect.name == "instances" {
                            new.clone()
                        } else {
                            written(&aspect.name, new)
                        })
                    })
                    .collect();
                if !says.is_empty() {
                    named.push(format!("{}: {}", change.id, says.join(" ")));
                }
            }
        }
    }
    named.truncate(BY);
    named
}

/// `a -> b` as its two ends.
fn ends(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (from, _, to) = (words.next()?, words.next()?, words.next()?);
    Some((from, to))
}
