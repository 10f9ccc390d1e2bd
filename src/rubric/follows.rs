//! What goes on where a flow has left off: a worker looks for the rows that it wrote, their store hands on what has changed,
//! or the client goes on to somebody outside to whom it was sent.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Design, Flow, Step};

/// What follows on a requirement's own flows.
#[derive(Default)]
pub(super) struct Following<'d> {
    /// Flows that nobody asks for, which begin where these end.
    pub flows: Vec<&'d Flow>,
    /// From a store to whoever takes out of it what was put in.
    pub taken: Vec<(NodeIndex, NodeIndex)>,
}

/// A line of the flows themselves goes on where it reads a table that they write; another flow does where it begins by
/// looking every so often (`every=`) into such a table or with the hand-off of a database that they write, or where it is
/// nothing but their client's calls of externals that they reach, as on a payment page. Flows of `required` ids are judged by
/// themselves. `reached` says what requests get to, by these lines and links.
pub(super) fn following<'d>(
    design: &'d Design,
    own: &[&'d Flow],
    required: &[&str],
    reached: impl Fn(&[&'d Step], &[(NodeIndex, NodeIndex)]) -> Vec<bool>,
) -> Following<'d> {
    let mut following = Following::default();
    let others: Vec<&Flow> = design.flows.iter().filter(|flow| !required.contains(&flow.serves())).collect();
    loop {
        let known: Vec<&Flow> = own.iter().chain(&following.flows).copied().collect();
        let lines: Vec<&Step> = known.iter().flat_map(|flow| design.steps_of(flow)).collect();
        let reached = reached(&lines, &following.taken);
        let is_reached = |node: NodeIndex| reached[node.index()];
        let written: HashSet<(NodeIndex, &str)> = lines
            .iter()
            .filter(|step| is_reached(step.from))
            .flat_map(|step| tables(design, step, "writes"))
            .collect();
        let looks = |step: &Step| {
            let taker = design.graph[step.from].kind;
            let here = tables(design, step, "reads").find(|table| written.contains(table));
            here.filter(|_| taker.is_app() && taker != Kind::Scheduler).map(|(store, _)| (store, step.from))
        };
        let unreached = lines.iter().filter(|step| !is_reached(step.from));
        let mut taken: Vec<(NodeIndex, NodeIndex)> = unreached.filter_map(|step| looks(step)).collect();
        let more: Vec<&Flow> = others
            .iter()
            .filter(|flow| !known.iter().any(|one| one.id == flow.id))
            .filter(|flow| {
                design.steps_of(flow).first().is_some_and(|first| {
                    let from = design.graph[first.from].kind;
                    let is_stream = from == Kind::Database && design.graph[first.hop].arrow == Arrow::Handoff;
                    let is_sent = |step: &Step| {
                        let ends = [step.from, step.to];
                        ends.map(|node| design.graph[node].kind) == [Kind::Client, Kind::External]
                            && design.graph[step.hop].arrow == Arrow::Call
                            && ends.into_iter().all(is_reached)
                    };
                    match looks(first).filter(|_| first.attrs.has("every")) {
                        Some(link) => {
                            taken.push(link);
                            true
                        }
                        None if is_stream => written.iter().any(|(store, _)| *store == first.from),
                        None => design.steps_of(flow).iter().all(is_sent),
                    }
                })
            })
            .copied()
            .collect();
        taken.retain(|link| !following.taken.contains(link));
        if more.is_empty() && taken.is_empty() {
            return following;
        }
        following.flows.extend(more);
        following.taken.extend(taken);
    }
}

/// The tables that a step names, with the store that holds them: its primary, where that is a replica.
fn tables<'d>(
    design: &'d Design,
    step: &'d Step,
    access: &str,
) -> impl Iterator<Item = (NodeIndex, &'d str)> {
    let primary = design.graph[step.to].attrs.text("replica_of").value().and_then(|id| design.node(id));
    let store = primary.unwrap_or(step.to);
    step.attrs.words(access).iter().map(move |table| (store, table.as_str()))
}
