//! What is lost, doubled or cannot be found.

mod acknowledged_write_lost;
mod dual_write;
mod file_in_database;
mod id_space_too_small;
mod lookup_without_index;
mod lost_update;
mod multi_writer_no_conflict_rule;
mod no_backup;
mod no_retention;
mod no_unique_constraint;
mod read_your_writes;
mod repair_storm;
mod search_as_source_of_truth;
mod shared_database;
mod spof_cache_as_store;
mod stale_read_decides;
mod transaction_across_services;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &acknowledged_write_lost::RULE,
    &dual_write::RULE,
    &file_in_database::RULE,
    &id_space_too_small::RULE,
    &lookup_without_index::RULE,
    &lost_update::RULE,
    &multi_writer_no_conflict_rule::RULE,
    &no_backup::RULE,
    &no_retention::RULE,
    &no_unique_constraint::RULE,
    &read_your_writes::RULE,
    &repair_storm::RULE,
    &search_as_source_of_truth::RULE,
    &shared_database::RULE,
    &spof_cache_as_store::RULE,
    &stale_read_decides::RULE,
    &transaction_across_services::RULE,
];
