//! A full screen in a terminal: a page that scrolls, the keys that are pressed, and everything put back at the end.
//!
//! `frame` is pure: a page and a size in, lines out. `Terminal` shows lines and restores what was there, `listen` tells of keys,
//! new sizes and signals. Whoever uses them keeps a loop of its own, so that a page may have more keys, lines and panes than
//! another. The only files that know crossterm and signal-hook are here.

mod fit;
mod input;
mod page;
mod terminal;

pub use fit::fit;
pub use input::{Input, Inputs, Key, Signals, listen, signals};
pub use page::{Page, frame};
pub use terminal::Terminal;

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}
