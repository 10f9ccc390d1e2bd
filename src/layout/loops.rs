//! Edges from a thing to itself: one around the other at its right side, their labels beside the outermost.

use super::along::{Box, Placed};
use super::measure::Measures;
use super::nest::Nest;

pub fn add(nest: &Nest, sizes: &Measures, placed: &mut Placed) {
    let mut at: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for (edge, tie) in nest.ties.iter().enumerate().filter(|(_, tie)| tie.is_loop()) {
        at.entry(tie.from).or_default().push(edge);
    }
    for (member, edges) in at {
        let own = match nest.inside(member) {
            Some(container) => placed.groups[container - 1],
            None => placed.nodes[member],
        };
        let (right, middle) = (own.x + own.w, own.y + own.h / 2);
        let count = edges.len() as i64;
        let labels = edges.iter().filter_map(|&edge| sizes.labels[edge]);
        let high: i64 = labels.map(|label| label.h + sizes.gaps.label).sum();
        let mut y = middle - high / 2;
        for (number, edge) in edges.into_iter().enumerate() {
            let number = number as i64 + 1;
            let reach = own.h / 2 * number / (count + 1);
            let x = right + number * sizes.gaps.edge;
            placed.lines[edge] = vec![
                (right, middle - reach),
                (x, middle - reach),
                (x, middle + reach),
                (right, middle + reach),
            ];
            if let Some(label) = sizes.labels[edge] {
                let x = right + count * sizes.gaps.edge + sizes.gaps.label;
                placed.labels[edge] = Some(Box { x, y, w: label.w, h: label.h });
                y += label.h + sizes.gaps.label;
            }
        }
    }
}
