//! A design as a list of things that are said, each with a key by which the same thing is found in another design.

use std::collections::BTreeMap;

use super::Aspect;
use crate::design::{Arrow, Attrs, Design, GroupKind, Setting, Step, Table};

/// In the order in which changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    Group,
    Node,
    Table,
    Hop,
    Flow,
    Given,
    Decision,
    Out,
    Allow,
    Note,
}

pub struct Item {
    pub sort: Sort,
    pub key: String,
    pub id: String,
    pub says: Vec<Said>,
}

#[derive(Debug, Clone)]
pub struct Said {
    pub name: String,
    /// Equal where it means the same.
    pub means: String,
    pub shown: String,
}

impl Said {
    fn plain(name: &str, text: impl Into<String>) -> Said {
        let text = text.into();
        Said { name: name.to_string(), means: text.clone(), shown: text }
    }

    pub fn added(self) -> Aspect {
        Aspect { name: self.name, old: None, new: Some(self.shown) }
    }

    pub fn removed(self) -> Aspect {
        Aspect { name: self.name, old: Some(self.shown), new: None }
    }
}

/// Everything that a design says; ids as `renamed` calls them.
pub fn items(design: &Design, text: &str, renamed: &BTreeMap<String, String>) -> Vec<Item> {
    let reading = Reading { design, text, renamed };
    let mut items = Vec::new();
    items.extend(design.groups.iter().map(|group| {
        let mut says = reading.attrs(&group.attrs);
        says.extend(group.parent.map(|at| Said::plain("in", &design.groups[at].id)));
        says.extend(group.label.iter().map(|label| Said::plain("label", label)));
        item(Sort::Group, format!("{} {}", word(group.kind), group.id), says)
    }));
    for node in design.graph.node_indices() {
        items.push(reading.node(node));
        let tables = &design.graph[node].tables;
        items.extend(tables.iter().map(|table| reading.table(&design.graph[node].id, table)));
    }
    items.extend(design.graph.edge_indices().map(|hop| reading.hop(hop)));
    items.extend(design.flows.iter().map(|flow| reading.flow(flow)));
    items.extend(design.givens.iter().map(|given| {
        let means = format!("{:?}", given.value);
        let shown = after_equals(given.span.text(text));
        item(Sort::Given, given.name.clone(), vec![Said { name: "value".to_string(), means, shown }])
    }));
    items.extend(design.decisions.iter().map(|decision| {
        let mut says = vec![Said::plain("because", &decision.because)];
        says.extend(decision.over.iter().map(|over| Said::plain("over", over)));
        item(Sort::Decision, decision.what.clone(), says)
    }));
    items.extend(design.outs.iter().map(|out| item(Sort::Out, out.what.clone(), Vec::new())));
    items.extend(design.allows.iter().map(|allow| {
        let on: Vec<String> = allow.on.iter().map(|id| reading.name(id)).collect();
        let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join(", ")) };
        let mut says = vec![Said::plain("because", &allow.because)];
        says.extend(allow.until.map(|day| Said::plain("until", day.to_string())));
        item(Sort::Allow, format!("{}{on}", allow.rule), says)
    }));
    items.extend(design.notes.iter().map(|note| item(Sort::Note, note.text.clone(), Vec::new())));
    items
}

fn item(sort: Sort, id: String, says: Vec<Said>) -> Item {
    Item { sort, key: id.clone(), id, says }
}

struct Reading<'a> {
    design: &'a Design,
    text: &'a str,
    renamed: &'a BTreeMap<String, String>,
}

