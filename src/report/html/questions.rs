//! What is not said, as a table of questions, and what could not be looked at.

use super::writer::Writer;
use super::{FINDING, section, table};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::report::page::capital;
use crate::report::questions::{subjects, topic};
use crate::review::Review;

/// Names of missing numbers for each rule.
const WANTS: usize = 12;

pub fn questions(page: &mut Writer, review: &Review) {
    let asked: Vec<(usize, &Diagnostic)> = review
        .critique
        .findings
        .iter()
        .enumerate()
        .filter(|(_, one)| one.verdict == Verdict::Unstated)
        .collect();
    if asked.is_empty() {
        return;
    }
    section(page, "questions", "Not said, and an interviewer will ask", |page| {
        table(
            page,
            "words",
            "What the design does not say",
            &["Topic", "Of", "Question", "An answer"],
            4,
            |page| asked.iter().for_each(|(at, one)| row(page, one, *at)),
        );
    });
}

fn row(page: &mut Writer, asked: &Diagnostic, at: usize) {
    let question = if asked.question.is_empty() { &asked.message } else { &asked.question };
    page.element("tr", &[("id", &format!("{FINDING}-{}", at + 1))], |page| {
        page.leaf("th", &[("scope", "row")], &capital(topic(asked)));
        page.element("td", &[], |page| page.leaf("code", &[], &subjects(asked, true)));
        page.said("td", &[], &capital(question));
        page.element("td", &[], |page| {
            page.prose(&capital(&asked.fix));
            page.text(" ");
            page.leaf("small", &[], asked.code);
        });
    });
}

/// Which rules had nothing to reckon with.
pub fn not_evaluated(page: &mut Writer, review: &Review) {
    let silent = &review.critique.not_evaluated;
    if silent.is_empty() {
        return;
    }
    page.element("details", &[], |page| {
        page.leaf("summary", &[], &format!("Not evaluated for want of numbers ({})", silent.len()));
        page.element("ul", &[], |page| {
            for one in silent {
                page.element("li", &[], |page| {
                    page.leaf("code", &[], one.rule);
                    let shown = &one.wants[..one.wants.len().min(WANTS)];
                    page.prose(&format!(" wants {}", shown.join(", ")));
                    if shown.len() < one.wants.len() {
                        page.text(&format!(" and {} more", one.wants.len() - shown.len()));
                    }
                });
            }
        });
    });
}
