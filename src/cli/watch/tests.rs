use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::date;

use super::shown::{Does, Shown};
use crate::cli::output::Trouble;
use crate::cli::watch::desk::Outcome;
use crate::diff::diff;
use crate::report::Style;
use crate::review::{Review, Reviewer};
use crate::screen::{Key, Size};
use crate::source::Source;

const WIDE: Size = Size { width: 80, height: 24 };
const NARROW: Size = Size { width: 40, height: 15 };

const FIRST: &str = include_str!("../../../examples/url-shortener/first-try.arch");

fn review(text: &str) -> Arc<Review> {
    Arc::new(Reviewer::plain(date(2026, 1, 1)).review(Source::new("first-try.arch", text)))
}

fn shown(size: Size) -> Shown {
    Shown::new("first-try.arch".to_string(), Style { width: size.width, color: false, all: false })
}

/// After the first look at one text, and saves of the others.
fn saved(size: Size, texts: &[&str]) -> Shown {
    let mut shown = shown(size);
    let mut before: Option<Arc<Review>> = None;
    for text in texts {
        let review = review(text);
        let sound = review.mistakes.is_empty();
        let since = before.as_ref().filter(|_| sound).map(|before| Arc::new(diff(before, &review)));
        shown.tell(Outcome::Review(Arc::clone(&review), since), size, Instant::now());
        before = if sound { Some(review) } else { before };
    }
    shown
}

fn seen(shown: &Shown, size: Size) -> String {
    shown.frame(size, Instant::now()).join("\n")
}

macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "../../../tests/snapshots/watch", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, $text)
        })
    };
}

/// The first try with a standby for its database, and a cache that nobody uses.
fn mended() -> String {
    let guarded = FIRST.replace("postgres store backup=1d", "postgres store x2 failover=auto backup=1d");
    format!("{guarded}\nredis more\n")
}

#[test]
fn what_the_last_save_changed_stands_first() {
    let mended = mended();
    assert_ne!(mended, FIRST);
    snapshot!("first_80x24", seen(&saved(WIDE, &[FIRST]), WIDE));
    snapshot!("saved_80x24", seen(&saved(WIDE, &[FIRST, &mended]), WIDE));
    snapshot!("saved_40x15", seen(&saved(NARROW, &[FIRST, &mended]), NARROW));
}

#[test]
fn a_line_that_cannot_be_read_stands_before_everything_and_mends_nothing() {
    let broken = format!("{FIRST}\nservice api2 x\n-> ->\n");
    let after = format!("{FIRST}\n# the same\n");
    snapshot!("broken_80x24", seen(&saved(WIDE, &[FIRST, &broken]), WIDE));
    let same = seen(&saved(WIDE, &[FIRST, &broken, &after]), WIDE);
    assert!(same.contains("Since the last save: the design means the same"), "{same}");
}

#[test]
fn keys_scroll_open_draw_and_quit_and_others_do_nothing() {
    let mut shown = saved(WIDE, &[FIRST]);
    let start = seen(&shown, WIDE);
    for key in [Key::Char('x'), Key::Enter, Key::Escape, Key::Backspace, Key::Ctrl('z')] {
        assert_eq!(shown.press(key, WIDE), Does::Nothing);
        assert_eq!(seen(&shown, WIDE), start);
    }
    shown.press(Key::PageDown, WIDE);
    assert_ne!(seen(&shown, WIDE), start);
    shown.press(Key::PageUp, WIDE);
    assert_eq!(seen(&shown, WIDE), start);
    shown.press(Key::Char('a'), WIDE);
    snapshot!("all_80x24", seen(&shown, WIDE));
    shown.press(Key::Char('a'), WIDE);
    assert_eq!(seen(&shown, WIDE), start);
    assert_eq!(shown.press(Key::Char('d'), WIDE), Does::Draw);
    shown.tell(Outcome::Drawn(Ok("first-try.svg".to_string())), WIDE, Instant::now());
    assert!(seen(&shown, WIDE).contains("── drawn to first-try.svg ──"));
    for key in [Key::Char('q'), Key::Ctrl('c'), Key::Ctrl('d')] {
        assert_eq!(shown.press(key, WIDE), Does::Quit);
    }
}

#[test]
fn every_line_of_a_report_is_reached_by_scrolling() {
    let mut shown = saved(NARROW, &[FIRST]);
    let mut last = String::new();
    let mut steps = 0;
    while last != seen(&shown, NARROW) {
        last = seen(&shown, NARROW);
        shown.press(Key::Down, NARROW);
        steps += 1;
        assert!(steps < 1_000);
    }
    assert!(steps > 20, "{steps}");
    shown.press(Key::Home, NARROW);
    shown.press(Key::End, NARROW);
    assert_eq!(seen(&shown, NARROW), last);
}

#[test]
fn a_file_that_is_not_there_is_waited_for_and_what_was_said_stays() {
    let gone = || Outcome::Unread(Trouble::new("there is no file `first-try.arch`").help("write it"));
    let mut waiting = shown(WIDE);
    waiting.tell(gone(), WIDE, Instant::now());
    let screen = seen(&waiting, WIDE);
    assert!(screen.starts_with("first-try.arch · waiting for it\n"), "{screen}");
    assert!(screen.contains("error: there is no file `first-try.arch`\nhelp: write it"), "{screen}");

    let mut gone_later = saved(WIDE, &[FIRST]);
    let before = seen(&gone_later, WIDE);
    gone_later.tell(gone(), WIDE, Instant::now());
    let screen = seen(&gone_later, WIDE);
    assert!(
        screen.contains("there is no file") && screen.contains("What was said of the last save:"),
        "{screen}"
    );
    gone_later.tell(Outcome::Same, WIDE, Instant::now());
    assert_eq!(seen(&gone_later, WIDE), before);
}

#[test]
fn what_takes_long_is_said_to_be_under_way() {
    let mut shown = saved(WIDE, &[FIRST]);
    let now = Instant::now();
    shown.tell(Outcome::Reading, WIDE, now);
    assert!(!shown.frame(WIDE, now).join("\n").contains("looking at it"));
    let later = shown.wakes(now).unwrap();
    assert!(shown.frame(WIDE, later).join("\n").contains("── looking at it… ──"));
    assert_eq!(shown.wakes(later + Duration::from_millis(1)), None);
}

#[test]
fn a_label_moves_no_cursor() {
    let text = "design \"\u{1b}[2J\u{9b}1;1H\"\nclient web \"\u{1b}]0;x\u{7}\"\nservice api \"\u{1b}[2J\"\n\
                postgres store \"\u{202e}\"\nweb -> api -> store\n";
    let mut shown = saved(WIDE, &[text]);
    for _ in 0..2 {
        for line in shown.frame(WIDE, Instant::now()) {
            assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line:?}");
        }
        shown.press(Key::Char('a'), WIDE);
    }
}

#[test]
fn a_screen_of_any_size_is_filled_and_not_overfilled() {
    let mended = mended();
    for size in [(1, 1), (5, 3), (20, 8), (40, 15), (200, 60)] {
        let size = Size { width: size.0, height: size.1 };
        let lines = saved(size, &[FIRST, &mended]).frame(size, Instant::now());
        assert_eq!(lines.len(), size.height);
        assert!(lines.iter().all(|line| crate::report::columns(line) <= size.width), "{lines:#?}");
    }
}
