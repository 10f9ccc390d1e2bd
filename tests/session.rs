//! `spof practice` in a terminal of its own: a whole session on its screen, and what is left when somebody breaks it off.
#![cfg(unix)]

mod terminal;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use portable_pty::PtySize;
use serde_json::Value;
use tempfile::TempDir;
use terminal::Session;

const SPOF: &str = env!("CARGO_BIN_EXE_spof");
const GOOD: &str = include_str!("../examples/url-shortener/reference-kv.arch");
const FIRST: &str = include_str!("../examples/url-shortener/first-try.arch");

/// Somebody's machine: a folder to work in, and one where practice is remembered.
struct Home {
    work: TempDir,
    data: TempDir,
}

impl Home {
    /// With an attempt just begun.
    fn new() -> Home {
        let home = Home { work: tempfile::tempdir().unwrap(), data: tempfile::tempdir().unwrap() };
        home.ok("practice start url-shortener");
        home
    }

    fn run(&self, line: &str) -> Output {
        Command::new(SPOF)
            .args(line.split(' '))
            .current_dir(self.work.path())
            .env("SPOF_DATA", self.data.path())
            .env("COLUMNS", "80")
            .output()
            .unwrap()
    }

    #[track_caller]
    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && err.is_empty(), "{line}: {err}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn on(&self, line: &str, size: (u16, u16), set: &[(&str, &str)]) -> Session {
        let args: Vec<&str> = line.split(' ').collect();
        let data = self.data.path().to_str().unwrap();
        let set: Vec<(&str, &str)> = [("SPOF_DATA", data)].iter().chain(set).copied().collect();
        Session::with(Path::new(SPOF), &args, self.work.path(), size, &set)
    }

    fn watch(&self) -> Session {
        let session = self.on("practice watch", (24, 80), &[]);
        session.wait_for("q quit   h hint   a ask   f follow-up   d drill   F finish");
        session
    }

    fn write(&self, text: &str) {
        let file = self.work.path().join("url-shortener/url-shortener.arch");
        fs::write(file.with_extension("new"), text).unwrap();
        fs::rename(file.with_extension("new"), file).unwrap();
    }

    fn state(&self) -> String {
        fs::read_to_string(self.data.path().join("practice.json")).unwrap()
    }

    /// The names of what happened in the last attempt, in order.
    fn events(&self) -> Vec<String> {
        let state: Value = serde_json::from_str(&self.state()).unwrap();
        let attempts = state["attempts"].as_array().unwrap();
        let events = attempts.last().unwrap()["events"].as_array().unwrap();
        let name = |what: &Value| match what {
            Value::String(name) => name.clone(),
            other => other.as_object().unwrap().keys().next().unwrap().clone(),
        };
        events.iter().map(|event| name(&event["what"])).collect()
    }

    fn count(&self, name: &str) -> usize {
        self.events().iter().filter(|event| *event == name).count()
    }
}

