//! How large a request is on each of its hops, and where its body goes.

use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use super::{Arrow, Design, Flow, Step};
use crate::catalog::Kind;

/// Bytes of one request (`payload`) or answer (`response`) on a step: its own size, else that of the rows that it writes,
/// else its flow's. None where nothing says it, or where the flow's body goes another way.
pub fn size(design: &Design, step: &Step, which: &str) -> Option<f64> {
    if let Some(own) = step.attrs.number(which).value() {
        return Some(own);
    }
    let of_flow = || design.flows[step.flow?].attrs.number(which).value();
    match which {
        "payload" => {
            let of_flow = of_flow()?;
            rows(design, step).or(Some(of_flow).filter(|_| !step.load.apart))
        }
        _ => of_flow(),
    }
}

/// One row of each table that it writes, where all of them state their size.
fn rows(design: &Design, step: &Step) -> Option<f64> {
    let (store, tables) = (&design.graph[step.to], step.attrs.words("writes"));
    if tables.is_empty() {
        return None;
    }
    tables.iter().map(|id| store.table(id)?.attrs.number("size").value()).sum()
}

/// For each step of a flow, whether the body that its requests bring goes past it: into an object store, while this hop writes
/// down that it is there, or tells somebody.
pub fn apart(design: &Design, flow: &Flow) -> Vec<bool> {
    let steps = design.steps_of(flow);
    let to_blob = |step: &Step| design.graph[step.to].kind == Kind::Blob;
    let puts: HashSet<NodeIndex> =
        steps.iter().filter(|step| to_blob(step) && step.attrs.has("writes")).map(|step| step.from).collect();
    if puts.is_empty() || flow.attrs.number("payload").value().is_none() {
        return vec![false; steps.len()];
    }
    let mut reached: HashSet<NodeIndex> = HashSet::new();
    let mut with_body: HashSet<NodeIndex> = HashSet::new();
    let mut apart = Vec::with_capacity(steps.len());
    for step in steps {
        let [from, to] = [step.from, step.to].map(|end| design.graph[end].kind);
        if !reached.contains(&step.from) {
            with_body.insert(step.from);
        }
        let beside = puts.contains(&step.from)
            && to != Kind::Blob
            && (from == Kind::Client || to.is_store() || to.is_broker());
        let told = from == Kind::Blob && design.graph[step.hop].arrow == Arrow::Handoff;
        let is_apart = beside || told || !with_body.contains(&step.from);
        if !is_apart {
            with_body.insert(step.to);
        }
        // Whoever fetches it has it.
        if to == Kind::Blob && !step.attrs.has("writes") {
            with_body.insert(step.from);
        }
        reached.extend([step.from, step.to]);
        apart.push(is_apart);
    }
    apart
}

#[cfg(test)]
mod tests {
    /// What each step of the flow carries, in the order of the file.
    fn sizes(flow: &str) -> Vec<Option<f64>> {
        let text = format!(
            "client u\nservice a\nservice c\nworker w\nblob b\nblob e\nqueue q\ndatabase d {{ table t {{ key id; size = 200B }}; table o {{ key id }} }}\n\
             flow f payload=1MB {{ {flow} }}"
        );
        let (ast, _) = crate::syntax::parse(&text);
        let (design, mistakes) = crate::design::lower(&ast);
        assert!(mistakes.is_empty(), "{mistakes:?} in {text}");
        design.steps.iter().map(|step| super::size(&design, step, "payload")).collect()
    }

    const BODY: Option<f64> = Some(1e6);

    #[test]
    fn a_row_is_as_large_as_it_says() {
        assert_eq!(sizes("u -> a -> d writes=t"), [BODY, Some(200.0)]);
        assert_eq!(sizes("u -> a -> d writes=t payload=3KB"), [BODY, Some(3e3)]);
        assert_eq!(sizes("u -> a -> d writes=o"), [BODY, BODY]);
        assert_eq!(sizes("u -> a -> d writes=[t, o]"), [BODY, BODY]);
    }

    #[test]
    fn the_body_goes_one_way() {
        assert_eq!(sizes("u -> a -> b writes\na -> d writes"), [BODY, BODY, None]);
        assert_eq!(sizes("u -> a -> b writes\na ~> q ~> w -> d writes"), [BODY, BODY, None, None, None]);
        // Straight into the store, which then tells somebody, who fetches it.
        assert_eq!(sizes("u -> a -> d writes\nu -> b writes"), [None, None, BODY]);
        assert_eq!(
            sizes("u -> b writes\nb ~> q ~> w -> b reads\nw -> e writes"),
            [BODY, None, None, None, BODY]
        );
        // It goes on with the body, or there is no object store on its way.
        assert_eq!(sizes("u -> a -> c -> b writes\nc -> d writes"), [BODY, BODY, BODY, None]);
        assert_eq!(sizes("u -> a ~> q ~> w -> b writes\nw -> d writes"), [BODY, BODY, BODY, BODY, None]);
        assert_eq!(sizes("u -> a -> d writes"), [BODY, BODY]);
    }
}
