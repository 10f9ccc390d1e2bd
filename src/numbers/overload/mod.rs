//! What too much load does: whether retries keep a node down once it has failed, whose threads a hanging call takes, herds
//! that all come back at once, and backlogs that have to be caught up with.

mod absorb;
mod attempts;
mod backlog;
mod burst;
mod circles;
mod consumers;
mod crowd;
mod failing;
mod fence;
mod herd;
mod late;
mod retries;
mod threads;

pub use attempts::{Chain, Chains, Mean, Stop, nobody_retries, tries};
pub use backlog::{Backlog, Burst, Drain, Full, Use, UsefulFor, backlogs, of_flow, wants};
pub use consumers::{Able, able_to_take, arriving, limit_of_externals};
pub use crowd::{Crowd, Spread};
pub use fence::Fence;
pub use herd::{Brunt, Herd, Outcome, herds};
pub use retries::{Retries, Verdict, retries};
pub use threads::{Hold, hold, is_fenced, threads};

use super::figure::{Figure, Missing, Reached};

/// A product of absurd numbers may leave the range of numbers; it is not shown then.
fn finite(figure: Figure) -> Reached {
    if figure.value.is_finite() { Ok(figure) } else { Err(Missing::of("smaller numbers")) }
}
