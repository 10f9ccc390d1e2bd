//! Path data of a line and its arrow's head.

use std::fmt::Write;

use super::scene::Point;

/// One decimal at most.
pub fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    format!("{}", if tenths == 0.0 { 0.0 } else { tenths })
}

/// How far a line ends before its arrow's tip.
pub const TIP: f64 = 9.0;

/// Path data with rounded corners, ending where its heads begin.
pub fn rounded(points: &[Point], both: bool) -> String {
    let last = points.len() - 1;
    let mut ends = points.to_vec();
    ends[last] = toward(points[last], points[last - 1], TIP - 2.0);
    if both {
        ends[0] = toward(points[0], points[1], TIP - 2.0);
    }
    let mut out = format!("M{} {}", number(ends[0].x), number(ends[0].y));
    let mut at = ends[0];
    for corner in 1..last {
        let (before, corner, after) = (ends[corner - 1], ends[corner], ends[corner + 1]);
        let radius = 8.0_f64.min(apart(before, corner) / 2.0).min(apart(corner, after) / 2.0);
        let (from, to) = (toward(corner, before, radius), toward(corner, after, radius));
        straight(&mut out, &mut at, from);
        let _ = write!(
            out,
            "q{} {} {} {}",
            number(corner.x - from.x),
            number(corner.y - from.y),
            number(to.x - from.x),
            number(to.y - from.y)
        );
        at = to;
    }
    straight(&mut out, &mut at, ends[last]);
    out
}

fn straight(out: &mut String, at: &mut Point, to: Point) {
    let _ = if to.x == at.x {
        write!(out, "V{}", number(to.y))
    } else if to.y == at.y {
        write!(out, "H{}", number(to.x))
    } else {
        write!(out, "L{} {}", number(to.x), number(to.y))
    };
    *at = to;
}

/// An arrow's head with its tip at `to`.
pub fn tip(from: Point, to: Point) -> String {
    let length = apart(from, to).max(1.0);
    let (ux, uy) = ((to.x - from.x) / length, (to.y - from.y) / length);
    let (half, back) = (4.5, -TIP);
    format!(
        "M{} {}l{} {}l{} {}z",
        number(to.x),
        number(to.y),
        number(back * ux - half * uy),
        number(back * uy + half * ux),
        number(2.0 * half * uy),
        number(-2.0 * half * ux)
    )
}

fn apart(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The point at a distance from `from` on the way to `to`.
fn toward(from: Point, to: Point, distance: f64) -> Point {
    let length = apart(from, to);
    if length == 0.0 {
        return from;
    }
    let share = (distance / length).min(1.0);
    Point { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

#[cfg(test)]
mod tests {
    use super::{Point, number, rounded};

    #[test]
    fn numbers_are_short() {
        assert_eq!([number(1.0), number(1.26), number(-0.01)], ["1", "1.3", "0"]);
    }

    #[test]
    fn corners_are_round_and_the_head_has_room() {
        let points = [(0.0, 0.0), (0.0, 50.0), (50.0, 50.0)].map(|(x, y)| Point { x, y });
        assert_eq!(rounded(&points, false), "M0 0V42q0 8 8 8H43");
    }
}
