//! A session as it is played: each command by itself, in order, with the clock in hand.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;
use spof::practice::drill::{Said, pick};
use spof::practice::reference;
use spof::predict::{Outcome, after};
use tempfile::TempDir;

/// Somebody's machine: a folder to work in, and one where practice is remembered.
struct Home {
    work: TempDir,
    data: TempDir,
}

struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Home {
        Home { work: tempfile::tempdir().unwrap(), data: tempfile::tempdir().unwrap() }
    }

    /// So many minutes after noon, with this on standard input.
    fn fed(&self, minute: usize, args: &[&str], input: &str) -> Ran {
        let now = format!("2026-03-01T{:02}:{:02}:00Z", 12 + minute / 60, minute % 60);
        self.at(&now, args, input)
    }

    fn at(&self, now: &str, args: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(args)
            .args(["--now", now])
            .current_dir(self.work.path())
            .env("SPOF_DATA", self.data.path())
            .env("COLUMNS", "80")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who asks nothing reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    fn ok(&self, minute: usize, line: &str) -> String {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = self.fed(minute, &args, "");
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{line}\n{}", ran.out);
        ran.out
    }

    #[track_caller]
    fn refused(&self, minute: usize, line: &str) -> String {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = self.fed(minute, &args, "");
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains("help: "), "no way out is said: {}", ran.err);
        ran.err
    }

    fn write(&self, text: &str) {
        fs::write(self.work.path().join("url-shortener/url-shortener.arch"), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.work.path().join(name)).unwrap()
    }

    fn state(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.data.path().join("practice.json")).unwrap()).unwrap()
    }
}

const GOOD: &str = include_str!("../examples/url-shortener/reference-kv.arch");
const FIRST: &str = include_str!("../examples/url-shortener/first-try.arch");

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn a_whole_session() {
    let home = Home::new();
    let out = home.ok(0, "practice start url-shortener --timer 30");
    has(&out, &["URL shortener", "30 minutes from now", "url-shortener/STATEMENT.md", "spof practice ask"]);
    let statement = home.read("url-shortener/STATEMENT.md");
    assert!(!statement.contains("100 million") && !out.contains("100 million"), "{statement}");
    let design = home.read("url-shortener/url-shortener.arch");
    has(&design, &["solves url-shortener at large", "# flow redirect {", "# flow shorten {"]);
    assert!(!design.contains("100M"), "{design}");
    has(&home.refused(0, "practice start url-shortener"), &["is open", "resume url-shortener"]);
    has(&home.refused(0, "practice reveal"), &["not finished", "--give-up"]);

    let list = home.ok(1, "practice ask");
    has(&list, &["  2. How much of it?", "What is out of scope?"]);
    assert!(!list.contains("100 million") && !list.contains("asked)"), "{list}");
    has(
        &home.ok(2, "practice ask how much traffic"),
        &["100 million new links", "2 of 30 min", "1 question asked"],
    );
    has(&home.ok(3, "practice ask numbers"), &["given {", "created", "100M/month", "2 questions asked"]);
    has(&home.ok(3, "practice ask blockchain"), &["decide it yourself", "2. How much of it? (asked)"]);

    // Nothing is drawn yet: nothing can fail, and the first hint is about the flows.
    has(&home.ok(4, "practice drill"), &["Nothing can fail yet"]);
    has(&home.ok(5, "practice hint"), &["Hint 1 of 3", "must for junior"]);
    has(&home.ok(5, "practice hint"), &["Hint 2 of 3"]);
    has(&home.ok(5, "practice hint"), &["Hint 3 of 3", "3 hints"]);
    has(&home.ok(5, "practice hint"), &["Hint 1 of 3", "Still open, and all its hints given"]);

    home.write(FIRST);
    has(&home.ok(12, "practice hint"), &["5 hints"]);
    home.write(GOOD);
    has(&home.ok(20, "practice hint"), &["Nothing is open"]);
    let drill = home.fed(21, &["practice", "drill"], "9\n\nnonsense\n\n1 2\nnone\n");
    assert_eq!((drill.status, drill.err.as_str()), (0, ""));
    has(
        &drill.out,
        &["Which flows stop?", "`9` is none of the numbers 1 to 2", "`nonsense`", "Flows", "1 drill"],
    );
    let quit = home.fed(21, &["practice", "drill"], "1\n");
    has(&quit.out, &["Not answered, and not counted."]);
    assert_eq!(quit.status, 0);
    has(
        &home.refused_args(22, &["practice", "drill", "--answer", "1;1"]),
        &["cannot both stop and slow down"],
    );
    let again = home.fed(22, &["practice", "drill", "--answer", "none;none;none"], "");
    has(&again.out, &["of 2 drills right"]);

    let follow_up = home.fed(23, &["practice", "follow-up"], "\n");
    has(&follow_up.out, &["asked because you have", "press Enter", "A good answer"]);
    let other = home.fed(24, &["practice", "follow-up"], "");
    assert_ne!(follow_up.out.lines().next(), other.out.lines().next());
    let events = home.state()["attempts"][0]["events"].to_string();
    assert_eq!(events.matches("followed-up").count(), 2, "{events}");

    let finished = home.ok(40, "practice finish");
    has(
        &finished,
        &["Score  100 / 100", "staff yes", "40 min of 30, 10 over", "scoping", "designing", "5 hints"],
    );
    has(&finished, &["The first attempt"]);
    has(&home.refused(41, "practice ask"), &["is finished", "practice next"]);
    let reveal = home.ok(42, "practice reveal");
    has(&reveal, &["3 designs", "Yours against kv", "the same kinds", "kv, whole", GOOD.trim_end()]);
    has(&home.ok(42, "practice reveal edge"), &["edge, whole", "+ only theirs"]);
    has(&home.refused(42, "practice reveal edgy"), &["did you mean `edge`"]);
    has(&home.ok(43, "practice list"), &["url-shortener", "once 100 of 100, staff", "not tried"]);

    let progress = home.ok(44, "progress");
    let tried = format!("1 of {} problems tried", spof::rubric::Packs::built_in().iter().count());
    has(&progress, &[&tried, "100 of 100", "staff", "Next: "]);
    let json: Value = serde_json::from_str(&home.ok(44, "progress --format json")).unwrap();
    assert_eq!(json["problems"][0]["best"]["level"], "staff");
    assert_eq!(json["problems"][0]["minutes"], 40);
    assert_ne!(json["next"]["problem"], "url-shortener");

    // The second attempt has a folder of its own, and is compared with the first.
    let out = home.ok(60, "practice start url-shortener --at small");
    has(&out, &["url-shortener-2/", "45 minutes from now, at small scale"]);
    let worse = home.ok(65, "practice finish");
    has(&worse, &["junior not yet", "Since the last attempt  -", "    - ", "reading"]);
    has(&home.ok(66, "practice list"), &["best 100 of 100"]);
}

