//! Conditions against a design.

mod attributes;
#[cfg(test)]
mod cases;
mod findings;
mod paths;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use self::attributes::tested;
use self::findings::{concerns, may_concern, silent};
use self::paths::{no_path, path};
use self::tables::{found_by, has_part, tables_of, touched};
use super::condition::{Condition, Lookup};
use super::outcome::Outcome;
use super::quantity::{self, Named};
use super::view::View;
use super::{Access, Met, RequiredFlow, Rubric, Scale};
use crate::catalog::Technology;
use crate::design::{Design, Flow, Node, Step, Value};
use crate::diagnostic::Diagnostic;
use crate::rules::{Critique, NotEvaluated};
use crate::units::Quantity;

/// Everything that conditions look at, with each flow traced once.
pub(super) struct Judge<'d> {
    design: &'d Design,
    findings: &'d [Diagnostic],
    not_evaluated: &'d [NotEvaluated],
    scale: Scale,
    /// By requirement: the flow, or why it cannot be judged.
    flows: BTreeMap<&'d str, Result<View<'d>, Outcome>>,
    /// Why the design as a whole cannot be judged.
    incomplete: Option<Outcome>,
}

impl<'d> Judge<'d> {
    pub fn new(design: &'d Design, critique: &'d Critique, rubric: &'d Rubric, scale: Scale) -> Judge<'d> {
        let required: Vec<&str> = rubric.flows.iter().map(|flow| flow.id.as_str()).collect();
        let flows: BTreeMap<&str, Result<View, Outcome>> =
            rubric.flows.iter().map(|flow| (flow.id.as_str(), trace(design, flow, &required))).collect();
        let incomplete = rubric
            .flows
            .iter()
            .filter(|flow| !flow.optional)
            .find_map(|flow| flows[flow.id.as_str()].as_ref().err().cloned());
        Judge {
            design,
            findings: &critique.findings,
            not_evaluated: &critique.not_evaluated,
            scale,
            flows,
            incomplete,
        }
    }

    /// The nodes that a flow reaches; None where there is no such flow, or it does not get where it has to.
    pub fn nodes_of(&self, flow: &str) -> Option<Vec<NodeIndex>> {
        Some(self.flows.get(flow)?.as_ref().ok()?.nodes.clone())
    }

    /// Its hops, in source order.
    pub fn steps_of(&self, flow: &str) -> Option<Vec<&'d Step>> {
        Some(self.flows.get(flow)?.as_ref().ok()?.steps.clone())
    }

