//! The parts of a problem's Markdown: what an interviewer opens with, answers when asked, and asks at the end.
//!
//! A part is a heading of the second level and what stands under it. Questions are paragraphs that begin in bold; what
//! follows, up to the next of them, is the answer.

/// A question, and what a good answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub question: String,
    /// Markdown; its lines as they stand in the file.
    pub answer: String,
}

pub const WHEN_ASKED: &str = "When you ask";
pub const OUT_OF_SCOPE: &str = "Out of scope";
pub const FOLLOW_UPS: &str = "Follow-up questions";

/// What stands under a heading, without it; None where there is no such heading.
pub fn part<'t>(statement: &'t str, heading: &str) -> Option<&'t str> {
    let mut from = None;
    for (at, line) in lines(statement) {
        match (line.strip_prefix("## "), from) {
            (Some(_), Some(from)) => return Some(statement[from..at].trim()),
            (Some(title), None) if title.trim() == heading => from = Some(at + line.len()),
            _ => {}
        }
    }
    from.map(|from| statement[from..].trim())
}

/// The questions under a heading, in order.
pub fn answers(statement: &str, heading: &str) -> Vec<Answer> {
    let mut all: Vec<Answer> = Vec::new();
    for (_, line) in lines(part(statement, heading).unwrap_or_default()) {
        let line = line.trim_end();
        match line.strip_prefix("**").and_then(|rest| rest.split_once("**")) {
            Some((question, rest)) => {
                all.push(Answer { question: question.trim().to_string(), answer: rest.trim().to_string() });
            }
            None => {
                if let Some(last) = all.last_mut() {
                    last.answer.push('\n');
                    last.answer.push_str(line);
                }
            }
        }
    }
    for one in &mut all {
        one.answer = one.answer.trim().to_string();
    }
    all
}

/// Each line with its ending, and where it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

#[cfg(test)]
mod tests {
    use super::{FOLLOW_UPS, OUT_OF_SCOPE, WHEN_ASKED, answers, part};

    const TEXT: &str = "# A\n\n> Build it.\n\n## When you ask\n\n**How much?** A lot,\nand more.\n\n**Who?** All.\n\n\
                        ## Out of scope\n\nB, C.\n\n## Follow-up questions\n\n**And then?**\nA good answer: this.\n\nOr that.\n";

    #[test]
    fn parts_and_answers() {
        assert_eq!(part(TEXT, OUT_OF_SCOPE), Some("B, C."));
        assert_eq!(part(TEXT, "From the numbers"), None);
        let asked = answers(TEXT, WHEN_ASKED);
        assert_eq!(asked.len(), 2);
        assert_eq!(
            (asked[0].question.as_str(), asked[0].answer.as_str()),
            ("How much?", "A lot,\nand more.")
        );
        let follow_ups = answers(TEXT, FOLLOW_UPS);
        assert_eq!(follow_ups[0].answer, "A good answer: this.\n\nOr that.");
        assert_eq!(answers("", FOLLOW_UPS), []);
    }
}