impl Home {
    #[track_caller]
    fn refused_args(&self, minute: usize, args: &[&str]) -> String {
        let ran = self.fed(minute, args, "");
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{args:?}");
        ran.err
    }
}

#[test]
fn several_attempts_wait_for_each_other() {
    let home = Home::new();
    has(&home.refused(0, "practice hint"), &["not practising", "practice next"]);
    has(&home.refused(0, "practice resume"), &["not practising"]);
    has(&home.refused(0, "practice start url-shortner"), &["did you mean `url-shortener`"]);
    home.ok(0, "practice start url-shortener");
    has(
        &home.ok(10, "practice start chat-system"),
        &["url-shortener waits: spof practice resume url-shortener"],
    );
    has(&home.ok(11, "practice list"), &["* chat-system", "open: spof practice resume"]);
    has(&home.ok(12, "practice next"), &["chat-system", "is open"]);
    // What lies between does not count.
    has(&home.ok(100, "practice resume url-shortener"), &["Back at url-shortener", "0 of 45 min"]);
    has(&home.ok(105, "practice ask 1"), &["5 of 45 min"]);
    has(&home.refused(105, "practice resume seat-booking"), &["no attempt"]);
    let kept = home.fed(106, &["practice", "reset"], "what\n");
    has(&kept.out, &["Forget this attempt at url-shortener", "Nothing was forgotten"]);
    has(&home.fed(106, &["practice", "reset"], "").out, &["Nothing was forgotten"]);
    has(&home.fed(107, &["practice", "reset"], "y\n").out, &["Forgotten"]);
    assert!(home.work.path().join("url-shortener/url-shortener.arch").exists());
    has(&home.ok(108, "practice resume"), &["Back at chat-system"]);
    has(&home.ok(109, "practice reset --yes"), &["Forgotten"]);
    assert_eq!(home.state()["attempts"].as_array().unwrap().len(), 0);
}

