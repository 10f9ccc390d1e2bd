//! `spof watch` in a terminal of its own: what stands on the screen after each save, and what is left when it ends.
#![cfg(unix)]

mod terminal;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::PtySize;
use tempfile::TempDir;
use terminal::Session;

const SPOF: &str = env!("CARGO_BIN_EXE_spof");

const FRAGILE: &str = "client web\nlb front managed\nservice api x3\npostgres store\n\
                       flow order { web -> front -> api -> store writes }\n";
const MENDED: &str = "client web\nlb front managed\nservice api x3\npostgres store x2 failover=auto\n\
                      flow order { web -> front -> api -> store writes }\n";

fn watch(folder: &Path, args: &[&str]) -> Session {
    let args: Vec<&str> = ["watch"].iter().chain(args).copied().collect();
    Session::start(Path::new(SPOF), &args, folder, (24, 80))
}

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.arch"), text).unwrap();
    folder
}

/// As editors do that never leave half a file: another one, renamed.
fn save_by_rename(folder: &Path, text: &str) {
    fs::write(folder.join(".shop.arch.swp"), text).unwrap();
    fs::rename(folder.join(".shop.arch.swp"), folder.join("shop.arch")).unwrap();
}

#[test]
fn a_save_is_seen_and_what_it_mended_stands_first_and_q_leaves_no_trace() {
    let folder = folder(FRAGILE);
    let mut session = watch(folder.path(), &["shop.arch", "-o", "shop.svg"]);
    session.wait_for("error[spof-datastore]");
    session.wait_for("drawn to shop.svg");
    assert!(session.is_alternate());
    let first = fs::read_to_string(folder.path().join("shop.svg")).unwrap();

    save_by_rename(folder.path(), MENDED);
    session.wait_for("save 1");
    let screen = session.screen();
    assert!(screen.contains("Since the last save: 1 mended"), "{screen}");
    assert!(screen.contains("mended: everything stops when `store` does"), "{screen}");
    assert!(!screen.contains("error[spof-datastore]"), "{screen}");
    session.wait_for("drawn to shop.svg");
    let second = fs::read_to_string(folder.path().join("shop.svg")).unwrap();
    assert!(first != second && second.trim_end().ends_with("</svg>"));

    // Written in place.
    fs::write(folder.path().join("shop.arch"), FRAGILE).unwrap();
    session.wait_for("save 2");
    session.wait_for("new error[spof-datastore]");

    session.press("q");
    assert_eq!(session.end(), 0);
    session.is_restored();
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["shop.arch", "shop.svg"]);
}

#[test]
fn keys_open_scroll_and_draw_and_a_new_size_is_filled() {
    let folder = folder(FRAGILE);
    let mut session = watch(folder.path(), &["shop.arch"]);
    session.wait_for("q quit");
    session.wait_for("error[spof-datastore]");
    session.press("xzéß\u{1b}[15~\t");
    session.press("a");
    session.wait_for("a short");
    session.wait_for("-->");
    let top = session.screen();
    session.press("\u{1b}[6~");
    session.wait(|screen| screen != top);
    session.press("g");
    session.wait(|screen| screen == top);
    session.press("\u{1b}[B");
    session.wait(|screen| screen != top);
    session.press("a");
    session.wait_for("a all");
    session.press("d");
    session.wait_for("drawn to shop.svg");
    assert!(folder.path().join("shop.svg").exists());

    let size = PtySize { rows: 12, cols: 44, pixel_width: 0, pixel_height: 0 };
    session.seen.lock().unwrap().screen.screen_mut().set_size(12, 44);
    session.master.resize(size).unwrap();
    session.wait(|screen| screen.lines().nth(11).is_some_and(|last| last.starts_with("q quit")));
    session.press("\u{3}");
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for_and_one_that_is_gone_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.arch");
    let mut session = watch(folder.path(), &["shop.arch"]);
    session.wait_for("waiting for it");
    session.wait_for("there is no file `shop.arch`");
    fs::write(&file, FRAGILE).unwrap();
    session.wait_for("error[spof-datastore]");
    assert!(!session.screen().contains("there is no file"));

    // Gone for a moment, as while another is moved into its place: nothing is said of it.
    fs::remove_file(&file).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    fs::write(&file, MENDED).unwrap();
    session.wait_for("save 1");

    fs::remove_file(&file).unwrap();
    session.wait_for("there is no file `shop.arch`");
    fs::write(&file, MENDED).unwrap();
    session.wait(|screen| !screen.contains("there is no file"));

    // The folder itself, and another in its place.
    let aside = folder.path().with_extension("aside");
    fs::rename(folder.path(), &aside).unwrap();
    fs::rename(&aside, folder.path()).unwrap();
    fs::write(&file, FRAGILE).unwrap();
    session.wait_for("new error[spof-datastore]");

    fs::write(&file, "client web\nservice api x\n").unwrap();
    session.wait_for("1 mistake");
    session.press("\u{4}");
    assert_eq!(session.end(), 0);
}

