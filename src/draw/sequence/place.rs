//! Columns by the width of what stands between them, rows by their lines.

use crate::design::{self, Design, Flow, Step};

use super::super::card::Card;
use super::super::figures::Figures;
use super::super::label;
use super::super::layout::Detail;
use super::super::page::{SPARE, SUBTITLE, TITLE, TITLE_LINE};
use super::super::scene::{Point, Rect};
use super::super::text::{Weight, clean, width, wrap};
use super::story::{End, Row, Story, story};
use super::{Arrow, Bar, Frame, Head, Said, Sequence, Sort, words};

pub const NAME: f64 = 13.0;
pub const WORD: f64 = 11.0;
const NAME_MOST: f64 = 130.0;
const TEXT_MOST: f64 = 180.0;
const LINE: f64 = 14.0;
const HEAD: f64 = 46.0;
const HEAD_LEFT: f64 = 38.0;
const MARGIN: f64 = 32.0;
/// Half a bar, and how far one on another stands out.
const HALF: f64 = 5.0;
const NESTED: f64 = 4.0;
/// From a lifeline to a text beside it.
const BESIDE: f64 = 23.0;
/// A step to itself: how far out, and how deep.
const LOOP: (f64, f64) = (40.0, 14.0);
/// Pages longer than this repeat their heads.
const LONG: f64 = 700.0;

struct Words {
    label: Vec<String>,
    note: Vec<String>,
}

/// A flow of the design, laid out.
pub fn sequence(design: &Design, flow: &Flow) -> Sequence {
    let steps = design.steps_of(flow);
    let story = story(design, flow);
    let usual = usual(design, steps);
    let said = said(design, flow, usual.is_some());
    let cards: Vec<(Vec<String>, f64)> = story
        .columns
        .iter()
        .map(|&node| {
            let name = Some(clean(design.graph[node].title())).filter(|name| !name.is_empty());
            let lines = wrap(
                &name.unwrap_or_else(|| clean(&design.graph[node].id)),
                NAME,
                Weight::Bold,
                NAME_MOST,
                2,
            );
            let w = lines.iter().map(|line| width(line, NAME, Weight::Bold)).fold(0.0, f64::max);
            // A wider font than the one measured stays inside, however long the name.
            (lines, w + HEAD_LEFT + (w * 0.12).max(12.0))
        })
        .collect();
    let mut xs = columns(&story, &said, &cards);
    let mut page = Sequence { w: xs.pop().unwrap_or(2.0 * MARGIN), ..Sequence::default() };
    let top = titles(&mut page, design, flow, usual);
    let mut place = Place { design, steps, story: &story, said: &said, xs: &xs, page, y: top + HEAD + 14.0 };
    let ys = place.rows();
    place.bars(&ys);
    let (mut page, bottom) = (place.page, place.y + 14.0);
    let mut heads = vec![top];
    if bottom - top > LONG {
        heads.push(bottom);
    }
    for &y in &heads {
        for ((&node, (lines, w)), &x) in story.columns.iter().zip(&cards).zip(&xs) {
            let at = Rect { x: x - w / 2.0, y, w: *w, h: HEAD };
            let first = y + HEAD / 2.0 - lines.len() as f64 * 8.0;
            let lines = lines.iter().enumerate().map(|(number, line)| {
                let y = first + number as f64 * 16.0;
                text(line, at.x + HEAD_LEFT, y, NAME, Weight::Bold)
            });
            let node = &design.graph[node];
            page.heads.push(Head { kind: node.kind, at, lines: lines.collect(), full: plain(node) });
        }
    }
    page.lifelines = xs.iter().map(|&x| [Point { x, y: top + HEAD }, Point { x, y: bottom }]).collect();
    page.h = bottom + if heads.len() > 1 { HEAD } else { 0.0 } + 24.0;
    page
}

