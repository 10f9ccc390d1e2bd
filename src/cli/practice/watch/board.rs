//! What is on the screen of a session, and what each key does there. It reads no file and no clock.

use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::choice::Choice;
use super::clerk::{Act, Did, Reply};
use super::drilling::{Drilling, Pressed};
use super::panel::Panel;
use crate::cli::watch::desk::Outcome;
use crate::cli::watch::shown::{self, ALL, Shown};
use crate::practice::Attempt;
use crate::report::{Style, practice};
use crate::rubric::Answer;
use crate::screen::{Key, Page, Size, frame};

/// What takes longer than this is said to be under way.
const LONG: Duration = Duration::from_millis(200);

/// Screens that are lower have no room for what is said of the design above a panel.
const LOW: usize = 20;

pub struct Board {
    pub shown: Shown,
    pub attempt: Attempt,
    topics: Vec<Answer>,
    pub panel: Panel,
    /// The first line of the panel that is in sight.
    top: usize,
    /// Since when something is being done.
    waits: Option<Instant>,
    /// What just happened, in a few words.
    note: String,
}

/// What a key asks for beyond the screen.
pub enum Does {
    Nothing,
    Quit,
    Draw,
    Anew,
    Act(Act),
}

const KEYS: [(&str, &str); 8] = [
    ("q", "quit"),
    ("h", "hint"),
    ("a", "ask"),
    ("f", "follow-up"),
    ("d", "drill"),
    ("F", "finish"),
    ("w", ALL),
    ("D", "draw"),
];

impl Board {
    /// `name` stands first, `note` is said until something else happens.
    pub fn new(name: String, attempt: Attempt, topics: Vec<Answer>, note: String, style: Style) -> Board {
        let shown = Shown::new(name, style).with_keys(&KEYS);
        Board { shown, attempt, topics, panel: Panel::Review(None), top: 0, waits: None, note }
    }

    /// What the clock says is on the screen.
    pub fn tick(&mut self, now: Timestamp, size: Size) {
        let before = match &self.panel {
            Panel::Review(Some(hint)) => {
                let style = self.style(size);
                format!(
                    "{}{}\n\n",
                    practice::hint(hint, style),
                    style.paint().dim("It goes with the next save.")
                )
            }
            _ => String::new(),
        };
        self.shown.put(practice::standing(&self.attempt, now), before, size);
    }

    fn style(&self, size: Size) -> Style {
        Style { width: size.width.clamp(20, 110), all: false, ..self.shown.style() }
    }

    /// A file was read, reviewed or drawn; what is to be done about it.
    pub fn told(&mut self, outcome: Outcome, size: Size, now: Instant) -> Option<Act> {
        let is_save = matches!(outcome, Outcome::Review(..)) && !self.shown.is_empty();
        if matches!(outcome, Outcome::Drawn(_)) {
            self.note.clear();
        }
        self.shown.tell(outcome, size, now);
        if !is_save {
            return None;
        }
        match &self.panel {
            Panel::Review(Some(_)) | Panel::Nothing(_) | Panel::Trouble(_) => self.show(Panel::Review(None)),
            Panel::Review(None) => self.note.clear(),
            _ => self.note = "saved: Esc shows what that changed".to_string(),
        }
        Some(Act::Saved)
    }

    /// What was asked for is done.
    pub fn reply(&mut self, reply: Reply) {
        if let Some(attempt) = reply.attempt {
            self.attempt = attempt;
        }
        let panel = match reply.did {
            Did::Noted | Did::Died => return,
            Did::Unnoted(trouble) => {
                self.note = crate::report::clean(trouble.message()).into_owned();
                return;
            }
            Did::Gone(_) if matches!(self.panel, Panel::Gone(_) | Panel::Finished(_)) => return,
            Did::Gone(trouble) => Panel::Gone(trouble),
            Did::Hint(Some(hint)) => Panel::Review(Some(hint)),
            Did::Hint(None) => Panel::Nothing(
                "Nothing is open that a hint could help with: f asks on, d drills what can fail, F finishes.",
            ),
            Did::Answer(topic) => Panel::Answer(topic),
            Did::FollowUp(Some((next, left))) => Panel::FollowUp(next, left),
            Did::FollowUp(None) => Panel::Nothing("No more questions: d drills what can fail, F finishes."),
            Did::Heard(one) => Panel::Heard(one),
            Did::Drill(Ok(posed)) => Panel::Drill(Drilling::new(posed)),
            Did::Drill(Err(why)) => Panel::Nothing(why),
            Did::Marked(posed, said) => Panel::Marked(posed, said),
            Did::Finished(done) => Panel::Finished(done),
            Did::Trouble(trouble) => Panel::Trouble(trouble),
        };
        self.waits = None;
        self.show(panel);
    }

    fn show(&mut self, panel: Panel) {
        self.panel = panel;
        self.top = 0;
        self.note.clear();
    }

