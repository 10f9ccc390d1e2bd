//! What caches hide until they are cold, full, gone or wrong.

mod cache_expires_at_once;
mod cache_hard_dependency;
mod cache_key_no_tenant;
mod cache_loss_overloads_store;
mod cache_no_eviction;
mod cache_no_ttl;
mod cache_single;
mod cache_stampede;
mod cache_written_beside_store;
mod cdn_caches_private;
mod error_empties_cache;
mod negative_lookups_uncached;
mod pointless_cache;

use super::Rule;

pub(super) static RULES: &[&Rule] = &[
    &cache_expires_at_once::RULE,
    &cache_hard_dependency::RULE,
    &cache_key_no_tenant::RULE,
    &cache_loss_overloads_store::RULE,
    &cache_no_eviction::RULE,
    &cache_no_ttl::RULE,
    &cache_single::RULE,
    &cache_stampede::RULE,
    &cache_written_beside_store::RULE,
    &cdn_caches_private::RULE,
    &error_empties_cache::RULE,
    &negative_lookups_uncached::RULE,
    &pointless_cache::RULE,
];
