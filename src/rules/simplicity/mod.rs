//! What is more than the task needs.

mod broker_for_a_trickle;
mod cache_not_needed;
mod pass_through_service;
mod polyglot_storage;
mod premature_microservices;
mod redundant_brokers;
mod regions_not_needed;
mod sharding_not_needed;
mod strong_consistency_overkill;
mod unused_component;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &broker_for_a_trickle::RULE,
    &cache_not_needed::RULE,
    &pass_through_service::RULE,
    &polyglot_storage::RULE,
    &premature_microservices::RULE,
    &redundant_brokers::RULE,
    &regions_not_needed::RULE,
    &sharding_not_needed::RULE,
    &strong_consistency_overkill::RULE,
    &unused_component::RULE,
];