    pub fn press(&mut self, key: Key, size: Size, now: Instant) -> Does {
        if let Key::Ctrl(_) = key {
            return self.passed(key, size);
        }
        // What was asked for comes first; only scrolling and quitting need not wait for it.
        let waits = self.waits.is_some();
        match (&mut self.panel, key) {
            (Panel::Topics(choice), key) => {
                let chosen = if key == Key::Enter { choice.here() } else { choice.named(key) };
                match chosen.and_then(|at| self.topics.get(at)) {
                    Some(topic) => return self.ask(Act::Ask(topic.clone()), now),
                    None if is_back(key) => self.show(Panel::Review(None)),
                    None => choice.turn(key),
                }
            }
            (Panel::Drill(_), key) => return self.drilled(key, now),
            (Panel::FollowUp(next, _), Key::Enter) => {
                let next = next.clone();
                return self.ask(Act::Heard(next), now);
            }
            (Panel::Finish, Key::Char('y' | 'Y')) => return self.ask(Act::Finish, now),
            (Panel::FollowUp(..) | Panel::Finish, key) if is_back(key) => self.show(Panel::Review(None)),
            (Panel::FollowUp(..) | Panel::Finish, key) => self.scroll(key, size),
            (Panel::Finished(_) | Panel::Gone(_), Key::Char('q' | 'Q')) => return Does::Quit,
            (Panel::Finished(_) | Panel::Gone(_), key) => self.scroll(key, size),
            (_, Key::Char('q' | 'Q')) => return Does::Quit,
            (_, Key::Char('h')) if !waits => return self.ask(Act::Hint, now),
            (_, Key::Char('a')) if !waits => self.show(Panel::Topics(Choice::new(self.topics.len()))),
            (_, Key::Char('f')) if !waits => return self.ask(Act::FollowUp, now),
            (_, Key::Char('d')) if !waits => return self.ask(Act::Drill, now),
            (_, Key::Char('F')) if !waits => self.show(Panel::Finish),
            (Panel::Review(hint), Key::Escape) => {
                *hint = None;
            }
            (Panel::Review(_), Key::Char('w')) => return self.passed(Key::Char('a'), size),
            (Panel::Review(_), Key::Char('D')) => return self.passed(Key::Char('d'), size),
            (Panel::Review(_), Key::Char('h' | 'a' | 'f' | 'd' | 'F')) => {}
            (Panel::Review(_), key) => return self.passed(key, size),
            (_, Key::Escape | Key::Enter | Key::Backspace) => self.show(Panel::Review(None)),
            (_, key) => self.scroll(key, size),
        }
        Does::Nothing
    }

    fn drilled(&mut self, key: Key, now: Instant) -> Does {
        let Panel::Drill(drilling) = &mut self.panel else { return Does::Nothing };
        let pressed = drilling.press(key);
        if pressed == Pressed::GoesOn {
            return Does::Nothing;
        }
        let Panel::Drill(drilling) = std::mem::replace(&mut self.panel, Panel::Review(None)) else {
            return Does::Nothing;
        };
        if pressed == Pressed::Answers {
            let said = drilling.said();
            return self.ask(Act::Answered(drilling.posed, said), now);
        }
        self.note = "not answered, and not counted".to_string();
        Does::Nothing
    }

    /// Asks once, and for nothing else until it is done.
    fn ask(&mut self, act: Act, now: Instant) -> Does {
        if self.waits.is_some() {
            return Does::Nothing;
        }
        self.waits = Some(now);
        Does::Act(act)
    }

    /// What the review's own screen makes of a key.
    fn passed(&mut self, key: Key, size: Size) -> Does {
        match self.shown.press(key, size) {
            shown::Does::Nothing => Does::Nothing,
            shown::Does::Quit => Does::Quit,
            shown::Does::Draw => Does::Draw,
            shown::Does::Anew => Does::Anew,
        }
    }

    fn scroll(&mut self, key: Key, size: Size) {
        if let Some((mut page, _)) = self.paneled(self.shown.page(None), size) {
            page.scroll(key, size);
            self.top = page.top;
        }
    }

    /// The page with the panel in the review's place, and which of its lines must be in sight; None where the review is shown.
    fn paneled(&self, page: Page, size: Size) -> Option<(Page, Range<usize>)> {
        let (body, focus) = self.panel.body(&self.topics, &self.attempt.asked(), self.style(size))?;
        let mut head = page.head;
        if size.height < LOW {
            head.truncate(self.shown.named());
        }
        let mut page = Page { head, body, top: self.top, keys: self.panel.keys(), ..page };
        page.settle(size);
        Some((page, focus))
    }

    /// When something changes although nothing happens.
    pub fn wakes(&self, now: Instant) -> Option<Instant> {
        let waits = self.waits.map(|since| since + LONG).filter(|wakes| *wakes > now);
        [self.shown.wakes(now), waits].into_iter().flatten().min()
    }

    pub fn frame(&self, size: Size, now: Instant) -> Vec<String> {
        let mut page = self.shown.page(Some(now));
        if page.note.is_empty() {
            page.note = self.note.clone();
        }
        if let Some((paneled, focus)) = self.paneled(page.clone(), size) {
            page = paneled;
            if !focus.is_empty() {
                page.top = focus.end.saturating_sub(page.rows(size));
            }
        }
        if self.waits.is_some_and(|since| now >= since + LONG) {
            page.note = "one moment…".to_string();
        }
        frame(&page, size, self.shown.style().color)
    }
}

fn is_back(key: Key) -> bool {
    matches!(key, Key::Escape | Key::Char('q'))
}
