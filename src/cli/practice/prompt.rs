//! Asking whoever sits there.

use std::io::{BufRead, Write, stdin, stdout};

use crate::cli::output::Trouble;

/// The next line of standard input, without its end; None at the end of it, which is Ctrl-D. Ctrl-C ends the program, as
/// anywhere: nothing is held and nothing half done while it waits.
pub fn line(question: &str) -> Result<Option<String>, Trouble> {
    let mut out = stdout().lock();
    // Who is asked by nobody cannot answer: if this cannot be written, the answer will be empty.
    let _ = write!(out, "{question}").and_then(|()| out.flush());
    drop(out);
    let mut bytes = Vec::new();
    let read = stdin()
        .lock()
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Trouble::new(format!("cannot read standard input: {error}")))?;
    if read == 0 {
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
                let _ = writeln!(stdout(), "  {}", crate::report::clean(&why));
            }
        }
    }
}

/// Whether somebody says yes; anything else is no.
pub fn yes(question: &str) -> Result<bool, Trouble> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
}
