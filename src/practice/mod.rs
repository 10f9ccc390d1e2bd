//! Practising: what a session remembers and what it says next. Pure: the clock, files and the terminal are the command's.

pub mod ask;
mod attempt;
mod brief;
mod changes;
pub mod drill;
mod event;
pub mod flaw;
pub mod follow_up;
pub mod hint;
pub mod mutate;
mod nearest;
mod next;
mod phase;
mod progress;
pub mod reference;
mod state;
#[cfg(test)]
pub mod testing;
mod when;

pub use attempt::{Attempt, fingerprint};
pub use brief::brief;
pub use changes::{Changes, changes};
pub use event::{Earned, Event, Standing, What};
pub use nearest::{Difference, Link, Sides, difference, nearest};
pub use next::{Next, next};
pub use phase::{Phases, phases};
pub use progress::{Best, Progress, Strength, Tried, progress};
pub use state::State;
