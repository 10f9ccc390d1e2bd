//! The terminal while it is ours: everything that is changed about it is put back, however the program ends.

use std::io::{Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::Size;

/// Whether there is something to put back: only once, or a panic's message would be written over.
static OPEN: AtomicBool = AtomicBool::new(false);
static PANICS: Once = Once::new();

/// Where a terminal does not say.
const USUAL: Size = Size { width: 80, height: 24 };

/// The other screen of a terminal, without cursor, keys as they are pressed. One at a time; dropped, the terminal is as
/// before.
#[derive(Debug)]
pub struct Terminal {
    shown: Vec<String>,
    /// What is on the screen is not known to be `shown`.
    stale: bool,
}

impl Terminal {
    /// An error where there is no terminal.
    pub fn open() -> std::io::Result<Terminal> {
        PANICS.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        OPEN.store(true, Ordering::SeqCst);
        let terminal = Terminal { shown: Vec::new(), stale: true };
        execute!(stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(terminal)
    }

    pub fn size(&self) -> Size {
        match size() {
            Ok((width, height)) if width > 0 && height > 0 => {
                Size { width: width.into(), height: height.into() }
            }
            _ => USUAL,
        }
    }

    /// The next `show` writes every line: the terminal has another size, or somebody else wrote on it.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Shows lines, each at most as wide as the screen: what changed, in one write, at once where the terminal can.
    pub fn show(&mut self, lines: &[String]) -> std::io::Result<()> {
        let frame = self.update(lines)?;
        // A panic elsewhere has put everything back: its message stays.
        if !frame.is_empty() && OPEN.load(Ordering::SeqCst) {
            let mut out = stdout().lock();
            out.write_all(&frame)?;
            out.flush()?;
        }
        Ok(())
    }

    /// What has to be written for these lines to stand there.
    fn update(&mut self, lines: &[String]) -> std::io::Result<Vec<u8>> {
        if !self.stale && self.shown == lines {
            return Ok(Vec::new());
        }
        let mut out = Vec::new();
        queue!(out, BeginSynchronizedUpdate)?;
        if self.stale {
            queue!(out, MoveTo(0, 0), Clear(ClearType::All))?;
            self.shown.clear();
        }
        for row in 0..lines.len().max(self.shown.len()) {
            let line = lines.get(row).map_or("", String::as_str);
            if self.shown.get(row).is_some_and(|shown| shown == line) {
                continue;
            }
            let Ok(at) = u16::try_from(row) else { break };
            // Cleared before it is written: after a line that is full, the cursor still stands on its last column.
            queue!(out, MoveTo(0, at), Clear(ClearType::UntilNewLine))?;
            out.extend_from_slice(line.as_bytes());
        }
        queue!(out, EndSynchronizedUpdate)?;
        self.shown = lines.to_vec();
        self.stale = false;
        Ok(out)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// If the terminal itself is gone, there is nothing to restore.
fn restore() {
    if OPEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), EndSynchronizedUpdate, Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::Terminal;

    fn written(terminal: &mut Terminal, lines: &[&str]) -> String {
        let lines: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        String::from_utf8(terminal.update(&lines).unwrap()).unwrap()
    }

    #[test]
    fn only_lines_that_changed_are_written_and_all_at_once() {
        let mut terminal = Terminal { shown: Vec::new(), stale: true };
        let first = written(&mut terminal, &["a", "b"]);
        assert!(first.starts_with("\u{1b}[?2026h") && first.ends_with("\u{1b}[?2026l"), "{first:?}");
        assert!(first.contains("\u{1b}[2J"));
        assert_eq!(written(&mut terminal, &["a", "b"]), "");
        let second = written(&mut terminal, &["a", "c"]);
        assert_eq!(second, "\u{1b}[?2026h\u{1b}[2;1H\u{1b}[Kc\u{1b}[?2026l");
        assert_eq!(written(&mut terminal, &["a"]), "\u{1b}[?2026h\u{1b}[2;1H\u{1b}[K\u{1b}[?2026l");
        terminal.forget();
        assert!(written(&mut terminal, &["a"]).contains("\u{1b}[2J"));
    }
}
