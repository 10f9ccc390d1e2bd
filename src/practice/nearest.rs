//! Which of several designs is most like one's own, and in what it differs. Names do not count: kinds do, and who calls whom on
//! which flow.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Kind;
use crate::design::{Arrow, Design};
use crate::rubric::Scale;

/// What a design has, by names that all designs share.
#[derive(Debug, Default)]
struct Shape {
    kinds: BTreeSet<Kind>,
    /// By what each flow serves: the hops of its requests.
    flows: BTreeMap<String, BTreeSet<Link>>,
}

/// `service -> cache`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub from: Kind,
    pub arrow: &'static str,
    pub to: Kind,
}

/// Of `mine` against `theirs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub kinds: Sides<Kind>,
    /// Flows of which only one side has any hops, by what they serve.
    pub flows: Sides<String>,
    /// Flows that both have, with the hops that only one has; without those that are the same.
    pub hops: Vec<(String, Sides<Link>)>,
}

/// What only one of the two has, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides<T> {
    pub mine: Vec<T>,
    pub theirs: Vec<T>,
}

impl<T> Default for Sides<T> {
    fn default() -> Sides<T> {
        Sides { mine: Vec::new(), theirs: Vec::new() }
    }
}

/// The place of the design that is most like mine, among those of a scale where there are any; of equals the first. None of
/// none.
///
/// Likeness is Jaccard's index (Jaccard, 1901) of the kinds and of each flow's hops: what both have over what either has.
pub fn nearest(mine: &Design, others: &[Design], scale: Scale) -> Option<usize> {
    let features = |design: &Design| -> BTreeSet<(String, Option<Kind>, Option<Link>)> {
        let shape = Shape::of(design);
        let hops = shape.flows.iter().flat_map(|(flow, links)| links.iter().map(move |link| (flow, link)));
        let hops = hops.map(|(flow, link)| (flow.clone(), None, Some(*link)));
        shape.kinds.iter().map(|kind| (String::new(), Some(*kind), None)).chain(hops).collect()
    };
    let own = features(mine);
    let likeness = |other: &Design| {
        let other = features(other);
        let either = own.union(&other).count().max(1);
        own.intersection(&other).count() as f64 / either as f64
    };
    let is_of_scale = |design: &Design| {
        design.solves.as_ref().and_then(|solves| solves.scale.as_deref()) == Some(scale.name())
    };
    let any = others.iter().any(is_of_scale);
    let mut best: Option<(usize, f64)> = None;
    for (at, other) in others.iter().enumerate().filter(|(_, other)| !any || is_of_scale(other)) {
        let like = likeness(other);
        if best.is_none_or(|(_, most)| like > most) {
            best = Some((at, like));
        }
    }
    best.map(|(at, _)| at)
}

pub fn difference(mine: &Design, theirs: &Design) -> Difference {
    let (mine, theirs) = (Shape::of(mine), Shape::of(theirs));
    let keys = |shape: &Shape| shape.flows.keys().cloned().collect::<BTreeSet<String>>();
    let hops = mine.flows.iter().filter_map(|(flow, links)| {
        let sides = sides(links, theirs.flows.get(flow)?);
        (!sides.mine.is_empty() || !sides.theirs.is_empty()).then(|| (flow.clone(), sides))
    });
    Difference {
        kinds: sides(&mine.kinds, &theirs.kinds),
        flows: sides(&keys(&mine), &keys(&theirs)),
        hops: hops.collect(),
    }
}

fn sides<T: Clone + Ord>(mine: &BTreeSet<T>, theirs: &BTreeSet<T>) -> Sides<T> {
    Sides {
        mine: mine.difference(theirs).cloned().collect(),
        theirs: theirs.difference(mine).cloned().collect(),
    }
}

impl Shape {
    fn of(design: &Design) -> Shape {
        let kinds = design.graph.node_weights().map(|node| node.kind);
        let mut shape = Shape {
            kinds: kinds.filter(|kind| !matches!(kind, Kind::Client | Kind::Monitor)).collect(),
            flows: BTreeMap::new(),
        };
        for flow in design.flows.iter().filter(|flow| !flow.steps.is_empty()) {
            let links = shape.flows.entry(flow.serves().to_string()).or_default();
            links.extend(design.steps_of(flow).iter().map(|step| Link {
                from: design.graph[step.from].kind,
                arrow: arrow(design.graph[step.hop].arrow),
                to: design.graph[step.to].kind,
            }));
        }
        shape
    }
}

fn arrow(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Call => "->",
        Arrow::Handoff => "~>",
        Arrow::Stream => "<->",
        Arrow::Control => "..>",
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, nearest};
    use crate::practice::reference;
    use crate::practice::testing::design;
    use crate::rubric::Scale;

    #[test]
    fn every_reference_is_nearest_to_its_like() {
        for (problem, name, text) in reference::all() {
            let all = reference::of(problem);
            let designs: Vec<_> = all.iter().map(|(_, text)| design(text)).collect();
            let mine = design(text);
            let scale = if text.contains(" at small") { Scale::Small } else { Scale::Large };
            // Or to one of the same shape.
            let at = nearest(&mine, &designs, scale).unwrap();
            assert_eq!(
                difference(&mine, &designs[at]),
                Default::default(),
                "{problem}/{name}: {}",
                all[at].0
            );
        }
        assert_eq!(nearest(&design("client web\n"), &[], Scale::Small), None);
    }

    #[test]
    fn a_difference_names_kinds_flows_and_hops() {
        let mine = design("client a; service b; postgres c\nflow x { a -> b -> c }\nflow y { a -> b }\n");
        let theirs = design(
            "client u; service v; mysql w; redis z\nflow q serves=x { u -> v -> z; v -> w }\nflow n { u -> v }\n",
        );
        let found = difference(&mine, &theirs);
        let kinds: Vec<&str> = found.kinds.theirs.iter().map(|kind| kind.name()).collect();
        assert_eq!((kinds, found.kinds.mine.len()), (vec!["cache"], 0));
        assert_eq!((found.flows.mine, found.flows.theirs), (vec!["y".to_string()], vec!["n".to_string()]));
        let [(flow, sides)] = &found.hops[..] else { panic!("{:?}", found.hops) };
        assert_eq!((flow.as_str(), sides.mine.len(), sides.theirs.len()), ("x", 0, 1));
        assert_eq!((sides.theirs[0].arrow, sides.theirs[0].to.name()), ("->", "cache"));
    }
}
