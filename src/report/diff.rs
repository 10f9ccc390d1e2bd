//! What changed between two designs, as a reviewer would tell it: what was mended, what is new, then the changes themselves.

use serde_json::{Value, json};

use super::{Style, Wrap, clean, inert};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::diff::{Aspect, Change, ChangeKind, Diff, Found, Scores, Sort};
use crate::rubric::Level;
use crate::units::percent;

/// Findings of a kind that are told unless all are asked for.
const TOLD: usize = 12;

/// A heading and lines; in text lines are set and wrapped, in Markdown they are a list.
struct Section {
    head: String,
    /// What each line says, and the rule and severity of a finding.
    lines: Vec<(Option<Severity>, String)>,
    /// Not told unless all are asked for.
    more: usize,
}

impl Section {
    fn plain(head: impl Into<String>, lines: Vec<String>) -> Option<Section> {
        let lines: Vec<_> = lines.into_iter().map(|line| (None, line)).collect();
        (!lines.is_empty()).then(|| Section { head: head.into(), lines, more: 0 })
    }
}

/// The whole report, with a line end.
pub fn text(diff: &Diff, names: (&str, &str), style: Style) -> String {
    let paint = style.paint();
    let mut blocks = vec![paint.bold(&format!("{} → {}", clean(names.0), clean(names.1)))];
    if diff.is_empty() {
        blocks.push(SAME.to_string());
    }
    for section in sections(diff, style.all) {
        let mut block = paint.bold(&clean(&section.head));
        for (severity, line) in &section.lines {
            block.push('\n');
            let line = Wrap { width: style.width, first: 2, hang: 6 }.block(&clean(line));
            // What weighs is coloured with its label.
            block.push_str(&match (severity, line.split_once(": ")) {
                (Some(severity), Some((label, said))) => {
                    format!("{}: {said}", paint.severity(*severity, label))
                }
                _ => line,
            });
        }
        if section.more > 0 {
            block.push_str(&format!("\n  and {} more (--all)", section.more));
        }
        blocks.push(block);
    }
    blocks.extend(as_before(diff).map(|line| paint.dim(&line)));
    format!("{}\n", blocks.join("\n\n"))
}

/// For a pull request: the same as lists, the changes folded away under what they did.
pub fn markdown(diff: &Diff, names: (&str, &str), all: bool) -> String {
    let mut out = format!("<!-- spof diff -->\n### {} → {}\n", inert::code(names.0), inert::code(names.1));
    if diff.is_empty() {
        out.push_str(&format!("\n{SAME}\n"));
    }
    for section in sections(diff, all) {
        out.push_str(&format!("\n**{}**\n\n", inert::markdown(&section.head)));
        for (_, line) in &section.lines {
            out.push_str(&format!("- {}\n", inert::markdown(line)));
        }
        if section.more > 0 {
            out.push_str(&format!("- and {} more\n", section.more));
        }
    }
    out.extend(as_before(diff).map(|line| format!("\n{line}\n")));
    out
}

const SAME: &str = "Both designs mean the same, and the same is said of them.";

fn as_before(diff: &Diff) -> Option<String> {
    let stay = diff.found.stay;
    let s = if stay == 1 { "" } else { "s" };
    (stay > 0).then(|| format!("{stay} finding{s} or question{s} as before"))
}

fn sections(diff: &Diff, all: bool) -> Vec<Section> {
    let mut sections: Vec<Section> = diff.score.as_ref().and_then(score).into_iter().collect();
    sections.extend(found(&diff.found, all));
    sections.extend(availability(diff));
    for sort in [Sort::Group, Sort::Node, Sort::Table, Sort::Hop, Sort::Flow] {
        sections.extend(changes(diff, &[sort]));
    }
    sections.extend(changes(diff, &[Sort::Given, Sort::Decision, Sort::Out, Sort::Allow, Sort::Note]));
    sections
}

fn score(scores: &Scores) -> Option<Section> {
    let level = |level: Option<Level>| level.map_or("none", |level| level.name());
    if (scores.old - scores.new).abs() < 0.005 && scores.old_level == scores.new_level {
        return None;
    }
    let (old, new) = (scores.old.round(), scores.new.round());
    let levels = match (scores.old_level, scores.new_level) {
        (one, other) if one == other => format!("level {}", level(other)),
        (one, other) => format!("level {} → {}", level(one), level(other)),
    };
    let dimensions: Vec<String> = scores
        .dimensions
        .iter()
        .map(|(id, old, new, of)| format!("{} {} → {}/{}", id.name(), old.round(), new.round(), of.round()))
        .collect();
    let mut lines = vec![dimensions.join(" · ")];
    for (head, ids) in [("met now", &scores.gained), ("no longer met", &scores.lost)] {
        if !ids.is_empty() {
            lines.push(format!("{head}: {}", ids.join(", ")));
        }
    }
    lines.retain(|line| !line.is_empty());
    let lines = lines.into_iter().map(|line| (None, line)).collect();
    let head = format!("Score {old} → {new} of {}, {levels}", scores.of.round());
    Some(Section { head, lines, more: 0 })
}

fn found(found: &Found, all: bool) -> Vec<Section> {
    let asked = |finding: &Diagnostic| finding.verdict == Verdict::Unstated;
    let mended = |wanted: bool| -> Vec<(&Diagnostic, &[String])> {
        let those = found.fixed.iter().filter(|one| asked(&one.finding) == wanted);
        those.map(|one| (&one.finding, one.by.as_slice())).collect()
    };
    let new = |wanted: bool| -> Vec<(&Diagnostic, &[String])> {
        found.new.iter().filter(|one| asked(one) == wanted).map(|one| (one, [].as_slice())).collect()
    };
    let parts = [
        ("New", new(false)),
        ("Mended", mended(false)),
        ("Newly asked", new(true)),
        ("Answered", mended(true)),
    ];
    parts.into_iter().filter_map(|(head, found)| findings(head, &found, all)).collect()
}

fn findings(head: &str, found: &[(&Diagnostic, &[String])], all: bool) -> Option<Section> {
    let most = if all { found.len() } else { TOLD };
    let lines = found.iter().take(most).map(|(finding, by)| {
        let label = match finding.verdict {
            Verdict::Unstated => "question",
            _ => finding.severity.name(),
        };
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join("; ")) };
        (Some(finding.severity), format!("{label}[{}]: {}{by}", finding.code, finding.message))
    });
    let head = format!("{head} ({})", found.len());
    let more = found.len().saturating_sub(most);
    (!found.is_empty()).then(|| Section { head, lines: lines.collect(), more })
}

fn availability(diff: &Diff) -> Option<Section> {
    let served = diff.availability.iter();
    let lines = served.map(|one| format!("{}: {} → {}", one.flow, percent(one.old), percent(one.new)));
    Section::plain("Served, by the designs' own figures", lines.collect())
}

fn changes(diff: &Diff, sorts: &[Sort]) -> Option<Section> {
    let changes: Vec<&Change> = diff.changes.iter().filter(|change| sorts.contains(&change.sort)).collect();
    let head = match sorts {
        [Sort::Group] => "Places",
        [Sort::Node] => "Nodes",
        [Sort::Table] => "Tables",
        [Sort::Hop] => "Hops",
        [Sort::Flow] => "Flows",
        _ => "Assumed, decided, left out",
    };
    Section::plain(head, lines(&changes))
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
    let was = change.was.as_ref().map_or(String::new(), |was| format!(" (was {})", was));
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    format!("{mark} {}{was}{parts}", change.id)
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
