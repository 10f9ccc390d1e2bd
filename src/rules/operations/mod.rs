//! How people notice, change and repair it.

mod deploy_all_at_once;
mod global_push;
mod lock_no_fencing;
mod no_alert;
mod no_audit_log;
mod no_drain;
mod no_health_check;
mod no_lag_alert;
mod no_monitoring;
mod no_trace;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &deploy_all_at_once::RULE,
    &global_push::RULE,
    &lock_no_fencing::RULE,
    &no_alert::RULE,
    &no_audit_log::RULE,
    &no_drain::RULE,
    &no_health_check::RULE,
    &no_lag_alert::RULE,
    &no_monitoring::RULE,
    &no_trace::RULE,
];
