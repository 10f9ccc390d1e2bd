//! What callers may do twice, and what they get.

mod retry_of_unsafe_call;
mod write_api_not_idempotent;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&retry_of_unsafe_call::RULE, &write_api_not_idempotent::RULE];
