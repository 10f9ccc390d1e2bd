//! How far down everything stands, and the way of every line: levels as high as what they hold, channels as high as
//! their tracks ask for; groups from the inside out.

use std::cmp::Ordering;

use super::across::Across;
use super::channel::{Channel, Net, channel};
use super::levels::{Kind, Levels};
use super::measure::{Extent, Measures};

/// Left, top, width, height, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Box {
    pub x: i64,
    pub y: i64,
    pub w: i64,
    pub h: i64,
}

pub struct Placed {
    pub nodes: Vec<Box>,
    pub groups: Vec<Box>,
    /// From each edge's start to its end.
    pub lines: Vec<Vec<(i64, i64)>>,
    pub labels: Vec<Option<Box>>,
}

/// `alike` are levels whose channels ought to be equally high.
pub fn along(levels: &Levels, sizes: &Measures, across: &Across, alike: &[(usize, usize)]) -> Placed {
    let mut channels: Vec<Ground> =
        (0..levels.levels.len()).map(|at| ground(levels, sizes, across, at)).collect();
    // Twice: the model of several twins takes the highest before it gives it to all.
    for &(model, other) in alike.iter().chain(alike) {
        let h = channels[model].h.max(channels[other].h);
        channels[model].grow(h);
        channels[other].grow(h);
    }
    let heights = heights(levels, sizes, &channels);
    let tops = tops(levels, sizes, &channels, &heights);

    let group = |item: &usize| matches!(levels.items[*item].kind, Kind::Group(_));
    let groups: Vec<bool> = levels.levels.iter().map(|level| level.items.iter().any(group)).collect();

    let mut placed = Placed {
        nodes: vec![Box::default(); sizes.nodes.len()],
        groups: vec![Box::default(); sizes.heads.len()],
        lines: Vec::with_capacity(levels.ways.len()),
        labels: vec![None; levels.ways.len()],
    };
    for (at, item) in levels.items.iter().enumerate() {
        let (x, level) = (across.x[at], item.level);
        let middle = |h: i64| tops.level[level] + (heights.level[level] - h) / 2;
        match item.kind {
            Kind::Node(node) => {
                let Extent { w, h } = sizes.nodes[node];
                // Beside a group, which is higher, it stands where its lines are.
                let room = h.max(sizes.loops[node].h);
                let y = match levels.above[at].len().cmp(&levels.below[at].len()) {
                    Ordering::Less if groups[level] => {
                        tops.level[level] + heights.level[level] - (room + h) / 2
                    }
                    Ordering::Greater if groups[level] => tops.level[level] + (room - h) / 2,
                    _ => middle(h),
                };
                placed.nodes[node] = Box { x, y, w, h };
            }
            Kind::Group(group) => {
                let h = heights.container[group + 1];
                placed.groups[group] = Box { x, y: tops.container[group + 1], w: across.right[group] - x, h };
            }
            Kind::Label(edge) => {
                let label = sizes.labels[edge].unwrap_or_default();
                let x = x + sizes.gaps.label;
                placed.labels[edge] = Some(Box { x, y: middle(label.h), w: label.w, h: label.h });
            }
            Kind::Pass | Kind::Gate | Kind::Turn => {}
        }
    }
    for edge in 0..levels.ways.len() {
        placed.lines.push(line(edge, levels, across, &channels, &heights, &tops, &placed));
    }
    placed
}

/// The channel below a level.
struct Ground {
    /// Of each link of the level: its net, where it goes sideways.
    net: Vec<Option<usize>>,
    channel: Channel,
    h: i64,
    /// From the level above to the first track.
    clear: i64,
    gap: i64,
}

impl Ground {
    /// Tracks stay in the middle.
    fn grow(&mut self, h: i64) {
        if self.channel.count > 0 {
            self.clear += (h - self.h) / 2;
        }
        self.h = h;
    }
}

