//! How one slow or failing part takes the others with it.

mod no_timeout;
mod retry_storm;
mod sync_chain_deep;
mod sync_cycle;

use super::Rule;

pub(super) static RULES: &[&Rule] =
    &[&no_timeout::RULE, &retry_storm::RULE, &sync_chain_deep::RULE, &sync_cycle::RULE];