/// What `every` says of all calls of the flow alike, which then stands once, at the top.
fn usual(design: &Design, steps: &[Step]) -> Option<String> {
    let mut calls =
        steps.iter().map(|step| &design.graph[step.hop]).filter(|hop| hop.arrow == design::Arrow::Call);
    let first = words::patience(calls.next()?, true);
    (!first.is_empty() && calls.all(|hop| words::patience(hop, true) == first)).then_some(first)
}

/// What each step says. The flow's own name is what its first step asks for; a connection's patience is said once.
fn said(design: &Design, flow: &Flow, usual: bool) -> Vec<Words> {
    let mut noted = std::collections::HashSet::new();
    let lines = |text: String| wrap(&text, WORD, Weight::Regular, TEXT_MOST, 3);
    let steps = design.steps_of(flow).iter().enumerate().map(|(at, step)| {
        let mut parts = vec![words::label(&step.attrs)];
        if let Some(name) = flow.label.as_deref().filter(|_| at == 0) {
            parts.insert(0, clean(name));
        }
        parts.retain(|part| !part.is_empty());
        let hop = &design.graph[step.hop];
        let mut note = vec![words::patience(hop, false)];
        if !usual {
            note.push(words::patience(hop, true));
        }
        note.retain(|part| !part.is_empty());
        if !noted.insert(step.hop) {
            note.clear();
        }
        Words { label: lines(parts.join(", ")), note: lines(note.join(", ")) }
    });
    steps.collect()
}

fn condition(text: &str) -> String {
    wrap(&format!("[{text}]"), WORD, Weight::Regular, TEXT_MOST, 1).concat()
}

fn tag_width(word: &str, text: &str) -> f64 {
    width(word, WORD, Weight::Bold) + 6.0 + width(&condition(text), WORD, Weight::Regular)
}

/// How far a frame's edge stands from its lifelines.
fn pad(height: usize) -> f64 {
    22.0 + 5.0 * height.min(6) as f64
}

/// The gap in which a step's words stand: beside its caller.
fn gap_of(from: End, to: End) -> usize {
    if to.column < from.column { from.column - 1 } else { from.column }
}

/// Where lifelines stand, and the page's right end.
fn columns(story: &Story, said: &[Words], cards: &[(Vec<String>, f64)]) -> Vec<f64> {
    let Some((_, first)) = cards.first() else { return Vec::new() };
    let half = |at: usize| cards.get(at).map_or(0.0, |(_, w)| w / 2.0);
    let mut gaps: Vec<f64> = (0..cards.len()).map(|at| (half(at) + half(at + 1) + 20.0).max(110.0)).collect();
    if let Some(last) = gaps.last_mut() {
        *last = half(cards.len() - 1).max(pad(6)) + MARGIN;
    }
    let mut widen = |gap: usize, wide: f64| gaps[gap] = gaps[gap].max(wide);
    for row in &story.rows {
        match row {
            Row::Goes { step, from, to } => {
                let words = said[*step].label.iter().chain(&said[*step].note);
                let wide = words.map(|line| width(line, WORD, Weight::Regular)).fold(0.0, f64::max);
                let own = if from.column == to.column { LOOP.0 + 8.0 } else { 0.0 };
                widen(gap_of(*from, *to), (wide + 2.0 * BESIDE).max(own + BESIDE));
            }
            Row::Opens(frame) => {
                let frame = &story.frames[*frame];
                if let Some((low, _)) = frame.columns {
                    widen(low, tag_width(frame.word, &frame.condition) + 2.0 * BESIDE + 8.0);
                }
            }
            Row::Answers { .. } | Row::Divides(_) | Row::Closes(_) => {}
        }
    }
    let mut xs = vec![MARGIN + (first / 2.0).max(pad(6))];
    for gap in gaps {
        xs.push(xs[xs.len() - 1] + gap);
    }
    xs
}

fn text(text: &str, x: f64, y: f64, size: f64, weight: Weight) -> Said {
    Said { text: text.to_string(), at: Rect { x, y, w: width(text, size, weight), h: size * 1.2 } }
}

