//! Questions to keep in one's head: the drills of concepts, the follow-up questions of problems, and outages. Pure: what
//! is asked when, and what an answer's grade does to that. Who asks, and where progress is kept, is the command's matter.

mod card;
mod deck;
mod progress;
mod schedule;

pub use card::{Card, cards};
pub use deck::{Today, today};
pub use progress::Progress;
pub use schedule::{Grade, Memory};
