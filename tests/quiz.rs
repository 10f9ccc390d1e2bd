//! `spof quiz`: what is asked and kept, whoever else answers meanwhile and whatever ends it.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use common::program::{Ran, command, feed};

const DAY: &str = "2026-03-01";

/// Where somebody's progress is.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("data").join(name)
    }

    fn kept(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file("quiz.json")).unwrap()).expect("whole")
    }

    fn cards(&self) -> usize {
        if self.file("quiz.json").exists() { self.kept()["cards"].as_object().unwrap().len() } else { 0 }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(self.0.path(), &[&["quiz", "--today", DAY], args].concat());
        command.env("SPOF_DATA", self.0.path().join("data"));
        command
    }

    fn quiz(&self, args: &[&str], input: &str) -> Ran {
        feed(&mut self.command(args), input.as_bytes())
    }

    /// All its answers lie ready on standard input.
    fn started(&self, args: &[&str], answers: usize) -> Child {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all("\ngood\n".repeat(answers).as_bytes()).unwrap();
        child
    }
}

#[test]
fn each_answer_is_remembered_as_it_is_given() {
    let desk = Desk::new();
    let file = desk.file("quiz.json");
    let due = desk.quiz(&["--due", "concept:"], "");
    assert_eq!((due.status, due.out), (0, format!("0 due, {} never asked\n", spof::concepts::all().len())));
    assert!(!file.exists(), "looking writes nothing");
    // The answer comes after Enter; what is no grade is asked for again; the end of input ends it.
    let first = desk.quiz(&["concept:cap"], "\nwhat\ngood\n");
    assert!(first.status == 0 && first.err.is_empty(), "{}", first.err);
    let (before, after) = first.out.split_once("Enter for the answer").unwrap();
    assert!(before.contains("Zones A and B lose their link") && !before.contains("Users of A go on"));
    assert!(after.contains("Users of A go on") && after.contains("next on 2026-03-02"), "{after}");
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains("\"concept:cap\"") && kept.contains("\"due\": \"2026-03-02\""), "{kept}");
    // Left in the middle: nothing is noted of what was not graded.
    assert_eq!(desk.quiz(&["concept:jwt"], "\nq\n").status, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);
    // Hard comes again in the same sitting, and its first answer counts: one day, not six.
    let hard = desk.quiz(&["concept:quorum"], "\nhard\n\neasy\n");
    assert_eq!(
        (hard.out.matches("2, 2 and 1").count(), hard.out.matches("next on 2026-03-02").count()),
        (2, 1)
    );
    assert_eq!(desk.quiz(&["xyzzy"], "").status, 2);
}

#[test]
fn a_file_that_cannot_be_read_is_kept() {
    let desk = Desk::new();
    let file = desk.file("quiz.json");
    fs::create_dir(desk.0.path().join("data")).unwrap();
    let texts = [("nonsense", "unreadable"), ("{}", "unreadable-2"), ("{\"version\": 9}", "version-9")];
    for (text, aside) in texts {
        fs::write(&file, text).unwrap();
        let looked = desk.quiz(&["--due", "concept:cap"], "");
        assert_eq!((looked.status, looked.out.as_str()), (0, "0 due, 1 never asked\n"));
        assert!(looked.err.contains("it is left as it is"), "{}", looked.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        let answered = desk.quiz(&["concept:cap"], "\ngood\n");
        assert!(answered.status == 0 && answered.err.contains("it is kept as"), "{}", answered.err);
        assert_eq!(fs::read_to_string(desk.file(&format!("quiz.{aside}.json"))).unwrap(), text);
        assert_eq!(desk.cards(), 1);
    }
}

/// Nobody answers ten questions and hears then that it was for nothing.
#[test]
fn where_nothing_can_be_kept_nothing_is_asked() {
    let desk = Desk::new();
    fs::write(desk.0.path().join("data"), "a file, not a folder").unwrap();
    let refused = desk.quiz(&["concept:cap"], "\ngood\n");
    assert_eq!((refused.status, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("help: set SPOF_DATA"), "{}", refused.err);
}

/// A file as it was always written, in the folder that systems but Windows have for such things.
#[cfg(unix)]
#[test]
fn progress_is_found_where_it_always_was() {
    let home = tempfile::tempdir().unwrap();
    let kept = r#"{
  "version": 1,
  "cards": {
    "concept:cap": {
      "repetitions": 1,
      "interval": 1,
      "easiness": 2.5,
      "due": "2026-02-28"
    }
  }
}
"#;
    let due = |folder: &Path, variable: &str, value: &Path| {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("quiz.json"), kept).unwrap();
        let mut command = command(home.path(), &["quiz", "--due", "concept:cap", "--today", DAY]);
        command.env_remove("SPOF_DATA").env_remove("XDG_DATA_HOME").env(variable, value);
        let ran = feed(&mut command, b"");
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("1 due, 0 never asked\n", ""), "{variable}");
    };
    due(&home.path().join("shared/spof"), "XDG_DATA_HOME", &home.path().join("shared"));
    due(&home.path().join(".local/share/spof"), "HOME", home.path());
}

#[test]
fn of_quizzes_at_once_no_answer_is_lost() {
    let desk = Desk::new();
    let kinds = ["concept:", "follow-up:", "outage:"];
    let all: Vec<Child> = kinds.iter().map(|kind| desk.started(&["--most", "20", kind], 20)).collect();
    for one in all {
        let output = one.wait_with_output().unwrap();
        assert!(output.status.success() && String::from_utf8(output.stdout).unwrap().contains("20 answered"));
    }
    let kept = desk.kept();
    let cards = kept["cards"].as_object().unwrap();
    for kind in kinds {
        assert_eq!(cards.keys().filter(|id| id.starts_with(kind)).count(), 20, "{kind}");
    }
}

/// Killed at some instant between its first answer and its last: the file is whole, and has every answer that was said to be
/// kept. The store's own test kills more often.
#[test]
fn a_killed_quiz_keeps_what_was_answered() {
    let desk = Desk::new();
    let mut killed = 0;
    for delay in 0..25 {
        let before = desk.cards();
        let mut child = desk.started(&["--most", "8"], 8);
        let mut said = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.contains("next on"));
        assert!(said.next().is_some(), "{delay}: it never began");
        std::thread::sleep(Duration::from_millis(delay * 7 % 20));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let answers = 1 + said.count();
        let kept = desk.cards() - before;
        assert!(kept == answers || kept == answers + 1, "{delay}: {kept} kept, {answers} said to be");
    }
    assert!(killed > 5, "{killed} killed");
    let names = fs::read_dir(desk.0.path().join("data")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains("unreadable")).count(), 0);
}
