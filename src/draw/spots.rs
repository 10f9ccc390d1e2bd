//! Where a badge stands on a line: off cards, labels, titles and other badges where there is such a place, and off
//! other lines where there is a choice.

use super::label::share_of;
use super::scene::{Edge, Frame, Point, Rect, Scene, Way};
use super::stroke::TIP;
use super::text::{Weight, width};

/// Lines beyond which nobody reads a badge and looking for places would take long.
const MOST_LINES: usize = 2_000;

pub const STEP: f64 = 11.0;
const STEP_HEIGHT: f64 = 18.0;

/// What the badge of steps says; more than three are cut.
pub fn step_text(steps: &[usize]) -> String {
    let shown: Vec<String> = steps.iter().take(3).map(usize::to_string).collect();
    if steps.len() > 3 { format!("{}…", shown.join(", ")) } else { shown.join(", ") }
}

/// Gives every line with steps the place of its badge.
pub fn place_steps(scene: &mut Scene) {
    let mut taken: Vec<Rect> = Vec::new();
    for at in 0..scene.edges.len() {
        let edge = &scene.edges[at];
        if edge.steps.is_empty() {
            continue;
        }
        let w = (width(&step_text(&edge.steps), STEP, Weight::Bold) + 10.0).max(STEP_HEIGHT).ceil();
        let spot = spot(scene, at, w, STEP_HEIGHT, &taken);
        let rect = Rect { x: spot.x - w / 2.0, y: spot.y - STEP_HEIGHT / 2.0, w, h: STEP_HEIGHT };
        taken.push(rect);
        scene.edges[at].steps_at = Some(rect);
    }
}

/// The middle of a badge of a size on a line.
pub fn spot(scene: &Scene, at: usize, w: f64, h: f64, taken: &[Rect]) -> Point {
    const SHARES: [f64; 17] =
        [0.5, 0.42, 0.58, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2, 0.8, 0.15, 0.85, 0.1, 0.9, 0.06, 0.94];
    let edge = &scene.edges[at];
    let middle = share_of(&edge.points, 0.5);
    if scene.edges.len() > MOST_LINES || scene.way == Way::Plain {
        return middle;
    }
    let around = |point: &Point| Rect { x: point.x - w / 2.0, y: point.y - h / 2.0, w, h }.grown(1.0);
    let off_cards = |point: &Point| {
        let around = around(point);
        let tags = scene.edges.iter().filter_map(|edge| edge.label.as_ref()).map(|label| &label.at);
        let titles = scene.groups.iter().map(|frame| &frame.title_at);
        let mut things = scene.nodes.iter().map(|node| &node.at).chain(tags).chain(titles).chain(taken);
        !things.any(|thing| thing.overlaps(&around))
    };
    let head = head(&edge.points);
    let off_lines = |point: &Point| {
        let around = around(point);
        if head.overlaps(&around) {
            return false;
        }
        // Nor on a frame's border, where it would look like a gate.
        let inside = |frame: &Frame| !frame.at.overlaps(&around) || frame.at.contains(&around);
        scene.groups.iter().all(inside)
            && !scene.edges.iter().enumerate().any(|(other, line)| other != at && crosses(line, &around))
    };
    // Beside its label a line may be too short for more.
    let beside = edge.label.iter().flat_map(|label| {
        let y = label.at.center().y;
        [Point { x: label.at.right() + w / 2.0 + 1.0, y }, Point { x: label.at.x - w / 2.0 - 1.0, y }]
    });
    let on_line = SHARES.into_iter().map(|share| share_of(&edge.points, share));
    // A little off the line, which it still touches, where lines run side by side; on a line too short for two badges,
    // beside the first.
    let off = [1.0 / 3.0, 1.0, 1.6].into_iter().flat_map(|share| {
        let (dx, dy) = (w * share + share, h * share + share);
        let moved = move |point: Point| {
            [(dx, 0.0), (-dx, 0.0), (0.0, dy), (0.0, -dy)]
                .map(|(dx, dy)| Point { x: point.x + dx, y: point.y + dy })
        };
        on_line.clone().flat_map(moved)
    });
    let spots: Vec<Point> = on_line.clone().chain(off).chain(beside).collect();
    let free: Vec<&Point> = spots.iter().filter(|point| off_cards(point)).collect();
    free.iter().copied().find(|point| off_lines(point)).or(free.first().copied()).copied().unwrap_or(middle)
}

/// The arrow's head, which says where the line leads.
fn head(line: &[Point]) -> Rect {
    let [.., before, end] = line else { return Rect::default() };
    let (dx, dy) = ((before.x - end.x).clamp(-1.0, 1.0), (before.y - end.y).clamp(-1.0, 1.0));
    Rect { x: end.x + dx * TIP / 2.0, y: end.y + dy * TIP / 2.0, w: 0.0, h: 0.0 }.grown(TIP / 2.0)
}

fn crosses(line: &Edge, around: &Rect) -> bool {
    line.points.windows(2).any(|pair| {
        let piece = Rect {
            x: pair[0].x.min(pair[1].x),
            y: pair[0].y.min(pair[1].y),
            w: (pair[0].x - pair[1].x).abs(),
            h: (pair[0].y - pair[1].y).abs(),
        };
        piece.overlaps(around)
    })
}
