//! What stops growing first.

mod fanout_on_write_celebrity;
mod figures_disagree;
mod hot_partition;
mod scatter_gather;
mod shard_key_missing;
mod stateful_service_scaled;
mod storage_ceiling;
mod write_amplified_by_indexes;
mod write_ceiling;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &fanout_on_write_celebrity::RULE,
    &figures_disagree::RULE,
    &hot_partition::RULE,
    &scatter_gather::RULE,
    &shard_key_missing::RULE,
    &stateful_service_scaled::RULE,
    &storage_ceiling::RULE,
    &write_amplified_by_indexes::RULE,
    &write_ceiling::RULE,
];
