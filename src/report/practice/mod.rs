//! A practice session, for whoever sits before it.

mod ask;
mod drill;
mod finish;
mod flaw;
mod hint;
mod list;
mod progress;
mod reveal;
mod words;

pub use ask::{answer, not_understood, topics};
pub use drill::{flows, lost, marked, nodes, question};
pub use finish::finish;
pub use flaw::{puzzle, spotted};
pub use hint::{follow_up, hint, no_hint, rest};
pub use list::list;
pub use progress::{next, progress};
pub use reveal::{Shown, reveal};
pub use words::{clock, counts, footer, minutes, standing, start};
