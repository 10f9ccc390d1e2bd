//! What the design does not say, as the questions that an interviewer would ask, each with what to write for an answer.

use super::wrap::{columns, cut};
use super::{Style, Wrap, clean};
use crate::diagnostic::Diagnostic;

/// More than these are not read; `--all` shows them.
const MOST: usize = 7;
const WIDEST_SUBJECT: usize = 26;

/// A heading and a row for each question: its topic, what it is about, how a person asks it, and what answers it.
pub(super) fn block(questions: &[&Diagnostic], style: Style) -> String {
    let paint = style.paint();
    let heading = format!("Not said, and an interviewer will ask ({})", questions.len());
    let mut out = paint.bold(&heading);
    let most = if style.all { questions.len() } else { MOST };
    let rows: Vec<(&str, String, &Diagnostic)> = questions
        .iter()
        .take(most)
        .map(|question| (topic(question), subjects(question, style.all), *question))
        .collect();
    let topics = rows.iter().map(|(topic, ..)| columns(topic)).max().unwrap_or(0);
    let widest = rows.iter().map(|(_, subject, _)| columns(subject)).max().unwrap_or(0).min(WIDEST_SUBJECT);
    for (topic, subject, question) in &rows {
        out.push('\n');
        let asked = if question.question.is_empty() { &question.message } else { &question.question };
        let start = 2 + topics + 2 + widest + 2;
        if style.width >= start + 36 && !style.all {
            let subject = cut(subject, widest);
            let wrap = Wrap { width: style.width, first: start, hang: start };
            let text = wrap.text(asked);
            let answer = set_answer(question, start, style);
            out.push_str(&format!("  {topic}{}", " ".repeat(topics - columns(topic) + 2)));
            out.push_str(&format!(
                "{}{}{text}{answer}",
                paint.bold(&subject),
                " ".repeat(widest - columns(&subject) + 2)
            ));
        } else {
            let wrap = Wrap { width: style.width, first: columns(topic) + 4, hang: 4 };
            let subject: Vec<String> = wrap.lines(subject).iter().map(|line| paint.bold(line)).collect();
            let subject = subject.join("\n    ");
            let text = Wrap { width: style.width, first: 4, hang: 4 }.block(asked);
            let answer = set_answer(question, 4, style);
            out.push_str(&format!("  {topic}: {subject}\n{text}{answer}"));
        }
    }
    if questions.len() > most {
        out.push_str(&format!("\n  and {} more (--all)", questions.len() - most));
    }
    out
}

/// `→ what to write (the rule's name)` on lines of its own.
fn set_answer(question: &Diagnostic, indent: usize, style: Style) -> String {
    let answer = if style.all {
        format!("{} (spof explain {})", question.fix, question.code)
    } else {
        format!("{} ({})", first_clause(&question.fix), question.code)
    };
    let wrap = Wrap { width: style.width, first: indent + 2, hang: indent + 2 };
    let lines: Vec<String> = wrap.lines(&answer).iter().map(|line| style.paint().dim(line)).collect();
    let [margin, hang] = [indent, indent + 2].map(|columns| " ".repeat(columns));
    format!("\n{margin}→ {}", lines.join(&format!("\n{hang}")))
}

/// What comes before the first `,`, `:` or `;` that stands in no code.
pub(super) fn first_clause(text: &str) -> &str {
    let mut in_code = false;
    let end = text.char_indices().find(|&(at, c)| {
        in_code ^= c == '`';
        !in_code && ",:;".contains(c) && text[at + 1..].starts_with(' ')
    });
    end.map_or(text, |(at, _)| &text[..at])
}

pub(super) fn topic(question: &Diagnostic) -> &'static str {
    crate::rules::find(question.code)
        .and_then(|rule| rule.question.as_ref())
        .map_or(question.code, |question| question.topic)
}

/// `links, stats` or `a -> b` or `flow shorten`: all, or as many as fit into their column.
pub(super) fn subjects(question: &Diagnostic, all: bool) -> String {
    let names: Vec<String> = if !question.nodes.is_empty() {
        question.nodes.clone()
    } else if !question.hops.is_empty() {
        question.hops.iter().map(|(from, to)| format!("{from} -> {to}")).collect()
    } else {
        question.flows.iter().map(|id| format!("flow {id}")).collect()
    };
    if names.is_empty() {
        return "the design".to_string();
    }
    let most = if all { names.len() } else { fitting(&names) };
    let more = if most < names.len() { format!(" +{}", names.len() - most) } else { String::new() };
    clean(&format!("{}{more}", names[..most].join(", "))).into_owned()
}

/// How many names stand in their column, with room for how many more there are; one at least.
fn fitting(names: &[String]) -> usize {
    let mut taken = columns(&names[0]);
    let mut most = 1;
    for (at, name) in names.iter().enumerate().skip(1) {
        taken += 2 + columns(name);
        let rest = names.len() - at - 1;
        let more = if rest > 0 { rest.to_string().len() + 2 } else { 0 };
        if taken > WIDEST_SUBJECT {
            break;
        }
        if taken + more <= WIDEST_SUBJECT {
            most = at + 1;
        }
    }
    most
}
