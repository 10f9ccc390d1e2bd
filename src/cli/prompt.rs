//! Asking whoever sits there.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::{Trouble, say};
use super::terminal::{Color, for_stdout};
use crate::report::Wrap;
use crate::screen::{Signals, signals};

/// What a shell makes of a program that Ctrl-C ends.
const BROKEN_OFF: i32 = 130;

/// From the first question to the end of the program.
static SIGNALS: OnceLock<Signals> = OnceLock::new();
static ASKING: AtomicBool = AtomicBool::new(false);

/// A signal to end is answered in words. Nothing is held while a question waits.
fn end_politely() {
    SIGNALS.get_or_init(|| {
        signals(|_| {
            let asking = ASKING.load(Ordering::SeqCst);
            say(if asking {
                "\nBroken off: this question has changed nothing.\n"
            } else {
                "\nBroken off.\n"
            });
            std::process::exit(BROKEN_OFF)
        })
    });
}

/// The next line of standard input, without its end; None at the end of it, which is Ctrl-D. Ctrl-C ends the program.
pub fn line(question: &str) -> Result<Option<String>, Trouble> {
    // Before the question is seen, or an answer of Ctrl-C could be too quick for it.
    end_politely();
    ASKING.store(true, Ordering::SeqCst);
    let mut out = stdout().lock();
    // Who is asked by nobody cannot answer: if this cannot be written, the answer will be empty.
    let _ = write!(out, "{question}").and_then(|()| out.flush());
    drop(out);
    let mut bytes = Vec::new();
    let read = stdin().lock().read_until(b'\n', &mut bytes);
    ASKING.store(false, Ordering::SeqCst);
    if read.map_err(|error| Trouble::new(format!("cannot read standard input: {error}")))? == 0 {
        let _ = writeln!(stdout());
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_string()))
}

/// Asks until the answer can be read; what is wrong with one is said. None at the end of input.
pub fn until<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Trouble> {
    loop {
        let Some(line) = line(question)? else { return Ok(None) };
        match read(&line) {
            Ok(value) => return Ok(Some(value)),
            Err(why) => {
                let width = for_stdout(Color::Auto).width;
                let _ = writeln!(stdout(), "{}", Wrap { width, first: 2, hang: 2 }.block(&why));
            }
        }
    }
}

/// Whether somebody says yes; anything else is no.
pub fn yes(question: &str) -> Result<bool, Trouble> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
}
