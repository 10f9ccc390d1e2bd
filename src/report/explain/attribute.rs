//! The page of an attribute.

use super::set::Page;
use crate::catalog::{Attribute, Type};
use crate::report::Style;

pub(super) fn page_of(attribute: &Attribute, style: Style) -> String {
    let page = Page(style);
    let mut parts = vec![
        format!(
            "{}  attribute of {}\n{}",
            style.paint().bold(&attribute.name),
            attribute.on.join(", "),
            page.prose(&attribute.meaning)
        ),
        page.code("Example", &attribute.example),
        page.section("Its value", &value(attribute)),
    ];
    let readers: Vec<&str> = crate::rules::ALL
        .iter()
        .filter(|rule| rule.reads.contains(&attribute.name.as_str()))
        .map(|rule| rule.id)
        .collect();
    if !readers.is_empty() {
        parts.push(page.section("Rules that look at it", &readers.join(", ")));
    }
    parts.join("\n\n")
}

fn value(attribute: &Attribute) -> String {
    let mut text = match attribute.ty {
        Type::Flag => "yes or no; the bare name means yes".to_string(),
        Type::Count => "a whole number: `3`, `2 * shards`".to_string(),
        Type::Number => "a number".to_string(),
        Type::Rate => "something over a time: `100/s`, `2 * users / day`".to_string(),
        Type::Duration => "a time: `40ms`, `5y`".to_string(),
        Type::Size => "a size: `500B`, `2GiB`".to_string(),
        Type::Share => "a share: `90%` or `0.9`".to_string(),
        Type::Cost => "a cost: `60USD/month`".to_string(),
        Type::Speed => "a size over a time: `200MB/s`".to_string(),
        Type::Word => format!("one of {}", attribute.words.join(", ")),
        Type::Node => "the id of a node".to_string(),
        Type::NodeOrWord => "the id of a node, or a word".to_string(),
        Type::Names => "a name, or a list of them: `[a, b]`".to_string(),
        Type::Text => "a text, quoted or one word".to_string(),
        Type::Access => "a table or a list of tables; the bare name means yes".to_string(),
        Type::Range => "`[least, most]`; the bare name means yes".to_string(),
    };
    if attribute.many {
        text.push_str("; a list of them is possible: `[a, b]`");
    }
    match attribute.bare.as_deref() {
        Some("yes") => text.push_str("; the bare name says that there is one, without its figure"),
        Some(word) => text.push_str(&format!("; the bare name means `{word}`")),
        None => {}
    }
    format!("{text}. `{}=no` says that there is none.", attribute.name)
}
