//! Lines from box to box: right-angled, around boxes and titles, apart from each other where there is room.
//!
//! A shortest-path search on the raster, one edge after another. What it costs grows with the page, so it stops after a
//! fixed amount of work, and the edges that are left get a plain elbow that looks at nothing.

use super::engine::GRID;
use super::scene::{Point, Rect};

pub struct Link {
    /// Indices of boxes.
    pub from: usize,
    pub to: usize,
    /// Frames that the line may cross at no cost: those around its ends.
    pub home: Vec<usize>,
}

pub struct Ground<'a> {
    pub boxes: &'a [Rect],
    /// Outer ones first.
    pub frames: &'a [Rect],
    /// Text that lines should keep off.
    pub titles: &'a [Rect],
}

/// Points of a page that are searched at all, and search steps over all edges.
const MOST_POINTS: usize = 400_000;
const MOST_STEPS: usize = 4_000_000;

/// Raster points next to a corner where no line starts or ends.
const CORNER: usize = 2;

const STEP: u32 = 2;
const BEND: u32 = 22;
const HUG: u32 = 8;
const BESIDE: u32 = 1;
const CROSS: u32 = 8;
const FOREIGN: u32 = 6;
const ALONG_FRAME: u32 = 10;
const SAME_PORT: u32 = 40;
/// Two heads side by side touch.
const NEXT_PORT: u32 = 12;
const SAME_TRACK: u32 = 60;
const TITLE: u32 = 80;

pub fn routes(ground: &Ground, links: &[Link]) -> Vec<Vec<Point>> {
    let mut out: Vec<Vec<Point>> = links
        .iter()
        .map(|link| {
            let (from, to) = (&ground.boxes[link.from], &ground.boxes[link.to]);
            if link.from == link.to { around_itself(from) } else { elbow(from, to) }
        })
        .collect();
    let Some(mut field) = Field::new(ground) else { return out };
    // Short lines first: they have the fewest ways to go.
    let mut order: Vec<usize> = (0..links.len()).filter(|&at| links[at].from != links[at].to).collect();
    let distance = |link: &Link| {
        let (a, b) = (ground.boxes[link.from].center(), ground.boxes[link.to].center());
        ((a.x - b.x).abs() + (a.y - b.y).abs()) as u64
    };
    order.sort_by_key(|&at| (distance(&links[at]), at));
    for at in order {
        match field.search(ground, &links[at]) {
            Some(points) => out[at] = points,
            None if field.steps >= MOST_STEPS => break,
            None => {}
        }
    }
    out
}

fn around_itself(own: &Rect) -> Vec<Point> {
    let (x, y) = (own.right(), own.center().y);
    [(x, y - GRID), (x + 2.0 * GRID, y - GRID), (x + 2.0 * GRID, y + GRID), (x, y + GRID)]
        .map(|(x, y)| Point { x, y })
        .to_vec()
}

fn elbow(from: &Rect, to: &Rect) -> Vec<Point> {
    let (a, b) = (from.center(), to.center());
    let points = if to.y >= from.bottom() || to.bottom() <= from.y {
        let (start, end) = if to.y >= from.bottom() { (from.bottom(), to.y) } else { (from.y, to.bottom()) };
        let middle = (start + end) / 2.0;
        [(a.x, start), (a.x, middle), (b.x, middle), (b.x, end)]
    } else {
        let (start, end) = if b.x >= a.x { (from.right(), to.x) } else { (from.x, to.right()) };
        let middle = (start + end) / 2.0;
        [(start, a.y), (middle, a.y), (middle, b.y), (end, b.y)]
    };
    straightened(points.map(|(x, y)| Point { x, y }).to_vec())
}

/// Without points that change nothing.
fn straightened(points: Vec<Point>) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    for point in points {
        if out.last() == Some(&point) {
            continue;
        }
        if let [.., a, b] = out.as_slice()
            && ((a.x == b.x && b.x == point.x) || (a.y == b.y && b.y == point.y))
        {
            out.pop();
        }
        out.push(point);
    }
    out
}

/// Directions: right, down, left, up.
const DX: [isize; 4] = [1, 0, -1, 0];
const DY: [isize; 4] = [0, 1, 0, -1];

fn is_across(direction: usize) -> bool {
    direction & 1 == 0
}

const RAN_ACROSS: u8 = 1;
const RAN_DOWN: u8 = 2;
const FRAME_ACROSS: u8 = 4;
const FRAME_DOWN: u8 = 8;
const PORT: u8 = 16;

struct Field {
    /// The page's point (0, 0) of the raster.
    left: f64,
    top: f64,
    wide: usize,
    high: usize,
    /// Box at a point, counted from 1.
    taken: Vec<u32>,
    /// Innermost frame at a point, counted from 1.
    frame: Vec<u32>,
    extra: Vec<u32>,
    marks: Vec<u8>,
    cost: Vec<u32>,
    came: Vec<u32>,
    touched: Vec<usize>,
    steps: usize,
}