    pub fn condition(&self, condition: &Condition) -> Outcome {
        match condition {
            Condition::All(inner) => {
                return Outcome::all(inner.iter().map(|inner| self.condition(inner)).collect());
            }
            Condition::Any(inner) => {
                return Outcome::any(inner.iter().map(|inner| self.condition(inner)).collect());
            }
            Condition::None { flow, of } => {
                let missing = match flow {
                    Some(flow) => self.flows[flow.as_str()].as_ref().err(),
                    None => self.incomplete.as_ref(),
                };
                return missing.cloned().unwrap_or_else(|| self.none(of));
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

    /// What must not be.
    fn none(&self, of: &[Condition]) -> Outcome {
        let there = of.iter().map(|inner| self.condition(inner)).find(|outcome| outcome.met == Met::Yes);
        match there {
            Some(outcome) => Outcome { met: Met::No, ..outcome },
            None => Outcome::new(Met::Yes, "nothing that should not be there"),
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
                let outcomes: Vec<Outcome> = view
                    .steps
                    .iter()
                    .filter(|step| hop.matches(self.design, step) && (!every || view.is_own(step)))
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
            Condition::Table { access, has, fields, value, .. } => {
                let tables = touched(view, view.steps.iter(), *access);
                if tables.is_empty() {
                    let does = access.map_or("reads and writes", Access::name);
                    let why = format!("flow `{flow}` {does} no table that the design describes");
                    return Outcome::new(Met::Unstated, why);
                }
                let outcomes =
                    tables.into_iter().map(|(node, table)| has_part(view, node, table, has, *fields, value));
                Outcome::any(outcomes.collect())
            }
            Condition::Lookup { lookup, .. } => self.lookup(view, flow, *lookup),
            Condition::Says { test, .. } => {
                let outcomes = view.all_flows().map(|flow| {
                    let value = |name: &str| flow.attrs.get(name).map(|setting| setting.value.clone());
                    tested(Some(test), &format!("flow `{}`", flow.id), value)
                });
                Outcome::any(outcomes.collect())
            }
            Condition::Rate { near, within, .. } => {
                let rate = |flow: &Flow| flow.attrs.number("rate").value();
                let rates: Vec<f64> = view.flows.iter().filter_map(|flow| rate(flow)).collect();
                if rates.is_empty() {
                    return Outcome::new(Met::Unstated, format!("flow `{flow}` has no `rate`"));
                }
                // What serves it besides may be more of the same, or another stage of it.
                let own = view.flows.iter().find(|one| one.id == flow).and_then(|one| rate(one));
                let what = format!("flow `{flow}` has a rate of");
                self.one_near(near, *within, rates.iter().sum(), own.as_slice(), &what)
            }
            Condition::Stores { near, within, .. } => self.stores(view, flow, near, *within),
            Condition::Silent { rules, .. } => {
                let on_flow = |finding: &&Diagnostic| concerns(view, finding);
                silent(
                    rules,
                    self.findings.iter().filter(on_flow),
                    self.not_evaluated,
                    |missed| may_concern(view, missed),
                    &format!("on flow `{flow}`"),
                )
            }
            _ => Outcome::new(Met::Yes, format!("flow `{flow}` is there")),
        }
    }

    fn on_design(&self, condition: &Condition) -> Outcome {
        let design = self.design;
        match condition {
            Condition::Silent { rules, .. } => {
                silent(rules, self.findings.iter(), self.not_evaluated, |_| true, "in the design")
            }
            Condition::Decisions { least } => {
                let said = |text: &str| !text.trim().is_empty();
                let weighed = design.decisions.iter().filter(|decision| {
                    said(&decision.what)
                        && said(&decision.because)
                        && decision.over.as_deref().is_some_and(said)
                });
                let different: BTreeSet<&str> = weighed.map(|decision| decision.what.as_str()).collect();
                at_least(different.len(), *least, "`decide … because … over …`")
            }
            Condition::Outs { least } => at_least(design.outs.len(), *least, "`out \"…\"`"),
            Condition::AtMost { kinds, most } => {
                let nodes: Vec<&str> = design
                    .graph
                    .node_weights()
                    .filter(|node| kinds.matches(node))
                    .map(|node| node.id.as_str())
                    .collect();
                let met = if nodes.len() <= *most { Met::Yes } else { Met::No };
                let why = format!("{} × {}, {most} are enough", nodes.len(), kinds.words());
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
        let tables = touched(view, view.steps.iter().filter(|step| view.is_own(step)), Some(Access::Writes));
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
        // The figure may be that of one table, with others written beside it.
        self.one_near(near, within, sizes.iter().sum(), &sizes, &format!("flow `{flow}` stores"))
    }

    /// The sum against the interviewer's figure, or else one of its parts.
    fn one_near(&self, near: &Named, within: f64, sum: f64, parts: &[f64], what: &str) -> Outcome {
        let all = self.near(near, within, sum, what);
        let mut parts = parts.iter().map(|&part| self.near(near, within, part, what));
        match all.met {
            Met::Yes => all,
            _ => parts.find(|part| part.met == Met::Yes).unwrap_or(all),
        }
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
            // What grows as it likes is not one when more is to be done.
            "instances" => {
                let least = if node.most_instances().is_none() { 2 } else { 1 };
                Some(Value::Number(node.instances.max(least) as f64))
            }
            "zones" if !node.zones.is_empty() => Some(Value::Number(node.zones.len() as f64)),
            "managed" => node.is_managed().then_some(Value::Yes),
            "delivery" => known(|tech| tech.delivery.as_ref()),
            "order" => known(|tech| tech.order.as_ref()),
            // What a relational database can be set to, it does not do by itself.
            "replication" if !relational(node) || node.is_managed() || votes(node) => {
                known(|tech| tech.replication.as_ref())
            }
            "failover" => known(|tech| tech.failover.as_ref()),
            _ => None,
        }
    }
}

fn relational(node: &Node) -> bool {
    node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"))
}

/// Its copies agree on each write, whatever it is set to.
fn votes(node: &Node) -> bool {
    node.tech.is_some_and(|tech| tech.replication.as_deref() == Some("quorum"))
}

/// The flow that serves a requirement, if it gets where it must.
fn trace<'d>(design: &'d Design, required: &RequiredFlow, all: &[&str]) -> Result<View<'d>, Outcome> {
    let Some(view) = View::new(design, &required.id, all) else {
        return Err(Outcome::new(Met::No, format!("there is no flow `{}`", required.id)));
    };
    match path(&view, &required.id, &required.reaches) {
        Outcome { met: Met::No, why, nodes } => Err(Outcome::new(Met::No, why).about(nodes)),
        _ => Ok(view),
    }
}

fn some_or_every(outcomes: Vec<Outcome>, every: bool) -> Outcome {
    if every { Outcome::all(outcomes) } else { Outcome::any(outcomes) }
}

fn at_least(there: usize, least: usize, what: &str) -> Outcome {
    if there >= least {
        Outcome::new(Met::Yes, format!("{there} × {what}"))
    } else if there == 0 {
        Outcome::new(Met::Unstated, format!("there is no {what} yet"))
    } else {
        Outcome::new(Met::Unstated, format!("{there} of {least} {what}"))
    }
}

/// The reader has checked that a criterion's figures exist at its scale.
fn inapplicable() -> Outcome {
    Outcome::new(Met::Yes, "not asked at this scale")
}