/// The page's title; where the heads begin.
fn titles(page: &mut Sequence, design: &Design, flow: &Flow, usual: Option<String>) -> f64 {
    let name = flow.label.as_deref().map(clean).filter(|name| !name.is_empty());
    let title = match design.title.as_deref().map(clean).filter(|title| !title.is_empty()) {
        Some(title) => format!("{title}: {}", clean(&flow.id)),
        None => clean(&flow.id),
    };
    let mut under: Vec<String> = name.into_iter().collect();
    if flow.attrs.has("async") {
        under.push("nobody waits for its end".to_string());
    }
    under.extend(usual.map(|usual| format!("every call: {usual}")));
    if flow.steps.is_empty() {
        under.push("no steps".to_string());
    }
    let room = (page.w - 2.0 * MARGIN).max(420.0);
    for line in wrap(&title, TITLE, Weight::Bold, room, 2) {
        let y = 22.0 + page.title.len() as f64 * TITLE_LINE;
        page.title.push(text(&line, MARGIN, y, TITLE, Weight::Bold));
    }
    let mut y = 22.0 + page.title.len() as f64 * TITLE_LINE + 4.0;
    let under = wrap(&under.join(" · "), SUBTITLE, Weight::Regular, room, 1).concat();
    if !under.is_empty() {
        page.subtitle = Some(text(&under, MARGIN, y, SUBTITLE, Weight::Regular));
        y += 20.0;
    }
    let widest = page.title.iter().chain(&page.subtitle).map(|line| line.at.w).fold(0.0, f64::max);
    page.w = page.w.max(widest * SPARE + 2.0 * MARGIN);
    y + 14.0
}

struct Place<'d> {
    design: &'d Design,
    steps: &'d [Step],
    story: &'d Story,
    said: &'d [Words],
    xs: &'d [f64],
    page: Sequence,
    y: f64,
}

