//! The space between two levels: lines that have to go sideways do so on parallel tracks.
//!
//! Whether one line's track lies above another's decides how often they cross, and, where the end of one stands over
//! the start of the other, whether they would run on top of each other. The tracks are put in an order that costs least
//! by the heuristic of Eades, Lin and Smyth (1993), mended by exchanging neighbours; where two lines ask for opposite
//! orders, one of them gets a second sideways piece in between.

/// A line's sideways way between two levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// Where it comes from above, and where it goes below.
    pub upper: Vec<i64>,
    pub lower: Vec<i64>,
}

impl Net {
    fn span(&self) -> (i64, i64) {
        let ends = || self.upper.iter().chain(&self.lower).copied();
        (ends().min().unwrap_or(0), ends().max().unwrap_or(0))
    }
}

/// The tracks of a net, from above: one, or two with a place between where it changes from the first to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracks {
    pub first: usize,
    pub second: Option<(i64, usize)>,
}

pub struct Channel {
    pub tracks: Vec<Tracks>,
    pub count: usize,
}

/// A sideways piece.
struct Piece {
    net: usize,
    upper: Vec<i64>,
    lower: Vec<i64>,
    lo: i64,
    hi: i64,
}

/// What it costs to let lines run on top of each other.
const FORBIDDEN: i64 = 1 << 20;
/// Pieces above which the order is that of the simple heuristic, without exchanges.
const MANY: usize = 400;
/// How often pieces are split at most.
const ROUNDS: usize = 8;
/// Pairs that are weighed at most; where there are more, every piece has a track of its own.
const PAIRS: usize = 400_000;

/// Tracks for nets that go sideways; `taken` are the places of all lines that pass this channel, sorted.
pub fn channel(nets: &[Net], taken: &[i64], apart: i64) -> Channel {
    let mut pieces: Vec<Piece> = nets
        .iter()
        .enumerate()
        .map(|(net, ends)| {
            let (lo, hi) = ends.span();
            Piece { net, upper: ends.upper.clone(), lower: ends.lower.clone(), lo, hi }
        })
        .collect();
    let mut joints: Vec<Option<i64>> = vec![None; nets.len()];
    let mut places = taken.to_vec();
    let mut round = 0;
    loop {
        let wishes = wishes(&pieces, apart);
        let order = arranged(pieces.len(), &wishes);
        let mut position = vec![0; pieces.len()];
        for (at, &piece) in order.iter().enumerate() {
            position[piece] = at;
        }
        let mut split = false;
        let mut touched = vec![false; nets.len()];
        for wish in wishes.iter().filter(|_| round < ROUNDS) {
            let missed = position[wish.above] > position[wish.below];
            let cost = wish.least + if missed { wish.cost } else { 0 };
            let both = [wish.above, wish.below];
            if cost < FORBIDDEN || both.iter().any(|&piece| touched[pieces[piece].net]) {
                continue;
            }
            let found =
                both.iter().find_map(|&piece| Some((piece, joint(&pieces[piece], &joints, &places, apart)?)));
            let Some((piece, place)) = found else { continue };
            both.iter().for_each(|&piece| touched[pieces[piece].net] = true);
            let net = pieces[piece].net;
            joints[net] = Some(place);
            places.insert(places.partition_point(|&at| at < place), place);
            let second = split_at(&mut pieces[piece], place);
            pieces.push(second);
            split = true;
        }
        if !split {
            return numbered(nets.len(), &pieces, &order, &joints, &wishes);
        }
        round += 1;
    }
}

/// The part of a piece beyond a place.
fn split_at(piece: &mut Piece, place: i64) -> Piece {
    let lower = std::mem::replace(&mut piece.lower, vec![place]);
    let (start, end) = (piece.upper[0], lower[0]);
    (piece.lo, piece.hi) = (start.min(place), start.max(place));
    Piece { net: piece.net, upper: vec![place], lower, lo: place.min(end), hi: place.max(end) }
}

/// Where a net may change its track: off all other lines, between its ends.
fn joint(piece: &Piece, joints: &[Option<i64>], taken: &[i64], apart: i64) -> Option<i64> {
    if joints[piece.net].is_some() || piece.upper.len() != 1 || piece.lower.len() != 1 {
        return None;
    }
    let middle = (piece.lo + piece.hi) / 2;
    let from = taken.partition_point(|&at| at < piece.lo);
    let upto = taken.partition_point(|&at| at <= piece.hi);
    let between = taken[from..upto].windows(2).map(|pair| (pair[1] - pair[0], (pair[0] + pair[1]) / 2));
    // The widest gap, but no wider than it needs to be, near the middle.
    let best = between
        .filter(|&(room, _)| room >= 2)
        .min_by_key(|&(room, at)| (-room.min(2 * apart), (at - middle).abs(), at));
    best.map(|(_, at)| at)
}