fn signal(session: &Session, name: &str) {
    let id = session.child.process_id().unwrap().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[test]
fn a_session_is_played_on_its_screen_killed_resumed_and_finished() {
    let home = Home::new();
    home.ok("practice ask 2");
    let mut screen = home.watch();
    screen.wait_for("url-shortener at large scale");
    screen.wait_for("of 45 min");
    screen.wait_for("1 question asked");
    screen.wait_for("write into url-shortener/url-shortener.arch");
    screen.wait_for(" / 100, no level yet");

    screen.press("h");
    screen.wait_for("Hint 1 of 3");
    screen.wait_for("1 hint");
    screen.press("h");
    screen.wait_for("Hint 2 of 3");
    home.write(FIRST);
    screen.wait(|seen| seen.contains("save 1") && !seen.contains("Hint "));
    screen.wait_for("Since the last save:");

    screen.press("a");
    screen.wait_for("2. How much of it? (asked)");
    screen.press("4");
    screen.wait_for("How fast, how reliable?");
    screen.wait_for("2 questions asked");
    screen.press("f");
    screen.wait_for("Answer aloud.");
    screen.press("\r");
    screen.wait_for("A good answer");
    screen.wait_for("1 follow-up");

    // Who opens another is told, and keeps nobody from anything; commands go on beside it, and are seen.
    let mut second = home.on("practice watch", (24, 80), &[]);
    second.wait_for("your session is on another screen already");
    assert_eq!(second.end(), 2);
    assert!(home.ok("practice hint").contains("Hint "));
    screen.wait_for("3 hints");

    screen.press("d");
    screen.wait_for("1 of 3: Which flows stop?");
    screen.press("1");
    screen.wait_for("1. [x] ");
    screen.press("\r");
    screen.wait_for("2 of 3: Which slow down?");
    screen.press("\r");
    screen.wait_for("3 of 3: Which nodes get more than they carry?");
    screen.press("\r");
    screen.wait_for("breaks next: ");
    screen.wait_for("of 1 drill right");

    let before = home.state();
    signal(&screen, "-9");
    assert_ne!(screen.end(), 0);
    assert_eq!(home.state(), before);
    let counts = ["asked", "edited", "hinted", "followed-up", "drilled"].map(|name| home.count(name));
    assert_eq!(counts, [2, 1, 3, 1, 1], "{:?}", home.events());

    // Its lock died with it, and nothing was lost.
    let mut screen = home.watch();
    screen.wait_for("2 questions asked, 3 hints");
    screen.wait_for("57 / 100, junior");
    home.write(GOOD);
    screen.wait_for("save 1");
    screen.wait_for("100 / 100, staff");
    assert!(!screen.screen().contains(home.work.path().to_str().unwrap()), "{}", screen.screen());
    screen.press("F");
    screen.wait_for("Finish?");
    screen.press("x\u{1b}[15~");
    screen.press("y");
    screen.wait_for("Score  100 / 100");
    screen.press("hafd");
    screen.press("q");
    assert_eq!(screen.end(), 0);
    screen.is_restored();
    screen.wait_for("The first attempt at it that you finished");
    assert_eq!(home.events().last().unwrap(), "finished");
    let progress = home.ok("progress");
    assert!(progress.contains("100 of 100") && progress.contains("staff"), "{progress}");
    let over = home.run("practice watch");
    assert_eq!(over.status.code(), Some(2));
}

#[test]
fn a_screen_that_is_left_stops_the_clock_and_says_how_to_go_on() {
    let home = Home::new();
    for (key, nth) in [("q", 1), ("\u{3}", 2), ("\u{4}", 3)] {
        let mut screen = home.watch();
        screen.press(key);
        assert_eq!(screen.end(), 0, "{key:?}");
        screen.is_restored();
        screen.wait_for("`spof practice watch url-shortener` goes on with it.");
        assert_eq!(home.count("left"), nth);
    }
    for (name, nth) in [("-TERM", 4), ("-HUP", 5), ("-INT", 6)] {
        let mut screen = home.watch();
        screen.press("a");
        screen.wait_for("What do you ask the interviewer?");
        signal(&screen, name);
        assert_eq!(screen.end(), 0, "{name}");
        screen.is_restored();
        assert_eq!(home.count("left"), nth);
    }
    assert_eq!(home.count("resumed"), 5);
}

#[test]
fn a_narrow_screen_without_colour_is_readable_and_a_new_size_is_filled() {
    let home = Home::new();
    home.write(FIRST);
    let mut screen = home.on("practice watch", (15, 40), &[("NO_COLOR", "1")]);
    screen.wait_for("d drill   F finish");
    screen.wait_for("57 / 100, junior");
    screen.press("a");
    screen.wait_for("1. What does it have to do?");
    screen.press("\u{1b}");
    screen.wait_for("d drill   F finish");
    let painted = String::from_utf8_lossy(&screen.seen.lock().unwrap().bytes).into_owned();
    let paints = painted.split("\u{1b}[").skip(1).filter(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(0);
        rest[end..].starts_with('m') && end > 0 && &rest[..end] != "0"
    });
    assert_eq!(paints.count(), 0, "{painted:?}");

    let size = PtySize { rows: 30, cols: 90, pixel_width: 0, pixel_height: 0 };
    screen.seen.lock().unwrap().screen.screen_mut().set_size(30, 90);
    screen.master.resize(size).unwrap();
    screen.wait(|seen| seen.lines().nth(29).is_some_and(|last| last.starts_with("q quit   h hint")));
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn a_design_that_is_gone_is_waited_for_and_a_session_that_is_gone_is_said() {
    let home = Home::new();
    home.write(FIRST);
    let mut screen = home.watch();
    screen.wait_for("57 / 100, junior");
    let folder = home.work.path().join("url-shortener");
    fs::rename(&folder, folder.with_extension("aside")).unwrap();
    screen.wait_for("there is no file");
    // What cannot be had is said, and nothing is noted.
    screen.press("h");
    screen.wait_for("the design of this attempt is written there");
    assert_eq!(home.count("hinted"), 0);
    screen.press("\u{1b}");
    fs::rename(folder.with_extension("aside"), &folder).unwrap();
    screen.wait(|seen| seen.contains("57 / 100, junior") && !seen.contains("there is no file"));

    home.ok("practice finish");
    screen.wait_for("meanwhile another command has changed the session");
    screen.press("h");
    screen.press("q");
    assert_eq!(screen.end(), 2);
    screen.is_restored();
    assert_eq!(home.events().last().unwrap(), "finished");
}

/// A question that waits for an answer.
struct Question {
    line: &'static str,
    /// What is answered before it, and where.
    before: &'static [(&'static str, &'static str)],
    asks: &'static str,
    /// What Ctrl-D leaves there.
    left: &'static str,
}

const fn at(
    line: &'static str,
    before: &'static [(&'static str, &'static str)],
    asks: &'static str,
    left: &'static str,
) -> Question {
    Question { line, before, asks, left }
}

const DRILL: &str = "practice drill";
const FLAW: &str = "flaw --seed 1 --level 1";
const QUIZ: &str = "quiz concept:cap";
const STOP: (&str, &str) = ("Which flows stop?", "none\r");
const SLOW: (&str, &str) = ("Which slow down?", "\r");

const QUESTIONS: [Question; 9] = [
    at(DRILL, &[], "Which flows stop?", "Not answered, and not counted."),
    at(DRILL, &[STOP], "Which slow down?", "Not answered, and not counted."),
    at(DRILL, &[STOP, SLOW], "Which nodes get more", "Not answered, and not counted."),
    at("practice reset", &[], "[y/N]", "Nothing was forgotten."),
    at("practice follow-up", &[], "press Enter:", "Not answered, and not counted."),
    at(FLAW, &[], "Which node?", "Not answered, and not counted."),
    at(FLAW, &[("Which node?", "1\r")], "What is wrong?", "Not answered, and not counted."),
    at(QUIZ, &[], "Enter for the answer", "0 answered"),
    at(QUIZ, &[("Enter for the answer", "\r")], "again, hard, good, easy?", "0 answered"),
];

#[test]
fn every_question_is_broken_off_politely() {
    let home = Home::new();
    home.write(GOOD);
    // An edit is noted by whatever writes first.
    home.ok("practice ask 1");
    for Question { line, before: keys, asks, left } in QUESTIONS {
        for (key, status, said) in
            [("\u{3}", 130, "Broken off: this question has changed nothing."), ("\u{4}", 0, left)]
        {
            let before = home.state();
            let mut session = home.on(line, (60, 100), &[]);
            for (at, keys) in keys {
                session.wait_for(at);
                session.press(keys);
            }
            session.wait_for(asks);
            session.press(key);
            session.wait_for(said);
            assert_eq!(session.end(), status, "{line} at {asks}");
            assert_eq!(home.state(), before, "{line} at {asks}");
        }
    }
    assert!(!home.data.path().join("quiz.json").exists());
    // A list waits for nobody.
    assert!(home.ok("practice ask").contains("You can ask"));
}
