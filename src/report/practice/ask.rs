//! Questions and the interviewer's answers.

use super::words::footer;
use crate::report::markdown::markdown;
use crate::report::{Style, Wrap};
use crate::rubric::Answer;

/// The questions alone, numbered; those that were asked have a mark.
pub fn topics(topics: &[Answer], asked: &[&str], style: Style) -> String {
    let lines: Vec<String> =
        topics.iter().enumerate().map(|(at, topic)| line(at, topic, asked, style)).collect();
    format!(
        "{}\n{}\n{}",
        style.paint().bold("You can ask"),
        lines.join("\n"),
        footer("`spof practice ask 2`, or in words: `spof practice ask how fast`", style)
    )
}

fn line(at: usize, topic: &Answer, asked: &[&str], style: Style) -> String {
    let mark = if asked.contains(&topic.question.as_str()) { "  (asked)" } else { "" };
    let wrap = Wrap { width: style.width, first: 5, hang: 5 };
    format!("{:>3}. {}", at + 1, wrap.text(&format!("{}{mark}", topic.question)))
}

pub fn answer(topic: &Answer, style: Style) -> String {
    let question = style.paint().bold(&Wrap { width: style.width, first: 0, hang: 2 }.block(&topic.question));
    format!("{question}\n\n{}\n", markdown(&topic.answer, style))
}

/// Several answers may be meant, by place; or none.
pub fn not_understood(all: &[Answer], several: &[usize], asked: &[&str], style: Style) -> String {
    let wrap = Wrap { width: style.width, first: 0, hang: 0 };
    if several.is_empty() {
        let text = "The interviewer shrugs: decide it yourself, and say so in a `given` or a `decide`.";
        return format!("{}\n\n{}", wrap.block(text), topics(all, asked, style));
    }
    let lines: Vec<String> = several.iter().map(|&at| line(at, &all[at], asked, style)).collect();
    format!("{}\n{}\n", style.paint().bold("Which of these? Ask again by its number"), lines.join("\n"))
}