/// That one piece had better lie above another, what that costs, and how much more it costs if not.
#[derive(Debug, Clone, Copy)]
struct Wish {
    above: usize,
    below: usize,
    least: i64,
    cost: i64,
}

/// For each two pieces that share a place: none may share a track, and most prefer an order.
fn wishes(pieces: &[Piece], apart: i64) -> Vec<Wish> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&at| (pieces[at].lo, at));
    let mut wishes = Vec::new();
    let mut active: Vec<usize> = Vec::new();
    for &b in &order {
        active.retain(|&a| pieces[a].hi + apart > pieces[b].lo);
        for &a in &active {
            if wishes.len() < PAIRS {
                let (a_above, b_above) =
                    (cost(&pieces[a], &pieces[b], apart), cost(&pieces[b], &pieces[a], apart));
                let (above, below) = if a_above <= b_above { (a, b) } else { (b, a) };
                let least = a_above.min(b_above);
                wishes.push(Wish { above, below, least, cost: (a_above - b_above).abs() });
            }
        }
        active.push(b);
    }
    wishes
}

/// Crossings of two pieces if the first lies above the second, and more for what is worse than a crossing.
fn cost(above: &Piece, below: &Piece, apart: i64) -> i64 {
    let inside = |places: &[i64], piece: &Piece| {
        places.iter().filter(|&&at| piece.lo < at && at < piece.hi).count() as i64
    };
    let cost = inside(&above.lower, below) + inside(&below.upper, above);
    if above.net == below.net {
        // The two pieces of one net lie in the order in which it passes them.
        return if above.upper == below.lower { FORBIDDEN } else { 0 };
    }
    let nearest = above.lower.iter().flat_map(|a| below.upper.iter().map(move |b| (a - b).abs())).min();
    match nearest {
        Some(0) => cost + FORBIDDEN,
        // Side by side without air between they read as one.
        Some(near) if near < apart / 2 => cost + 3,
        _ => cost,
    }
}

/// All pieces from above to below so that few wishes are missed.
fn arranged(count: usize, wishes: &[Wish]) -> Vec<usize> {
    let mut near: Vec<Vec<(usize, i64)>> = vec![Vec::new(); count];
    let mut balance = vec![0i64; count];
    let mut blocked = vec![0usize; count];
    let mut blocking = vec![0usize; count];
    for wish in wishes.iter().filter(|wish| wish.cost > 0) {
        near[wish.above].push((wish.below, wish.cost));
        near[wish.below].push((wish.above, -wish.cost));
        balance[wish.above] += wish.cost;
        balance[wish.below] -= wish.cost;
        blocked[wish.below] += 1;
        blocking[wish.above] += 1;
    }
    // First those that nothing asks to be above of, then those that ask nothing, then whoever asks for more than is asked.
    let mut queue: std::collections::BTreeSet<(i64, usize)> =
        (0..count).map(|at| (-balance[at], at)).collect();
    let mut free: Vec<usize> = (0..count).rev().filter(|&at| blocked[at] == 0).collect();
    let mut last: Vec<usize> = (0..count).filter(|&at| blocking[at] == 0 && blocked[at] > 0).collect();
    let mut gone = vec![false; count];
    let (mut head, mut tail) = (Vec::with_capacity(count), Vec::new());
    while head.len() + tail.len() < count {
        let (piece, front) = if let Some(piece) = free.pop() {
            (piece, true)
        } else if let Some(piece) = last.pop() {
            (piece, false)
        } else {
            match queue.first() {
                Some(&(_, piece)) => (piece, true),
                None => break,
            }
        };
        if gone[piece] {
            continue;
        }
        gone[piece] = true;
        queue.remove(&(-balance[piece], piece));
        if front {
            head.push(piece);
        } else {
            tail.push(piece);
        }
        for &(other, cost) in &near[piece] {
            if gone[other] {
                continue;
            }
            queue.remove(&(-balance[other], other));
            balance[other] += cost;
            queue.insert((-balance[other], other));
            if cost > 0 {
                blocked[other] -= 1;
                if blocked[other] == 0 {
                    free.push(other);
                }
            } else {
                blocking[other] -= 1;
                if blocking[other] == 0 {
                    last.push(other);
                }
            }
        }
    }
    tail.reverse();
    head.extend(tail);
    if count <= MANY {
        exchange(&mut head, &near);
    }
    head
}

/// Moves single pieces to where they miss the fewest wishes, while that helps.
fn exchange(order: &mut Vec<usize>, near: &[Vec<(usize, i64)>]) {
    let mut value = vec![0i64; order.len()];
    for _ in 0..8 {
        let mut better = false;
        for at in 0..order.len() {
            let piece = order[at];
            for &(other, cost) in &near[piece] {
                value[other] = cost;
            }
            // What is saved by moving it over its neighbours, one after the other.
            let (mut best, mut target) = (0, at);
            let mut saved = 0;
            for place in at + 1..order.len() {
                saved -= value[order[place]];
                if saved > best {
                    (best, target) = (saved, place);
                }
            }
            saved = 0;
            for place in (0..at).rev() {
                saved += value[order[place]];
                if saved > best {
                    (best, target) = (saved, place);
                }
            }
            for &(other, _) in &near[piece] {
                value[other] = 0;
            }
            if target != at {
                order.remove(at);
                order.insert(target, piece);
                better = true;
            }
        }
        if !better {
            break;
        }
    }
}

