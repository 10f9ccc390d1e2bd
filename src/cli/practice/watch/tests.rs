use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::drill::Posed;
use super::board::{Board, Does};
use super::clerk::{Act, Did, Reply};
use super::panel::Panel;
use crate::cli::output::Trouble;
use crate::cli::watch::desk::Outcome;
use crate::practice::ask::topics;
use crate::practice::drill::pick;
use crate::practice::follow_up::order;
use crate::practice::hint::next;
use crate::practice::testing::{at, attempt, design, review};
use crate::practice::{Event, What};
use crate::report::{Style, columns};
use crate::rubric::{Pack, Packs, Scale};
use crate::screen::{Key, Size};

const WIDE: Size = Size { width: 80, height: 24 };
const NARROW: Size = Size { width: 40, height: 15 };
const FIRST: &str = include_str!("../../../../examples/url-shortener/first-try.arch");

fn pack() -> &'static Pack {
    Packs::built_in().find("url-shortener").unwrap()
}

/// Twelve minutes into a session, one question asked, the first try written.
struct Table {
    board: Board,
    size: Size,
    now: Timestamp,
}

fn table(size: Size) -> Table {
    let topics = topics(&pack().problem, Scale::Large);
    let mut one = attempt("url-shortener", 0);
    one.events.push(Event { at: at(2), what: What::Asked { question: topics[1].question.clone() } });
    let note = "write into url-shortener/url-shortener.arch".to_string();
    let style = Style { width: size.width, color: false, all: false };
    let board = Board::new("url-shortener at large scale".to_string(), one, topics, note, style);
    let mut table = Table { board, size, now: at(12) };
    table.board.tick(table.now, size);
    table.told(Outcome::Review(Arc::new(review(FIRST)), None));
    table
}

impl Table {
    fn told(&mut self, outcome: Outcome) -> Option<Act> {
        self.board.told(outcome, self.size, Instant::now())
    }

    fn reply(&mut self, did: Did) {
        self.board.reply(Reply { attempt: None, did, is_last: false });
    }

    fn press(&mut self, key: Key) -> Does {
        self.board.press(key, self.size, Instant::now())
    }

    #[track_caller]
    fn asks(&mut self, key: Key) -> Act {
        match self.press(key) {
            Does::Act(act) => act,
            _ => panic!("{key:?} asks for nothing:\n{}", self.seen()),
        }
    }

    fn seen(&mut self) -> String {
        self.board.tick(self.now, self.size);
        let lines = self.board.frame(self.size, Instant::now());
        assert_eq!(lines.len(), self.size.height);
        for line in &lines {
            assert!(columns(line) <= self.size.width, "{line}");
            assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
        }
        lines.join("\n")
    }

    /// Every line of a page that scrolls.
    fn read(&mut self) -> String {
        let mut all = self.seen();
        let mut last = String::new();
        while last != self.seen() {
            last = self.seen();
            self.press(Key::Down);
            all.push_str(&self.seen());
        }
        all
    }

    fn hint(&mut self) {
        assert!(matches!(self.asks(Key::Char('h')), Act::Hint));
        let found = next(&review(FIRST).score.unwrap(), &pack().rubric, &self.board.attempt).unwrap();
        let what = What::Hinted { criterion: found.criterion.id.clone(), rung: found.rung };
        self.board.attempt.events.push(Event { at: self.now, what });
        self.reply(Did::Hint(Some(Box::new(found))));
    }

    fn drill(&mut self) {
        assert!(matches!(self.asks(Key::Char('d')), Act::Drill));
        let design = design(FIRST);
        let drill = pick(&design, &[], 1).unwrap();
        self.reply(Did::Drill(Ok(Box::new(Posed { design, drill }))));
    }

    fn follow_up(&mut self) {
        assert!(matches!(self.asks(Key::Char('f')), Act::FollowUp));
        let review = review(FIRST);
        let all = order(pack().problem.follow_ups(), &review.design, &review.critique.findings);
        let left = all.len() - 1;
        self.reply(Did::FollowUp(all.into_iter().next().map(|first| (first, left))));
    }
}

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({ snapshot_path => "../../../../tests/snapshots/session", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, $text)
        })
    };
}

