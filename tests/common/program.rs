//! The program, run as somebody would run it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub const SPOF: &str = env!("CARGO_BIN_EXE_spof");

pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// How it ended, what it printed, and what it said beside.
    pub fn said(&self) -> (i32, &str, &str) {
        (self.status, &self.out, &self.err)
    }
}

/// How it ended, by itself, and what it said.
pub fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    let status = output.status.code().expect("it ends by itself");
    Ran { status, out: text(output.stdout), err: text(output.stderr) }
}

/// Nothing on standard input, and lines as wide as where nobody says how wide.
pub fn command(folder: impl AsRef<Path>, args: &[&str]) -> Command {
    let mut command = Command::new(SPOF);
    command.args(args).current_dir(folder).env_remove("COLUMNS").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

pub fn spof(folder: impl AsRef<Path>, args: &[&str]) -> Ran {
    ran(command(folder, args).output().expect("it runs"))
}

/// With this on standard input.
pub fn fed(folder: impl AsRef<Path>, args: &[&str], input: &[u8]) -> Ran {
    feed(&mut command(folder, args), input)
}

pub fn feed(command: &mut Command, input: &[u8]) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("it runs");
    // Who is refused, or asks nothing, reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(input);
    ran(child.wait_with_output().expect("it ends"))
}

/// A folder with some files in it, and in folders below.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}
