//! Conditions against a design.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::condition::{Condition, Lookup, Test, ValueTest};
use super::outcome::Outcome;
use super::quantity::{self, Named};
use super::view::{Found, View};
use super::{Met, RequiredFlow, Rubric, Scale};
use crate::catalog::{Technology, Type, catalog};
use crate::design::units::{Dimension, Quantity};
use crate::design::{Design, Step, Table, Value};
use crate::diagnostic::{Diagnostic, Verdict};

/// Everything that conditions look at, with each flow traced once.
pub(super) struct Judge<'d> {
    design: &'d Design,
    findings: &'d [Diagnostic],
    scale: Scale,
    /// By requirement: the flow, or why it cannot be judged.
    flows: BTreeMap<&'d str, Result<View<'d>, Outcome>>,
    /// Why the design as a whole cannot be judged.
    incomplete: Option<Outcome>,
}

impl<'d> Judge<'d> {
    pub fn new(
        design: &'d Design,
        findings: &'d [Diagnostic],
        rubric: &'d Rubric,
        scale: Scale,
    ) -> Judge<'d> {
        let flows: BTreeMap<&str, Result<View, Outcome>> =
            rubric.flows.iter().map(|flow| (flow.id.as_str(), trace(design, flow))).collect();
        let incomplete = rubric
            .flows
            .iter()
            .filter(|flow| !flow.optional)
            .find_map(|flow| flows[flow.id.as_str()].as_ref().err().cloned());
        Judge { design, findings, scale, flows, incomplete }
    }

    pub fn condition(&self, condition: &Condition) -> Outcome {
        match condition {
            Condition::All(inner) => {
                return Outcome::all(inner.iter().map(|inner| self.condition(inner)).collect());
            }
            Condition::Any(inner) => {
                return Outcome::any(inner.iter().map(|inner| self.condition(inner)).collect());
            }
            _ => {}
        }
        match condition.flow() {
            Some(flow) => match &self.flows[flow] {
                Ok(view) => self.on_flow(view, flow, condition),
                Err(outcome) => outcome.clone(),
            },
            None => match &self.incomplete {
                None => self.on_design(condition),
                Some(outcome) => outcome.clone(),
            },
        }
    }

    fn on_flow(&self, view: &View, flow: &str, condition: &Condition) -> Outcome {
        match condition {
            Condition::Path { stops, .. } => path(view, flow, stops),
            Condition::NoPath { stops, .. } => match view.find(stops, false) {
                Found::Path(nodes) => {
                    let ids: Vec<&str> = nodes.into_iter().map(|node| view.id(node)).collect();
                    Outcome::new(Met::No, format!("flow `{flow}` waits for {}", ids.join(" → "))).about(ids)
                }
                Found::Short(..) => Outcome::new(Met::Yes, format!("nothing on flow `{flow}` goes that way")),
            },
            Condition::Node { kinds, test, every, .. } => {
                let nodes: Vec<NodeIndex> = view
                    .nodes
                    .iter()
                    .copied()
                    .filter(|&node| kinds.matches(&self.design.graph[node]))
                    .collect();
                if nodes.is_empty() {
                    return Outcome::new(Met::No, format!("no {} on flow `{flow}`", kinds.words()));
                }
                let outcomes = nodes.into_iter().map(|node| {
                    let id = view.id(node);
                    let values = |name: &str| self.node_value(node, name);
                    tested(test.as_ref(), &format!("`{id}`"), values).about([id])
                });
                some_or_every(outcomes.collect(), *every)
            }
            Condition::Hop { hop, test, every, .. } => {
                let graph = &self.design.graph;
                let fits = |step: &&&Step| {
                    graph[step.hop].arrow == hop.arrow
                        && hop.from.matches(&graph[step.from])
                        && hop.to.matches(&graph[step.to])
                };
                let outcomes: Vec<Outcome> = view
                    .steps
                    .iter()
                    .filter(fits)
                    .map(|step| {
                        let (from, to) = (view.id(step.from), view.id(step.to));
                        let name = format!("`{from} {} {to}`", hop.arrow.symbol());
                        let value = |name: &str| {
                            let setting = step.attrs.get(name).or_else(|| graph[step.hop].attrs.get(name));
                            setting.map(|setting| setting.value.clone())
                        };
                        tested(test.as_ref(), &name, value).about([from, to])
                    })
                    .collect();
                if outcomes.is_empty() {
                    return Outcome::new(Met::No, format!("no hop {} on flow `{flow}`", hop.words()));
                }
                some_or_every(outcomes, *every)
            }
            Condition::Table { has, fields, .. } => {
                let tables = touched(view, |_| true);
                if tables.is_empty() {
                    let why = format!("flow `{flow}` reads and writes no table that the design describes");
                    return Outcome::new(Met::Unstated, why);
                }
                let outcomes =
                    tables.into_iter().map(|(node, table)| has_part(view, node, table, has, *fields));
                Outcome::any(outcomes.collect())
            }
            Condition::Lookup { lookup, .. } => self.lookup(view, flow, *lookup),
            Condition::Says { test, .. } => {
                let outcomes = view.flows.iter().map(|flow| {
                    let value = |name: &str| flow.attrs.get(name).map(|setting| setting.value.clone());
                    tested(Some(test), &format!("flow `{}`", flow.id), value)
                });
                Outcome::any(outcomes.collect())
            }
            Condition::Rate { near, within, .. } => {
                let rates = view.flows.iter().filter_map(|flow| flow.attrs.number("rate").value());
                let rate: f64 = rates.clone().sum();
                if rates.count() == 0 {
                    return Outcome::new(Met::Unstated, format!("flow `{flow}` has no `rate`"));
                }
                self.near(near, *within, rate, &format!("flow `{flow}` has a rate of"))
            }
            Condition::Stores { near, within, .. } => self.stores(view, flow, near, *within),
            Condition::Silent { rules, .. } => {
                let on_flow = |finding: &&Diagnostic| concerns(view, finding);
                silent(rules, self.findings.iter().filter(on_flow), &format!("on flow `{flow}`"))
            }
            _ => Outcome::new(Met::Yes, format!("flow `{flow}` is there")),
        }
    }

    fn on_design(&self, condition: &Condition) -> Outcome {
        let design = self.design;
        match condition {
            Condition::Silent { rules, .. } => silent(rules, self.findings.iter(), "in the design"),
            Condition::Decisions { least } => {
                let there = design.decisions.iter().filter(|decision| decision.over.is_some()).count();
                at_least(there, *least, "`decide … because … over …`")
            }
            Condition::Outs { least } => at_least(design.outs.len(), *least, "`out`"),
            Condition::AtMost { kinds, most } => {
                let nodes: Vec<&str> = design
                    .graph
                    .node_weights()
                    .filter(|node| kinds.matches(node))
                    .map(|node| node.id.as_str())
                    .collect();
                let met = if nodes.len() <= *most { Met::Yes } else { Met::No };
                let why = format!("{} {}s, {most} are enough", nodes.len(), kinds.words());
                Outcome::new(met, why).about(if met == Met::No { nodes } else { Vec::new() })
            }
            Condition::Given { near, within } => {
                let Some(figure) = near.at(self.scale) else { return inapplicable() };
                let outcomes =
                    design.givens.iter().filter(|given| given.value.dimension == figure.dimension).map(
                        |given| self.near(near, *within, given.value.value, &format!("`{}` is", given.name)),
                    );
                let outcome = Outcome::any(outcomes.collect());
                let shown = quantity::show(figure);
                if outcome.met == Met::Yes {
                    outcome
                } else {
                    let why = format!("no figure in `given` is near {shown} ({})", near.name);
                    Outcome::new(Met::Unstated, why)
                }
            }
            _ => Outcome::new(Met::No, "nothing is asked"),
        }
    }

    fn lookup(&self, view: &View, flow: &str, lookup: Lookup) -> Outcome {
        let mut outcomes = Vec::new();
        for step in view.steps.iter().filter(|step| step.attrs.has("reads")) {
            let node = &self.design.graph[step.to];
            if !node.kind.is_durable() {
                continue;
            }
            for table in tables_of(self.design, step, "reads") {
                outcomes.push(found_by(node, table, step, lookup).about([&node.id]));
            }
        }
        if outcomes.is_empty() {
            let why = format!("flow `{flow}` says of no table what it reads: `reads=TABLE by=FIELD`");
            return Outcome::new(Met::Unstated, why);
        }
        Outcome::any(outcomes)
    }

    fn stores(&self, view: &View, flow: &str, near: &Named, within: f64) -> Outcome {
        let tables = touched(view, |step| step.attrs.has("writes"));
        let sizes: Vec<f64> = tables
            .iter()
            .filter_map(|(_, table)| {
                let rows = table.attrs.number("rows").value()?;
                Some(rows * table.attrs.number("size").value()?)
            })
            .collect();
        if sizes.is_empty() {
            let why = format!("no table that flow `{flow}` writes says `rows` and `size`");
            return Outcome::new(Met::Unstated, why);
        }
        self.near(near, within, sizes.iter().sum(), &format!("flow `{flow}` stores"))
    }

    /// A figure against the interviewer's.
    fn near(&self, near: &Named, within: f64, value: f64, what: &str) -> Outcome {
        let Some(figure) = near.at(self.scale) else { return inapplicable() };
        let ratio = value / figure.value;
        let met = if ratio >= 1.0 / within && ratio <= within { Met::Yes } else { Met::No };
        let shown = quantity::show(Quantity::new(value, figure.dimension));
        let expected = quantity::show(figure);
        let why = match met {
            Met::Yes => format!("{what} {shown}"),
            _ => {
                format!("{what} {shown}, {} {expected}", if ratio > 1.0 { "far above" } else { "far below" })
            }
        };
        Outcome::new(met, why)
    }

    /// What the design says of a node, or its technology is known for.
    fn node_value(&self, node: NodeIndex, name: &str) -> Option<Value> {
        let node = &self.design.graph[node];
        let word = |word: Option<&String>| word.map(|word| Value::Words(vec![word.clone()]));
        let known = |pick: fn(&Technology) -> Option<&String>| word(node.tech.and_then(pick));
        if name == "durability" {
            return known(|tech| tech.durability.as_ref());
        }
        if let Some(setting) = node.attrs.get(name) {
            return Some(setting.value.clone());
        }
        match name {
            "instances" => Some(Value::Number(node.instances as f64)),
            "zones" if !node.zones.is_empty() => Some(Value::Number(node.zones.len() as f64)),
            "managed" => node.is_managed().then_some(Value::Yes),
            "delivery" => known(|tech| tech.delivery.as_ref()),
            "order" => known(|tech| tech.order.as_ref()),
            "replication" => known(|tech| tech.replication.as_ref()),
            "failover" => known(|tech| tech.failover.as_ref()),
            _ => None,
        }
    }
}

