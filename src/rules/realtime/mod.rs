//! Connections that stay open.

mod ws_lost_message_gap;
mod ws_no_cross_node_bus;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&ws_lost_message_gap::RULE, &ws_no_cross_node_bus::RULE];