fn ground(levels: &Levels, sizes: &Measures, across: &Across, at: usize) -> Ground {
    let level = &levels.levels[at];
    let mut nets: Vec<Net> = Vec::new();
    let mut net = vec![None; level.links.len()];
    let mut taken = Vec::with_capacity(level.links.len() * 2);
    let mut turns = std::collections::BTreeMap::new();
    for (place, &number) in level.links.iter().enumerate() {
        let link = levels.links[number];
        let (upper, lower) = across.ends[number];
        let is_turn = |item: usize| levels.items[item].kind == Kind::Turn;
        if is_turn(link.lower) || is_turn(link.upper) {
            // Two links that meet at a turn are one line, which does not reach the level that the turn stands on.
            let turn = if is_turn(link.lower) { link.lower } else { link.upper };
            let own = *turns.entry(turn).or_insert_with(|| {
                nets.push(Net { upper: Vec::new(), lower: Vec::new() });
                nets.len() - 1
            });
            net[place] = Some(own);
            if is_turn(link.lower) {
                nets[own].upper.push(upper);
                taken.push(upper);
            } else {
                nets[own].lower.push(lower);
                taken.push(lower);
            }
        } else {
            taken.extend([upper, lower]);
            if upper != lower {
                net[place] = Some(nets.len());
                nets.push(Net { upper: vec![upper], lower: vec![lower] });
            }
        }
    }
    taken.sort_unstable();
    taken.dedup();
    let channel = channel(&nets, &taken, sizes.gaps.edge);
    let (first, last) = levels.spans[level.container];
    if at == last {
        return Ground { net, channel, h: 0, clear: 0, gap: 0 };
    }
    let (clear, below) = (clearance(levels, sizes, at), clearance(levels, sizes, at + 1));
    let gap = sizes.gaps.edge;
    let least = if holds_members(levels, at) && holds_members(levels, at + 1) {
        sizes.gaps.layer
    } else if (at == first || at + 1 == last) && level.container == 0 {
        0
    } else if at == first || at + 1 == last {
        sizes.gaps.padding
    } else {
        // Beside a level of labels: both sides of it together leave the room that there would be without labels.
        let thin = if holds_members(levels, at) { at + 1 } else { at };
        clear.min(below).max((sizes.gaps.layer - label_height(levels, sizes, thin)) / 2)
    };
    let tracks = channel.count as i64;
    let wanted = if tracks == 0 { 0 } else { clear + (tracks - 1) * gap + below };
    let h = least.max(wanted);
    // Tracks stand in the middle of what is more than they need.
    let clear = clear + (h - wanted.min(h)) / 2;
    Ground { net, channel, h, clear: if tracks == 0 { 0 } else { clear }, gap }
}

fn label_height(levels: &Levels, sizes: &Measures, level: usize) -> i64 {
    let labels = levels.levels[level].items.iter().filter_map(|&item| match levels.items[item].kind {
        Kind::Label(edge) => sizes.labels[edge].map(|label| label.h),
        _ => None,
    });
    labels.max().unwrap_or(sizes.gaps.layer)
}

fn holds_members(levels: &Levels, level: usize) -> bool {
    let member = |item: &usize| matches!(levels.items[*item].kind, Kind::Node(_) | Kind::Group(_));
    levels.levels[level].items.iter().any(member)
}

/// From a level to the nearest track.
fn clearance(levels: &Levels, sizes: &Measures, level: usize) -> i64 {
    let container = levels.levels[level].container;
    let (first, last) = levels.spans[container];
    let of =
        |kind: fn(Kind) -> bool| levels.levels[level].items.iter().any(|&at| kind(levels.items[at].kind));
    if level == first && container > 0 {
        // The title is above, the border further up.
        sizes.gaps.edge / 2
    } else if level == last || of(|kind| matches!(kind, Kind::Node(_) | Kind::Group(_))) {
        sizes.gaps.edge_node
    } else if of(|kind| matches!(kind, Kind::Label(_))) {
        sizes.gaps.edge / 2
    } else {
        sizes.gaps.edge / 4
    }
}

struct Heights {
    level: Vec<i64>,
    container: Vec<i64>,
}

/// Containers stand after those around them, so backwards is from the inside out.
fn heights(levels: &Levels, sizes: &Measures, grounds: &[Ground]) -> Heights {
    let mut level = vec![0i64; levels.levels.len()];
    let mut container = vec![0i64; levels.spans.len()];
    for own in (0..levels.spans.len()).rev() {
        let (first, last) = levels.spans[own];
        let mut total = 0;
        for at in first..=last {
            for &item in &levels.levels[at].items {
                let h = match levels.items[item].kind {
                    Kind::Node(node) => sizes.nodes[node].h.max(sizes.loops[node].h),
                    Kind::Group(group) => container[group + 1],
                    Kind::Label(edge) => sizes.labels[edge].map_or(0, |label| label.h),
                    Kind::Pass | Kind::Gate | Kind::Turn => 0,
                };
                level[at] = level[at].max(h);
            }
            total += level[at] + grounds[at].h;
        }
        if let Some(group) = own.checked_sub(1) {
            let head = sizes.heads[group];
            total = (total + head.top).max(head.least.h).max(sizes.loops[sizes.nodes.len() + group].h);
        }
        container[own] = total;
    }
    Heights { level, container }
}

