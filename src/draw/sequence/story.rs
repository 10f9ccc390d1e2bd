//! A flow as it happens: who is called when, who answers, what happens only sometimes.
//!
//! A stack of those who work. A step from one of them ends what was begun after it and is not needed again, so that frames
//! and answers nest; a node answers after the last line of the flow that starts at it.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::design::{Arrow, Design, Flow, Step};

use super::words;

/// Who works, in order of first use, and what happens, line by line.
#[derive(Debug, Default)]
pub struct Story {
    pub columns: Vec<NodeIndex>,
    pub rows: Vec<Row>,
    pub bars: Vec<Bar>,
    pub frames: Vec<Frame>,
}

#[derive(Debug)]
pub enum Row {
    /// A step: its place in the flow, and the lifelines' columns with how many bars lie on each other there.
    Goes {
        step: usize,
        from: End,
        to: End,
    },
    Answers {
        from: End,
        to: End,
    },
    Opens(usize),
    Divides(usize),
    Closes(usize),
}

#[derive(Debug, Clone, Copy)]
pub struct End {
    pub column: usize,
    pub level: usize,
}

/// Rows in which a node works.
#[derive(Debug)]
pub struct Bar {
    pub end: End,
    pub first: usize,
    pub last: usize,
}

#[derive(Debug)]
pub struct Frame {
    pub word: &'static str,
    pub condition: String,
    /// The columns that it spans.
    pub columns: Option<(usize, usize)>,
    /// How many frames lie inside one another in it.
    pub height: usize,
    /// A step of a node to itself on its last column.
    pub loops: bool,
}

enum Open {
    Work { bar: usize, node: NodeIndex, caller: Option<End>, until: usize },
    Frame(usize),
}

struct Teller {
    story: Story,
    column: HashMap<NodeIndex, usize>,
    /// Where in `open` each node works, last begun last.
    working: HashMap<NodeIndex, Vec<usize>>,
    open: Vec<Open>,
    /// Frames that are open, outermost first, those of hops made at once included.
    around: Vec<usize>,
}

pub fn story(design: &Design, flow: &Flow) -> Story {
    let steps = design.steps_of(flow);
    let needed = needed(steps);
    let mut teller = Teller {
        story: Story::default(),
        column: HashMap::new(),
        working: HashMap::new(),
        open: Vec::new(),
        around: Vec::new(),
    };
    let mut at = 0;
    while at < steps.len() {
        let same = |one: &&Step| (one.line, one.leg) == (steps[at].line, steps[at].leg);
        let end = at + steps[at..].iter().take_while(same).count();
        teller.end_down_to(steps[at].from, at);
        if let Some(condition) = words::condition(design, &steps[..at], &steps[at]) {
            let frame = teller.frame("opt", condition);
            teller.open.push(Open::Frame(frame));
        }
        let floor = teller.open.len();
        let at_once = (end - at > 1).then(|| teller.frame("par", "at once".to_string()));
        for step in at..end {
            if let Some(frame) = at_once.filter(|_| step > at) {
                teller.end_above(floor, step);
                teller.story.rows.push(Row::Divides(frame));
            }
            teller.go(design, steps, step, needed[step]);
            if at_once.is_none() && design.graph[steps[step].hop].arrow == Arrow::Handoff {
                teller.answer_before(step + 1);
            }
        }
        if let Some(frame) = at_once {
            teller.end_above(floor, end);
            teller.close(frame);
        }
        at = end;
    }
    teller.end_above(0, usize::MAX);
    teller.story
}

/// For each step, the last one that starts at its end before that is reached again; its own place where there is none.
fn needed(steps: &[Step]) -> Vec<usize> {
    let mut last: HashMap<NodeIndex, usize> = HashMap::new();
    let mut needed = vec![0; steps.len()];
    for (at, step) in steps.iter().enumerate().rev() {
        needed[at] = last.remove(&step.to).unwrap_or(at);
        last.entry(step.from).or_insert(at);
    }
    needed
}

impl Teller {
    fn column(&mut self, node: NodeIndex) -> usize {
        let new = self.story.columns.len();
        let column = *self.column.entry(node).or_insert(new);
        if column == new {
            self.story.columns.push(node);
        }
        column
    }

