//! What is lost, doubled or cannot be found.

mod dual_write;
mod lookup_without_index;
mod no_backup;
mod spof_cache_as_store;

use super::Rule;

pub(super) static RULES: &[&Rule] =
    &[&dual_write::RULE, &lookup_without_index::RULE, &no_backup::RULE, &spof_cache_as_store::RULE];
