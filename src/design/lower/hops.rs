//! Hops outside flows and in them: one connection each, however many lines use it.

use std::collections::HashMap;

use petgraph::graph::{EdgeIndex, NodeIndex};

use super::names::inherit;
use super::{Declared, Lowering};
use crate::catalog::{Subject, catalog};
use crate::design::{Arrow, Attrs, Flow, Hop, Setting, Step, Value, load::Load};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Chain, Leg, Statement, Word};

/// A fan `a, b -> c, d` is every pair; beyond this many in one leg it is not a design that someone drew.
const MOST_HOPS_OF_A_LEG: usize = 10_000;

type Connections = HashMap<(NodeIndex, NodeIndex, Arrow), EdgeIndex>;

impl Lowering<'_, '_> {
    pub(super) fn hops(&mut self) {
        let ast = self.ast;
        let mut connections = Connections::new();
        let mut line = 0;
        for item in &ast.items {
            let Statement::Chain(chain) = &item.statement else { continue };
            let in_flow = item
                .parent
                .is_some_and(|parent| matches!(ast.items[parent].statement, Statement::Flow { .. }));
            if !in_flow {
                self.chain(chain, None, line, &mut connections);
                line += 1;
            }
        }
        let mut flows: HashMap<&str, Span> = HashMap::new();
        for (at, item) in ast.items.iter().enumerate() {
            let Statement::Flow { id, label, attrs } = &item.statement else { continue };
            let attrs = self.attrs(attrs, Subject::Flow, "a flow");
            let inside = item.block.map_or(at + 1..at + 1, |block| at + 1..block.end);
            let flow = self.design.flows.len();
            let first = self.design.steps.len();
            let mut line = 0;
            let inside_is_empty = inside.is_empty();
            for item in &ast.items[inside] {
                if let Statement::Chain(chain) = &item.statement {
                    self.chain(chain, Some(flow), line, &mut connections);
                    line += 1;
                }
            }
            // What could not be read, or had no `{`, has been told.
            let empty = inside_is_empty && item.block.is_some_and(|block| !block.open.is_empty());
            if line == 0 && empty {
                self.report(
                    Diagnostic::mistake(
                        "empty-flow",
                        format!("the flow `{}` goes over nothing", id.text),
                        item.span,
                        "no hops inside",
                    )
                    .help(format!("write its path: `flow {} {{ client -> … }}`", id.text)),
                );
            }
            if let Some(other) = flows.insert(id.text, Span::new(item.span.start, id.span.end)) {
                self.report(
                    Diagnostic::mistake(
                        "duplicate-id",
                        format!("the flow `{}` is declared twice", id.text),
                        id.span,
                        "again here",
                    )
                    .label(other, "first declared here")
                    .help("merge the two, or rename one"),
                );
            }
            self.design.flows.push(Flow {
                id: id.text.to_string(),
                label: label.map(|label| label.unescaped()),
                attrs,
                steps: first..self.design.steps.len(),
                span: Span::new(item.span.start, id.span.end),
                full_span: item.span,
            });
        }
        self.share_connections();
        self.apply_defaults();
    }

    /// A connection that flows use from both ends is one: what is said of it at one end holds for both.
    fn share_connections(&mut self) {
        let graph = &self.design.graph;
        let streams = graph.edge_indices().filter(|&hop| graph[hop].arrow == Arrow::Stream);
        let ends: HashMap<(NodeIndex, NodeIndex), EdgeIndex> =
            streams.filter_map(|hop| Some((graph.edge_endpoints(hop)?, hop))).collect();
        let both = graph.edge_indices().filter_map(|hop| {
            let (from, to) = graph.edge_endpoints(hop)?;
            let other = *ends.get(&(to, from)).filter(|_| graph[hop].arrow == Arrow::Stream)?;
            (hop < other).then_some((hop, other))
        });
        let both: Vec<(EdgeIndex, EdgeIndex)> = both.collect();
        for (hop, other) in both {
            let said: Attrs = self.design.graph[other].attrs.clone();
            self.merge(hop, &said);
            for setting in self.design.graph[hop].attrs.clone().iter() {
                if said.get(setting.name).is_none() {
                    self.design.graph[other].attrs.push(setting.clone());
                }
            }
        }
    }

