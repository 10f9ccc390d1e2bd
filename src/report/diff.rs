//! What changed between two designs, as a reviewer would tell it: what was mended, what is new, then the changes themselves.

use serde_json::{Value, json};

use super::{Style, Wrap, clean};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::diff::{Aspect, Change, ChangeKind, Diff, Found, Mended, Scores, Sort};
use crate::units::percent;

/// Findings of a kind that are told unless all are asked for.
const TOLD: usize = 12;

/// The whole report, with a line end.
pub fn text(diff: &Diff, names: (&str, &str), style: Style) -> String {
    let paint = style.paint();
    let (old, new) = (clean(names.0), clean(names.1));
    let mut blocks = vec![paint.bold(&format!("{old} → {new}"))];
    if diff.is_empty() {
        blocks.push("Both designs mean the same, and the same is said of them.".to_string());
    }
    blocks.extend(diff.score.as_ref().and_then(|scores| score(scores, style)));
    blocks.extend(found(&diff.found, style));
    blocks.extend(availability(diff, style));
    for sort in [Sort::Group, Sort::Node, Sort::Table, Sort::Hop, Sort::Flow] {
        blocks.extend(changes(diff, &[sort], style));
    }
    blocks.extend(changes(diff, &[Sort::Given, Sort::Decision, Sort::Out, Sort::Allow, Sort::Note], style));
    format!("{}\n", blocks.join("\n\n"))
}

fn score(scores: &Scores, style: Style) -> Option<String> {
    let paint = style.paint();
    let level = |level: Option<crate::rubric::Level>| level.map_or("none", |level| level.name());
    if (scores.old - scores.new).abs() < 0.005 && scores.old_level == scores.new_level {
        return None;
    }
    let (old, new) = (scores.old.round(), scores.new.round());
    let mut out = paint.bold(&format!("Score  {old} → {new} of {}", scores.of.round()));
    out.push_str(&match (scores.old_level, scores.new_level) {
        (one, other) if one == other => format!("   level {}", level(other)),
        (one, other) => format!("   level {} → {}", level(one), level(other)),
    });
    let dimensions: Vec<String> = scores
        .dimensions
        .iter()
        .map(|(id, old, new, of)| format!("{} {} → {}/{}", id.name(), old.round(), new.round(), of.round()))
        .collect();
    if !dimensions.is_empty() {
        out.push('\n');
        out.push_str(&Wrap { width: style.width, first: 2, hang: 4 }.block(&dimensions.join(" · ")));
    }
    for (head, ids) in [("met now", &scores.gained), ("no longer met", &scores.lost)] {
        if !ids.is_empty() {
            out.push('\n');
            let text = format!("{head}: {}", ids.join(", "));
            out.push_str(&Wrap { width: style.width, first: 2, hang: 4 }.block(&text));
        }
    }
    Some(out)
}

fn found(found: &Found, style: Style) -> Vec<String> {
    let asked = |finding: &Diagnostic| finding.verdict == Verdict::Unstated;
    let (answered, fixed): (Vec<&Mended>, Vec<&Mended>) =
        found.fixed.iter().partition(|one| asked(&one.finding));
    let (questions, new): (Vec<&Diagnostic>, Vec<&Diagnostic>) = found.new.iter().partition(|one| asked(one));
    let mut blocks = Vec::new();
    blocks.extend(block("New", &new, style, |finding| (finding, Vec::new())));
    blocks.extend(block("Mended", &fixed, style, |mended| (&mended.finding, mended.by.clone())));
    blocks.extend(block("Newly asked", &questions, style, |finding| (finding, Vec::new())));
    blocks.extend(block("Answered", &answered, style, |mended| (&mended.finding, mended.by.clone())));
    if found.stay > 0 {
        let s = if found.stay == 1 { "" } else { "s" };
        blocks.push(style.paint().dim(&format!("{} finding{s} or question{s} as before", found.stay)));
    }
    blocks
}

