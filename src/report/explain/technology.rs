//! The page of a technology.

use super::set::Page;
use crate::catalog::{Technology, catalog};
use crate::report::Style;
use crate::units::{show_duration, show_rate};

pub(super) fn page_of(technology: &Technology, style: Style) -> String {
    let page = Page(style);
    let kinds: Vec<&str> = technology.kinds.iter().map(|kind| kind.name()).collect();
    let mut parts = vec![format!(
        "{}  {}, {}\n{}",
        style.paint().bold(&technology.id),
        technology.title,
        catalog().kind(technology.kind()).a,
        page.prose(&technology.note)
    )];
    if kinds.len() > 1 {
        let others = kinds[1..].join(", ");
        parts.push(
            page.section("It can also be", &format!("{others} (`{} x tech={}`)", kinds[1], technology.id)),
        );
    }
    if !technology.aliases.is_empty() {
        parts.push(page.section("Also written", &technology.aliases.join(", ")));
    }
    let mut facts: Vec<String> = Vec::new();
    let mut fact =
        |name: &str, value: Option<&str>| facts.extend(value.map(|value| format!("{name:<13} {value}")));
    fact("data model", technology.model.as_deref());
    fact("managed", technology.managed.then_some("by its vendor: one instance is no finding"));
    fact("delivery", technology.delivery.as_deref());
    fact("order", technology.order.as_deref());
    fact("replay", technology.replay.map(|replay| if replay { "yes" } else { "no" }));
    fact("dead letters", technology.dead_letters.as_deref());
    fact("consumers", technology.shares.as_ref().map(|shares| format!("share {shares}")).as_deref());
    fact(
        "redelivers",
        technology.redelivers_after.map(|after| format!("after {}", show_duration(after))).as_deref(),
    );
    fact("more time", technology.renews.then_some("is asked for by its client libraries"));
    fact("pings", technology.pings.then_some("are sent by both sides by themselves"));
    fact("backlog", technology.backlog.as_ref().map(|place| format!("fills {place}")).as_deref());
    fact("when full", technology.blocks_producers.then_some("producers wait"));
    fact("replication", technology.replication.as_deref());
    fact("durability", technology.durability.as_deref());
    fact("failover", technology.failover.as_deref());
    fact("placement", technology.placement.as_deref());
    fact("two writes", technology.settles.as_deref());
    fact("eviction", technology.eviction.as_deref());
    fact("misses", technology.merges_misses.then_some("of one entry at once are one load"));
    fact("elects", technology.votes.then_some("a leader, by majority"));
    fact("faces", technology.faces_clients.then_some("browsers and devices, with access rules of its own"));
    fact("at rest", technology.encrypted.then_some("encrypted unless told not to"));
    fact("runs", technology.embedded.then_some("in its caller's process, on its caller's machine"));
    fact("all unhealthy", technology.fails_open.then_some("it sends to all of them"));
    if !facts.is_empty() {
        parts.push(page.code("What the rules know of it", &facts.join("\n")));
    }
    if let Some(capacity) = &technology.capacity {
        let text = format!(
            "{} for one instance (grade {:?}: {})",
            show_rate(capacity.value),
            capacity.grade,
            capacity.source
        );
        parts.push(page.section("Capacity, where a design states none", &text));
    }
    if let Some(limit) = &technology.one_partition {
        let text = format!("{} (grade {:?}: {})", show_rate(limit.value), limit.grade, limit.source);
        parts.push(page.section("What one partition takes", &text));
    }
    if let Some(availability) = &technology.availability {
        let percent = (availability.value * 100_000_000.0).round() / 1_000_000.0;
        let text = format!("{percent}% (grade {:?}: {})", availability.grade, availability.source);
        parts.push(page.section("Availability, where a design states none", &text));
    }
    parts.join("\n\n")
}
