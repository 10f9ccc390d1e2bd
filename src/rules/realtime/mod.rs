//! Connections that stay open.

mod no_heartbeat;
mod presence_write_amplification;
mod push_before_persist;
mod reconnect_storm;
mod slow_consumer;
mod ws_lost_message_gap;
mod ws_no_cross_node_bus;
mod ws_no_registry;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &no_heartbeat::RULE,
    &presence_write_amplification::RULE,
    &push_before_persist::RULE,
    &reconnect_storm::RULE,
    &slow_consumer::RULE,
    &ws_lost_message_gap::RULE,
    &ws_no_cross_node_bus::RULE,
    &ws_no_registry::RULE,
];
