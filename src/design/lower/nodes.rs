//! What is said of each node and group: attributes and their defaults, how many, in which zones, which tables.

use petgraph::graph::NodeIndex;

use super::names::{KindWord, inherit};
use super::{Declared, Lowering};
use crate::catalog::{Subject, catalog};
use crate::design::{Attrs, GroupKind, Reference, Setting, Table, Value};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Field, Item, NodeHeader, Statement, Word};

impl Lowering<'_, '_> {
    pub(super) fn nodes(&mut self) {
        let ast = self.ast;
        for (at, item) in ast.items.iter().enumerate() {
            match &item.statement {
                Statement::Group { attrs, kind, .. } => {
                    let a_group = format!("a {}", kind.text);
                    let attrs = self.attrs(attrs, Subject::Group, &a_group);
                    let group = self.group_of_item[&at];
                    self.design.groups[group].attrs = attrs;
                }
                Statement::Node(header) => {
                    let attrs = match self.declared.get(header.id.text) {
                        Some((Declared::Node(node), span)) if *span == header.id.span => {
                            let node = *node;
                            self.node(node, header);
                            continue;
                        }
                        // Declared twice or of no known kind: still look at what it says.
                        _ => &header.attrs,
                    };
                    if let Some(word) = KindWord::read(header.kind.text) {
                        self.attrs(attrs, Subject::Node(word.kind()), &catalog().kind(word.kind()).a);
                    }
                }
                _ => {}
            }
        }
        self.zones();
        self.tables();
    }

    fn node(&mut self, node: NodeIndex, header: &NodeHeader) {
        let kind = self.design.graph[node].kind;
        let mut attrs = self.attrs(&header.attrs, Subject::Node(kind), &catalog().kind(kind).a);
        if let Some(name) = attrs.get("tech").cloned() {
            self.technology(node, &name);
        }
        let tech = self.design.graph[node].tech;
        if let Some(defaults) = tech.and_then(|tech| self.defaults.technologies.get(tech.id.as_str())) {
            inherit(&mut attrs, defaults);
        }
        if let Some(defaults) = self.defaults.kinds.get(&kind) {
            inherit(&mut attrs, defaults);
        }
        let instances = self.instances(&attrs, header.times);
        let weight = &mut self.design.graph[node];
        weight.instances = instances;
        weight.attrs = attrs;
    }

