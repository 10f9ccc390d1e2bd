//! A terminal with a program in it, and somebody who reads along and presses keys.

// Each test is a program of its own and uses some of this.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// As long as a loaded machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a program in it, and somebody who reads along.
pub struct Session {
    pub master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    pub seen: Arc<Mutex<Seen>>,
}

pub struct Seen {
    pub screen: vt100::Parser,
    pub bytes: Vec<u8>,
}

impl Session {
    pub fn start(program: &Path, args: &[&str], folder: &Path, size: (u16, u16)) -> Session {
        Session::with(program, args, folder, size, &[])
    }

    /// The same with some of the environment set.
    pub fn with(
        program: &Path,
        args: &[&str],
        folder: &Path,
        (rows, cols): (u16, u16),
        set: &[(&str, &str)],
    ) -> Session {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        for name in ["NO_COLOR", "COLUMNS", "LINES"] {
            command.env_remove(name);
        }
        for (name, value) in set {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen =
            Arc::new(Mutex::new(Seen { screen: vt100::Parser::new(rows, cols, 0), bytes: Vec::new() }));
        let (mut output, reads) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let mut seen = reads.lock().unwrap();
                seen.screen.process(&buffer[..read]);
                seen.bytes.extend_from_slice(&buffer[..read]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Session { master: pair.master, keys, child, seen }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().screen.screen().contents()
    }

    pub fn is_alternate(&self) -> bool {
        self.seen.lock().unwrap().screen.screen().alternate_screen()
    }

    /// How long it took until a screen was seen that is as wanted.
    #[track_caller]
    pub fn wait(&self, wanted: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        while !wanted(&self.screen()) {
            assert!(start.elapsed() < PATIENCE, "still:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(1));
        }
        start.elapsed()
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Duration {
        self.wait(|screen| screen.contains(text))
    }

    /// Its exit status, after everything that it wrote has been read.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "does not end:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        };
        let start = Instant::now();
        while self.is_alternate() && start.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
        }
        status.exit_code()
    }

    /// The terminal is as it was: its first screen, a cursor, lines that wrap, keys that are echoed.
    #[track_caller]
    pub fn is_restored(&self) {
        let seen = self.seen.lock().unwrap();
        let screen = seen.screen.screen();
        assert!(!screen.alternate_screen());
        assert!(!screen.hide_cursor());
        let written = String::from_utf8_lossy(&seen.bytes).into_owned();
        let last = |sequence: &str| written.rfind(sequence).map_or(-1, |at| at as isize);
        assert!(last("\u{1b}[?7h") > last("\u{1b}[?7l"), "lines wrap again");
        assert!(last("\u{1b}[?2026l") > last("\u{1b}[?2026h"), "nothing is held back");
        drop(seen);
        let modes = self.master.get_termios().expect("a terminal has modes");
        let modes = format!("{:?}", modes.local_flags);
        for mode in ["ECHO", "ICANON", "ISIG"] {
            let is_mode = |word: &str| word == mode;
            assert!(modes.split(|c: char| !c.is_ascii_alphanumeric()).any(is_mode), "{mode} in {modes}");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
