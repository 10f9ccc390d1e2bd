//! What is more than the task needs.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
