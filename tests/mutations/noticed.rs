//! Who notices that a safety is gone: a rule, or the rubric of the problem that the design solves.

use jiff::civil::date;
use spof::diagnostic::{Diagnostic, Verdict};
use spof::rubric::{Met, Packs, Score, score};
use spof::{design, rules, syntax};

use crate::safeties::Safety;

/// Each finding by rule and verdict, with the nodes that it is about, at the ends of hops too.
pub type Noticed = Vec<(&'static str, Verdict, Vec<String>)>;

/// None where the text has mistakes.
pub fn noticed(text: &str) -> Option<Noticed> {
    let (ast, mistakes) = syntax::parse(text);
    let (design, more) = design::lower(&ast);
    if !mistakes.is_empty() || !more.is_empty() {
        return None;
    }
    let about = |finding: Diagnostic| {
        let mut nodes = finding.nodes;
        nodes.extend(finding.hops.into_iter().flat_map(|(from, to)| [from, to]));
        if let Some(flow) = finding.flows.first().and_then(|id| design.flow(id)).filter(|_| nodes.is_empty())
        {
            let ends = design.steps_of(flow).iter().flat_map(|step| [step.from, step.to]);
            nodes = ends.map(|node| design.graph[node].id.clone()).collect();
        }
        (finding.code, finding.verdict, nodes)
    };
    Some(rules::find_all(&design).into_iter().map(about).collect())
}

/// Something new is said about a node that the safety touched.
pub fn is_missed(safety: &Safety, before: &Noticed, after: &Noticed) -> bool {
    let is_touched = |node: &String| safety.touched.is_empty() || safety.touched.contains(node);
    let said = |noticed: &Noticed, code: &str, verdict: Verdict, node: &String| {
        noticed.iter().any(|(other, how, nodes)| *other == code && *how == verdict && nodes.contains(node))
    };
    after.iter().any(|(code, verdict, nodes)| {
        nodes.iter().any(|node| is_touched(node) && !said(before, code, *verdict, node))
    })
}
/// What a design earns; None where it solves no problem.
pub fn judged(text: &str) -> Option<Score> {
    let (design, _) = design::lower(&syntax::parse(text).0);
    let pack = Packs::built_in().find(&design.solves.as_ref()?.problem)?;
    let critique = rules::check(&design, date(2026, 1, 1));
    Some(score(&design, &critique, &pack.rubric, None))
}

/// The first criterion that was met and is no longer.
pub fn lost(before: &Score, after: &Score) -> Option<String> {
    let is_met = |score: &Score, id: &str| score.criterion(id).is_some_and(|one| one.met == Met::Yes);
    let mut ids = before.criteria.iter().map(|criterion| &criterion.id);
    ids.find(|id| is_met(before, id) && !is_met(after, id)).cloned()
}
