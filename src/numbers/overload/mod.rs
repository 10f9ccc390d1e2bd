//! What too much load does: whether retries keep a node down once it has failed, and whose threads a hanging call takes.

mod absorb;
mod attempts;
mod circles;
mod failing;
mod fence;
mod retries;
mod threads;

pub use attempts::{Chain, Chains, Mean, Stop, nobody_retries, tries};
pub use fence::Fence;
pub use retries::{Retries, Verdict, retries};
pub use threads::{Hold, hold, is_fenced, threads};
