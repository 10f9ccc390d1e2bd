//! What more load than usual does: herds that all come back at once, and backlogs that have to be caught up with.

mod backlog;
mod burst;
mod consumers;
mod crowd;
mod herd;
mod late;

pub use backlog::{Backlog, Burst, Drain, Full, Use, UsefulFor, backlogs, of_flow, wants};
pub use consumers::{Able, able_to_take, arriving, limit_of_externals};
pub use crowd::{Crowd, Spread};
pub use herd::{Brunt, Herd, Outcome, herds};

use super::figure::{Figure, Missing, Reached};

/// A product of absurd numbers may leave the range of numbers; it is not shown then.
fn finite(figure: Figure) -> Reached {
    if figure.value.is_finite() { Ok(figure) } else { Err(Missing::of("smaller numbers")) }
}