impl Place<'_> {
    /// The height of each row's line.
    fn rows(&mut self) -> Vec<f64> {
        let mut tops = vec![0.0; self.story.frames.len()];
        let mut dividers = vec![Vec::new(); self.story.frames.len()];
        let mut ys = Vec::with_capacity(self.story.rows.len());
        for row in &self.story.rows {
            ys.push(match row {
                Row::Goes { step, from, to } => self.goes(*step, *from, *to),
                Row::Answers { from, to } => {
                    self.y += 22.0;
                    let points = self.across(*from, *to, self.y - 8.0);
                    self.page.arrows.push(Arrow {
                        sort: Sort::Answer,
                        points,
                        label: Vec::new(),
                        note: Vec::new(),
                        full: "answers".to_string(),
                    });
                    self.y - 8.0
                }
                Row::Opens(frame) => {
                    tops[*frame] = self.y + 6.0;
                    self.y += 30.0;
                    self.y - 4.0
                }
                Row::Divides(frame) => {
                    self.y += 12.0;
                    dividers[*frame].push(self.y - 6.0);
                    self.y - 6.0
                }
                Row::Closes(frame) => {
                    self.y += 14.0;
                    self.frame(*frame, tops[*frame], std::mem::take(&mut dividers[*frame]));
                    self.y - 8.0
                }
            });
        }
        ys
    }

    fn across(&self, from: End, to: End, y: f64) -> Vec<Point> {
        let right = |end: End| self.xs[end.column] + HALF + NESTED * end.level as f64;
        let left = |end: End| self.xs[end.column] - HALF;
        let (from, to) =
            if to.column < from.column { (left(from), right(to)) } else { (right(from), left(to)) };
        vec![Point { x: from, y }, Point { x: to, y }]
    }

    fn goes(&mut self, at: usize, from: End, to: End) -> f64 {
        let (step, words) = (&self.steps[at], &self.said[at]);
        self.y += 8.0;
        let gap = gap_of(from, to);
        let end = self.xs.get(gap + 1).copied().unwrap_or(self.xs[gap] + 2.0 * BESIDE);
        let lines = |lines: &[String], y: &mut f64| -> Vec<Said> {
            let placed = lines.iter().map(|line| {
                let w = width(line, WORD, Weight::Regular);
                let x = if gap + 1 < self.xs.len() {
                    (self.xs[gap] + end - w) / 2.0
                } else {
                    self.xs[gap] + BESIDE
                };
                *y += LINE;
                text(line, x, *y - LINE, WORD, Weight::Regular)
            });
            placed.collect()
        };
        let mut y = self.y;
        let label = lines(&words.label, &mut y);
        let note = lines(&words.note, &mut y);
        let hop = &self.design.graph[step.hop];
        let sort = match hop.arrow {
            design::Arrow::Handoff => Sort::Handoff,
            design::Arrow::Stream => Sort::Stream,
            design::Arrow::Call | design::Arrow::Control => Sort::Call,
        };
        y += 6.0;
        let points = if from.column == to.column {
            let [near, back] = [from, to].map(|end| self.xs[end.column] + HALF + NESTED * end.level as f64);
            let out = self.xs[from.column] + LOOP.0;
            [(near, y), (out, y), (out, y + LOOP.1), (back, y + LOOP.1)].map(|(x, y)| Point { x, y }).to_vec()
        } else {
            self.across(from, to, y)
        };
        let [a, b] = [step.from, step.to].map(|node| self.design.graph[node].id.as_str());
        let full = label::full(a, b, hop, std::slice::from_ref(step));
        if from.column == to.column {
            y += LOOP.1;
        }
        self.page.arrows.push(Arrow { sort, points, label, note, full });
        self.y = y + 8.0;
        y
    }

    fn frame(&mut self, at: usize, top: f64, dividers: Vec<f64>) {
        let frame = &self.story.frames[at];
        let Some((low, high)) = frame.columns else { return };
        let pad = pad(frame.height);
        let word = text(frame.word, self.xs[low] + BESIDE, top + 5.0, WORD, Weight::Bold);
        let condition =
            text(&condition(&frame.condition), word.at.right() + 6.0, top + 5.0, WORD, Weight::Regular);
        let mut right = self.xs[high] + pad;
        if low == high {
            right = right.max(condition.at.right() + 10.0);
        }
        if frame.loops {
            let said =
                self.page.arrows.iter().filter(|arrow| arrow.points.len() > 2 && arrow.points[0].y > top);
            let ends =
                said.flat_map(|arrow| arrow.label.iter().chain(&arrow.note)).map(|line| line.at.right());
            let ends = ends.filter(|&end| self.xs.get(high + 1).is_none_or(|&next| end < next));
            right = ends.fold(right.max(self.xs[high] + LOOP.0 + 10.0), |most, end| most.max(end + 10.0));
        }
        let x = self.xs[low] - pad;
        let at = Rect { x, y: top, w: right - x, h: self.y - 8.0 - top };
        self.page.frames.push(Frame { at, word, condition, dividers });
    }

    fn bars(&mut self, ys: &[f64]) {
        for bar in &self.story.bars {
            let (Some(&first), Some(&last)) = (ys.get(bar.first), ys.get(bar.last)) else { continue };
            // A step to itself begins the bar where its arrow comes back; a frame's edge is no step.
            let (y, end) = (first, last.max(first + 12.0));
            let x = self.xs[bar.end.column] - HALF + NESTED * bar.end.level as f64;
            let kind = self.design.graph[self.story.columns[bar.end.column]].kind;
            self.page.bars.push(Bar { kind, at: Rect { x, y, w: 2.0 * HALF, h: end - y } });
        }
    }
}

/// What a head's tooltip says.
fn plain(node: &design::Node) -> String {
    Card::of(node, Figures::default(), &[], Detail::Normal).full
}