/// States by estimate. Costs are small and never fall along a way, so a list per estimate will do; of equal ones the
/// last comes first, which goes on where the search has got furthest.
#[derive(Default)]
struct Open {
    lists: Vec<Vec<usize>>,
    lowest: usize,
}

impl Open {
    fn push(&mut self, estimate: u32, state: usize) {
        let at = estimate as usize;
        if self.lists.len() <= at {
            self.lists.resize_with(at + 1, Vec::new);
        }
        self.lists[at].push(state);
    }

    fn pop(&mut self) -> Option<(u32, usize)> {
        while let Some(list) = self.lists.get_mut(self.lowest) {
            if let Some(state) = list.pop() {
                return Some((self.lowest as u32, state));
            }
            self.lowest += 1;
        }
        None
    }
}

/// Raster points that a rectangle covers, borders included.
struct Cells {
    x: std::ops::RangeInclusive<usize>,
    y: std::ops::RangeInclusive<usize>,
}

impl Field {
    fn new(ground: &Ground) -> Option<Field> {
        let all = || ground.boxes.iter().chain(ground.frames);
        let margin = 5.0 * GRID;
        let left = all().map(|rect| rect.x).fold(f64::INFINITY, f64::min) - margin;
        let top = all().map(|rect| rect.y).fold(f64::INFINITY, f64::min) - margin;
        let right = all().map(Rect::right).fold(f64::NEG_INFINITY, f64::max) + margin;
        let bottom = all().map(Rect::bottom).fold(f64::NEG_INFINITY, f64::max) + margin;
        if !left.is_finite() || (right - left) / GRID * ((bottom - top) / GRID) > MOST_POINTS as f64 {
            return None;
        }
        let wide = ((right - left) / GRID) as usize + 1;
        let high = ((bottom - top) / GRID) as usize + 1;
        let points = wide * high;
        let mut field = Field {
            left,
            top,
            wide,
            high,
            taken: vec![0; points],
            frame: vec![0; points],
            extra: vec![0; points],
            marks: vec![0; points],
            cost: vec![u32::MAX; points * 4],
            came: vec![u32::MAX; points * 4],
            touched: Vec::new(),
            steps: 0,
        };
        for (at, rect) in ground.frames.iter().enumerate() {
            let cells = field.cells(rect);
            for y in cells.y.clone() {
                for x in cells.x.clone() {
                    let point = y * wide + x;
                    field.frame[point] = at as u32 + 1;
                    if y == *cells.y.start() || y == *cells.y.end() {
                        field.marks[point] |= FRAME_ACROSS;
                    }
                    if x == *cells.x.start() || x == *cells.x.end() {
                        field.marks[point] |= FRAME_DOWN;
                    }
                }
            }
        }
        for rect in ground.titles {
            field.each(&rect.grown(4.0), |field, point| field.extra[point] += TITLE);
        }
        for (at, rect) in ground.boxes.iter().enumerate() {
            field.each(&rect.grown(GRID), |field, point| field.extra[point] += HUG);
            field.each(rect, |field, point| field.taken[point] = at as u32 + 1);
        }
        Some(field)
    }

    fn cells(&self, rect: &Rect) -> Cells {
        let raster = |value: f64, origin: f64, most: usize| {
            (((value - origin) / GRID).max(0.0) as usize).min(most - 1)
        };
        Cells {
            x: raster(rect.x + GRID - 1.0, self.left, self.wide)..=raster(rect.right(), self.left, self.wide),
            y: raster(rect.y + GRID - 1.0, self.top, self.high)..=raster(rect.bottom(), self.top, self.high),
        }
    }

    fn each(&mut self, rect: &Rect, mut act: impl FnMut(&mut Field, usize)) {
        let cells = self.cells(rect);
        for y in cells.y {
            for x in cells.x.clone() {
                act(self, y * self.wide + x);
            }
        }
    }

    fn point(&self, at: usize) -> Point {
        Point { x: self.left + (at % self.wide) as f64 * GRID, y: self.top + (at / self.wide) as f64 * GRID }
    }

    /// Points of a box's border with the direction that leads out of it, and what leaving there costs: the middle of a
    /// side is best, and a point that another line uses is worst.
    fn ports(&self, rect: &Rect) -> Vec<(usize, usize, u32)> {
        let cells = self.cells(rect);
        let (x0, x1) = (*cells.x.start(), *cells.x.end());
        let (y0, y1) = (*cells.y.start(), *cells.y.end());
        let mut ports = Vec::new();
        for x in x0 + CORNER..=x1.saturating_sub(CORNER) {
            let off = x.abs_diff((x0 + x1) / 2) as u32;
            ports.push((y1 * self.wide + x, 1, off));
            ports.push((y0 * self.wide + x, 3, off));
        }
        for y in y0 + CORNER..=y1.saturating_sub(CORNER) {
            // Lines that enter from above read as a request travels.
            let off = 2 * y.abs_diff((y0 + y1) / 2) as u32 + 4;
            ports.push((y * self.wide + x1, 0, off));
            ports.push((y * self.wide + x0, 2, off));
        }
        for port in &mut ports {
            let step = if is_across(port.1) { self.wide } else { 1 };
            if self.marks[port.0] & PORT != 0 {
                port.2 += SAME_PORT;
            } else if (self.marks[port.0 - step] | self.marks[port.0 + step]) & PORT != 0 {
                port.2 += NEXT_PORT;
            }
        }
        ports
    }

