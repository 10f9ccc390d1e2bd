//! `allow RULE on ID because "why" until DATE`: findings that the author has seen and accepts.

use jiff::civil::Date;

use super::{ALL, Critique};
use crate::catalog::nearest;
use crate::design::{Allow, Design};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::settings::Settings;

/// A finding that is accepted, and why.
#[derive(Debug)]
pub struct Accepted {
    pub finding: Diagnostic,
    pub because: String,
    pub until: Option<Date>,
}

/// Splits findings into those that stand and those that an `allow` accepts; reports allows that fit nothing.
pub(super) fn accept(design: &Design, found: Vec<Diagnostic>, today: Date, settings: &Settings) -> Critique {
    let mut critique = Critique::default();
    let mut used = vec![false; design.allows.len()];
    for mut finding in found {
        let fitting = design.allows.iter().position(|allow| covers(design, allow, &finding));
        if let Some(at) = fitting {
            used[at] = true;
            let allow = &design.allows[at];
            match allow.until {
                Some(until) if until < today => {
                    finding.labels.push(crate::diagnostic::Label::new(
                        allow.span,
                        format!("accepted until {until}, which is over"),
                    ));
                }
                _ => {
                    let (because, until) = (allow.because.clone(), allow.until);
                    critique.accepted.push(Accepted { finding, because, until });
                    continue;
                }
            }
        }
        critique.findings.push(finding);
    }
    for (allow, used) in design.allows.iter().zip(used) {
        if super::find(&allow.rule).is_none() {
            critique.mistakes.push(unknown_rule(allow));
        } else if !used && !settings.is_off(&allow.rule) {
            critique.findings.push(unused(allow));
        }
    }
    critique
}

/// Whether an allow speaks of a finding: of its rule, and of what the finding names first, a group around that, or all
/// the flows that it is about.
fn covers(design: &Design, allow: &Allow, finding: &Diagnostic) -> bool {
    if allow.rule != finding.code {
        return false;
    }
    if allow.on.is_empty() {
        return true;
    }
    let named = |id: &str| allow.on.iter().any(|on| on == id);
    let subject = finding.nodes.first().or(finding.hops.first().map(|(from, _)| from));
    let by_node = subject.is_some_and(|id| {
        named(id)
            || design
                .node(id)
                .is_some_and(|node| design.groups_around(node).take(64).any(|group| named(&group.id)))
    });
    by_node || (!finding.flows.is_empty() && finding.flows.iter().all(|flow| named(flow)))
}

fn unknown_rule(allow: &Allow) -> Diagnostic {
    // The report asks by topic: "timeouts: how long …?" is `no-timeout`.
    let topic = allow.rule.replace(['-', '_'], " ").to_lowercase();
    let asked =
        ALL.iter().find(|rule| rule.question.as_ref().is_some_and(|question| question.topic == topic));
    let near = || nearest(&allow.rule, ALL.iter().map(|rule| rule.id));
    let label = match asked.map(|rule| rule.id).or_else(near) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "not a rule".to_string(),
    };
    let message = format!("there is no rule `{}`", allow.rule);
    Diagnostic::mistake("unknown-rule", message, allow.rule_span, label).help("`spof rules` lists them all")
}

fn unused(allow: &Allow) -> Diagnostic {
    let mut finding = Diagnostic::finding(
        Verdict::Wrong,
        format!("`allow {}` accepts nothing: the rule finds nothing there", allow.rule),
        allow.span,
        "fits no finding",
    );
    finding.code = "unused-allow";
    finding.severity = Severity::Warning;
    finding.consequence =
        "an acceptance that outlives its reason hides the flaw when it comes back".to_string();
    finding.fix = "remove the line, or name what it is about".to_string();
    finding
}

#[cfg(test)]
mod tests {
    use crate::rules::check;
    use crate::rules::testing::design;

    #[test]
    fn an_unknown_rule_is_led_to_the_one_that_was_meant() {
        for (word, meant) in
            [("timeouts", "no-timeout"), ("dead-letters", "queue-no-dlq"), ("retry-strom", "retry-storm")]
        {
            let text = format!("client u\nservice a\nu -> a\nallow {word} because \"known\"");
            let critique = check(&design(&text), jiff::civil::date(2026, 1, 1));
            assert_eq!(critique.mistakes[0].at.text, format!("did you mean `{meant}`?"));
        }
    }
}