    fn chain(&mut self, chain: &Chain, flow: Option<usize>, line: usize, connections: &mut Connections) {
        let mut from = self.resolve(&chain.first);
        for (leg_index, leg) in chain.legs.iter().enumerate() {
            let subject = if leg.arrow == Arrow::Control { Subject::Control } else { Subject::Hop };
            let attrs = self.attrs(&leg.attrs, subject, "a hop");
            if leg.arrow == Arrow::Control && leg.attrs.is_empty() {
                self.no_verb(leg);
            }
            let to = self.resolve(&leg.to);
            if from.len().saturating_mul(to.len()) > MOST_HOPS_OF_A_LEG {
                self.report(
                    Diagnostic::mistake(
                        "syntax",
                        format!("this fan makes {} hops at once", from.len() * to.len()),
                        leg.arrow_span,
                        "every node on the left to every node on the right",
                    )
                    .help("put a load balancer, queue or topic between the two sides"),
                );
                return;
            }
            for &(from, from_span) in &from {
                for &(to, to_span) in &to {
                    if from == to {
                        self.self_hop(from, leg, to_span);
                        continue;
                    }
                    // In a chain `a -> b -> c` the second hop starts at its arrow's left neighbour.
                    let span = if from_span.end <= to_span.start { from_span.to(to_span) } else { to_span };
                    // Declared again from its other end a connection is the same; in a flow the direction is the story's.
                    let again = flow.is_none()
                        && leg.arrow == Arrow::Stream
                        && connections.contains_key(&(to, from, leg.arrow));
                    let (from, to) = if again { (to, from) } else { (from, to) };
                    let hop = *connections.entry((from, to, leg.arrow)).or_insert_with(|| {
                        let hop = Hop { arrow: leg.arrow, attrs: Attrs::default(), span, steps: Vec::new() };
                        self.design.graph.add_edge(from, to, hop)
                    });
                    let own = self.merge(hop, &attrs);
                    self.check_access(to, &own);
                    self.design.graph[hop].steps.push(self.design.steps.len());
                    self.design.steps.push(Step {
                        hop,
                        from,
                        to,
                        flow,
                        line,
                        leg: leg_index,
                        attrs: own,
                        span,
                        load: Load::default(),
                    });
                }
            }
            from = to;
        }
    }

    fn resolve(&mut self, words: &[Word]) -> Vec<(NodeIndex, Span)> {
        let mut nodes: Vec<(NodeIndex, Span)> = Vec::with_capacity(words.len());
        for word in words {
            match self.declared.get(word.text) {
                Some((Declared::Node(node), _)) => nodes.push((*node, word.span)),
                _ => {
                    let message = format!("`{}` is not declared", word.text);
                    let mistake = Diagnostic::mistake("unknown-id", message, word.span, "");
                    self.report_unknown_node(word.text, mistake);
                }
            }
        }
        nodes
    }

    fn self_hop(&mut self, node: NodeIndex, leg: &Leg, span: Span) {
        let id = self.design.graph[node].id.clone();
        self.report(
            Diagnostic::mistake(
                "syntax",
                format!("`{id} {} {id}` leads nowhere", leg.arrow.symbol()),
                span,
                "the same node",
            )
            .help(
                "instances of one node are `xN`; what they tell each other goes through a topic or a store",
            ),
        );
    }

    /// `watch ..> api`: it acts on it, but how?
    fn no_verb(&mut self, leg: &Leg) {
        let end = leg.to.last().map_or(leg.arrow_span, |word| word.span);
        self.report(
            Diagnostic::mistake("value", "`..>` does not say what it does", leg.arrow_span.to(end), "a verb is missing")
                .help("write `observes`, `deploys`, `configures`, `recovers` or `needs` after the name: `watch ..> api observes`")
                .help("a request is `->`, a message `~>`"),
        );
    }