    fn begin(&mut self, node: NodeIndex, caller: Option<End>, first: usize, until: usize) -> End {
        let column = self.column(node);
        let works = self.working.entry(node).or_default();
        let end = End { column, level: works.len().min(3) };
        works.push(self.open.len());
        self.open.push(Open::Work { bar: self.story.bars.len(), node, caller, until });
        self.story.bars.push(Bar { end, first, last: first });
        end
    }

    /// Where a node works, the one begun last.
    fn end_of(&self, node: NodeIndex) -> Option<End> {
        let at = *self.working.get(&node)?.last()?;
        match self.open.get(at) {
            Some(Open::Work { bar, .. }) => Some(self.story.bars[*bar].end),
            _ => None,
        }
    }

    fn go(&mut self, design: &Design, steps: &[Step], at: usize, until: usize) {
        let step = &steps[at];
        let row = self.story.rows.len();
        let from = match self.end_of(step.from) {
            Some(end) => end,
            None => self.begin(step.from, None, row, usize::MAX),
        };
        let waits = design.graph[step.hop].arrow == Arrow::Call && step.from != step.to;
        let to = self.begin(step.to, waits.then_some(from), row, until);
        self.story.rows.push(Row::Goes { step: at, from, to });
        let (low, high) = (from.column.min(to.column), from.column.max(to.column));
        self.touch(low, high, step.from == step.to);
    }

    /// Only the innermost frame is told; those around it learn of it when it closes.
    fn touch(&mut self, low: usize, high: usize, loops: bool) {
        let Some(&frame) = self.around.last() else { return };
        let frame = &mut self.story.frames[frame];
        let before = frame.columns;
        let (old_low, old_high) = before.unwrap_or((low, high));
        let wide = (old_low.min(low), old_high.max(high));
        frame.loops = match before {
            Some((_, old)) if old > high => frame.loops,
            Some((_, old)) if old == high => frame.loops || loops,
            _ => loops,
        };
        frame.columns = Some(wide);
    }

    fn frame(&mut self, word: &'static str, condition: String) -> usize {
        let frame = self.story.frames.len();
        self.story.frames.push(Frame { word, condition, columns: None, height: 0, loops: false });
        self.story.rows.push(Row::Opens(frame));
        self.around.push(frame);
        frame
    }

    fn close(&mut self, frame: usize) {
        self.story.rows.push(Row::Closes(frame));
        self.around.pop();
        let Frame { columns, height, loops, .. } = self.story.frames[frame];
        if let Some((low, high)) = columns {
            self.touch(low, high, loops);
        }
        if let Some(&outer) = self.around.last() {
            let outer = &mut self.story.frames[outer];
            outer.height = outer.height.max(height + 1);
        }
    }

    /// Ends what was begun after a node's work; everything where it does not work.
    fn end_down_to(&mut self, node: NodeIndex, now: usize) {
        let at = self.working.get(&node).and_then(|works| works.last());
        let floor = at.map_or(0, |at| at + 1);
        self.end_above(floor, now);
    }

    /// Whoever handed off waits for nothing more, unless a later line starts at it: it answers before the receiver goes on.
    /// What happens only sometimes stays in its frame.
    fn answer_before(&mut self, now: usize) {
        let Some(Open::Work { bar, node, caller, until }) = self.open.pop() else { return };
        self.working.get_mut(&node).and_then(Vec::pop);
        let frame = self.open.iter().rposition(|open| matches!(open, Open::Frame(_)));
        self.end_above(frame.map_or(0, |at| at + 1), now);
        self.working.entry(node).or_default().push(self.open.len());
        self.open.push(Open::Work { bar, node, caller, until });
    }

    /// As far as none of what lies on top is needed at step `now` or after it.
    fn end_above(&mut self, floor: usize, now: usize) {
        while self.open.len() > floor {
            match self.open.last() {
                Some(&Open::Work { until, .. }) if until != usize::MAX && until >= now => return,
                _ => {}
            }
            match self.open.pop() {
                Some(Open::Work { bar, node, caller, .. }) => {
                    if let Some(works) = self.working.get_mut(&node) {
                        works.pop();
                    }
                    if let Some(to) = caller {
                        let from = self.story.bars[bar].end;
                        self.story.rows.push(Row::Answers { from, to });
                        self.touch(from.column.min(to.column), from.column.max(to.column), false);
                    }
                    self.story.bars[bar].last = self.story.rows.len().saturating_sub(1);
                }
                Some(Open::Frame(frame)) => self.close(frame),
                None => return,
            }
        }
    }
}
