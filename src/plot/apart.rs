//! Labels that do not collide.

/// A label beside a point on a level line: where the point is, and how wide the label to its right.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    pub x: f64,
    pub width: f64,
}

/// The row of each flag, counted from the line upwards. A pole goes up from its point through all lower rows: with labels to
/// the right of their poles, a flag has to fly higher than every one whose pole stands below its label.
pub fn rows(flags: &[Flag]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..flags.len()).collect();
    order.sort_by(|&one, &other| flags[other].x.total_cmp(&flags[one].x).then(other.cmp(&one)));
    let mut rows = vec![0; flags.len()];
    for (seen, &at) in order.iter().enumerate() {
        let end = flags[at].x + flags[at].width;
        let below = order[..seen].iter().filter(|&&right| flags[right].x <= end);
        rows[at] = below.map(|&right| rows[right] + 1).max().unwrap_or(0);
    }
    rows
}

/// The centres of labels of these sizes, in the order of those wished for and as near to them as squares of distances tell: the
/// isotonic regression of M. Ayer et al. (1955), which pools neighbours that want to be closer. The whole is kept within `least` and
/// `most` as far as there is room.
pub fn spread(wished: &[f64], sizes: &[f64], least: f64, most: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wished.len()).collect();
    order.sort_by(|&one, &other| wished[one].total_cmp(&wished[other]).then(one.cmp(&other)));
    // How far each stands from the first when all are as close as they may be.
    let mut offsets = Vec::with_capacity(order.len());
    let mut offset = 0.0;
    for (at, &label) in order.iter().enumerate() {
        if at > 0 {
            offset += (sizes[order[at - 1]] + sizes[label]) / 2.0;
        }
        offsets.push(offset);
    }
    // Less their offsets, places only have to rise. Each pool: its sum, and its number.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (&label, offset) in order.iter().zip(&offsets) {
        pools.push((wished[label] - offset, 1));
        while let [.., (before, some), (last, more)] = pools[..] {
            if before / some as f64 <= last / more as f64 {
                break;
            }
            pools.truncate(pools.len() - 2);
            pools.push((before + last, some + more));
        }
    }
    let half = |at: Option<&usize>| at.map_or(0.0, |&label| sizes[label] / 2.0);
    let first = least + half(order.first());
    let last = (most - half(order.last()) - offset).max(first);
    let levels =
        pools.iter().flat_map(|&(sum, number)| vec![(sum / number as f64).clamp(first, last); number]);
    let mut places = vec![0.0; wished.len()];
    for ((&label, offset), level) in order.iter().zip(&offsets).zip(levels) {
        places[label] = level + offset;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Flag, rows, spread};

    #[test]
    fn what_has_room_stays() {
        assert_eq!(spread(&[30.0, 10.0], &[5.0, 5.0], 0.0, 100.0), [30.0, 10.0]);
        assert_eq!(spread(&[50.0, 50.0], &[10.0, 10.0], 0.0, 100.0), [45.0, 55.0]);
        assert_eq!(spread(&[99.0, 99.0], &[10.0, 10.0], 0.0, 100.0), [85.0, 95.0]);
        assert_eq!(spread(&[], &[], 0.0, 1.0), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn flags_and_poles_keep_apart(flags in prop::collection::vec((0.0..100.0_f64, 1.0..60.0_f64), 0..12)) {
            let flags: Vec<Flag> = flags.into_iter().map(|(x, width)| Flag { x, width }).collect();
            let rows = rows(&flags);
            for (at, one) in flags.iter().enumerate() {
                for (other_at, other) in flags.iter().enumerate().filter(|(other_at, _)| *other_at != at) {
                    let crossed = other.x > one.x && other.x <= one.x + one.width;
                    // The other's pole reaches up to its own row.
                    prop_assert!(!crossed || rows[other_at] < rows[at]);
                }
            }
            prop_assert!(rows.iter().all(|row| *row < flags.len()));
        }

        #[test]
        fn labels_keep_apart_and_inside(wished in prop::collection::vec(0.0..200.0_f64, 0..10)) {
            let gaps = vec![18.0; wished.len()];
            let mut places = spread(&wished, &gaps, 0.0, 200.0);
            prop_assert!(places.iter().all(|place| (8.999..=191.001).contains(place)));
            places.sort_by(f64::total_cmp);
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 17.999));
        }
    }
}
