//! What stands in the place of the review while somebody asks, is asked, or reads an answer.

use std::ops::Range;

use super::super::drill::Posed;
use super::super::finish::Done;
use super::choice::Choice;
use super::drilling::Drilling;
use crate::cli::output::Trouble;
use crate::practice::drill::Said;
use crate::practice::follow_up::FollowUp;
use crate::practice::hint::Hint;
use crate::report::{Style, Wrap, practice};
use crate::rubric::Answer;

pub enum Panel {
    /// What is said of the design, below a hint that was just given.
    Review(Option<Box<Hint>>),
    Topics(Choice),
    Answer(Answer),
    /// And how many come after it.
    FollowUp(FollowUp, usize),
    Heard(FollowUp),
    Drill(Drilling),
    Marked(Box<Posed>, Said),
    /// Whether to finish.
    Finish,
    Finished(Box<Done>),
    Nothing(&'static str),
    Trouble(Trouble),
    /// The session is no longer this one.
    Gone(Trouble),
}

/// The keys of what is only read: everything else can be asked for from there.
const READING: [(&str, &str); 7] = [
    ("Esc", "back"),
    ("q", "quit"),
    ("h", "hint"),
    ("a", "ask"),
    ("f", "follow-up"),
    ("d", "drill"),
    ("F", "finish"),
];

impl Panel {
    /// Its lines, and which of them must be in sight; none where the review is shown.
    pub fn body(
        &self,
        topics: &[Answer],
        asked: &[&str],
        style: Style,
    ) -> Option<(Vec<String>, Range<usize>)> {
        let text = match self {
            Panel::Review(_) => return None,
            Panel::Topics(choice) => {
                let names: Vec<String> = topics
                    .iter()
                    .map(|topic| match asked.contains(&topic.question.as_str()) {
                        true => format!("{} (asked)", topic.question),
                        false => topic.question.clone(),
                    })
                    .collect();
                let head = format!("{}\n", bold("What do you ask the interviewer?", style));
                return Some(under(&head, choice.lines(&names, false, style)));
            }
            Panel::Drill(drilling) => return Some(drilling.body(style)),
            Panel::Answer(topic) => practice::answer(topic, style),
            Panel::FollowUp(next, left) => {
                let then = "Answer aloud. Then press Enter, and see what a good answer says.";
                format!("{}\n{}", practice::follow_up(next, *left, style), block(then, style))
            }
            Panel::Heard(one) => {
                format!("{}\n\n{}", bold(&one.answer.question, style), practice::rest(one, style))
            }
            Panel::Marked(posed, said) => practice::marked(&posed.design, &posed.drill, said, style),
            Panel::Finish => {
                let asks = "Finish? The design is scored as it is saved, and the attempt ends: afterwards there are no more \
                            hints, questions or drills.";
                let then = "y finishes. Esc goes back.";
                format!("{}\n\n{}", bold(asks, style), block(then, style))
            }
            Panel::Finished(done) => done.text(style),
            Panel::Nothing(why) => block(why, style),
            Panel::Trouble(trouble) | Panel::Gone(trouble) => trouble.text(style),
        };
        Some((text.trim_end().split('\n').map(str::to_string).collect(), 0..0))
    }

    /// What can be pressed; the review has keys of its own.
    pub fn keys(&self) -> Vec<(&'static str, &'static str)> {
        match self {
            Panel::Review(_) => Vec::new(),
            Panel::Topics(_) => vec![("1 2 3…", "ask"), ("↑ ↓ Enter", "choose"), ("Esc", "back")],
            Panel::FollowUp(..) => vec![("Enter", "what a good answer says"), ("Esc", "back")],
            Panel::Drill(_) => {
                vec![("1 2 3…", "choose"), ("↑ ↓ space", "choose"), ("Enter", "on"), ("Esc", "back")]
            }
            Panel::Finish => vec![("y", "finish"), ("Esc", "back")],
            Panel::Finished(_) | Panel::Gone(_) => vec![("q", "quit"), ("↑ ↓", "scroll")],
            Panel::Answer(_)
            | Panel::Heard(_)
            | Panel::Marked(..)
            | Panel::Nothing(_)
            | Panel::Trouble(_) => READING.to_vec(),
        }
    }
}

fn bold(text: &str, style: Style) -> String {
    let wrap = Wrap { width: style.width, first: 0, hang: 0 };
    wrap.lines(text).iter().map(|line| style.paint().bold(line)).collect::<Vec<_>>().join("\n")
}

pub fn block(text: &str, style: Style) -> String {
    Wrap { width: style.width, first: 0, hang: 0 }.block(text)
}

/// A list under what it is about.
pub fn under(head: &str, (lines, focus): (Vec<String>, Range<usize>)) -> (Vec<String>, Range<usize>) {
    let mut all: Vec<String> = head.split('\n').map(str::to_string).collect();
    let above = all.len();
    all.extend(lines);
    (all, focus.start + above..focus.end + above)
}
