//! What callers may do twice, and what they get.

mod write_api_not_idempotent;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&write_api_not_idempotent::RULE];
