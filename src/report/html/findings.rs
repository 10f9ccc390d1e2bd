//! What is wrong: mistakes in the text, findings whole, and what is accepted.

use super::excerpt::excerpt;
use super::writer::Writer;
use super::{FINDING, section};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::report::accepted;
use crate::report::page::capital;
use crate::report::summary::counted;
use crate::review::Review;
use crate::rules;
use crate::source::Source;

/// Findings shown whole; a page with more of them is read by nobody.
const WHOLE: usize = 100;
const MISTAKES: usize = 50;

pub fn mistakes(page: &mut Writer, review: &Review) {
    if review.mistakes.is_empty() {
        return;
    }
    section(page, "mistakes", "Mistakes in the text", |page| {
        page.leaf("p", &[("class", "lead")], "What follows is said of what could be read.");
        for mistake in review.mistakes.iter().take(MISTAKES) {
            page.element("article", &[("class", "finding error")], |page| {
                heading(page, mistake, "mistake");
                excerpt(page, &review.source, mistake);
                mistake.help.iter().for_each(|line| page.said("p", &[], line));
            });
        }
        more(page, review.mistakes.len(), MISTAKES, "mistake");
    });
}

pub fn findings(page: &mut Writer, review: &Review) {
    let wrong: Vec<(usize, &Diagnostic)> = review
        .critique
        .findings
        .iter()
        .enumerate()
        .filter(|(_, one)| one.verdict == Verdict::Wrong)
        .collect();
    section(page, "findings", "Findings", |page| {
        if wrong.is_empty() {
            page.leaf("p", &[("class", "lead")], "Nothing that the design says is wrong.");
        }
        for (at, finding) in wrong.iter().take(WHOLE) {
            whole(page, &review.source, finding, *at);
        }
        more(page, wrong.len(), WHOLE, "finding");
    });
}

fn more(page: &mut Writer, all: usize, shown: usize, what: &str) {
    if all > shown {
        let text =
            format!("And {}: `spof check --all` shows them.", counted(all - shown, &format!("more {what}")));
        page.said("p", &[("class", "lead")], &text);
    }
}

fn whole(page: &mut Writer, source: &Source, finding: &Diagnostic, at: usize) {
    let id = format!("{FINDING}-{}", at + 1);
    let class = format!("finding {}", finding.severity.name());
    page.element("article", &[("class", &class), ("id", &id)], |page| {
        heading(page, finding, word(finding.severity));
        excerpt(page, source, finding);
        page.element("dl", &[], |page| {
            if !finding.evidence.is_empty() {
                page.leaf("dt", &[], "Evidence");
                page.element("dd", &[], |page| {
                    page.element("ul", &[], |page| {
                        finding.evidence.iter().for_each(|line| page.said("li", &[], line));
                    });
                });
            }
            for (name, text) in [("What happens", &finding.consequence), ("Fix", &finding.fix)] {
                if !text.is_empty() {
                    page.leaf("dt", &[], name);
                    page.said("dd", &[("class", if name == "Fix" { "fix" } else { "" })], &capital(text));
                }
            }
            if let Some(outage) = rules::find(finding.code).and_then(|rule| rule.page.outage.as_ref()) {
                page.leaf("dt", &[], "It happened");
                page.element("dd", &[], |page| {
                    let link = [("href", outage.link), ("rel", "noopener noreferrer")];
                    page.leaf("a", &link, outage.name);
                    page.text(": ");
                    page.prose(outage.what);
                });
            }
        });
    });
}

/// What weighs how much, as a word and a sign: nobody has to see the colour.
fn heading(page: &mut Writer, said: &Diagnostic, word: &str) {
    page.element("header", &[], |page| {
        page.element("p", &[("class", "kind")], |page| {
            page.leaf("span", &[("class", "sign")], word);
            if !said.is_mistake() {
                page.leaf("code", &[], said.code);
            }
        });
        page.said("h3", &[], &capital(&said.message));
    });
}

fn word(severity: Severity) -> &'static str {
    if severity == Severity::Info { "remark" } else { severity.name() }
}

/// What the design accepts, with its reasons.
pub fn allowed(page: &mut Writer, review: &Review) {
    if review.critique.accepted.is_empty() {
        return;
    }
    section(page, "accepted", "Accepted, with a reason", |page| {
        page.element("ul", &[], |page| {
            for one in &review.critique.accepted {
                page.element("li", &[], |page| {
                    page.leaf("strong", &[], &accepted::name(one));
                    page.text(": ");
                    page.text(&one.because);
                });
            }
        });
    });
}
