//! Who decides by majority, and how many must agree.

use crate::catalog::Kind;
use crate::design::Node;

/// How many members vote on one decision; None of what does not decide by majority.
///
/// Data is decided on by its copies, however many machines they are spread over; machines of a sharded store by those of
/// each shard.
pub fn voters(node: &Node) -> Option<u64> {
    let attrs = &node.attrs;
    let count = |name: &str| attrs.number(name).value().map(|count| count as u64);
    let members = count("copies").unwrap_or_else(|| {
        let shards = count("shards").filter(|&shards| shards > 0).unwrap_or(1);
        (node.instances / shards).max(1)
    });
    let stated = attrs.has("quorum") && count("quorum").is_none_or(|quorum| quorum > members / 2);
    let too_few = count("quorum").is_some_and(|quorum| quorum <= members / 2);
    let by_copies = attrs.has("copies") && attrs.text("replication").value() == Some("quorum");
    let by_technology = node.tech.is_some_and(|tech| tech.votes) && !attrs.has("replica_of");
    let by_kind = node.tech.is_none() && node.kind == Kind::Lock;
    (!too_few && (stated || by_copies || by_technology || by_kind)).then_some(members)
}

/// How many of so many members must agree: what is stated, and a majority at least.
pub fn majority_of(node: &Node, members: u64) -> u64 {
    let stated = node.attrs.number("quorum").value().map_or(0, |quorum| quorum as u64);
    stated.max(members / 2 + 1)
}
