//! What happens to messages.

mod at_most_once_for_kept_data;
mod consumer_not_idempotent;
mod queue_no_consumer;
mod queue_no_dlq;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &at_most_once_for_kept_data::RULE,
    &consumer_not_idempotent::RULE,
    &queue_no_consumer::RULE,
    &queue_no_dlq::RULE,
];
