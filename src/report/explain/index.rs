//! What there is to be explained: everything that has a page, by what it is.

use super::set::Page;
use super::topic::{Topic, all};
use crate::report::{Style, Wrap};

/// What topics are, the few first; the names of many are a list of their own.
const GROUPS: [(&str, &str, bool); 7] = [
    ("statement", "Statements, of which a design is written", true),
    ("kind", "Kinds of components", true),
    ("problem", "Problems to practise", true),
    ("attribute", "Attributes, what may be said of nodes, hops, flows and tables", false),
    ("technology", "Technologies", false),
    ("concept", "Concepts", false),
    ("rule", "Rules", false),
];

/// The names of all that has a page; of groups with many names, how to have them listed.
pub fn index(style: Style) -> String {
    let page = Page(style);
    let groups = GROUPS.map(|(group, heading, few)| {
        let names = names(group);
        match few {
            true => page.section(heading, &names.join(", ")),
            false => {
                page.section(heading, &format!("{} of them: `spof explain {}`", names.len(), plural(group)))
            }
        }
    });
    let ways = page.section(
        "From here",
        "`spof explain NAME` is the page of one; `spof explain --search WORDS` looks into all.",
    );
    format!("{}\n\n{ways}\n", groups.join("\n\n"))
}

/// All names of one group, where a name is that of a group: `attributes`, `kind`; of its own words `language` and `syntax`.
pub(super) fn listing(name: &str, style: Style) -> Option<String> {
    let asked = name.trim().to_lowercase();
    if matches!(asked.as_str(), "language" | "syntax" | "grammar") {
        return listing("statements", style);
    }
    let (group, heading, _) = GROUPS.iter().find(|(group, ..)| asked == *group || asked == plural(group))?;
    let topics = || all().filter(|topic| topic.group() == *group);
    let widest = topics().map(|topic| topic.name().chars().count()).max().unwrap_or(0).min(24);
    let hang = widest + 4;
    let mut out = format!("{}\n", style.paint().bold(heading));
    for topic in topics() {
        let line = topic.line();
        let first = line.split_inclusive(". ").next().unwrap_or_default().trim_end();
        let text = Wrap { width: style.width, first: hang, hang }.text(first);
        out.push_str(&format!("  {:<widest$}  {text}\n", topic.name()));
    }
    Some(out)
}

fn names(group: &str) -> Vec<&'static str> {
    all().filter(|topic| topic.group() == group).map(Topic::name).collect()
}

fn plural(group: &str) -> String {
    match group.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{group}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, index, listing, names, plural};
    use crate::report::Style;

    #[test]
    fn every_page_is_in_a_list() {
        let style = Style { width: 100, color: false, all: false };
        let text = index(style);
        for (group, _, few) in GROUPS {
            let names = names(group);
            assert!(names.len() > 5, "{group}");
            let list = listing(&plural(group), style).expect("a list");
            for name in names {
                assert!(
                    list.lines().any(|line| line.split_whitespace().next() == Some(name)),
                    "{group} {name}"
                );
                assert!(!few || text.contains(name), "{name}");
            }
        }
        assert_eq!(listing("language", style), listing("statement", style));
        assert_eq!(listing("postgres", style), None);
    }

    #[test]
    fn nothing_has_a_page_and_no_list() {
        let groups: Vec<&str> = GROUPS.iter().map(|(group, ..)| *group).collect();
        assert!(super::all().all(|topic| groups.contains(&topic.group())));
    }
}
