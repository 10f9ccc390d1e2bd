//! What one ordinary fault takes down.

mod availability_out_of_reach;
mod backup_beside_store;
mod backup_never_restored;
mod blind_monitoring;
mod control_plane_in_data_path;
mod external_hard_dependency;
mod failover_target_incomplete;
mod failover_too_small;
mod lone_worker;
mod more_needed_than_there_are;
mod no_failover;
mod no_load_balancer;
mod quorum_in_one_domain;
mod quorum_of_two;
mod recovery_needs_victim;
mod rpo_not_met;
mod rto_not_met;
mod scheduler_runs_twice;
mod shared_coordinator;
mod shared_fate;
mod spof_broker;
mod spof_compute;
mod spof_coordinator;
mod spof_datastore;
mod spof_zone;
mod startup_cycle;
mod unsafe_failover;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &availability_out_of_reach::RULE,
    &backup_beside_store::RULE,
    &backup_never_restored::RULE,
    &blind_monitoring::RULE,
    &control_plane_in_data_path::RULE,
    &external_hard_dependency::RULE,
    &failover_target_incomplete::RULE,
    &failover_too_small::RULE,
    &lone_worker::RULE,
    &more_needed_than_there_are::RULE,
    &no_failover::RULE,
    &no_load_balancer::RULE,
    &quorum_in_one_domain::RULE,
    &quorum_of_two::RULE,
    &recovery_needs_victim::RULE,
    &rpo_not_met::RULE,
    &rto_not_met::RULE,
    &scheduler_runs_twice::RULE,
    &shared_coordinator::RULE,
    &shared_fate::RULE,
    &spof_broker::RULE,
    &spof_compute::RULE,
    &spof_coordinator::RULE,
    &spof_datastore::RULE,
    &spof_zone::RULE,
    &startup_cycle::RULE,
    &unsafe_failover::RULE,
];