/// The flow that serves a requirement, if it gets where it must.
fn trace<'d>(design: &'d Design, required: &RequiredFlow) -> Result<View<'d>, Outcome> {
    let Some(view) = View::new(design, &required.id) else {
        return Err(Outcome::new(Met::No, format!("there is no flow `{}`", required.id)));
    };
    match path(&view, &required.id, &required.reaches) {
        Outcome { met: Met::No, why, nodes } => Err(Outcome::new(Met::No, why).about(nodes)),
        _ => Ok(view),
    }
}

fn path(view: &View, flow: &str, stops: &[super::pattern::Stop]) -> Outcome {
    let ids = |nodes: Vec<NodeIndex>| -> Vec<&str> { nodes.into_iter().map(|node| view.id(node)).collect() };
    match view.find(stops, false) {
        Found::Path(nodes) => {
            let ids = ids(nodes);
            Outcome::new(Met::Yes, ids.join(" → ")).about(ids)
        }
        Found::Short(passed, nodes) => {
            let ids = ids(nodes);
            if let Found::Path(nodes) = view.find(stops, true) {
                let path: Vec<&str> = nodes.into_iter().map(|node| view.id(node)).collect();
                let why =
                    format!("flow `{flow}` does not say what it reads or writes on {}", path.join(" → "));
                return Outcome::new(Met::Unstated, why).about(path);
            }
            let missing = stops.get(passed).map_or(String::new(), super::pattern::Stop::words);
            let passes = passed_nodes(view);
            let why = match ids.last() {
                Some(last) if passed > 1 => {
                    format!("flow `{flow}` passes {passes}, but after `{last}` no {missing}")
                }
                _ => format!("flow `{flow}` passes {passes}, but no {missing}"),
            };
            Outcome::new(Met::No, why).about(ids.last().copied())
        }
    }
}