    fn search(&mut self, ground: &Ground, link: &Link) -> Option<Vec<Point>> {
        for state in self.touched.drain(..) {
            self.cost[state] = u32::MAX;
        }
        let target = &ground.boxes[link.to];
        let goal = link.to as u32 + 1;
        let goals = self.ports(target);
        let cells = self.cells(target);
        let (gx0, gx1, gy0, gy1) = (*cells.x.start(), *cells.x.end(), *cells.y.start(), *cells.y.end());
        let wide = self.wide;
        let left = |point: usize| -> u32 {
            let (x, y) = (point % wide, point / wide);
            let dx = gx0.saturating_sub(x) + x.saturating_sub(gx1);
            let dy = gy0.saturating_sub(y) + y.saturating_sub(gy1);
            (dx + dy) as u32 * STEP
        };
        let mut home = vec![false; ground.frames.len() + 1];
        home[0] = true;
        for &frame in &link.home {
            home[frame + 1] = true;
        }

        let mut open = Open::default();
        for (point, direction, cost) in self.ports(&ground.boxes[link.from]) {
            let state = point * 4 + direction;
            self.cost[state] = cost;
            self.came[state] = u32::MAX;
            self.touched.push(state);
            open.push(cost + left(point), state);
        }
        while let Some((estimate, state)) = open.pop() {
            let (point, heading) = (state / 4, state % 4);
            let cost = self.cost[state];
            if estimate > cost + left(point) {
                continue;
            }
            if self.taken[point] == goal {
                return Some(self.finish(state));
            }
            self.steps += 1;
            if self.steps >= MOST_STEPS {
                return None;
            }
            let (x, y) = (point % wide, point / wide);
            for direction in 0..4 {
                let back = direction == (heading + 2) % 4;
                let bends = direction != heading;
                if back || (bends && self.taken[point] != 0) {
                    continue;
                }
                let (Some(nx), Some(ny)) =
                    (x.checked_add_signed(DX[direction]), y.checked_add_signed(DY[direction]))
                else {
                    continue;
                };
                if nx >= wide || ny >= self.high {
                    continue;
                }
                let next = ny * wide + nx;
                let mut price = STEP + if bends { BEND } else { 0 };
                if self.taken[next] == goal {
                    let inward =
                        |&&(port, out, _): &&(usize, usize, u32)| port == next && out == (direction + 2) % 4;
                    let Some(port) = goals.iter().find(inward) else { continue };
                    price += port.2;
                } else if self.taken[next] != 0 {
                    continue;
                } else {
                    price += self.price(next, direction, &home);
                }
                let onward = next * 4 + direction;
                if cost + price < self.cost[onward] {
                    if self.cost[onward] == u32::MAX {
                        self.touched.push(onward);
                    }
                    self.cost[onward] = cost + price;
                    self.came[onward] = state as u32;
                    open.push(cost + price + left(next), onward);
                }
            }
        }
        None
    }

    fn price(&self, point: usize, direction: usize, home: &[bool]) -> u32 {
        let marks = self.marks[point];
        let (same, other, frame, beside) = if is_across(direction) {
            (RAN_ACROSS, RAN_DOWN, FRAME_ACROSS, self.wide)
        } else {
            (RAN_DOWN, RAN_ACROSS, FRAME_DOWN, 1)
        };
        let mut price = self.extra[point];
        if marks & same != 0 {
            price += SAME_TRACK;
        }
        if marks & other != 0 {
            price += CROSS;
        }
        if marks & frame != 0 {
            price += ALONG_FRAME;
        }
        if !home[self.frame[point] as usize] {
            price += FOREIGN;
        }
        for near in [point.checked_sub(beside), Some(point + beside)].into_iter().flatten() {
            if self.marks.get(near).is_some_and(|marks| marks & (same | frame) != 0) {
                price += BESIDE;
            }
        }
        price
    }

    /// The way back from the goal, which later lines have to keep off.
    fn finish(&mut self, goal: usize) -> Vec<Point> {
        let mut states = vec![goal];
        while let Some(&state) = states.last()
            && self.came[state] != u32::MAX
        {
            states.push(self.came[state] as usize);
        }
        states.reverse();
        for pair in states.windows(2) {
            let mark = if is_across(pair[1] % 4) { RAN_ACROSS } else { RAN_DOWN };
            self.marks[pair[0] / 4] |= mark;
            self.marks[pair[1] / 4] |= mark;
        }
        for end in [states[0], goal] {
            self.marks[end / 4] |= PORT;
        }
        straightened(states.iter().map(|&state| self.point(state / 4)).collect())
    }
}