#[test]
fn what_a_link_leads_to_is_watched_and_settings_too() {
    let (own, other) = (tempfile::tempdir().unwrap(), folder(FRAGILE));
    std::os::unix::fs::symlink(other.path().join("shop.arch"), own.path().join("shop.arch")).unwrap();
    let session = watch(own.path(), &["shop.arch"]);
    session.wait_for("error[spof-datastore]");
    // What is no longer looked at is not mended.
    let settings = "[rules.spof-datastore]\nseverity = \"off\"\nbecause = \"a prototype\"\n";
    fs::write(own.path().join("spof.toml"), settings).unwrap();
    session.wait(|screen| {
        screen.contains("the design means the same") && !screen.contains("error[spof-datastore]")
    });
    fs::write(own.path().join("spof.toml"), "[rules.no-such-rule]\n").unwrap();
    session.wait_for("error: spof.toml:1:");
    fs::remove_file(own.path().join("spof.toml")).unwrap();
    session.wait_for("error[spof-datastore]");
    save_by_rename(other.path(), MENDED);
    session.wait_for("Since the last save: 1 mended");
}

#[test]
fn a_burst_of_saves_ends_with_the_last() {
    let folder = folder(FRAGILE);
    let session = watch(folder.path(), &["shop.arch"]);
    session.wait_for("error[spof-datastore]");
    for nth in 0..50 {
        save_by_rename(folder.path(), &format!("{MENDED}# {nth}\n"));
    }
    fs::write(folder.path().join("shop.arch"), format!("{MENDED}redis last x2\n")).unwrap();
    session.wait_for("`last`");
}

#[test]
fn a_signal_to_end_leaves_no_trace() {
    let folder = folder(FRAGILE);
    let mut session = watch(folder.path(), &["shop.arch"]);
    session.wait_for("error[spof-datastore]");
    let id = session.child.process_id().unwrap();
    assert!(Command::new("kill").arg(id.to_string()).status().unwrap().success());
    assert_eq!(session.end(), 0);
    session.is_restored();
}

/// Run by the test below, in a terminal; by itself it does nothing.
#[test]
fn panics_in_a_terminal() {
    if std::env::args().any(|arg| arg == "panics_in_a_terminal") {
        let mut screen = spof::screen::Terminal::open().unwrap();
        screen.show(&["something on the screen".to_string()]).unwrap();
        panic!("a panic with a screen open");
    }
}

#[test]
fn a_panic_is_read_on_a_terminal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", "panics_in_a_terminal", "--nocapture"];
    let mut session = Session::start(&program, &args, folder.path(), (24, 80));
    session.wait_for("a panic with a screen open");
    assert_ne!(session.end(), 0);
    session.is_restored();
    assert!(!session.screen().contains("something on the screen"));
}

#[test]
fn where_there_is_no_terminal_each_save_is_a_report() {
    let folder = folder(FRAGILE);
    let mut child = Command::new(SPOF)
        .args(["watch", "shop.arch"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut text = String::new();
    let mut until = |wanted: &str| {
        let mut buffer = [0; 4096];
        while !text.contains(wanted) {
            let read = out.read(&mut buffer).unwrap();
            assert!(read > 0, "it ended:\n{text}");
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap_or_default());
        }
        text.clone()
    };
    let first = until("shop.arch\n");
    save_by_rename(folder.path(), MENDED);
    let second = until("── shop.arch, save 1 ──\n\nSince the last save: 1 mended");
    assert!(first.contains("error[spof-datastore]: everything stops when `store` does\n"), "{first}");
    assert!(!second.contains('\u{1b}'), "{second}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_watched_is_refused_at_once() {
    let folder = folder(FRAGILE);
    for (args, said) in [
        (&["watch", "-"] as &[&str], "standard input cannot be watched"),
        (&["watch", "."], "is a directory"),
        (&["watch", "shop.arch", "--problem", "nothing"], "there is no problem `nothing`"),
        (&["watch", "shop.arch", "-o", "shop.txt"], "cannot tell what to draw"),
        (&["watch", "shop.arch", "-o", "-"], "needs a file"),
    ] {
        let ran = Command::new(SPOF).args(args).current_dir(folder.path()).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{args:?}");
        let err = String::from_utf8_lossy(&ran.stderr);
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

/// `cargo build --release; SPOF=target/release/spof cargo test --test watch -- --ignored --nocapture`: the figures in
/// docs/performance.md.
#[test]
#[ignore = "measures; asserts nothing about time"]
fn from_save_to_screen() {
    const SAVES: usize = 20;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["url-shortener/first-try", "chat-system/first-try", "uber-core/reference-cells"] {
        let text = fs::read_to_string(root.join(name).with_extension("arch")).unwrap();
        let folder = folder(&text);
        let program = std::env::var("SPOF").unwrap_or_else(|_| SPOF.to_string());
        let program = fs::canonicalize(program).unwrap();
        let args = ["watch", "shop.arch", "-o", "shop.svg"];
        let session = Session::start(&program, &args, folder.path(), (24, 80));
        session.wait_for("as it is");
        let mut took: Vec<Duration> = (1..=SAVES)
            .map(|nth| {
                // What goes on after a save, such as drawing, is not to be what the next one waits for.
                std::thread::sleep(Duration::from_millis(300));
                let saved = format!("{text}redis new{nth} x2\n");
                let start = Instant::now();
                save_by_rename(folder.path(), &saved);
                session.wait(|screen| {
                    screen.lines().next().is_some_and(|head| head.ends_with(&format!("save {nth}")))
                });
                start.elapsed()
            })
            .collect();
        took.sort();
        println!("{name}: median {:?}, slowest of {SAVES} {:?}", took[SAVES / 2], took[SAVES - 1]);
    }
}