struct Tops {
    level: Vec<i64>,
    container: Vec<i64>,
}

fn tops(levels: &Levels, sizes: &Measures, grounds: &[Ground], heights: &Heights) -> Tops {
    let mut tops = Tops { level: vec![0; levels.levels.len()], container: vec![0; levels.spans.len()] };
    for (own, &(first, last)) in levels.spans.iter().enumerate() {
        let mut used = 0;
        let mut least = 0;
        if let Some(group) = own.checked_sub(1) {
            let around = levels.items[levels.item_of[sizes.nodes.len() + group]].level;
            // Groups beside each other begin at one height, so that what they hold does as well.
            tops.container[own] = tops.level[around];
            used += sizes.heads[group].top;
            least = heights.container[own];
        }
        let filled: i64 = used + (first..=last).map(|at| heights.level[at] + grounds[at].h).sum::<i64>();
        // What a title asks for beyond the contents is shared above and below them.
        let mut y = tops.container[own] + used + (least - filled).max(0) / 2;
        for (at, ground) in grounds.iter().enumerate().take(last + 1).skip(first) {
            tops.level[at] = y;
            y += heights.level[at] + ground.h;
        }
    }
    tops
}

/// The way of an edge, from the border of its start to that of its end.
fn line(
    edge: usize,
    levels: &Levels,
    across: &Across,
    grounds: &[Ground],
    heights: &Heights,
    tops: &Tops,
    placed: &Placed,
) -> Vec<(i64, i64)> {
    let mut points: Vec<(i64, i64)> = Vec::new();
    for leg in &levels.ways[edge] {
        let link = levels.links[leg.link];
        let (upper, lower) = across.ends[leg.link];
        let ground = &grounds[link.level];
        let place = levels.levels[link.level].links.binary_search(&leg.link).unwrap_or(0);
        let top = tops.level[link.level] + heights.level[link.level];
        let track = |track: usize| top + ground.clear + track as i64 * ground.gap;
        let mut piece = Vec::with_capacity(6);
        let is_turn = |item: usize| levels.items[item].kind == Kind::Turn;
        let tracks = ground.net[place].map(|net| ground.channel.tracks[net]);
        if !is_turn(link.upper) {
            piece.push((upper, border(levels, placed, link.upper, true).unwrap_or(top)));
        }
        if let Some(tracks) = tracks {
            let turns = is_turn(link.upper) || is_turn(link.lower);
            if !is_turn(link.upper) {
                piece.push((upper, track(tracks.first)));
            }
            if let Some((between, second)) = tracks.second.filter(|_| !turns) {
                piece.push((between, track(tracks.first)));
                piece.push((between, track(second)));
                piece.push((lower, track(second)));
            } else if !is_turn(link.lower) {
                piece.push((lower, track(tracks.first)));
            }
        }
        if !is_turn(link.lower) {
            let bottom = top + ground.h;
            piece.push((lower, border(levels, placed, link.lower, false).unwrap_or(bottom)));
        }
        if leg.upward {
            piece.reverse();
        }
        points.extend(piece);
    }
    tidy(points)
}

/// The side of a node, or of a group where the edge begins or ends at it.
fn border(levels: &Levels, placed: &Placed, item: usize, bottom: bool) -> Option<i64> {
    let own = match levels.items[item].kind {
        Kind::Node(node) => placed.nodes[node],
        Kind::Gate => {
            let level = &levels.levels[levels.items[item].level];
            let container = level.container;
            let (first, _) = levels.spans[container];
            let group = placed.groups[container.checked_sub(1)?];
            // The border that the gate is in.
            let at_top = levels.items[item].level == first;
            return Some(if at_top { group.y } else { group.y + group.h });
        }
        _ => return None,
    };
    Some(if bottom { own.y + own.h } else { own.y })
}

/// Without points that change nothing.
fn tidy(points: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    let mut out: Vec<(i64, i64)> = Vec::with_capacity(points.len());
    for point in points {
        while let [.., before, last] = out[..] {
            let straight =
                (before.0 == last.0 && last.0 == point.0) || (before.1 == last.1 && last.1 == point.1);
            if straight || last == point {
                out.pop();
            } else {
                break;
            }
        }
        if out.last() != Some(&point) {
            out.push(point);
        }
    }
    out
}
