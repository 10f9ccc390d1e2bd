//! How one slow or failing part takes the others with it.

mod connection_exhaustion;
mod health_check_cascades;
mod latency_budget_exceeded;
mod no_bulkhead;
mod no_circuit_breaker;
mod no_load_shedding;
mod no_timeout;
mod optional_work_in_path;
mod retries_keep_it_down;
mod retry_no_backoff;
mod retry_storm;
mod sync_chain_deep;
mod sync_cycle;
mod thread_hold;
mod timeout_exceeds_budget;
mod timeout_inversion;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &connection_exhaustion::RULE,
    &health_check_cascades::RULE,
    &latency_budget_exceeded::RULE,
    &no_bulkhead::RULE,
    &no_circuit_breaker::RULE,
    &no_load_shedding::RULE,
    &no_timeout::RULE,
    &optional_work_in_path::RULE,
    &retries_keep_it_down::RULE,
    &retry_no_backoff::RULE,
    &retry_storm::RULE,
    &sync_chain_deep::RULE,
    &sync_cycle::RULE,
    &thread_hold::RULE,
    &timeout_exceeds_budget::RULE,
    &timeout_inversion::RULE,
];