#[test]
fn every_screen_of_a_session() {
    for (size, name) in [(WIDE, "80x24"), (NARROW, "40x15")] {
        let mut table = table(size);
        snapshot!(format!("review_{name}"), table.seen());
        table.hint();
        snapshot!(format!("hint_{name}"), table.seen());
        table.press(Key::Char('a'));
        snapshot!(format!("topics_{name}"), table.seen());
        let Act::Ask(topic) = table.asks(Key::Char('3')) else { panic!("no question") };
        table.reply(Did::Answer(topic));
        snapshot!(format!("answer_{name}"), table.seen());
        table.follow_up();
        snapshot!(format!("follow_up_{name}"), table.seen());
        let Act::Heard(one) = table.asks(Key::Enter) else { panic!("nobody heard it") };
        table.reply(Did::Heard(one));
        snapshot!(format!("heard_{name}"), table.seen());
        table.drill();
        table.press(Key::Char('1'));
        snapshot!(format!("drill_{name}"), table.seen());
        table.press(Key::Enter);
        snapshot!(format!("slows_{name}"), table.seen());
        table.press(Key::Enter);
        let Act::Answered(posed, said) = table.asks(Key::Enter) else { panic!("no answer") };
        table.reply(Did::Marked(posed, said));
        snapshot!(format!("marked_{name}"), table.seen());
        table.press(Key::Char('F'));
        snapshot!(format!("finish_{name}"), table.seen());
    }
}

#[test]
fn a_hint_goes_with_the_next_save_and_an_answer_stays() {
    let mut table = table(WIDE);
    table.hint();
    assert!(table.seen().contains("Hint 1 of 3") && table.seen().contains("1 hint"));
    // Nothing that is no save takes it away.
    table.told(Outcome::Same);
    table.told(Outcome::Reading);
    assert!(table.seen().contains("Hint 1 of 3"));
    let act = table.told(Outcome::Review(Arc::new(review(FIRST)), None));
    assert!(matches!(act, Some(Act::Saved)));
    assert!(!table.seen().contains("Hint 1 of 3"));
    table.press(Key::Char('a'));
    let Act::Ask(topic) = table.asks(Key::Char('2')) else { panic!("no question") };
    table.reply(Did::Answer(topic));
    table.told(Outcome::Review(Arc::new(review(FIRST)), None));
    let seen = table.seen();
    assert!(seen.contains("100 million new links") && seen.contains("saved: Esc shows"), "{seen}");
    table.press(Key::Escape);
    assert!(table.seen().contains("Wrong (3)"), "{}", table.seen());
}

#[test]
fn wrong_keys_do_nothing_anywhere() {
    const WRONG: [Key; 8] = [
        Key::Char('x'),
        Key::Char('é'),
        Key::Char('7'),
        Key::Char('0'),
        Key::Ctrl('z'),
        Key::Backspace,
        Key::Char('Z'),
        Key::Char('H'),
    ];
    let places: [fn(&mut Table); 6] = [
        |_| {},
        |table| table.hint(),
        |table| {
            table.press(Key::Char('a'));
        },
        |table| table.follow_up(),
        |table| table.drill(),
        |table| {
            table.press(Key::Char('F'));
        },
    ];
    for (nth, go) in places.iter().enumerate() {
        for key in WRONG {
            // In a list of nine questions 7 is one.
            if nth == 2 && key == Key::Char('7') {
                continue;
            }
            let mut table = table(WIDE);
            go(&mut table);
            let before = table.seen();
            assert!(matches!(table.press(key), Does::Nothing), "{nth} {key:?}");
            assert_eq!(table.seen(), before, "{nth} {key:?}");
        }
        let mut table = table(WIDE);
        go(&mut table);
        for _ in 0..4 {
            table.press(Key::Escape);
        }
        assert!(matches!(table.board.panel, Panel::Review(None)), "{nth}: Esc leads back");
        for key in [Key::Ctrl('c'), Key::Ctrl('d')] {
            go(&mut table);
            assert!(matches!(table.press(key), Does::Quit), "{nth}");
            table.press(Key::Escape);
        }
    }
}

