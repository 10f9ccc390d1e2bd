//! What stops growing first.

mod analytics_on_primary;
mod broadcast_to_all;
mod hot_partition;
mod no_headroom_after_zone_loss;
mod one_counter;
mod over_capacity;
mod reads_outgrow_primary;
mod stateful_service_scaled;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &analytics_on_primary::RULE,
    &broadcast_to_all::RULE,
    &hot_partition::RULE,
    &no_headroom_after_zone_loss::RULE,
    &one_counter::RULE,
    &over_capacity::RULE,
    &reads_outgrow_primary::RULE,
    &stateful_service_scaled::RULE,
];