fn block<'a, T>(
    head: &str,
    found: &[&'a T],
    style: Style,
    of: impl Fn(&'a T) -> (&'a Diagnostic, Vec<String>),
) -> Option<String> {
    if found.is_empty() {
        return None;
    }
    let paint = style.paint();
    let mut out = paint.bold(&format!("{head} ({})", found.len()));
    let most = if style.all { found.len() } else { TOLD };
    for (finding, by) in found.iter().take(most).map(|one| of(one)) {
        let severity = finding.severity.name();
        let label = if finding.verdict == Verdict::Unstated { "question" } else { severity };
        let label = format!("{label}[{}]", finding.code);
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join("; ")) };
        let said = Wrap { width: style.width, first: label.chars().count() + 4, hang: 6 }
            .text(&format!("{}{by}", finding.message));
        out.push_str(&format!("\n  {}: {said}", paint.severity(finding.severity, &label)));
    }
    if found.len() > most {
        out.push_str(&format!("\n  and {} more (--all)", found.len() - most));
    }
    Some(out)
}

fn availability(diff: &Diff, style: Style) -> Option<String> {
    let lines: Vec<String> = diff
        .availability
        .iter()
        .map(|served| {
            let shown = |share: f64| percent(share);
            format!("  {}: {} → {}", served.flow, shown(served.old), shown(served.new))
        })
        .collect();
    let head = style.paint().bold("Served, by the designs' own figures");
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

fn changes(diff: &Diff, sorts: &[Sort], style: Style) -> Option<String> {
    let changes: Vec<&Change> = diff.changes.iter().filter(|change| sorts.contains(&change.sort)).collect();
    let head = match sorts {
        [Sort::Group] => "Places",
        [Sort::Node] => "Nodes",
        [Sort::Table] => "Tables",
        [Sort::Hop] => "Hops",
        [Sort::Flow] => "Flows",
        _ => "Assumed, decided, left out",
    };
    if changes.is_empty() {
        return None;
    }
    let mut out = style.paint().bold(head);
    for line in lines(&changes) {
        out.push('\n');
        out.push_str(&Wrap { width: style.width, first: 2, hang: 6 }.block(&line));
    }
    Some(out)
}

/// A line for each change; what many have in common is one line.
fn lines(changes: &[&Change]) -> Vec<String> {
    const MANY: usize = 3;
    let same = |aspect: &Aspect| -> Vec<&str> {
        let changed = changes.iter().filter(|change| change.kind == ChangeKind::Changed);
        changed.filter(|change| change.says.contains(aspect)).map(|change| change.id.as_str()).collect()
    };
    let shared = |aspect: &Aspect| same(aspect).len() > MANY;
    let mut told: Vec<&Aspect> = Vec::new();
    let mut lines = Vec::new();
    for change in changes {
        let own: Vec<&Aspect> =
            change.says.iter().filter(|one| change.kind != ChangeKind::Changed || !shared(one)).collect();
        if change.kind != ChangeKind::Changed || !own.is_empty() || change.was.is_some() {
            lines.push(line(change, &own));
        }
    }
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Changed) {
        for aspect in change.says.iter().filter(|aspect| shared(aspect)) {
            if !told.contains(&aspect) {
                told.push(aspect);
                lines.push(format!("~ {} on {}", self::aspect(aspect), same(aspect).join(", ")));
            }
        }
    }
    lines
}

