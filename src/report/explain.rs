//! The page of a name: a rule, a statement, a kind, an attribute or a technology. Made from what the checker itself reads,
//! so that no page can say otherwise.

use super::{Style, Wrap, statements};
use crate::catalog::{Attribute, Kind, Subject, Technology, Type, catalog, nearest};
use crate::rules::Rule;
use crate::units::{show_duration, show_rate};

/// All pages of a name, of what it is called by habit, or of what a question is about; or the nearest name there is.
pub fn explain(name: &str, style: Style) -> Result<String, Option<&'static str>> {
    let name = name.trim();
    let joined = |by: &str| name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(by);
    let spellings = [name.to_string(), joined("-"), joined("_")];
    let about = |rule: &&Rule| {
        rule.question.as_ref().is_some_and(|question| question.topic.replace(' ', "-") == spellings[1])
    };
    let mut pages: Vec<String> =
        crate::rules::ALL.iter().copied().filter(about).map(|one| rule(one, style)).collect();
    let named = spellings.iter().map(|name| exactly(name, style)).find(|pages| !pages.is_empty());
    pages.extend(named.unwrap_or_default());
    if pages.is_empty() {
        pages = by_habit(&spellings, style);
    }
    if pages.is_empty() {
        return Err(nearest(name, names()));
    }
    Ok(format!("{}\n", pages.join("\n\n")))
}

fn exactly(name: &str, style: Style) -> Vec<String> {
    let mut pages = Vec::new();
    if let Some(found) = crate::rules::find(name) {
        pages.push(rule(found, style));
    }
    if let Some(found) = statements::find(name) {
        pages.push(statements::page(found, style));
    }
    let habit = || catalog().kind_by_habit(name).filter(|_| catalog().technology(name).is_none());
    if let Some(found) = Kind::parse(name).or_else(habit) {
        pages.push(kind(found, style));
    }
    if let Some(found) = catalog().technology(name) {
        pages.push(technology(found, style));
    }
    if let Some(found) = catalog().attribute(name) {
        pages.push(attribute(found, style));
    }
    pages
}

/// Attributes under another name (`retries`).
fn by_habit(spellings: &[String], style: Style) -> Vec<String> {
    let mut pages = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for synonym in &catalog().synonyms {
        let same = synonym.words.iter().find(|word| spellings.contains(word));
        let (Some(word), Some(found)) = (same, catalog().attribute(&synonym.write)) else { continue };
        if told.contains(&synonym.write.as_str()) {
            continue;
        }
        told.push(&synonym.write);
        let why = synonym.why.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
        let text = format!("`{word}` of {} is written `{}` here.{why}", synonym.on.join(", "), synonym.write);
        let head = Wrap { width: style.width, first: 0, hang: 0 }.text(&text);
        pages.push(format!("{head}\n\n{}", attribute(found, style)));
    }
    pages
}

fn names() -> impl Iterator<Item = &'static str> {
    let rules = crate::rules::ALL.iter().map(|rule| rule.id);
    let kinds = Kind::ALL.into_iter().map(Kind::name);
    let technologies = catalog().technologies.iter().map(|technology| technology.id.as_str());
    let attributes = catalog().attributes.iter().map(|attribute| attribute.name.as_str());
    rules.chain(statements::names()).chain(kinds).chain(technologies).chain(attributes)
}

fn rule(rule: &Rule, style: Style) -> String {
    let page = Page(style);
    let paint = style.paint();
    let head = format!(
        "{}  {}, {}, {} confidence",
        paint.bold(rule.id),
        paint.severity(rule.severity, rule.severity.name()),
        rule.group.name(),
        rule.confidence.name()
    );
    let mut parts = vec![
        format!("{head}\n{}", page.prose(&sentence(rule.summary))),
        page.section("What it looks at", rule.page.checks),
        page.section("Exactly when", rule.page.when),
    ];
    let gives_way = rule.gives_way();
    if !gives_way.is_empty() {
        parts.push(page.section("Which rule speaks first", &gives_way));
    }
    if let Some(question) = &rule.question {
        parts.push(page.section("What an interviewer asks where it is not said", &sentence(question.text)));
    }
    parts.push(page.section("Why it fails in production", rule.page.why));
    if let Some(outage) = &rule.page.outage {
        let text = page.section("It happened", &format!("{}: {}.", outage.name, outage.what));
        parts.push(format!("{text}\n  {}", paint.dim(outage.link)));
    }
    parts.push(page.code("A design that has it", rule.page.bad));
    parts.push(page.code("The same without", rule.page.good));
    if let Some(written) = crate::fix::sentence(rule) {
        parts.push(page.section("Fixed for you", &written));
    }
    parts.push(page.section("When to ignore it", rule.page.ignore));
    parts.push(page.section("How to accept it", &rule.allowing()));
    parts.join("\n\n")
}

fn kind(kind: Kind, style: Style) -> String {
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

fn technology(technology: &Technology, style: Style) -> String {
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

fn attribute(attribute: &Attribute, style: Style) -> String {
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

/// Sets the parts of a page.
pub(super) struct Page(pub(super) Style);

impl Page {
    /// A paragraph, or several, of which those that start with `- ` are the points of a list.
    pub(super) fn prose(&self, text: &str) -> String {
        let paragraphs = text.lines().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = paragraphs
            .map(|line| {
                let hang = if line.starts_with("- ") { 4 } else { 2 };
                Wrap { width: self.0.width, first: 2, hang }.own(line)
            })
            .collect();
        lines.join("\n")
    }

    pub(super) fn section(&self, heading: &str, text: &str) -> String {
        format!("{}\n{}", self.0.paint().bold(heading), self.prose(text))
    }

    pub(super) fn code(&self, heading: &str, text: &str) -> String {
        let lines: Vec<String> = text.trim_end().lines().map(|line| format!("    {line}")).collect();
        format!("{}\n{}", self.0.paint().bold(heading), lines.join("\n"))
    }

    fn table(&self, heading: &str, attributes: &[&Attribute]) -> String {
        let widest = attributes.iter().map(|attribute| attribute.name.len()).max().unwrap_or(0);
        let start = widest + 4;
        let mut out = self.0.paint().bold(heading);
        for attribute in attributes {
            let text = Wrap { width: self.0.width, first: start, hang: start }.text(&attribute.meaning);
            out.push_str(&format!("\n  {:<widest$}  {text}", attribute.name));
        }
        out
    }
}

/// A phrase as a sentence: a capital first, a stop last.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
