//! What one would say of the design in a breath.

use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::report::score::points;
use crate::report::summary::counted;
use crate::review::Review;

/// "Not sound yet: everything stops when `store` does, and 2 more errors. 57 of 100, junior."
pub fn verdict(review: &Review) -> String {
    let found = format!("{}{}", judgement(review), scored(review));
    match review.mistakes.len() {
        0 => found,
        many => format!("{} in the text, and of what could be read: {found}", counted(many, "mistake")),
    }
}

fn judgement(review: &Review) -> String {
    let wrong = |severity: Severity| -> Vec<&Diagnostic> {
        let findings = review.critique.findings.iter();
        findings.filter(|one| one.verdict == Verdict::Wrong && one.severity == severity).collect()
    };
    let questions = review.critique.findings.iter().filter(|one| one.verdict == Verdict::Unstated).count();
    let open = match questions {
        0 => String::new(),
        1 => "; 1 question is open".to_string(),
        many => format!("; {many} questions are open"),
    };
    for (severity, judged) in
        [(Severity::Error, "Not sound yet"), (Severity::Warning, "Sound, with a weakness")]
    {
        let all = wrong(severity);
        if let [first, rest @ ..] = &all[..] {
            let more = match rest.len() {
                0 => String::new(),
                many => format!(", and {}", counted(many, &format!("more {}", severity.name()))),
            };
            return format!("{judged}: {}{more}{open}.", first.message);
        }
    }
    if review.design.graph.edge_count() == 0 {
        return "Nothing to judge yet: nothing calls anything.".to_string();
    }
    format!("Nothing wrong was found{open}.")
}

fn scored(review: &Review) -> String {
    let Some(score) = &review.score else { return String::new() };
    let level = match score.level {
        Some(level) => format!("reaches {}", level.name()),
        None => "reaches no level yet".to_string(),
    };
    format!(" {} of {} points, {level}.", points(score.points, score.of), score.of.round())
}

/// How much there is of each kind, with the class that it is shown in.
pub fn counts(review: &Review) -> Vec<(&'static str, String)> {
    let findings = &review.critique.findings;
    let of = |severity| {
        findings.iter().filter(|one| one.verdict == Verdict::Wrong && one.severity == severity).count()
    };
    let asked = findings.iter().filter(|one| one.verdict == Verdict::Unstated).count();
    [
        ("error", review.mistakes.len(), "mistake"),
        ("error", of(Severity::Error), "error"),
        ("warning", of(Severity::Warning), "warning"),
        ("info", of(Severity::Info), "remark"),
        ("ask", asked, "question"),
    ]
    .into_iter()
    .filter(|(class, count, name)| *count > 0 || (*class == "error" && *name == "error"))
    .map(|(class, count, name)| match count {
        0 => ("good", "no errors".to_string()),
        count => (class, counted(count, name)),
    })
    .collect()
}
