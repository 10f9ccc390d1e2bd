//! What the design does not say, as the questions that an interviewer would ask.

use super::wrap::{columns, cut};
use super::{Style, Wrap, clean};
use crate::diagnostic::Diagnostic;

/// More than these are not read; `--all` shows them.
const MOST: usize = 7;
const WIDEST_SUBJECT: usize = 26;

/// A heading and a row for each question: its topic, what it is about, and how a person asks it.
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
        if style.width >= start + 30 && !style.all {
            let subject = cut(subject, widest);
            let text = Wrap { width: style.width, first: start, hang: start }.text(asked);
            out.push_str(&format!("  {topic}{}", " ".repeat(topics - columns(topic) + 2)));
            out.push_str(&format!(
                "{}{}{text}",
                paint.bold(&subject),
                " ".repeat(widest - columns(&subject) + 2)
            ));
        } else {
            let wrap = Wrap { width: style.width, first: columns(topic) + 4, hang: 4 };
            let subject: Vec<String> = wrap.lines(subject).iter().map(|line| paint.bold(line)).collect();
            let subject = subject.join("\n    ");
            let text = Wrap { width: style.width, first: 4, hang: 4 }.block(asked);
            out.push_str(&format!("  {topic}: {subject}\n{text}"));
        }
        if style.all {
            let answer = format!("{} (spof explain {})", question.fix, question.code);
            let text = Wrap { width: style.width, first: 4, hang: 4 }.lines(&answer);
            for line in text {
                out.push_str(&format!("\n    {}", paint.dim(&line)));
            }
        }
    }
    if questions.len() > most {
        out.push_str(&format!("\n  and {} more (--all)", questions.len() - most));
    }
    out
}

fn topic(question: &Diagnostic) -> &'static str {
    crate::rules::find(question.code)
        .and_then(|rule| rule.question.as_ref())
        .map_or(question.code, |question| question.topic)
}

/// `links, stats` or `a -> b` or `flow shorten`: all, or as many as fit into their column.
fn subjects(question: &Diagnostic, all: bool) -> String {
    let names: Vec<String> = if !question.nodes.is_empty() {
        question.nodes.clone()
    } else if !question.hops.is_empty() {
        question.hops.iter().map(|(from, to)| format!("{from} -> {to}")).collect()
    } else {
        question.flows.iter().map(|id| format!("flow {id}")).collect()
    };
    for shown in (1..=names.len()).rev() {
        let rest = names.len() - shown;
        let more = if rest > 0 { format!(" +{rest}") } else { String::new() };
        let text = format!("{}{more}", names[..shown].join(", "));
        if all || columns(&text) <= WIDEST_SUBJECT || shown == 1 {
            return clean(&text).into_owned();
        }
    }
    "the design".to_string()
}
