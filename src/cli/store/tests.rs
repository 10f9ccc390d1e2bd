use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Store, look, look_whole, on_screen, open, open_within};
use crate::kept::Kept;
use crate::layout::random::Random;
use crate::practice::testing::{at, attempt};
use crate::practice::{State, What};
use crate::quiz::Progress;

const NAME: &str = "practice.json";

#[test]
fn two_cannot_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut first: Store<State> = open(folder.path()).unwrap();
    let Err(trouble) = open_within::<State>(folder.path(), Duration::from_millis(30)) else {
        panic!("both hold the lock");
    };
    assert!(trouble.message().contains("another spof"), "{trouble:?}");
    assert_eq!(look::<State>(folder.path()).unwrap(), State::default(), "to look needs no lock");
    first.state.start(attempt("a", 0));
    first.save().unwrap();
    assert!(
        open_within::<Progress>(folder.path(), Duration::ZERO).is_ok(),
        "each file has a lock of its own"
    );
    let screen = on_screen(folder.path()).unwrap();
    assert!(on_screen(folder.path()).is_err(), "two screens at once");
    drop(first);
    let second = open_within::<State>(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(second.state.attempts().len(), 1, "a screen keeps nobody from writing");
    drop(screen);
    on_screen(folder.path()).unwrap();
}

#[test]
fn what_cannot_be_read_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(NAME);
    let newer = State::default().text().replacen("\"version\": 1", "\"version\": 7", 1);
    let texts: [&[u8]; 4] = [b"{ \"version\": 1", b"\xff\xfe", b"", newer.as_bytes()];
    for text in texts {
        std::fs::write(&file, text).unwrap();
        assert_eq!(look::<State>(folder.path()).unwrap(), State::default());
        assert!(look_whole::<State>(folder.path()).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), text, "looking moves nothing");
        let mut store: Store<State> = open(folder.path()).unwrap();
        assert_eq!(store.state, State::default());
        store.state.start(attempt("a", 0));
        store.save().unwrap();
    }
    let kept = ["unreadable", "unreadable-2", "unreadable-3", "version-7"];
    for (name, text) in kept.into_iter().zip(texts) {
        let path = folder.path().join(format!("practice.{name}.json"));
        assert_eq!(std::fs::read(path).unwrap(), text, "{name}");
    }
    assert_eq!(open::<State>(folder.path()).unwrap().state.attempts().len(), 1);
}

const WRITER: &str = "SPOF_TEST_WRITER";

/// Started by the test below as a process of its own: adds an event, saves, and says so, until it is killed.
#[test]
#[ignore = "the other half of `killed_at_any_instant`"]
fn writer() {
    let Some(folder) = std::env::var_os(WRITER) else { return };
    let mut out = std::io::stdout();
    writeln!(out, "\nready").unwrap();
    loop {
        let mut store: Store<State> = open(folder.as_ref()).unwrap();
        if store.state.current().is_none() {
            store.state.start(attempt("a", 0));
        }
        store.state.log(at(1), What::Asked { question: "How much of it? ".repeat(20) });
        store.save().unwrap();
        let events = store.state.current().unwrap().events.len();
        drop(store);
        writeln!(out, "saved {events}").unwrap();
        out.flush().unwrap();
    }
}

/// `SPOF_KILLS=1000 cargo test --lib killed_at_any_instant -- --nocapture` says how far the writers came.
#[test]
fn killed_at_any_instant() {
    let kills: usize = std::env::var("SPOF_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(1);
    let (mut known, mut between, begun) = (0, 0, Instant::now());
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["cli::store::tests::writer", "--exact", "--ignored", "--nocapture"])
            .env(WRITER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.by_ref().any(|line| line.unwrap() == "ready"), "kill {kill}: it never began");
        std::thread::sleep(Duration::from_micros(random.below(40_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        let saved = |line: String| line.strip_prefix("saved ").and_then(|count| count.parse().ok());
        let last: usize = lines.filter_map(|line| saved(line.ok()?)).last().unwrap_or(known);
        let kept = std::fs::read_to_string(folder.path().join(NAME))
            .map_or(State::default(), |text| State::read(&text).expect("whole after a kill"));
        let events = kept.current().map_or(0, |one| one.events.len());
        // What was saved is there; of what was being saved, nothing or all.
        let next = if last == 0 { 2 } else { last + 1 };
        assert!(events == last || events == next, "kill {kill}: {events} events, {last} saved");
        between += usize::from(events != last);
        known = events;
        // The dead hold no lock.
        drop(open_within::<State>(folder.path(), Duration::from_secs(5)).unwrap());
    }
    let kept = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("unreadable"));
    assert_eq!(kept.count(), 0);
    println!(
        "{kills} kills in {:?}: {known} events, {between} kills between rename and report",
        begun.elapsed()
    );
}
