//! What is lost, doubled or cannot be found.

mod acknowledged_write_lost;
mod dual_write;
mod lookup_without_index;
mod no_backup;
mod no_unique_constraint;
mod spof_cache_as_store;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &acknowledged_write_lost::RULE,
    &dual_write::RULE,
    &lookup_without_index::RULE,
    &no_backup::RULE,
    &no_unique_constraint::RULE,
    &spof_cache_as_store::RULE,
];
