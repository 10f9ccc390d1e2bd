//! What anybody may do who should not.

mod datastore_public;
mod no_rate_limit;
mod public_no_authn;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[&datastore_public::RULE, &no_rate_limit::RULE, &public_no_authn::RULE];
