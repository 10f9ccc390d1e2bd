//! How people notice, change and repair it.

mod global_push;
mod no_monitoring;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&global_push::RULE, &no_monitoring::RULE];
