//! Conditions against a design.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use super::condition::{Condition, Lookup, Test, ValueTest};
use super::outcome::Outcome;
use super::pattern::Stop;
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
            Condition::NoPath { stops, .. } => no_path(view, flow, stops),
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
                let weighed = design.decisions.iter().filter(|decision| decision.over.is_some());
                let different: BTreeSet<&str> = weighed.map(|decision| decision.what.as_str()).collect();
                at_least(different.len(), *least, "`decide … because … over …`")
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

fn path(view: &View, flow: &str, stops: &[Stop]) -> Outcome {
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
            let missing = stops.get(passed).map_or(String::new(), Stop::words);
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

/// A hop that does not say what it does may do what it must not.
fn no_path(view: &View, flow: &str, stops: &[Stop]) -> Outcome {
    for (lenient, met) in [(false, Met::No), (true, Met::Unstated)] {
        if let Found::Path(nodes) = view.find(stops, lenient) {
            let ids: Vec<&str> = nodes.into_iter().map(|node| view.id(node)).collect();
            let path = ids.join(" → ");
            let why = match met {
                Met::No => format!("flow `{flow}` waits for {path}"),
                _ => format!("flow `{flow}` waits for {path}, and does not say what that reads or writes"),
            };
            return Outcome::new(met, why).about(ids);
        }
    }
    Outcome::new(
        Met::Yes,
        format!("flow `{flow}` does not wait for {}", stops.last().map_or(String::new(), Stop::words)),
    )
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

#[cfg(test)]
mod tests {
    use crate::design::lower;
    use crate::rubric::{Met, Rubric, Scale, score};
    use crate::syntax::parse;

    /// What a condition about flow `f` (a client that reaches a service) says of a design, and why.
    fn judged(design: &str, condition: &str) -> (Met, String) {
        let rubric = format!(
            r#"problem = "p"
            numbers = {{ n = {{ large = "100/s", from = "" }}, size = {{ large = "1MB", from = "" }} }}
            flow = [{{ id = "f", reaches = ["client", "service"] }}]
            [[criterion]]
            id = "c"
            dimension = "data"
            points = 1
            need = "nice"
            scale = "large"
            all = [{condition}]
            ask = ""
            hints = ["", "", ""]
            fix = """#
        );
        let rubric = Rubric::read("r.toml", &rubric, &["spof-datastore"]).expect(condition);
        let (ast, mut mistakes) = parse(design);
        let (design, more) = lower(&ast);
        mistakes.extend(more);
        assert_eq!(mistakes, []);
        let findings = crate::rules::check(&design, jiff::civil::date(2026, 1, 1)).findings;
        let score = score(&design, &findings, &rubric, Some(Scale::Large));
        (score.criteria[0].met, score.criteria[0].why.clone())
    }

    fn expect(design: &str, condition: &str, met: Met, why: &str) {
        assert_eq!(judged(design, condition), (met, why.to_string()), "{condition} of\n{design}");
    }

    #[test]
    fn flows() {
        let condition = r#"{ flow = "f" }"#;
        expect("client a\nservice b\nflow f { a -> b }", condition, Met::Yes, "flow `f` is there");
        expect("client a\nservice b\nflow g serves=f { a -> b }", condition, Met::Yes, "flow `f` is there");
        expect("client a\nservice b\nflow g { a -> b }", condition, Met::No, "there is no flow `f`");
        expect(
            "client a\nlb b\nflow f { a -> b }",
            condition,
            Met::No,
            "flow `f` passes a, b, but no service",
        );
        expect("flow f { }", condition, Met::No, "flow `f` passes nothing, but no client");
    }

    #[test]
    fn paths() {
        let boxes = "client a\nservice b\nqueue q\nworker w\ndatabase d\n";
        let waits = r#"{ flow = "f", path = ["client", "-> writes database"] }"#;
        let later = r#"{ flow = "f", path = ["client", "~> writes database"] }"#;
        let call = format!("{boxes}flow f {{ a -> b -> d writes }}");
        expect(&call, waits, Met::Yes, "a → b → d");
        expect(
            &call,
            later,
            Met::No,
            "flow `f` passes a, b, d, but no database that it writes after a hand-off",
        );
        let handoff = format!("{boxes}flow f {{ a -> b ~> q ~> w -> d writes }}");
        expect(&handoff, later, Met::Yes, "a → b → q → w → d");
        expect(
            &handoff,
            waits,
            Met::No,
            "flow `f` passes a, b, q, w, d, but no database that it writes and waits for",
        );
        let silent = format!("{boxes}flow f {{ a -> b -> d }}");
        expect(&silent, waits, Met::Unstated, "flow `f` does not say what it reads or writes on a → b → d");
        // A line that no request reaches is not on the flow.
        let aside = format!("{boxes}flow f {{ a -> b\nw -> d writes }}");
        expect(&aside, waits, Met::No, "flow `f` passes a, b, but no database that it writes and waits for");
    }

    #[test]
    fn what_must_not_be_waited_for() {
        let boxes = "client a\nservice b\nqueue q\nworker w\ndatabase d\n";
        let condition = r#"{ flow = "f", no_path = ["client", "-> writes database"] }"#;
        let judged = |steps: &str| judged(&format!("{boxes}flow f {{ {steps} }}"), condition).0;
        assert_eq!(judged("a -> b -> d writes"), Met::No);
        assert_eq!(judged("a -> b -> d"), Met::Unstated);
        assert_eq!(judged("a -> b -> d reads"), Met::Yes);
        assert_eq!(judged("a -> b ~> q ~> w -> d writes"), Met::Yes);
    }

    #[test]
    fn nodes_and_hops() {
        let design = |c: &str, hop: &str| {
            format!(
                "client a\nservice b\ncache {c}\ndatabase d\ncache off ttl=1s\nflow f {{ a -> b -> c reads; b -> d {hop} }}"
            )
        };
        let node = r#"{ flow = "f", node = "cache|cdn", has = "ttl" }"#;
        expect(&design("c ttl=5min", ""), node, Met::Yes, "`c` has `ttl=5min`");
        expect(&design("c ttl=none", ""), node, Met::No, "`c` has `ttl=no`");
        expect(&design("c", ""), node, Met::Unstated, "`c` does not say `ttl`");
        expect("client a\nservice b\nflow f { a -> b }", node, Met::No, "no cache or cdn on flow `f`");
        let short = r#"{ flow = "f", node = "cache", has = "ttl", max = "1min" }"#;
        expect(&design("c ttl=60s", ""), short, Met::Yes, "`c` has `ttl=1min`");
        expect(&design("c ttl=61s", ""), short, Met::No, "`c` has `ttl=1.02min`");
        let miss = r#"{ flow = "f", hop = "any -> database", has = "on", is = ["miss"] }"#;
        expect(&design("c", "reads on=miss"), miss, Met::Yes, "`b -> d` has `on=miss`");
        expect(&design("c", "reads on=error"), miss, Met::No, "`b -> d` has `on=error`");
        expect(&design("c", "reads"), miss, Met::Unstated, "`b -> d` does not say `on`");
        let every = r#"{ flow = "f", hop = "any -> any", has = "timeout", every = true }"#;
        expect(&design("c", "timeout=1s"), every, Met::Unstated, "`a -> b` does not say `timeout`");
        let every_call = format!("every call timeout=1s\n{}", design("c", ""));
        assert_eq!(judged(&every_call, every).0, Met::Yes);
    }

    #[test]
    fn what_a_technology_is_known_for() {
        let condition = r#"{ flow = "f", node = "topic", has = "delivery", is = ["at-least-once"] }"#;
        let design = |topic: &str| format!("client a\nservice b\n{topic}\nflow f {{ a -> b ~> t }}");
        assert_eq!(judged(&design("kafka t"), condition).0, Met::Yes);
        assert_eq!(judged(&design("redis-pubsub t"), condition).0, Met::No);
        assert_eq!(judged(&design("topic t"), condition).0, Met::Unstated);
        assert_eq!(judged(&design("topic t delivery=at-least-once"), condition).0, Met::Yes);
        let log = r#"{ flow = "f", path = ["client", "~> topic(replay)"] }"#;
        assert_eq!(judged(&design("kafka t"), log).0, Met::Yes);
        assert_eq!(judged(&design("topic t retention=7d"), log).0, Met::Yes);
        assert_eq!(judged(&design("redis-pubsub t"), log).0, Met::No);
    }

    #[test]
    fn lookups() {
        let design = |store: &str, table: &str, by: &str| {
            format!(
                "client a\nservice b\n{store} d {{ table t {{ {table} }} }}\nflow f {{ a -> b -> d reads=t {by} }}"
            )
        };
        let key = r#"{ flow = "f", lookup = "key" }"#;
        expect(&design("database", "key x, y", "by=x"), key, Met::Yes, "table `d.t` is read by x");
        expect(
            &design("database", "key x, y", "by=y"),
            key,
            Met::No,
            "table `d.t` is read by y, which no key or index of it starts with",
        );
        assert_eq!(judged(&design("database", "key x; index y, z", "by=[z, y]"), key).0, Met::Yes);
        assert_eq!(judged(&design("database", "key x; unique y", "by=y"), key).0, Met::Yes);
        assert_eq!(judged(&design("database", "key x", ""), key).0, Met::Unstated);
        let shard = r#"{ flow = "f", lookup = "shard" }"#;
        assert_eq!(judged(&design("database", "key x, y; shard x", "by=x"), shard).0, Met::Yes);
        assert_eq!(judged(&design("database", "key x, y; shard y", "by=x"), shard).0, Met::No);
        assert_eq!(judged(&design("database", "key x", "by=x"), shard).0, Met::Unstated);
        assert_eq!(judged(&design("cassandra", "key x, y", "by=x"), shard).0, Met::Yes);
    }

    #[test]
    fn figures() {
        let design = |f: &str, table: &str| {
            format!(
                "given {{ many = 120/s }}\nclient a\nservice b\ndatabase d {{ table t {{ key k; {table} }} }}\nflow f {f} {{ a -> b -> d writes=t }}"
            )
        };
        let rate = r#"{ flow = "f", rate = "n", within = 2 }"#;
        expect(&design("rate=60/s", ""), rate, Met::Yes, "flow `f` has a rate of 60/s");
        expect(&design("rate=20/s", ""), rate, Met::No, "flow `f` has a rate of 20/s, far below 100/s");
        expect(&design("", ""), rate, Met::Unstated, "flow `f` has no `rate`");
        let stored = r#"{ flow = "f", stores = "size", within = 2 }"#;
        expect(&design("", "rows = 9k; size = 100B"), stored, Met::Yes, "flow `f` stores 900 KB");
        expect(&design("", "rows = 9k; size = 1KB"), stored, Met::No, "flow `f` stores 9 MB, far above 1 MB");
        expect(
            &design("", ""),
            stored,
            Met::Unstated,
            "no table that flow `f` writes says `rows` and `size`",
        );
        assert_eq!(judged(&design("", ""), r#"{ given = "n" }"#).0, Met::Yes);
        assert_eq!(judged(&design("", ""), r#"{ given = "size" }"#).0, Met::Unstated);
    }

    #[test]
    fn rules() {
        let condition = r#"{ flow = "f", silent = ["spof-datastore"] }"#;
        let design = |d: &str| format!("client a\nservice b\ndatabase {d}\nflow f {{ a -> b -> d writes }}");
        assert_eq!(judged(&design("d"), condition).0, Met::No);
        expect(&design("d x3"), condition, Met::Yes, "no spof-datastore on flow `f`");
        // Another flow's flaw is not this one's.
        let other = "client a\nservice b\ndatabase d\nflow f { a -> b }\nflow g { a -> b -> d writes }";
        assert_eq!(judged(other, condition).0, Met::Yes);
        assert_eq!(judged(other, r#"{ silent = ["spof-datastore"] }"#).0, Met::No);
    }

    #[test]
    fn the_record() {
        let design = |more: &str| format!("client a\nservice b\nflow f {{ a -> b }}\n{more}");
        let one = r#"decide "a" because "b" over "c""#;
        assert_eq!(judged(&design(one), "{ decisions = 1 }").0, Met::Yes);
        assert_eq!(judged(&design(r#"decide "a" because "b""#), "{ decisions = 1 }").0, Met::Unstated);
        assert_eq!(judged(&design(&format!("{one}\n{one}")), "{ decisions = 2 }").0, Met::Unstated);
        assert_eq!(judged(&design(""), r#"{ nodes = "any", at_most = 2 }"#).0, Met::Yes);
        assert_eq!(judged(&design("cache c"), r#"{ nodes = "any", at_most = 2 }"#).0, Met::No);
        // Words alone earn nothing.
        assert_eq!(judged(one, "{ decisions = 1 }").0, Met::No);
    }
}
