//! Databases of which one instance takes all writes and keeps everything.

use crate::design::Node;

/// How many parts each have a primary of their own: its shards, one if it has none; None where rows or writes spread by
/// themselves, or a vendor grows it.
pub fn primaries(node: &Node) -> Option<f64> {
    let spreads = node.tech.is_some_and(|tech| tech.placement.is_some() || tech.managed);
    // Any member takes a write and agrees with the others, as CockroachDB's kin do.
    let agrees = node.tech.is_some_and(|tech| {
        tech.model.as_deref() == Some("relational") && tech.replication.as_deref() == Some("quorum")
    });
    if spreads || agrees || node.is_managed() || node.attrs.has("conflict") {
        return None;
    }
    Some(node.attrs.number("shards").value().unwrap_or(1.0).max(1.0))
}
