//! The page of a kind of component.

use super::set::Page;
use crate::catalog::{Attribute, Kind, Subject, catalog};
use crate::report::Style;

pub(super) fn page_of(kind: Kind, style: Style) -> String {
    let page = Page(style);
    let entry = catalog().kind(kind);
    let mut parts = vec![
        format!("{}  {}\n{}", style.paint().bold(kind.name()), entry.a, page.prose(&entry.meaning)),
        page.code("Example", &entry.example),
    ];
    let own: Vec<&Attribute> = catalog().attributes_of(Subject::Node(kind)).collect();
    let (general, special): (Vec<&Attribute>, Vec<&Attribute>) =
        own.into_iter().partition(|attribute| attribute.on.iter().any(|on| on == "node"));
    if !special.is_empty() {
        parts.push(page.table("What may be said of it", &special));
    }
    let names = |attributes: &[&Attribute]| {
        attributes.iter().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    parts.push(page.section("And of any node", &names(&general)));
    let technologies: Vec<&str> = catalog()
        .technologies
        .iter()
        .filter(|technology| technology.kind() == kind)
        .map(|technology| technology.id.as_str())
        .collect();
    if !technologies.is_empty() {
        parts.push(page.section("Technologies that declare one", &technologies.join(", ")));
    }
    parts.join("\n\n")
}
