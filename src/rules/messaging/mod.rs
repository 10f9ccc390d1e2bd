//! What happens to messages.

mod at_most_once_for_kept_data;
mod consumer_not_idempotent;
mod consumers_exceed_partitions;
mod consumers_too_slow;
mod dlq_unwatched;
mod exactly_once_claimed;
mod order_not_kept;
mod queue_no_consumer;
mod queue_no_dlq;
mod queue_no_producer;
mod unbounded_queue;
mod visibility_too_short;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &at_most_once_for_kept_data::RULE,
    &consumer_not_idempotent::RULE,
    &consumers_exceed_partitions::RULE,
    &consumers_too_slow::RULE,
    &dlq_unwatched::RULE,
    &exactly_once_claimed::RULE,
    &order_not_kept::RULE,
    &queue_no_consumer::RULE,
    &queue_no_dlq::RULE,
    &queue_no_producer::RULE,
    &unbounded_queue::RULE,
    &visibility_too_short::RULE,
];