/// `browser, front, links and 3 more`
fn passed_nodes(view: &View) -> String {
    const SHOWN: usize = 6;
    let ids: Vec<&str> = view.nodes.iter().take(SHOWN).map(|&node| view.id(node)).collect();
    match view.nodes.len().saturating_sub(SHOWN) {
        _ if ids.is_empty() => "nothing".to_string(),
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids.join(", ")),
    }
}

fn some_or_every(outcomes: Vec<Outcome>, every: bool) -> Outcome {
    if every { Outcome::all(outcomes) } else { Outcome::any(outcomes) }
}

/// What a subject says, against what is asked of it. Nothing asked is met.
fn tested(test: Option<&Test>, subject: &str, value: impl Fn(&str) -> Option<Value>) -> Outcome {
    let Some(test) = test else {
        return Outcome::new(Met::Yes, subject.to_string());
    };
    let outcomes = test.names.iter().map(|name| match value(name) {
        None => {
            Outcome::new(Met::Unstated, format!("{subject} does not say `{}`", test.names.join("` or `")))
        }
        Some(value) => {
            let holds = match (&test.value, &value) {
                (ValueTest::Stated, value) => *value != Value::None,
                (ValueTest::Is(words), Value::Words(said)) => said.iter().any(|word| words.contains(word)),
                (ValueTest::Is(words), Value::Yes) => words.iter().any(|word| word == "yes"),
                (ValueTest::Is(words), Value::None) => words.iter().any(|word| word == "none"),
                (ValueTest::Between { min, max }, Value::Number(number)) => {
                    // Fractions such as 100 per minute do not come out even.
                    min.is_none_or(|min| *number >= min * 0.999_999)
                        && max.is_none_or(|max| *number <= max * 1.000_001)
                }
                _ => false,
            };
            let met = if holds { Met::Yes } else { Met::No };
            Outcome::new(met, format!("{subject} has `{}`", show(name, &value)))
        }
    });
    Outcome::any(outcomes.collect())
}