    /// `tech=redis` on a kind that Redis is not usually.
    fn technology(&mut self, node: NodeIndex, setting: &Setting) {
        let Value::Words(words) = &setting.value else { return };
        let Some(word) = words.first() else { return };
        match catalog().technology(word) {
            Some(technology) => self.design.graph[node].tech = Some(technology),
            None => {
                let technologies = catalog().technologies.iter().map(|technology| technology.id.as_str());
                let label = match self.guess(word, technologies) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "not in the catalogue".to_string(),
                };
                self.report(
                    Diagnostic::mistake(
                        "unknown-technology",
                        format!("`{word}` is no technology of the catalogue"),
                        setting.span,
                        label,
                    )
                    .help("leave it out and put the name in the label: nothing is assumed then"),
                );
            }
        }
    }

    /// `x3`, `instances=3`, or one, as drawn; and never fewer than the least of `autoscale=[2, 20]`.
    fn instances(&mut self, attrs: &Attrs, times: Option<Word>) -> u64 {
        let stated = attrs.get("instances");
        if let (Some(times), Some(setting)) = (times, stated)
            && !setting.inherited
        {
            let second = setting.span;
            self.report(
                Diagnostic::mistake(
                    "duplicate-attribute",
                    format!("`{}` and `instances` say the same thing", times.text),
                    second,
                    "again here",
                )
                .label(times.span, "first said here")
                .help(format!("keep `{}`", times.text)),
            );
        }
        // Fewer than those are never there, however many are drawn.
        let least = match attrs.get("autoscale").map(|setting| &setting.value) {
            Some(Value::Range(least, _)) => least.clamp(1.0, 1e9) as u64,
            _ => 1,
        };
        let (count, span) = match (times, stated) {
            (Some(times), _) => (times.text[1..].parse().unwrap_or(f64::INFINITY), times.span),
            (None, Some(Setting { value: Value::Number(count), span, .. })) => (*count, *span),
            (None, _) => return least,
        };
        if !(1.0..=1e9).contains(&count) {
            self.report(
                Diagnostic::mistake(
                    "value",
                    "a node has between 1 and 1,000,000,000 instances",
                    span,
                    "out of range",
                )
                .help("for example `x3`; a node that is not there is not drawn"),
            );
            return least;
        }
        least.max(count as u64)
    }

    /// Spreads every node over its zones: those it names, else those of the region around it, one an instance.
    fn zones(&mut self) {
        let ast = self.ast;
        for item in &ast.items {
            let Statement::Node(header) = &item.statement else { continue };
            let Some((Declared::Node(node), span)) = self.declared.get(header.id.text) else { continue };
            if *span != header.id.span {
                continue;
            }
            let node = *node;
            let available = self.zones_around(node);
            let zones = if header.places.is_empty() {
                let weight = &self.design.graph[node];
                let wanted = weight.attrs.number("zones").value();
                let mut zones = available;
                if zones.is_empty() {
                    let count = wanted.unwrap_or(0.0).min(MOST_ZONES) as usize;
                    zones = (0..count).map(zone_name).collect();
                }
                let instances = if weight.is_managed() { u64::MAX } else { weight.instances };
                let most = wanted.unwrap_or(f64::INFINITY).min(instances as f64);
                zones.truncate(most as usize);
                zones
            } else {
                header.places.iter().filter_map(|place| self.place(*place, node, &available)).collect()
            };
            self.design.graph[node].zones = zones;
        }
    }

    /// The zones a node could stand in: the zone group around it, or its region's.
    fn zones_around(&self, node: NodeIndex) -> Vec<String> {
        let mut region = None;
        let mut zone = None;
        for group in self.design.groups_around(node).take(64) {
            match group.kind {
                GroupKind::Zone if zone.is_none() => zone = Some(group),
                GroupKind::Region if region.is_none() => region = Some(group),
                _ => {}
            }
        }
        let prefix = region.map_or(String::new(), |region| format!("{}/", region.id));
        match (zone, region) {
            (Some(zone), _) => vec![format!("{prefix}{}", zone.id)],
            (None, Some(region)) => {
                let count = region.attrs.number("zones").value().unwrap_or(0.0).min(MOST_ZONES) as usize;
                (0..count).map(|at| format!("{prefix}{}", zone_name(at))).collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// `@a`: a zone of the region around, or a zone group anywhere.
    fn place(&mut self, place: Word, node: NodeIndex, available: &[String]) -> Option<String> {
        let last = |zone: &str| zone.rsplit('/').next().map(str::to_string);
        if let Some(zone) = available.iter().find(|zone| last(zone).as_deref() == Some(place.text)) {
            return Some(zone.clone());
        }
        if let Some((Declared::Group(group), _)) = self.declared.get(place.text)
            && self.design.groups[*group].kind == GroupKind::Zone
        {
            let parent = self.design.groups[*group].parent;
            let region = std::iter::successors(parent, |&at| self.design.groups[at].parent)
                .take(64)
                .find(|&at| self.design.groups[at].kind == GroupKind::Region);
            let prefix = region.map_or(String::new(), |at| format!("{}/", self.design.groups[at].id));
            return Some(format!("{prefix}{}", place.text));
        }
        let names: Vec<String> = available.iter().filter_map(|zone| last(zone)).collect();
        let id = &self.design.graph[node].id;
        let mut mistake = Diagnostic::mistake(
            "unknown-id",
            format!("`{id}` cannot stand in `{}`: there is no such zone", place.text),
            place.span,
            "no such zone",
        );
        mistake = match names.as_slice() {
            [] => mistake.help("zones come from `region ID zones=3 { … }` (a, b, c) or `zone ID { … }`"),
            names => mistake.help(format!("the zones here are {}", names.join(", "))),
        };
        self.report(mistake);
        None
    }

    fn tables(&mut self) {
        let ast = self.ast;
        for (at, item) in ast.items.iter().enumerate() {
            let Statement::Table { id } = &item.statement else { continue };
            let owner = item.parent.and_then(|parent| match &ast.items[parent].statement {
                Statement::Node(header) => match self.declared.get(header.id.text) {
                    Some((Declared::Node(node), _)) => Some(*node),
                    _ => None,
                },
                _ => None,
            });
            let inside = item.block.map_or(at + 1..at + 1, |block| at + 1..block.end);
            let table = self.table(*id, &ast.items[inside], item.span);
            let Some(owner) = owner else { continue };
            let first = self.design.graph[owner].table(id.text).map(|table| table.span);
            match first {
                Some(first) => self.report(
                    Diagnostic::mistake(
                        "duplicate-id",
                        format!("`{}` has the table `{}` twice", self.design.graph[owner].id, id.text),
                        id.span,
                        "again here",
                    )
                    .label(first, "first declared here")
                    .help("merge the two"),
                ),
                None => self.design.graph[owner].tables.push(table),
            }
        }
    }

    fn table(&mut self, id: Word, items: &[Item], span: Span) -> Table {
        let owned = |words: &[Word]| words.iter().map(|word| word.text.to_string()).collect::<Vec<_>>();
        let mut bindings: Vec<ast::Attr> = Vec::new();
        let mut table = Table {
            id: id.text.to_string(),
            attrs: Attrs::default(),
            keys: Vec::new(),
            uniques: Vec::new(),
            indexes: Vec::new(),
            partial: Vec::new(),
            shard: Vec::new(),
            columns: Vec::new(),
            refs: Vec::new(),
            span,
        };
        for item in items {
            match &item.statement {
                Statement::Let { name, value } => {
                    bindings.push(ast::Attr { name: *name, value: Some(value.clone()), span: item.span })
                }
                Statement::Field(Field::Key(fields)) => table.keys.extend(owned(fields)),
                Statement::Field(Field::Unique(fields)) => table.uniques.push(owned(fields)),
                Statement::Field(Field::Index { fields, filter, .. }) => {
                    table.indexes.push(owned(fields));
                    table.partial.push(filter.map(|condition| condition.text.to_string()));
                }
                Statement::Field(Field::Shard(fields)) => table.shard.extend(owned(fields)),
                Statement::Field(Field::Column { name, ty }) => {
                    table.columns.push((name.text.to_string(), ty.text.to_string()));
                }
                Statement::Field(Field::Ref { field, table: other, target }) => {
                    table.refs.push(Reference {
                        field: field.text.to_string(),
                        table: other.text.to_string(),
                        target: target.text.to_string(),
                    });
                }
                _ => {}
            }
        }
        table.attrs = self.attrs(&bindings, Subject::Table, "a table");
        table
    }
}

/// More zones than any region has; a typo in `zones=` must not cost memory.
const MOST_ZONES: f64 = 26.0;

/// `a`, `b`, `c`, …
fn zone_name(at: usize) -> String {
    char::from(b'a' + at as u8).to_string()
}