#[test]
fn a_drill_is_answered_by_keys_and_nothing_can_stop_and_slow_down() {
    let mut table = table(WIDE);
    table.drill();
    let Panel::Drill(drilling) = &table.board.panel else { panic!("no drill") };
    let right = drilling.posed.drill.right();
    let flows = drilling.posed.drill.after.flows.len();
    assert!(flows >= 2);
    let digit = |at: usize| Key::Char(char::from(b'1' + at as u8));
    // All, and back again: then what is right.
    for at in (0..flows).chain(0..flows).chain(right.stops.iter().copied()) {
        table.press(digit(at));
    }
    table.press(Key::Enter);
    for at in right.stops.iter().chain(&right.slows) {
        table.press(digit(*at));
    }
    // Back and on again forgets nothing.
    table.press(Key::Escape);
    table.press(Key::Enter);
    table.press(Key::Enter);
    for at in &right.breaks {
        table.press(digit(*at));
    }
    let Act::Answered(posed, said) = table.asks(Key::Enter) else { panic!("no answer") };
    assert_eq!(said, right);
    assert!(matches!(table.press(Key::Char('h')), Does::Nothing), "one thing after the other");
    table.reply(Did::Marked(posed, said));
    let seen = table.seen();
    assert!(seen.contains("Right.") && seen.contains("breaks next: "), "{seen}");
}

#[test]
fn finishing_is_asked_once() {
    let mut table = table(WIDE);
    table.press(Key::Char('F'));
    assert!(matches!(table.press(Key::Enter), Does::Nothing), "Enter may come from anywhere");
    assert!(matches!(table.asks(Key::Char('y')), Act::Finish));
    table.reply(Did::Trouble(Trouble::new("the design has mistakes").help("mend them")));
    assert!(table.seen().contains("error: the design has mistakes\nhelp: mend them"), "{}", table.seen());
    table.press(Key::Char('F'));
    table.press(Key::Escape);
    assert!(!table.seen().contains("Finish?"));
}

#[test]
fn what_others_have_ended_is_said_once_and_left_by_q() {
    let mut table = table(WIDE);
    table.drill();
    for _ in 0..3 {
        table.reply(Did::Gone(Trouble::new("meanwhile another command has changed the session")));
    }
    let seen = table.seen();
    assert!(seen.contains("meanwhile") && seen.contains("q quit"), "{seen}");
    for key in ['h', 'a', 'f', 'd', 'F', 'y'] {
        assert!(matches!(table.press(Key::Char(key)), Does::Nothing));
    }
    assert_eq!(table.seen(), seen);
    assert!(matches!(table.press(Key::Char('q')), Does::Quit));
    // What nobody asked for takes nothing away that somebody reads.
    let mut table = self::table(WIDE);
    table.follow_up();
    let before = table.board.attempt.clone();
    table.reply(Did::Unnoted(Trouble::new("cannot read `practice.json`")));
    let seen = table.seen();
    assert!(seen.contains("cannot read `practice.json`") && seen.contains("Answer aloud"), "{seen}");
    assert_eq!(table.board.attempt, before);
}

#[test]
fn the_clock_is_on_the_screen() {
    let mut table = table(WIDE);
    assert!(table.seen().contains("12 of 45 min, 33 left · 1 question asked"), "{}", table.seen());
    table.now = at(50);
    assert!(table.seen().contains("50 of 45 min, time is up"));
    let now = Instant::now();
    table.asks(Key::Char('h'));
    assert!(!table.seen().contains("one moment"));
    let later = table.board.wakes(now).unwrap();
    assert!(later > now && later < now + Duration::from_secs(2));
    assert!(table.board.frame(WIDE, later + Duration::from_millis(50)).join("\n").contains("one moment…"));
}

#[test]
fn everything_is_reached_on_every_size() {
    for (width, height) in [(1, 1), (5, 3), (20, 8), (40, 15), (60, 20), (200, 60)] {
        let size = Size { width, height };
        let mut table = table(size);
        table.read();
        table.hint();
        table.read();
        table.drill();
        for _ in 0..12 {
            table.press(Key::Down);
            table.seen();
        }
        table.press(Key::Enter);
        table.press(Key::Enter);
        if let Does::Act(Act::Answered(posed, said)) = table.press(Key::Enter) {
            table.reply(Did::Marked(posed, said));
        }
        let read = table.read();
        assert!(width < 40 || read.contains("breaks next"), "{width}: {read}");
    }
    // The last line of the review, where keys take two lines.
    let mut table = table(NARROW);
    let read = table.read();
    assert!(read.contains("Next"), "{read}");
}
