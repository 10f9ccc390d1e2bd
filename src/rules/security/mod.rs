//! What anybody may do who should not.

mod datastore_public;
mod guessable_ids;
mod limit_by_nobody;
mod no_object_check;
mod no_rate_limit;
mod noisy_neighbour;
mod pii_in_events;
mod pii_never_deleted;
mod pii_unencrypted;
mod plaintext_transport;
mod private_files_open;
mod public_no_authn;
mod ssrf_surface;
mod tenant_not_isolated;
mod token_never_dies;
mod upload_unscanned;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &datastore_public::RULE,
    &guessable_ids::RULE,
    &limit_by_nobody::RULE,
    &no_object_check::RULE,
    &no_rate_limit::RULE,
    &noisy_neighbour::RULE,
    &pii_in_events::RULE,
    &pii_never_deleted::RULE,
    &pii_unencrypted::RULE,
    &plaintext_transport::RULE,
    &private_files_open::RULE,
    &public_no_authn::RULE,
    &ssrf_surface::RULE,
    &tenant_not_isolated::RULE,
    &token_never_dies::RULE,
    &upload_unscanned::RULE,
];
