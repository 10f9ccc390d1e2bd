//! The page of a name: a rule, a statement, a kind, an attribute, a technology, a concept or a problem. Made from what the
//! checker itself reads, so that no page can say otherwise.

mod attribute;
mod concept;
mod find;
mod index;
mod kind;
mod problem;
mod rule;
mod search;
mod set;
mod technology;
mod topic;

pub use index::index;
pub use search::search;
pub(super) use set::Page;

use super::{Style, Wrap};
use crate::catalog::nearest;
use crate::concepts::Concept;
use topic::{Topic, listed};

/// The page of a name, of what it is called by habit, or of what a question is about, and what else is called so; where
/// several things have the name with equal right, a list of them. Otherwise the nearest name there is.
///
/// The name of a group (`attributes`, `kinds`) has all of it listed. A word for what is meant may stand before the name: `attribute:ttl`, `attribute ttl`.
pub fn explain(name: &str, style: Style) -> Result<String, Option<&'static str>> {
    let found = find::find(name);
    let text = match (&found.named[..], &found.also[..]) {
        ([], []) => {
            return index::listing(name, style).ok_or_else(|| nearest(name.trim(), find::names()));
        }
        ([one], []) | ([], [one]) => page(*one, found.name, style),
        ([one], also) => {
            format!(
                "{}\n\n{}",
                page(*one, found.name, style),
                listed("Also called so", also, found.name, style)
            )
        }
        (named, also) => {
            let all: Vec<Topic> = named.iter().chain(also).copied().collect();
            listed(&format!("`{}` is {} things", found.name, all.len()), &all, found.name, style)
        }
    };
    Ok(format!("{text}\n"))
}

/// A concept's page, without its drill's answer being kept back.
pub fn concept(concept: &Concept, style: Style) -> String {
    concept::page_of(concept, style)
}

/// A topic's page; over an attribute's, how it is written, where people write it otherwise.
fn page(topic: Topic, name: &str, style: Style) -> String {
    let page = topic.page(style);
    let Topic::Attribute(attribute) = topic else { return page };
    let Some((synonym, word)) = topic::habit(attribute, name) else { return page };
    let why = synonym.why.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    let text = format!("`{word}` of {} is written `{}` here.{why}", synonym.on.join(", "), synonym.write);
    format!("{}\n\n{page}", Wrap { width: style.width, first: 0, hang: 0 }.text(&text))
}