fn line(change: &Change, own: &[&Aspect]) -> String {
    let id = clean(&change.id);
    let hop = |aspect: &Aspect| aspect.name.contains(' ') && change.sort == Sort::Flow;
    let (mark, listed): (&str, Vec<String>) = match change.kind {
        ChangeKind::Removed => ("-", Vec::new()),
        ChangeKind::Added => {
            let plain = own.iter().filter(|aspect| !hop(aspect));
            (
                "+",
                plain
                    .filter_map(|aspect| Some(said(&aspect.name, aspect.new.as_ref()?)))
                    .filter(|said| said != "x1")
                    .collect(),
            )
        }
        ChangeKind::Changed => {
            let plain = own.iter().filter(|one| !hop(one) || (one.old.is_some() && one.new.is_some()));
            ("~", plain.map(|one| aspect(one)).collect())
        }
    };
    let mut parts = listed;
    if change.sort == Sort::Flow {
        let passes = |wanted: fn(&Aspect) -> bool| -> Vec<&str> {
            own.iter().filter(|one| hop(one) && wanted(one)).map(|one| one.name.as_str()).collect()
        };
        for (word, hops) in [
            (
                if change.kind == ChangeKind::Added { "passes" } else { "now also" },
                passes(|one| one.old.is_none()),
            ),
            ("no longer", passes(|one| one.new.is_none())),
        ] {
            if !hops.is_empty() && change.kind != ChangeKind::Removed {
                parts.push(format!("{word} {}", hops.join(", ")));
            }
        }
    }
    let was = change.was.as_ref().map_or(String::new(), |was| format!(" (was {})", clean(was)));
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", clean(&parts.join("; "))) };
    format!("{mark} {id}{was}{parts}")
}

fn aspect(aspect: &Aspect) -> String {
    let name = &aspect.name;
    match (&aspect.old, &aspect.new) {
        (Some(old), Some(new)) if old.is_empty() => format!("{name} now {new}"),
        (Some(old), Some(new)) if new.is_empty() => format!("{name} without {old}"),
        (Some(old), Some(new)) => format!("{name} {old} → {new}"),
        (None, Some(new)) => format!("{} is new", said(name, new)),
        (Some(old), None) => format!("{} is gone", said(name, old)),
        (None, None) => String::new(),
    }
}

/// As it is written in a design.
fn said(name: &str, value: &str) -> String {
    match name {
        "kind" | "instances" => value.to_string(),
        "label" => format!("\"{value}\""),
        "in" => format!("in {value}"),
        _ if value == "yes" => name.to_string(),
        _ if name.contains(' ') => name.to_string(),
        _ => format!("{name}={value}"),
    }
}

pub fn json(diff: &Diff, names: (&str, &str)) -> Value {
    let changes: Vec<Value> = diff
        .changes
        .iter()
        .map(|change| {
            let kind = match change.kind {
                ChangeKind::Added => "added",
                ChangeKind::Removed => "removed",
                ChangeKind::Changed => "changed",
            };
            let says: Vec<Value> = change
                .says
                .iter()
                .map(|one| json!({ "name": one.name, "old": one.old, "new": one.new }))
                .collect();
            json!({ "sort": change.sort, "id": change.id, "was": change.was, "change": kind, "says": says })
        })
        .collect();
    let finding = |finding: &Diagnostic| {
        json!({
            "rule": finding.code,
            "severity": finding.severity,
            "verdict": finding.verdict,
            "message": finding.message,
            "nodes": finding.nodes,
            "flows": finding.flows,
            "fingerprint": finding.fingerprint(),
        })
    };
    let fixed: Vec<Value> = diff
        .found
        .fixed
        .iter()
        .map(|one| {
            let mut value = finding(&one.finding);
            value["by"] = json!(one.by);
            value
        })
        .collect();
    let score = diff.score.as_ref().map(|scores| {
        let dimensions: Vec<Value> = scores
            .dimensions
            .iter()
            .map(|(id, old, new, of)| json!({ "id": id, "old": round(*old), "new": round(*new), "of": round(*of) }))
            .collect();
        json!({
            "problem": scores.problem,
            "old": round(scores.old),
            "new": round(scores.new),
            "of": round(scores.of),
            "old_level": scores.old_level,
            "new_level": scores.new_level,
            "dimensions": dimensions,
            "gained": scores.gained,
            "lost": scores.lost,
        })
    });
    let served: Vec<Value> = diff
        .availability
        .iter()
        .map(|one| json!({ "flow": one.flow, "old": one.old, "new": one.new }))
        .collect();
    json!({
        "version": 1,
        "old": names.0,
        "new": names.1,
        "changes": changes,
        "fixed": fixed,
        "found": diff.found.new.iter().map(finding).collect::<Vec<_>>(),
        "stay": diff.found.stay,
        "score": score,
        "availability": served,
    })
}

fn round(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}
