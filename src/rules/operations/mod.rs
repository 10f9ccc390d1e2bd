//! How people notice, change and repair it.

mod no_monitoring;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&no_monitoring::RULE];
