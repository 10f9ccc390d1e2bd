//! Where in a text something is written: behind the header of a node, the hop of a line, a flow's header, in a table.

use std::collections::{HashMap, HashSet};

use petgraph::graph::EdgeIndex;

use super::mend::{Mend, Subject, What, Write};
use crate::catalog::catalog;
use crate::design::Design;
use crate::source::Span;
use crate::syntax::ast::{Ast, Attr, Item, Leg, NodeHeader, Statement};

/// A text with its tree and what it means, and where its statements are.
pub struct Places<'a> {
    text: &'a str,
    ast: &'a Ast<'a>,
    design: &'a Design,
    /// Statements by where they start.
    items: HashMap<usize, usize>,
    /// Legs of chains, by where each name that they lead to ends.
    legs: HashMap<usize, &'a Leg<'a>>,
    /// The connections that lead there by that very name.
    hops: HashMap<usize, Vec<EdgeIndex>>,
    steps: HashMap<Span, EdgeIndex>,
}

/// Bytes to be replaced by a text. What is put at one place is put there in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub span: Span,
    pub text: String,
    /// What is decided by it: two changes that name one thing differently cannot both be made.
    pub decides: (usize, String),
}

impl Change {
    /// By place, and there as a header is written: how many, then attributes.
    pub fn order(&self) -> (Span, bool) {
        (self.span, self.decides.1 != "instances")
    }
}

type Unplaced = &'static str;

/// What a fix writes of which hops.
type Wanted = HashSet<(EdgeIndex, String)>;