/// `ttl=…`, as near to what was written as matters for a sentence.
fn show(name: &str, value: &Value) -> String {
    match value {
        Value::None => format!("{name}=no"),
        Value::Yes => name.to_string(),
        Value::Number(number) => format!("{name}={}", shown_number(name, *number)),
        Value::Words(words) => format!("{name}={}", words.join(",")),
        Value::Range(least, most) => format!("{name}=[{least}, {most}]"),
    }
}

fn shown_number(name: &str, number: f64) -> String {
    let dimension = match catalog().attribute(name).map(|attribute| attribute.ty) {
        Some(Type::Duration) => Dimension::TIME,
        Some(Type::Size) => Dimension::SIZE,
        Some(Type::Rate) => Dimension::RATE,
        Some(Type::Share) => return format!("{}%", (number * 1e6).round() / 1e4),
        _ => Dimension::NONE,
    };
    quantity::show(Quantity::new(number, dimension)).replace([' ', ','], "")
}

/// The tables that the flow's hops name, each once, in order; `wanted` picks the hops.
fn touched<'d>(view: &View<'d>, wanted: impl Fn(&Step) -> bool) -> Vec<(NodeIndex, &'d Table)> {
    let mut tables: Vec<(NodeIndex, &Table)> = Vec::new();
    for step in view.steps.iter().filter(|step| wanted(step)) {
        for access in ["reads", "writes"] {
            for table in tables_of(view.design, step, access) {
                if !tables.iter().any(|(node, known)| *node == step.to && known.id == table.id) {
                    tables.push((step.to, table));
                }
            }
        }
    }
    tables
}

/// What a hop reads or writes: the tables it names, or the only one there is.
fn tables_of<'d>(design: &'d Design, step: &Step, access: &str) -> Vec<&'d Table> {
    if !step.attrs.has(access) {
        return Vec::new();
    }
    let node = &design.graph[step.to];
    // A replica has its primary's tables.
    let node = match node.attrs.text("replica_of").value().and_then(|id| design.node(id)) {
        Some(primary) if node.tables.is_empty() => &design.graph[primary],
        _ => node,
    };
    let named: Vec<&Table> = step.attrs.words(access).iter().filter_map(|id| node.table(id)).collect();
    match (named.is_empty(), node.tables.as_slice()) {
        (true, [only]) => vec![only],
        _ => named,
    }
}