#[test]
fn giving_up_shows_the_answer_and_scores_nothing() {
    let home = Home::new();
    home.ok(0, "practice start url-shortener");
    fs::remove_dir_all(home.work.path().join("url-shortener")).unwrap();
    has(&home.refused(1, "practice hint"), &["url-shortener.arch", "practice reset url-shortener"]);
    has(&home.refused(1, "practice finish"), &["practice reset url-shortener"]);
    has(&home.ok(2, "practice reveal --give-up"), &["designs that earn everything", ", whole"]);
    has(&home.ok(3, "progress"), &["not finished", "Next: "]);
    has(&home.refused(3, "practice finish"), &["is finished"]);
    let later = home.at("2026-03-05T12:00:00Z", &["practice", "next"], "");
    has(&later.out, &["Next: url-shortener", "did not reach a level", "3 days ago"]);
}

#[test]
fn mistakes_are_said_before_anything_is_scored() {
    let home = Home::new();
    home.ok(0, "practice start url-shortener");
    home.write("design \"x\" solves url-shortener\nclient web\nredis hot tll=30s\n");
    has(&home.refused(5, "practice finish"), &["tll", "did you mean", "the design has mistakes"]);
    has(&home.ok(6, "practice hint"), &["Hint 1 of 3"]);
    // Of another problem by its header: judged by the one that is practised.
    home.write(&GOOD.replace("solves url-shortener at large", "solves chat-system at small"));
    has(&home.ok(7, "practice finish"), &["Score  100 / 100", "url-shortener at large"]);
}