impl<'a> Places<'a> {
    pub fn new(text: &'a str, ast: &'a Ast<'a>, design: &'a Design) -> Places<'a> {
        let items = ast.items.iter().enumerate().map(|(at, item)| (item.span.start, at)).collect();
        let mut legs = HashMap::new();
        for item in &ast.items {
            let Statement::Chain(chain) = &item.statement else { continue };
            for leg in &chain.legs {
                legs.extend(leg.to.iter().map(|word| (word.span.end, leg)));
            }
        }
        let mut hops: HashMap<usize, Vec<EdgeIndex>> = HashMap::new();
        for step in &design.steps {
            hops.entry(step.span.end).or_default().push(step.hop);
        }
        let steps = design.steps.iter().map(|step| (step.span, step.hop)).collect();
        Places { text, ast, design, items, legs, hops, steps }
    }

    /// The changes that write all of it, or why it cannot be written.
    pub fn changes(&self, mend: &Mend) -> Result<Vec<Change>, Unplaced> {
        let mut wanted = HashSet::new();
        for write in &mend.writes {
            if let Ok(hop) = self.hop(&write.of) {
                wanted.insert((hop, write.what.show()));
            }
        }
        let mut changes: Vec<Change> = Vec::new();
        let mut made = HashSet::new();
        for write in &mend.writes {
            for change in self.write(write, &wanted)? {
                // Hops that one arrow makes get their attribute once.
                if made.insert((change.span, change.text.clone())) {
                    changes.push(change);
                }
            }
        }
        Ok(changes)
    }

    fn write(&self, write: &Write, wanted: &Wanted) -> Result<Vec<Change>, Unplaced> {
        match (&write.of, &write.what) {
            (Subject::Node(id), what) => {
                let (item, header) = self.node(id)?;
                Ok(vec![match what {
                    What::Attribute { name, .. } => attribute(&header.attrs, end(header), name, what),
                    What::Instances(_) => instances(header, what),
                    What::Node { id, line } => self.behind(item, id, line),
                    What::Line(_) => return Err("a node has no lines of its own"),
                }])
            }
            (Subject::Flow(id), What::Attribute { name, .. }) => {
                let flow = self.design.flow(id).ok_or("there is no such flow")?;
                let Statement::Flow { id, label, attrs } = &self.item(flow.full_span.start)?.statement else {
                    return Err("the flow is not in the text");
                };
                let end = label.map_or(id.span.end, |label| label.span.end).max(id.span.end);
                Ok(vec![attribute(attrs, end, name, &write.what)])
            }
            (Subject::Table(start), What::Line(line)) => Ok(vec![self.in_table(*start, line)?]),
            (Subject::Hop { .. } | Subject::Step(_), What::Attribute { name, .. }) => {
                self.on_legs(write, name, wanted)
            }
            _ => Err("it cannot be written there"),
        }
    }

    fn item(&self, start: usize) -> Result<&'a Item<'a>, Unplaced> {
        let at = self.items.get(&start).ok_or("it is not in the text")?;
        Ok(&self.ast.items[*at])
    }

    fn node(&self, id: &str) -> Result<(&'a Item<'a>, &'a NodeHeader<'a>), Unplaced> {
        let node = self.design.node(id).ok_or("there is no such node")?;
        let item = self.item(self.design.graph[node].full_span.start)?;
        match &item.statement {
            Statement::Node(header) => Ok((item, header)),
            _ => Err("the node is not in the text"),
        }
    }

    /// What belongs to a connection is said once and replaced wherever it is said; the rest belongs to one line.
    fn on_legs(&self, write: &Write, name: &str, wanted: &Wanted) -> Result<Vec<Change>, Unplaced> {
        let hop = self.hop(&write.of)?;
        let of_connection = catalog().attribute(name).is_some_and(|attribute| attribute.connection);
        let own = |span: Span| match &write.of {
            Subject::Step(step) if !of_connection => *step == span,
            _ => true,
        };
        let steps = self.design.graph[hop].steps.iter().map(|&at| &self.design.steps[at]);
        let mut legs: Vec<&Leg> = steps
            .filter(|step| own(step.span))
            .filter_map(|step| self.legs.get(&step.span.end).copied())
            .collect();
        let what = write.what.show();
        let says = |leg: &&Leg| leg.attrs.iter().any(|attr| attr.name.text == name);
        if legs.iter().any(says) {
            legs.retain(says);
        } else {
            legs.sort_by_key(|leg| self.hops_of(leg).nth(1).is_some());
            legs.truncate(1);
        }
        if legs.is_empty() {
            return Err("no line says it");
        }
        if !legs.iter().all(|leg| self.hops_of(leg).all(|hop| wanted.contains(&(hop, what.clone())))) {
            return Err("the line makes several hops at once, and not all of them need it");
        }
        Ok(legs
            .into_iter()
            .map(|leg| {
                let end = leg.to.last().map_or(leg.arrow_span.end, |word| word.span.end);
                attribute(&leg.attrs, end, name, &write.what)
            })
            .collect())
    }

    fn hop(&self, of: &Subject) -> Result<EdgeIndex, Unplaced> {
        const NONE: Unplaced = "there is no such hop";
        match of {
            Subject::Step(span) => self.steps.get(span).copied().ok_or(NONE),
            Subject::Hop { from, to } => {
                let ends = self.design.node(from).zip(self.design.node(to));
                ends.and_then(|(from, to)| self.design.graph.find_edge(from, to)).ok_or(NONE)
            }
            _ => Err(NONE),
        }
    }

    /// The hops that one arrow makes: `a -> b, c` are two.
    fn hops_of(&self, leg: &Leg) -> impl Iterator<Item = EdgeIndex> {
        leg.to.iter().flat_map(|word| self.hops.get(&word.span.end).into_iter().flatten().copied())
    }

    /// A statement behind another: on a line of its own, or behind `;` where that is how they stand.
    fn behind(&self, item: &Item, id: &str, line: &str) -> Change {
        let end = item.block.map_or(item.span.end, |block| block.close.end.max(item.span.end));
        let rest = self.text[end..].split('\n').next().unwrap_or("");
        let decides = (usize::MAX, id.to_string());
        if !rest.trim_start().is_empty() && !rest.trim_start().starts_with('#') {
            return Change { span: Span::point(end), text: format!("; {line}"), decides };
        }
        let at = end + rest.strip_suffix('\r').unwrap_or(rest).len();
        let text = format!("{}{}{line}", self.line_end(), self.indent(item.span.start));
        Change { span: Span::point(at), text, decides }
    }

    fn in_table(&self, start: usize, line: &str) -> Result<Change, Unplaced> {
        let at = *self.items.get(&start).ok_or("the table is not in the text")?;
        let table = &self.ast.items[at];
        let block = table.block.filter(|block| !block.close.is_empty()).ok_or("the table has no block")?;
        let name = line.split(" = ").next().unwrap_or(line);
        let inside = &self.ast.items[at + 1..block.end];
        let decides = (start, line.to_string());
        for item in inside {
            if matches!(&item.statement, Statement::Let { name: said, .. } if said.text == name) {
                return Ok(Change {
                    span: item.span,
                    text: line.to_string(),
                    decides: (start, name.to_string()),
                });
            }
        }
        let Some(last) = inside.last() else {
            return Ok(Change { span: Span::point(block.open.end), text: format!(" {line}"), decides });
        };
        let apart = self.text[block.open.end..last.span.start].contains('\n');
        let text = match apart {
            true => format!("{}{}{line}", self.line_end(), self.indent(last.span.start)),
            false => format!("; {line}"),
        };
        let at = match apart {
            true => self.line_of(last.span.end, block.close.start),
            false => last.span.end,
        };
        Ok(Change { span: Span::point(at), text, decides })
    }

    /// The end of the line, its comment included, but not past `most`.
    fn line_of(&self, at: usize, most: usize) -> usize {
        let rest = self.text[at..].split('\n').next().unwrap_or("");
        let end = at + rest.strip_suffix('\r').unwrap_or(rest).len();
        if end > most { at } else { end }
    }

    fn indent(&self, at: usize) -> &'a str {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[start..at];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

/// In place of the attribute that is there, or behind all that are.
fn attribute(attrs: &[Attr], start: usize, name: &str, what: &What) -> Change {
    let end = attrs.iter().map(|attr| attr.span.end).fold(start, usize::max);
    let decides = (end, name.to_string());
    match attrs.iter().find(|attr| attr.name.text == name) {
        Some(attr) => Change { span: attr.span, text: what.show(), decides },
        None => Change { span: Span::point(end), text: format!(" {}", what.show()), decides },
    }
}

fn instances(header: &NodeHeader, what: &What) -> Change {
    let said = header.attrs.iter().find(|attr| attr.name.text == "instances").map(|attr| attr.span);
    let decides = (header.id.span.start, "instances".to_string());
    if let Some(span) = header.times.map(|times| times.span).or(said) {
        return Change { span, text: what.show(), decides };
    }
    let at = header.label.map_or(header.id.span.end, |label| label.span.end.max(header.id.span.end));
    Change { span: Span::point(at), text: format!(" {}", what.show()), decides }
}

/// Where a node's header ends, but for its attributes.
fn end(header: &NodeHeader) -> usize {
    let label = header.label.map(|label| label.span.end);
    let times = header.times.map(|times| times.span.end);
    let place = header.places.iter().map(|place| place.span.end).max();
    [label, times, place].into_iter().flatten().fold(header.id.span.end, usize::max)
}
