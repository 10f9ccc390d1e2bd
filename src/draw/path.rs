//! One flow as a path over the picture: which lines it takes, in which order, and what it touches.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Design};

/// The steps of one flow.
#[derive(Debug)]
pub struct Path {
    /// From, to and arrow, with the numbers of the steps that go there.
    lines: BTreeMap<(usize, usize, &'static str), Vec<usize>>,
    /// Of each node, whether a step starts or ends at it.
    pub touched: Vec<bool>,
}

impl Path {
    /// Steps are numbered from 1 in the order of the text; those that one arrow makes at once (`a -> b, c`) share a number.
    ///
    /// Panics where the design has no such flow.
    pub fn of(design: &Design, flow: usize) -> Path {
        let mut path = Path { lines: BTreeMap::new(), touched: vec![false; design.graph.node_count()] };
        let (mut number, mut last) = (0, None);
        for step in design.steps_of(&design.flows[flow]) {
            if last != Some((step.line, step.leg)) {
                number += 1;
                last = Some((step.line, step.leg));
            }
            let (from, to) = (step.from.index(), step.to.index());
            path.touched[from] = true;
            path.touched[to] = true;
            let numbers = path.lines.entry((from, to, design.graph[step.hop].arrow.symbol())).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
        path
    }

    /// What a line carries; a connection is one line, whichever end a step starts from.
    pub fn numbers(&self, from: usize, to: usize, arrow: Arrow) -> Vec<usize> {
        let of = |from, to| self.lines.get(&(from, to, arrow.symbol())).cloned().unwrap_or_default();
        let mut numbers = of(from, to);
        if arrow == Arrow::Stream && from != to {
            numbers.extend(of(to, from));
            numbers.sort_unstable();
            numbers.dedup();
        }
        numbers
    }
}

/// The steps in words, for those who cannot see them: `1 browser to edge; 2 edge to front`.
pub fn told(design: &Design, flow: usize) -> String {
    let mut told: Vec<String> = Vec::new();
    let (mut number, mut last) = (0, None);
    for step in design.steps_of(&design.flows[flow]) {
        if last != Some((step.line, step.leg)) {
            number += 1;
            last = Some((step.line, step.leg));
        }
        let name = |node: NodeIndex| &design.graph[node].id;
        told.push(format!("{number} {} to {}", name(step.from), name(step.to)));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{Path, told};
    use crate::design::{Arrow, lower};
    use crate::syntax::parse;

    #[test]
    fn numbers_follow_the_text_and_what_is_done_at_once_shares_one() {
        let text = "client a\nservice b\nservice c\nsocket s\nservice z\nflow f {\na -> b, c\nb <-> s\ns <-> b\na -> b\n}";
        let design = lower(&parse(text).0).0;
        let path = Path::of(&design, 0);
        let of = |from: &str, to: &str, arrow| {
            path.numbers(design.node(from).unwrap().index(), design.node(to).unwrap().index(), arrow)
        };
        assert_eq!(of("a", "b", Arrow::Call), [1, 4]);
        assert_eq!(of("a", "c", Arrow::Call), [1]);
        assert_eq!((of("b", "s", Arrow::Stream), of("s", "b", Arrow::Stream)), (vec![2, 3], vec![2, 3]));
        assert_eq!(of("a", "b", Arrow::Handoff), Vec::<usize>::new());
        assert_eq!(path.touched, [true, true, true, true, false]);
        assert_eq!(told(&design, 0), "1 a to b; 1 a to c; 2 b to s; 3 s to b; 4 a to b");
    }
}
