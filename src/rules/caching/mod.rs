//! What caches hide until they are cold.

mod cache_loss_overloads_store;
mod cache_no_ttl;
mod cache_stampede;

use super::Rule;

pub(super) static RULES: &[&Rule] =
    &[&cache_loss_overloads_store::RULE, &cache_no_ttl::RULE, &cache_stampede::RULE];
