//! A fault tree in the Open-PSA Model Exchange Format, which other tools for risk assessment read.

use std::fmt::Write;

use super::tree::{FaultTree, Gate};

/// Component 3 is the basic event `c3`, gate 5 the gate `g5`; the top is `top`. Of failures: what works when all of its
/// inputs do fails when one of them does.
pub fn open_psa(tree: &FaultTree) -> String {
    let mut out = String::from("<?xml version=\"1.0\"?>\n<opsa-mef>\n<define-fault-tree name=\"flow\">\n");
    let reference = |term: usize| match &tree.gates[term] {
        Gate::Up(component) => format!("<basic-event name=\"c{component}\"/>"),
        Gate::Always => "<constant value=\"false\"/>".to_string(),
        Gate::Never => "<constant value=\"true\"/>".to_string(),
        _ => format!("<gate name=\"g{term}\"/>"),
    };
    let all = |terms: &[usize]| terms.iter().map(|&term| reference(term)).collect::<String>();
    let mut gate = |name: &str, formula: String| {
        writeln!(out, "<define-gate name=\"{name}\">{formula}</define-gate>").expect("a string takes all");
    };
    gate("top", reference(tree.top()));
    for (at, made) in tree.gates.iter().enumerate() {
        let formula = match made {
            Gate::All(terms) => format!("<or>{}</or>", all(terms)),
            Gate::Any(terms) => format!("<and>{}</and>", all(terms)),
            Gate::AtLeast(wanted, terms) => {
                format!("<atleast min=\"{}\">{}</atleast>", terms.len() + 1 - wanted, all(terms))
            }
            Gate::Always | Gate::Never | Gate::Up(_) => continue,
        };
        gate(&format!("g{at}"), formula);
    }
    out.push_str("</define-fault-tree>\n<model-data>\n");
    for (at, component) in tree.components.iter().enumerate() {
        writeln!(
            out,
            "<define-basic-event name=\"c{at}\"><float value=\"{:e}\"/></define-basic-event>",
            component.down
        )
        .expect("a string takes all");
    }
    out.push_str("</model-data>\n</opsa-mef>\n");
    out
}
