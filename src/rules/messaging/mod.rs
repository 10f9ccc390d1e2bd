//! What happens to messages.

mod acks_before_copies;
mod at_most_once_for_kept_data;
mod backlog_outlives_its_use;
mod burst_delays_others;
mod consumer_not_idempotent;
mod consumers_exceed_partitions;
mod consumers_too_slow;
mod derived_store_no_rebuild;
mod dlq_unwatched;
mod effect_before_record;
mod every_instance_takes_it;
mod exactly_once_claimed;
mod one_partition_carries_all;
mod order_not_kept;
mod producer_blocks_on_broker;
mod queue_in_request;
mod queue_no_consumer;
mod queue_no_dlq;
mod queue_no_producer;
mod shared_queue_splits_messages;
mod unbounded_queue;
mod visibility_too_short;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &acks_before_copies::RULE,
    &at_most_once_for_kept_data::RULE,
    &backlog_outlives_its_use::RULE,
    &burst_delays_others::RULE,
    &consumer_not_idempotent::RULE,
    &consumers_exceed_partitions::RULE,
    &consumers_too_slow::RULE,
    &derived_store_no_rebuild::RULE,
    &dlq_unwatched::RULE,
    &effect_before_record::RULE,
    &every_instance_takes_it::RULE,
    &exactly_once_claimed::RULE,
    &one_partition_carries_all::RULE,
    &order_not_kept::RULE,
    &producer_blocks_on_broker::RULE,
    &queue_in_request::RULE,
    &queue_no_consumer::RULE,
    &queue_no_dlq::RULE,
    &queue_no_producer::RULE,
    &shared_queue_splits_messages::RULE,
    &unbounded_queue::RULE,
    &visibility_too_short::RULE,
];
