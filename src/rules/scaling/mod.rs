//! What stops growing first.

mod analytics_on_primary;
mod bandwidth_shortfall;
mod broadcast_to_all;
mod fanout_on_write_celebrity;
mod figures_disagree;
mod grows_with_fleet;
mod herd_overloads;
mod hot_partition;
mod no_headroom_after_zone_loss;
mod one_counter;
mod over_capacity;
mod reads_outgrow_primary;
mod scatter_gather;
mod shard_key_missing;
mod stateful_service_scaled;
mod storage_ceiling;
mod working_set_exceeds_memory;
mod write_amplified_by_indexes;
mod write_ceiling;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &analytics_on_primary::RULE,
    &bandwidth_shortfall::RULE,
    &broadcast_to_all::RULE,
    &fanout_on_write_celebrity::RULE,
    &figures_disagree::RULE,
    &grows_with_fleet::RULE,
    &herd_overloads::RULE,
    &hot_partition::RULE,
    &no_headroom_after_zone_loss::RULE,
    &one_counter::RULE,
    &over_capacity::RULE,
    &reads_outgrow_primary::RULE,
    &scatter_gather::RULE,
    &shard_key_missing::RULE,
    &stateful_service_scaled::RULE,
    &storage_ceiling::RULE,
    &working_set_exceeds_memory::RULE,
    &write_amplified_by_indexes::RULE,
    &write_ceiling::RULE,
];