    /// Moves what belongs to the connection to it; returns what belongs to this use.
    fn merge(&mut self, hop: EdgeIndex, attrs: &Attrs) -> Attrs {
        let mut own = Attrs::default();
        for setting in attrs.iter() {
            let of_connection =
                catalog().attribute(setting.name).is_some_and(|attribute| attribute.connection);
            if !of_connection {
                own.push(setting.clone());
                continue;
            }
            let merged = &mut self.design.graph[hop].attrs;
            match merged.get(setting.name) {
                None => merged.push(setting.clone()),
                Some(first) if first.value == setting.value => {}
                // A value that could not be read agrees with any other.
                Some(Setting { value: Value::Yes, .. }) => {}
                Some(_) if setting.value == Value::Yes => {}
                Some(first) => {
                    let first = first.span;
                    let (from, to) = self.design.graph.edge_endpoints(hop).expect("the edge was just made");
                    let graph = &self.design.graph;
                    let name = format!("{} {} {}", graph[from].id, graph[hop].arrow.symbol(), graph[to].id);
                    self.report(
                        Diagnostic::mistake(
                            "conflict",
                            format!("`{name}` has two different values for `{}`", setting.name),
                            setting.span,
                            "here it differs",
                        )
                        .label(first, "first said here")
                        .help("it belongs to the connection, which is one and the same in every flow: say it once"),
                    );
                }
            }
        }
        own
    }

    /// `reads=TABLE` names a table of a store that declares tables.
    fn check_access(&mut self, store: NodeIndex, attrs: &Attrs) {
        let owner = self.table_owner(store);
        if self.design.graph[owner].tables.is_empty() {
            return;
        }
        for name in ["reads", "writes"] {
            let Some(setting) = attrs.get(name) else { continue };
            let Value::Words(words) = &setting.value else { continue };
            for word in words {
                let tables = &self.design.graph[owner].tables;
                if tables.iter().any(|table| &table.id == word) {
                    continue;
                }
                let ids: Vec<&str> = tables.iter().map(|table| table.id.as_str()).collect();
                let label = match crate::catalog::nearest(word, ids.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "no such table".to_string(),
                };
                let has = ids.join(", ");
                let store = self.design.graph[owner].id.clone();
                self.report(
                    Diagnostic::mistake(
                        "unknown-id",
                        format!("`{store}` has no table `{word}`"),
                        setting.span,
                        label,
                    )
                    .help(format!("its tables are: {has}")),
                );
            }
        }
    }

    /// A replica has its primary's tables.
    fn table_owner(&self, store: NodeIndex) -> NodeIndex {
        let node = &self.design.graph[store];
        match node.attrs.text("replica_of").value().and_then(|id| self.design.node(id)) {
            Some(primary) if node.tables.is_empty() => primary,
            _ => store,
        }
    }

    fn apply_defaults(&mut self) {
        let [mut call_hops, mut call_steps] = [Attrs::default(), Attrs::default()];
        let [mut handoff_hops, mut handoff_steps] = [Attrs::default(), Attrs::default()];
        let sides = [
            (&self.defaults.calls, &mut call_hops, &mut call_steps),
            (&self.defaults.handoffs, &mut handoff_hops, &mut handoff_steps),
        ];
        for (defaults, hops, steps) in sides {
            for setting in defaults.iter() {
                let of_connection =
                    catalog().attribute(setting.name).is_some_and(|attribute| attribute.connection);
                if of_connection { hops.push(setting.clone()) } else { steps.push(setting.clone()) }
            }
        }
        for hop in self.design.graph.edge_weights_mut() {
            match hop.arrow {
                Arrow::Call => inherit(&mut hop.attrs, &call_hops),
                Arrow::Handoff => inherit(&mut hop.attrs, &handoff_hops),
                Arrow::Stream | Arrow::Control => {}
            }
        }
        for step in &mut self.design.steps {
            match self.design.graph[step.hop].arrow {
                Arrow::Call => inherit(&mut step.attrs, &call_steps),
                Arrow::Handoff => inherit(&mut step.attrs, &handoff_steps),
                Arrow::Stream | Arrow::Control => {}
            }
        }
    }
}
