//! The last line: how much there was, and of which file.

use petgraph::visit::EdgeRef;

use super::wrap::columns;
use super::{Counts, Style, Wrap, clean};
use crate::design::{Arrow, Design};
use crate::review::Review;

/// `2 errors, 3 warnings, 5 questions        first-try.arch`
pub(super) fn line(review: &Review, style: Style) -> String {
    let counts = Counts::of(review).words();
    let name = clean(&review.source.name);
    let taken = columns(&counts) + columns(&name);
    let gap = if taken + 3 > style.width { "\n".to_string() } else { " ".repeat(style.width - taken) };
    format!("{}{gap}{name}", style.paint().bold(&counts))
}

/// Says of a design that nothing is wrong with it, and what was looked at.
pub(super) fn nothing(review: &Review, style: Style) -> String {
    let design = &review.design;
    let name = clean(&review.source.name);
    if design.graph.edge_count() == 0 {
        let nodes = counted(design.graph.node_count(), "node");
        let text = format!(
            "{name}: {nodes} and no hop, so there is nothing to check yet. Say what calls and what answers, such as \
             `client web`, `service api x2`, `web -> api`."
        );
        return Wrap { width: style.width, first: 0, hang: 2 }.text(&text);
    }
    let off = review.critique.settings.rules.iter().filter(|setting| setting.severity.is_none()).count();
    let looked = format!(
        "{}, {} and {}, looked at by {}",
        counted(design.graph.node_count(), "node"),
        counted(hops(design), "hop"),
        counted(design.flows.len(), "flow"),
        counted(crate::rules::ALL.len() - off, "rule")
    );
    let what =
        if review.critique.accepted.is_empty() { "nothing to report" } else { "nothing else to report" };
    let head = format!("{name}: {what}");
    let text = Wrap { width: style.width, first: columns(&head) + 2, hang: 2 }.text(&looked);
    format!("{}, {text}", style.paint().good(&head))
}

/// A connection is one, whichever ends it is drawn from.
fn hops(design: &Design) -> usize {
    let twice = design.graph.edge_references().filter(|edge| {
        let back = || design.graph.edges_connecting(edge.target(), edge.source());
        edge.weight().arrow == Arrow::Stream
            && edge.source() > edge.target()
            && back().any(|other| other.weight().arrow == Arrow::Stream)
    });
    design.graph.edge_count() - twice.count()
}

/// `1 hop`, `2 hops`
pub(super) fn counted(count: usize, name: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {name}{s}")
}
