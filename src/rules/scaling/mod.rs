//! What stops growing first.

mod figures_disagree;
mod hot_partition;
mod stateful_service_scaled;

use super::Rule;

pub(super) static RULES: &[&Rule] =
    &[&figures_disagree::RULE, &hot_partition::RULE, &stateful_service_scaled::RULE];