fn has_part(view: &View, node: NodeIndex, table: &Table, has: &[String], fields: usize) -> Outcome {
    let name = format!("`{}.{}`", view.id(node), table.id);
    let holds = has.iter().any(|part| match part.as_str() {
        "key" => table.keys.len() >= fields,
        "unique" => table.uniques.iter().any(|unique| unique.len() >= fields),
        "index" => table.indexes.iter().any(|index| index.len() >= fields),
        "shard" => table.shard.len() >= fields,
        attribute => table.attrs.has(attribute),
    });
    let parts = has.join("` or `");
    let outcome = if holds {
        Outcome::new(Met::Yes, format!("table {name} has `{parts}`"))
    } else if fields > 1 {
        Outcome::new(Met::Unstated, format!("table {name} has no `{parts}` of {fields} fields"))
    } else {
        Outcome::new(Met::Unstated, format!("table {name} has no `{parts}`"))
    };
    outcome.about([view.id(node)])
}

/// Whether the fields that a hop reads by find its rows.
fn found_by(node: &crate::design::Node, table: &Table, step: &Step, lookup: Lookup) -> Outcome {
    let by = step.attrs.words("by");
    let name = format!("`{}.{}`", node.id, table.id);
    if by.is_empty() {
        return Outcome::new(
            Met::Unstated,
            format!("table {name} is read, but not said by what (`by=FIELD`)"),
        );
    }
    let read = format!("table {name} is read by {}", by.join(", "));
    match lookup {
        Lookup::Key => {
            let front = |fields: &[String]| {
                by.len() <= fields.len() && fields[..by.len()].iter().all(|field| by.contains(field))
            };
            let found =
                front(&table.keys) || table.uniques.iter().chain(&table.indexes).any(|fields| front(fields));
            if found {
                Outcome::new(Met::Yes, read)
            } else {
                Outcome::new(Met::No, format!("{read}, which no key or index of it starts with"))
            }
        }
        Lookup::Shard => {
            let model = node.tech.and_then(|tech| tech.model.as_deref());
            let by_nature = matches!(model, Some("key-value" | "wide-column" | "document"));
            let shard = match (table.shard.as_slice(), table.keys.as_slice()) {
                ([], [first, ..]) if by_nature => std::slice::from_ref(first),
                (shard, _) => shard,
            };
            if shard.is_empty() {
                Outcome::new(Met::Unstated, format!("table {name} does not say what it is sharded by"))
            } else if shard.iter().all(|field| by.contains(field)) {
                Outcome::new(Met::Yes, format!("{read}, and stands on one shard"))
            } else {
                Outcome::new(
                    Met::No,
                    format!("{read} but sharded by {}: every shard is asked", shard.join(", ")),
                )
            }
        }
    }
}

/// Whether a finding is about this flow: it says so, or is about one of its hops or nodes.
fn concerns(view: &View, finding: &Diagnostic) -> bool {
    if !finding.flows.is_empty() {
        return view.flows.iter().any(|flow| finding.flows.contains(&flow.id));
    }
    if !finding.hops.is_empty() {
        return view.steps.iter().any(|step| {
            let (from, to) = (view.id(step.from), view.id(step.to));
            finding.hops.iter().any(|(a, b)| a == from && b == to)
        });
    }
    view.nodes.iter().any(|&node| finding.nodes.iter().any(|id| id == view.id(node)))
}

fn silent<'f>(rules: &[String], findings: impl Iterator<Item = &'f Diagnostic>, place: &str) -> Outcome {
    let outcomes: Vec<Outcome> = findings
        .filter(|finding| rules.iter().any(|rule| rule == finding.code))
        .map(|finding| {
            let met = match finding.verdict {
                Verdict::Wrong => Met::No,
                Verdict::Unstated => Met::Unstated,
            };
            Outcome::new(met, finding.message.clone()).about(finding.nodes.iter().map(String::as_str))
        })
        .collect();
    if outcomes.is_empty() {
        return Outcome::new(Met::Yes, format!("no {} {place}", rules.join(", ")));
    }
    Outcome::all(outcomes)
}

fn at_least(there: usize, least: usize, what: &str) -> Outcome {
    if there >= least {
        Outcome::new(Met::Yes, format!("{there} × {what}"))
    } else {
        Outcome::new(Met::Unstated, format!("{there} × {what}, {least} wanted"))
    }
}

/// The reader has checked that a criterion's figures exist at its scale.
fn inapplicable() -> Outcome {
    Outcome::new(Met::Yes, "not asked at this scale")
}
