//! What stands in the place of the review while somebody asks, is asked, or reads an answer.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::drill::Posed;
use super::super::finish::Done;
use super::choice::Choice;
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

/// A drill that is being answered, part by part.
pub struct Drilling {
    pub posed: Box<Posed>,
    part: Part,
    stops: Choice,
    slows: Choice,
    breaks: Choice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Stops,
    Slows,
    Breaks,
}

impl Drilling {
    pub fn new(posed: Box<Posed>) -> Drilling {
        let (flows, nodes) = (posed.drill.after.flows.len(), posed.drill.choices.len());
        let [stops, slows, breaks] = [flows, flows, nodes].map(Choice::new);
        Drilling { posed, part: Part::Stops, stops, slows, breaks }
    }

    pub fn choice(&mut self) -> &mut Choice {
        match self.part {
            Part::Stops => &mut self.stops,
            Part::Slows => &mut self.slows,
            Part::Breaks => &mut self.breaks,
        }
    }

    /// To the next part; false where that was the last.
    pub fn goes_on(&mut self) -> bool {
        self.part = match self.part {
            Part::Stops => {
                // What stops cannot slow down as well.
                self.slows.shut = self.stops.chosen.clone();
                self.slows.chosen = self.slows.chosen.difference(&self.slows.shut).copied().collect();
                Part::Slows
            }
            Part::Slows if !self.posed.drill.choices.is_empty() => Part::Breaks,
            _ => return false,
        };
        true
    }

    /// To the part before; false where this is the first.
    pub fn goes_back(&mut self) -> bool {
        self.part = match self.part {
            Part::Stops => return false,
            Part::Slows => Part::Stops,
            Part::Breaks => Part::Slows,
        };
        true
    }

    pub fn said(&self) -> Said {
        let of = |choice: &Choice| -> BTreeSet<usize> { choice.chosen.clone() };
        Said { stops: of(&self.stops), slows: of(&self.slows), breaks: of(&self.breaks) }
    }

    fn body(&self, style: Style) -> (Vec<String>, Range<usize>) {
        let Posed { design, drill } = &*self.posed;
        let parts = if drill.choices.is_empty() { 2 } else { 3 };
        let plain = Style { color: false, ..style };
        let (nth, asks, choice) = match self.part {
            Part::Stops => (1, "Which flows stop?", &self.stops),
            Part::Slows => (2, "Which slow down?", &self.slows),
            Part::Breaks => (3, "Which nodes get more than they carry?", &self.breaks),
        };
        let names = match self.part {
            Part::Breaks => practice::nodes(design, drill, plain),
            _ => practice::flows(design, drill, plain),
        };
        let none = if choice.chosen.is_empty() { "Enter for none of them" } else { "Enter when done" };
        let asks = format!("{nth} of {parts}: {asks} {none}.");
        let head = format!("{}\n\n{}\n", practice::lost(design, drill, style), block(&asks, style));
        under(&head, choice.lines(&names, true, style))
    }
}

/// The keys of what is only read: everything else can be asked for from there.
pub const READING: [(&str, &str); 7] = [
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

fn block(text: &str, style: Style) -> String {
    Wrap { width: style.width, first: 0, hang: 0 }.block(text)
}

/// A list under what it is about.
fn under(head: &str, (lines, focus): (Vec<String>, Range<usize>)) -> (Vec<String>, Range<usize>) {
    let mut all: Vec<String> = head.split('\n').map(str::to_string).collect();
    let above = all.len();
    all.extend(lines);
    (all, focus.start + above..focus.end + above)
}
