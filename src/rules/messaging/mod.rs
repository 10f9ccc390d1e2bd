//! What happens to messages.

mod at_most_once_for_kept_data;
mod consumer_not_idempotent;
mod consumers_exceed_partitions;
mod dlq_unwatched;
mod exactly_once_claimed;
mod queue_no_consumer;
mod queue_no_dlq;
mod queue_no_producer;
mod visibility_too_short;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &at_most_once_for_kept_data::RULE,
    &consumer_not_idempotent::RULE,
    &consumers_exceed_partitions::RULE,
    &dlq_unwatched::RULE,
    &exactly_once_claimed::RULE,
    &queue_no_consumer::RULE,
    &queue_no_dlq::RULE,
    &queue_no_producer::RULE,
    &visibility_too_short::RULE,
];
