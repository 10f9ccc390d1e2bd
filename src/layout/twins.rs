//! Groups that are built alike, as the zones of a region are: they take the same order, or each other's mirror image.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::levels::{Item, Levels};
use super::nest::Nest;

/// Two containers in one, whose members correspond in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twins {
    pub model: usize,
    pub other: usize,
}

/// What a container is made of, as far as that can be seen in a drawing: sizes of nodes, kinds of groups, and which of
/// its members edges link.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Build {
    members: Vec<(u64, u64, usize)>,
    edges: Vec<(usize, usize)>,
}

/// Pairs in one container, those around before those inside. Containers of a single member have nothing to order.
pub fn twins(graph: &Graph, nest: &Nest) -> Vec<Twins> {
    let mut edges: Vec<Vec<(usize, usize)>> = vec![Vec::new(); nest.members.len()];
    let mut number = vec![0; nest.home.len()];
    for members in &nest.members {
        members.iter().enumerate().for_each(|(at, &member)| number[member] = at);
    }
    for tie in nest.ties.iter().filter(|tie| !tie.is_loop()) {
        if let (Some(from), Some(to)) = (tie.from_in, tie.to_in) {
            edges[tie.container].push((number[from], number[to]));
        }
    }
    let mut class = vec![0; nest.members.len()];
    let mut known: BTreeMap<Build, usize> = BTreeMap::new();
    // Containers stand after those around them.
    for container in (1..nest.members.len()).rev() {
        let members = nest.members[container].iter().map(|&member| match nest.inside(member) {
            Some(inside) => (0, 0, class[inside]),
            None => {
                let size = graph.nodes[member].size;
                (size.w.to_bits(), size.h.to_bits(), usize::MAX)
            }
        });
        let mut edges = std::mem::take(&mut edges[container]);
        edges.sort_unstable();
        let build = Build { members: members.collect(), edges };
        let next = known.len() + 1;
        class[container] = *known.entry(build).or_insert(next);
    }
    let mut models: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut twins = Vec::new();
    for (container, &class) in class.iter().enumerate().skip(1) {
        let home = nest.home[nest.around(container)];
        let model = *models.entry((home, class)).or_insert(container);
        if model != container && nest.members[container].len() > 1 {
            twins.push(Twins { model, other: container });
        }
    }
    twins
}

/// Gives the other twin, and all that is in it, the order of the model, or its mirror image. None where the two were
/// not layered alike.
pub fn copied(
    levels: &Levels,
    nest: &Nest,
    rows: &[Vec<usize>],
    twins: Twins,
    mirrored: bool,
) -> Option<Vec<Vec<usize>>> {
    let mut rows = rows.to_vec();
    let mut stack = vec![twins];
    while let Some(Twins { model, other }) = stack.pop() {
        let pairs: BTreeMap<usize, usize> = nest.members[model]
            .iter()
            .zip(&nest.members[other])
            .map(|(&a, &b)| (levels.item_of[a], levels.item_of[b]))
            .collect();
        let mut by_level: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&a, &b) in &pairs {
            by_level.entry(levels.items[a].level).or_default().push(b);
        }
        for (level, own) in by_level {
            let Item { level: target, .. } = levels.items[*own.first()?];
            if own.iter().any(|&item| levels.items[item].level != target) {
                return None;
            }
            let mut order: Vec<usize> =
                rows[level].iter().filter_map(|item| pairs.get(item).copied()).collect();
            if mirrored {
                order.reverse();
            }
            let mut next = order.into_iter();
            for item in &mut rows[target] {
                if own.contains(item) {
                    *item = next.next()?;
                }
            }
        }
        for (&a, &b) in nest.members[model].iter().zip(&nest.members[other]) {
            if let (Some(model), Some(other)) = (nest.inside(a), nest.inside(b)) {
                stack.push(Twins { model, other });
            }
        }
    }
    Some(rows)
}

/// Levels of twins that correspond, so that they can be equally high.
pub fn alike(levels: &Levels, nest: &Nest, twins: &[Twins]) -> Vec<(usize, usize)> {
    let mut alike = Vec::new();
    let mut stack = twins.to_vec();
    while let Some(Twins { model, other }) = stack.pop() {
        let ((first, last), (start, end)) = (levels.spans[model], levels.spans[other]);
        if last - first != end - start {
            continue;
        }
        alike.extend((first..=last).zip(start..=end));
        for (&a, &b) in nest.members[model].iter().zip(&nest.members[other]) {
            if let (Some(model), Some(other)) = (nest.inside(a), nest.inside(b)) {
                stack.push(Twins { model, other });
            }
        }
    }
    alike
}
