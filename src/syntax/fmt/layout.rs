//! Lines to text: indentation, columns, and comments behind lines.

use unicode_width::UnicodeWidthStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `KIND` and the rest
    Node,
    /// `NAME` and `= VALUE`, or `key` and its fields
    Entry,
    /// `every KIND` and its attributes
    Every,
    Plain,
    Comment,
}

#[derive(Debug)]
pub struct Line {
    pub depth: usize,
    pub shape: Shape,
    /// The column that is padded where lines of one shape follow each other.
    pub head: String,
    pub rest: String,
    /// A blank line stands before it.
    pub gap: bool,
    pub comment: Option<String>,
}

impl Line {
    pub fn new(depth: usize, shape: Shape, head: String, rest: String, gap: bool) -> Line {
        Line { depth, shape, head, rest, gap, comment: None }
    }
}

/// What is wider is not aligned with, and deeper is not indented further, so that the output stays in proportion.
const WIDEST_HEAD: usize = 24;
pub const WIDEST_LINE: usize = 100;
const DEEPEST: usize = 20;

/// `# text`
pub fn comment(text: &str) -> String {
    let text = text.trim_end();
    let space = if text.is_empty() || text.starts_with([' ', '\t', '#', '!']) { "" } else { " " };
    format!("#{space}{text}")
}

pub fn indent(depth: usize) -> usize {
    2 * depth.min(DEEPEST)
}

pub fn text(lines: &[Line]) -> String {
    let bodies = bodies(lines);
    let columns = comment_columns(lines, &bodies);
    let mut out = String::new();
    for ((line, body), column) in lines.iter().zip(&bodies).zip(columns) {
        if line.gap {
            out.push('\n');
        }
        out.push_str(body);
        if let Some(comment) = &line.comment {
            let width = last_width(body);
            out.extend(std::iter::repeat_n(' ', column.saturating_sub(width).max(1)));
            out.push_str(comment);
        }
        out.push('\n');
    }
    out
}

/// Lines without comments, heads padded over each run of one shape.
fn bodies(lines: &[Line]) -> Vec<String> {
    let mut bodies = Vec::with_capacity(lines.len());
    let same_run = |a: &Line, b: &Line| a.shape == b.shape && a.depth == b.depth && !b.gap;
    for run in lines.chunk_by(same_run) {
        let widths = run.iter().map(|line| line.head.width()).filter(|&width| width <= WIDEST_HEAD);
        let widest = widths.max().unwrap_or(0);
        for line in run {
            let mut body = " ".repeat(indent(line.depth));
            body.push_str(&line.head);
            if !line.head.is_empty() {
                let padding = widest.saturating_sub(line.head.width()) + 1;
                body.extend(std::iter::repeat_n(' ', padding));
            }
            body.push_str(&line.rest);
            bodies.push(body);
        }
    }
    bodies
}

/// Where each line's comment starts: in one column for lines that follow each other.
fn comment_columns(lines: &[Line], bodies: &[String]) -> Vec<usize> {
    let mut columns = Vec::with_capacity(lines.len());
    let same_run = |a: &Line, b: &Line| a.depth == b.depth && !b.gap;
    for run in lines.chunk_by(same_run) {
        let bodies = run.iter().zip(&bodies[columns.len()..]);
        let commented = bodies.filter(|(line, body)| line.comment.is_some() && !body.contains('\n'));
        let widths = commented.map(|(_, body)| body.width());
        let widest = widths.filter(|&width| width <= WIDEST_LINE).max().unwrap_or(0);
        columns.extend(std::iter::repeat_n(widest + 2, run.len()));
    }
    columns
}

fn last_width(body: &str) -> usize {
    if body.contains('\n') { usize::MAX } else { body.width() }
}
