//! What stops growing first.

mod hot_partition;
mod stateful_service_scaled;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&hot_partition::RULE, &stateful_service_scaled::RULE];
