//! The same for a program: rates per second, shares as fractions, times in their names.

use serde_json::{Value, json};

use super::stops::minutes;
use crate::design::Design;
use crate::numbers::FlowNumbers;
use crate::predict::{Aftermath, Becomes, Loss, NodeAfter, Prediction};
use crate::report::numbers::assumed;

pub fn json(design: &Design, prediction: &Prediction) -> Value {
    let flows: Vec<Value> = prediction.numbers.flows.iter().map(|of| flow(design, of)).collect();
    let losses: Vec<Value> = prediction.losses.matter.iter().map(aftermath_json).collect();
    let ids = |losses: &[Loss]| losses.iter().map(Loss::id).collect::<Vec<_>>();
    let growth = &prediction.growth;
    let reaches: Vec<Value> = growth
        .reaches
        .iter()
        .map(|reaches| {
            json!({
                "factor": reaches.factor,
                "node": reaches.node,
                "at_most": reaches.at_most,
                "by": reaches.by,
                "grade": reaches.grade().map(|grade| format!("{grade:?}")),
            })
        })
        .collect();
    let unknown: Vec<Value> = growth
        .unknown
        .iter()
        .map(|unknown| json!({ "node": unknown.node, "missing": unknown.wants }))
        .collect();
    let disks: Vec<Value> = growth
        .fills
        .iter()
        .map(|fills| json!({ "node": fills.store, "full_after_s": fills.after_s, "by": fills.by }))
        .collect();
    json!({
        "version": 1,
        "flows": flows,
        "losses": losses,
        "harmless": ids(&prediction.losses.harmless),
        "served": ids(&prediction.losses.served),
        "losses_left_out": prediction.losses.left_out,
        "growth": reaches,
        "unknown": unknown,
        "managed": growth.managed,
        "disks": disks,
        "assumed": assumed(&prediction.numbers),
    })
}

fn flow(design: &Design, of: &FlowNumbers) -> Value {
    let Some(up) = &of.availability else {
        return json!({ "id": of.id, "minutes_per_year": null, "cut_sets": [], "missing": {
            "minutes_per_year": [format!("a hop in flow `{}`", of.id)] } });
    };
    let name = |at: &u32| up.tree.components[*at as usize].what.name(design);
    let sets: Vec<Vec<String>> = up.cuts.sets.iter().map(|set| set.iter().map(name).collect()).collect();
    if up.down.is_exact() {
        return json!({ "id": of.id, "minutes_per_year": minutes(up), "cut_sets": sets, "missing": {} });
    }
    json!({ "id": of.id, "minutes_per_year": null, "minutes_per_year_at_most": minutes(up), "cut_sets": sets,
        "missing": { "minutes_per_year": ["a smaller design: this one is too large for an exact figure"] } })
}

/// One loss: its flows, every node that it touches, and what falls next.
pub fn aftermath_json(after: &Aftermath) -> Value {
    let then = after.then.as_ref().map(|then| {
        let overloaded: Vec<Value> = then.overloaded.iter().map(node).collect();
        json!({ "lost": then.lost, "stops": then.stops, "overloaded": overloaded })
    });
    json!({
        "id": after.loss.id(),
        "loss": after.loss,
        "flows": after.flows,
        "lost": after.nodes.iter().filter(|node| node.becomes == Becomes::Lost).map(|node| &node.id).collect::<Vec<_>>(),
        "nodes": after.nodes.iter().filter(|node| node.becomes != Becomes::Lost).map(node).collect::<Vec<_>>(),
        "then": then,
    })
}

fn node(node: &NodeAfter) -> Value {
    json!({
        "id": node.id,
        "becomes": node.becomes,
        "peak_before_per_s": node.before.per_s,
        "peak_after_per_s": node.after.per_s,
        "at_least": node.after.at_least,
        "carries_per_s": node.carries_per_s,
        "utilisation_before": node.used_before(),
        "utilisation_after": node.used_after(),
        "instances_left": node.instances.map(|(left, _)| left),
        "held_back": node.held_back,
    })
}
