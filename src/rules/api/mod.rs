//! What callers may do twice, and what they get.

mod chatty_calls;
mod key_kept_nowhere;
mod large_body_through_service;
mod long_work_in_request;
mod offset_pagination_deep;
mod permanent_redirect;
mod retry_of_unsafe_call;
mod unbounded_answer;
mod webhook_answers_late;
mod write_api_not_idempotent;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &chatty_calls::RULE,
    &key_kept_nowhere::RULE,
    &large_body_through_service::RULE,
    &long_work_in_request::RULE,
    &offset_pagination_deep::RULE,
    &permanent_redirect::RULE,
    &retry_of_unsafe_call::RULE,
    &unbounded_answer::RULE,
    &webhook_answers_late::RULE,
    &write_api_not_idempotent::RULE,
];