impl Reading<'_> {
    fn name(&self, id: &str) -> String {
        self.renamed.get(id).map_or(id, String::as_str).to_string()
    }

    fn node(&self, at: petgraph::graph::NodeIndex) -> Item {
        let node = &self.design.graph[at];
        let kind = node.tech.map_or(node.kind.name(), |tech| tech.id.as_str());
        let mut says = vec![Said::plain("kind", kind)];
        says.push(Said::plain("instances", format!("x{}", node.instances)));
        says.extend(self.attrs(&node.attrs));
        says.extend(node.group.map(|group| Said::plain("in", &self.design.groups[group].id)));
        says.extend(node.label.iter().map(|label| Said::plain("label", label)));
        item(Sort::Node, self.name(&node.id), says)
    }

    fn table(&self, node: &str, table: &Table) -> Item {
        let mut says = Vec::new();
        let mut list = |name: &str, fields: &[String]| {
            if !fields.is_empty() {
                says.push(Said::plain(name, fields.join(", ")));
            }
        };
        list("key", &table.keys);
        list("shard", &table.shard);
        for unique in &table.uniques {
            list(&format!("unique {}", unique.join(", ")), unique);
        }
        for index in &table.indexes {
            list(&format!("index {}", index.join(", ")), index);
        }
        says.extend(table.columns.iter().map(|(name, ty)| Said::plain(&format!("column {name}"), ty)));
        says.extend(
            table
                .refs
                .iter()
                .map(|to| Said::plain(&format!("ref {}", to.field), format!("{}.{}", to.table, to.target))),
        );
        says.extend(self.attrs(&table.attrs));
        item(Sort::Table, format!("{}.{}", self.name(node), table.id), says)
    }

    fn hop(&self, at: petgraph::graph::EdgeIndex) -> Item {
        let hop = &self.design.graph[at];
        let mut says = self.attrs(&hop.attrs);
        let apart = |step: &&Step| step.flow.is_none();
        for step in hop.steps.iter().map(|&step| &self.design.steps[step]).filter(apart) {
            says.extend(self.attrs(&step.attrs));
        }
        let (from, to) = self.design.graph.edge_endpoints(at).expect("an edge of the graph");
        item(Sort::Hop, self.line(from, hop.arrow, to), says)
    }

    fn line(&self, from: petgraph::graph::NodeIndex, arrow: Arrow, to: petgraph::graph::NodeIndex) -> String {
        let [from, to] = [from, to].map(|node| self.name(&self.design.graph[node].id));
        format!("{from} {} {to}", symbol(arrow))
    }

    fn flow(&self, flow: &crate::design::Flow) -> Item {
        let mut says = self.attrs(&flow.attrs);
        says.extend(flow.label.iter().map(|label| Said::plain("label", label)));
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for step in self.design.steps_of(flow) {
            let line = self.line(step.from, self.design.graph[step.hop].arrow, step.to);
            let times = seen.entry(line.clone()).or_default();
            *times += 1;
            let name = if *times > 1 { format!("{line} ({times})") } else { line };
            let attrs = self.attrs(&step.attrs);
            let joined = |of: fn(&Said) -> String| attrs.iter().map(of).collect::<Vec<_>>().join(" ");
            let means = joined(|said| format!("{}={}", said.name, said.means));
            let shown = joined(|said| written(&said.name, &said.shown));
            says.push(Said { name, means, shown });
        }
        item(Sort::Flow, flow.id.clone(), says)
    }

    fn attrs(&self, attrs: &Attrs) -> Vec<Said> {
        let stated = |setting: &&Setting| setting.name != "instances";
        let mut says: Vec<Said> = attrs.iter().filter(stated).map(|setting| self.setting(setting)).collect();
        says.sort_by(|one, other| one.name.cmp(&other.name));
        says
    }

    fn setting(&self, setting: &Setting) -> Said {
        let means = match &setting.value {
            // Other nodes may be named, which may be called otherwise now.
            crate::design::Value::Words(words) => {
                words.iter().map(|word| self.name(word)).collect::<Vec<_>>().join(", ")
            }
            value => format!("{value:?}"),
        };
        let written = setting.span.text(self.text);
        let shown = if written.contains('=') { after_equals(written) } else { "yes".to_string() };
        Said { name: setting.name.to_string(), means, shown }
    }
}

/// `ttl=24h`, or the bare name of a flag.
pub fn written(name: &str, value: &str) -> String {
    if value == "yes" { name.to_string() } else { format!("{name}={value}") }
}

fn after_equals(written: &str) -> String {
    let value = written.split_once('=').map_or(written, |(_, value)| value);
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Region => "region",
        GroupKind::Zone => "zone",
        GroupKind::Group => "group",
    }
}

fn symbol(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Call => "->",
        Arrow::Stream => "<->",
        Arrow::Handoff => "~>",
        Arrow::Control => "..>",
    }
}