/// Each piece on the first track that is free below those that lie above it.
fn numbered(
    nets: usize,
    pieces: &[Piece],
    order: &[usize],
    joints: &[Option<i64>],
    wishes: &[Wish],
) -> Channel {
    let mut position = vec![0; pieces.len()];
    for (at, &piece) in order.iter().enumerate() {
        position[piece] = at;
    }
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); pieces.len()];
    for wish in wishes {
        let (a, b) = (wish.above, wish.below);
        if position[a] < position[b] { before[b].push(a) } else { before[a].push(b) }
    }
    let mut track = vec![0; pieces.len()];
    let mut count = 0;
    for &piece in order {
        let free = before[piece].iter().map(|&other| track[other] + 1).max().unwrap_or(0);
        track[piece] = if wishes.len() < PAIRS { free } else { position[piece] };
        count = count.max(track[piece] + 1);
    }
    let mut tracks = vec![Tracks { first: 0, second: None }; nets];
    for (at, piece) in pieces.iter().enumerate() {
        if at < nets {
            tracks[piece.net].first = track[at];
        } else {
            tracks[piece.net].second = joints[piece.net].map(|place| (place, track[at]));
        }
    }
    Channel { tracks, count }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Channel, Net, channel};

    /// From one point to another, along an axis.
    type Piece = ((i64, i64), (i64, i64));

    /// The pieces of each net; the channel is as high as its tracks and two more.
    fn pieces(nets: &[Net], channel: &Channel) -> Vec<Vec<Piece>> {
        let bottom = channel.count as i64 + 1;
        let of = |(net, tracks): (&Net, &super::Tracks)| {
            let (from, to) = (net.upper[0], net.lower[0]);
            let y = tracks.first as i64 + 1;
            let mut points = vec![(from, 0), (from, y)];
            if let Some((place, second)) = tracks.second {
                points.extend([(place, y), (place, second as i64 + 1), (to, second as i64 + 1)]);
            } else {
                points.push((to, y));
            }
            points.push((to, bottom));
            points.windows(2).map(|pair| (pair[0], pair[1])).collect()
        };
        nets.iter().zip(&channel.tracks).map(of).collect()
    }

    fn on_top(a: Piece, b: Piece) -> bool {
        let span = |a: i64, b: i64| (a.min(b), a.max(b));
        let shared = |a: (i64, i64), b: (i64, i64)| a.0.max(b.0) < a.1.min(b.1);
        let upright = |piece: Piece| piece.0.0 == piece.1.0;
        if upright(a) && upright(b) {
            return a.0.0 == b.0.0 && shared(span(a.0.1, a.1.1), span(b.0.1, b.1.1));
        }
        !upright(a) && !upright(b) && a.0.1 == b.0.1 && shared(span(a.0.0, a.1.0), span(b.0.0, b.1.0))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_line_lies_on_another(
            uppers in prop::collection::btree_set(0..12_i64, 6),
            lowers in prop::collection::btree_set(0..12_i64, 6),
            shuffle in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            // Places are far apart, so that there is room between.
            let lowers: Vec<i64> = lowers.iter().map(|at| at * 100).collect();
            let nets: Vec<Net> = uppers
                .iter()
                .map(|at| at * 100)
                .zip(shuffle)
                .map(|(upper, at)| Net { upper: vec![upper], lower: vec![lowers[at]] })
                .filter(|net| net.upper != net.lower)
                .collect();
            let taken: BTreeSet<i64> = uppers.iter().map(|at| at * 100).chain(lowers.iter().copied()).collect();
            let taken: Vec<i64> = taken.into_iter().collect();
            let found = pieces(&nets, &channel(&nets, &taken, 10));
            for (at, one) in found.iter().enumerate() {
                for other in &found[at + 1..] {
                    for &a in one {
                        prop_assert!(other.iter().all(|&b| !on_top(a, b)), "{:?}", nets);
                    }
                }
            }
        }
    }

    #[test]
    fn lines_that_change_places_need_two_tracks_and_a_detour() {
        let net = |upper, lower| Net { upper: vec![upper], lower: vec![lower] };
        let found = channel(&[net(0, 100), net(100, 0)], &[0, 100], 10);
        assert_eq!(found.tracks.iter().filter(|tracks| tracks.second.is_some()).count(), 1);
        let apart = channel(&[net(0, 100), net(200, 300)], &[0, 100, 200, 300], 10);
        assert_eq!((apart.count, apart.tracks[0].second), (1, None));
    }
}
