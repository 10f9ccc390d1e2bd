//! What stops growing first.

mod hot_partition;
mod scatter_gather;
mod shard_key_missing;
mod stateful_service_scaled;
mod storage_ceiling;
mod write_ceiling;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &hot_partition::RULE,
    &scatter_gather::RULE,
    &shard_key_missing::RULE,
    &stateful_service_scaled::RULE,
    &storage_ceiling::RULE,
    &write_ceiling::RULE,
];