#[test]
fn a_state_that_cannot_be_read_is_kept() {
    let home = Home::new();
    let file = home.data.path().join("practice.json");
    fs::write(&file, "{ half").unwrap();
    let looked = home.fed(0, &["practice", "list"], "");
    assert_eq!(looked.status, 0);
    has(&looked.err, &["cannot be understood", "left as it is"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "{ half");
    let started = home.fed(0, &["practice", "start", "url-shortener"], "");
    assert_eq!(started.status, 0);
    has(&started.err, &["practice.unreadable.json"]);
    assert_eq!(fs::read_to_string(home.data.path().join("practice.unreadable.json")).unwrap(), "{ half");
    assert_eq!(home.state()["attempts"][0]["problem"], "url-shortener");
}

#[test]
fn problems_of_a_folder_are_practised_too() {
    let home = Home::new();
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pack");
    let ran = home.fed(0, &["practice", "start", "guestbook", "--problems", pack.to_str().unwrap()], "");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    has(&home.ok(1, "practice ask"), &["  1. "]);
    has(&home.ok(2, "practice hint"), &["Hint 1 of 3"]);
    has(&home.ok(3, "practice finish"), &["guestbook"]);
    has(&home.ok(4, "practice reveal"), &["designs that earn everything", ", whole"]);
}

#[test]
fn narrow_and_colourless_terminals_can_read_it() {
    let home = Home::new();
    for line in [
        "practice start url-shortener",
        "practice ask",
        "practice ask 2",
        "practice hint",
        "practice list",
        "practice next",
        "progress",
        "practice resume",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(line.split(' '))
            .args(["--now", "2026-03-01T12:00:00Z"])
            .current_dir(home.work.path())
            .env("SPOF_DATA", home.data.path())
            .env("COLUMNS", "60")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains('\u{1b}') && !text.is_empty(), "{line}: {text}");
        let long = text.lines().find(|line| line.chars().count() > 60);
        assert_eq!(long, None, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// What `predict` reckons of the loss is the right answer of its drill, and nothing else is.
    #[test]
    fn drills_are_answered_by_predict(
        at in 0usize..1_000, drilled in 0usize..8, seed in any::<u64>(), said in any::<[u16; 3]>(),
    ) {
        let all: Vec<_> = reference::all().collect();
        let (problem, name, text) = all[at % all.len()];
        let design = spof::design::lower(&spof::syntax::parse(text).0).0;
        let known: Vec<String> = spof::predict::every(&design).iter().take(drilled).map(|loss| loss.id()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let Some(drill) = pick(&design, &known, seed) else { return Ok(()) };
        prop_assert!(!known.contains(&drill.after.loss.id().as_str()));
        let found = after(&design, &drill.after.loss);
        let places = |outcome| (0..found.flows.len()).filter(|&at| found.flows[at].outcome == outcome).collect();
        let falls = found.then.as_ref().map_or(Vec::new(), |then| then.lost.clone());
        let right = Said {
            stops: places(Outcome::Stops),
            slows: places(Outcome::Slows),
            breaks: (0..drill.choices.len()).filter(|&at| falls.contains(&drill.choices[at])).collect(),
        };
        prop_assert!(drill.is_right(&right), "{problem}/{name}: {:?}", drill.after.loss);
        prop_assert_eq!(right.breaks.len(), falls.len(), "each that breaks can be chosen");
        let bits = |bits: u16, most: usize| (0..most).filter(|at| bits >> (at % 16) & 1 == 1).collect();
        let guess = Said {
            stops: bits(said[0], found.flows.len()),
            slows: bits(said[1], found.flows.len()),
            breaks: bits(said[2], drill.choices.len()),
        };
        prop_assert_eq!(drill.is_right(&guess), guess == right);
    }
}

#[test]
fn flaws_are_spotted_one_after_the_other() {
    let home = Home::new();
    let wrong = home.fed(0, &["flaw", "--seed", "5"], "nobody\n1\n0\n1\n\n1\n1\nq\n");
    assert_eq!((wrong.status, wrong.err.as_str()), (0, ""));
    has(
        &wrong.out,
        &["Level 1: one safety is missing here", "`nobody` is none of the nodes", "fix:", "of 2 right."],
    );
    assert_eq!(home.state()["spotted"].as_array().unwrap().len(), 2);
    let stopped = home.fed(1, &["flaw", "--seed", "5"], "q\n");
    has(&stopped.out, &["Not answered, and not counted."]);
    has(&home.fed(1, &["flaw"], "").out, &["Not answered, and not counted."]);

    // What the checker says is the answer.
    let rule = home.state()["spotted"][0]["rule"].as_str().unwrap().to_string();
    let design = stopped.out.split("missing here\n").nth(1).unwrap().split("\nNodes\n").next().unwrap();
    fs::write(home.work.path().join("broken.arch"), design).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_spof"))
        .args(["check", "broken.arch", "--format", "json", "--fail-on", "never"])
        .current_dir(home.work.path())
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let finding =
        json["findings"].as_array().unwrap().iter().find(|one| one["rule"] == rule.as_str()).unwrap();
    let node = finding["nodes"][0].as_str().or(finding["hops"][0]["from"].as_str()).unwrap();
    let right = home.fed(2, &["flaw", "--seed", "5", "--answer", &format!("{node} {rule}")], "");
    has(&right.out, &["Right.", &rule]);
    assert_eq!(home.state()["spotted"][2]["right"], true);
    has(&home.refused_with_list(&["flaw", "--answer", "one"]), &["one word", "--answer"]);
}

impl Home {
    /// Refused after what was to be answered has been shown.
    #[track_caller]
    fn refused_with_list(&self, args: &[&str]) -> String {
        let ran = self.fed(3, args, "");
        assert_eq!(ran.status, 2, "{args:?}");
        ran.err
    }
}

impl Home {
    fn start(&self, args: &[&str]) -> std::process::Child {
        Command::new(env!("CARGO_BIN_EXE_spof"))
            .args(args)
            .current_dir(self.work.path())
            .env("SPOF_DATA", self.data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn asked(&self) -> usize {
        self.state()["attempts"][0]["events"].to_string().matches("\"asked\"").count()
    }
}

#[test]
fn of_commands_at_once_none_is_lost() {
    let home = Home::new();
    home.ok(0, "practice start url-shortener");
    let all: Vec<_> = (0..12).map(|_| home.start(&["practice", "ask", "1"])).collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(home.asked(), 12);
}

/// The program itself, killed while it works: the state is whole, and has all that was said to be done. The store's own test
/// kills more often.
#[test]
fn a_killed_command_leaves_the_session_as_it_was_or_as_it_should_be() {
    let home = Home::new();
    home.ok(0, "practice start url-shortener");
    // How long one takes here and now; the kills are spread over a little more than that.
    let begun = std::time::Instant::now();
    home.ok(0, "practice ask 1");
    let whole = begun.elapsed();
    let (mut done, mut killed) = (1, 0);
    for delay in 0..40 {
        let mut child = home.start(&["practice", "ask", "1"]);
        std::thread::sleep(whole * (delay * 37 % 40) / 30);
        // However slow the machine is, some come to their end.
        if delay % 8 != 7 {
            let _ = child.kill();
        }
        if child.wait().unwrap().success() {
            done += 1;
        } else {
            killed += 1;
        }
        let asked = home.asked();
        assert!((done..=done + killed).contains(&asked), "{asked} asked, {done} done, {killed} killed");
    }
    assert!(killed > 5, "{killed} killed");
    has(&home.ok(50, "practice resume"), &["Back at url-shortener", "1 question asked"]);
    has(&home.ok(51, "practice ask 2"), &["2 questions asked"]);
}
