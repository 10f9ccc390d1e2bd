//! Tree to canonical text.
//!
//! Meant for designs without mistakes; it is total on any tree, but what could not be read is only copied.

mod layout;
mod render;

use crate::syntax::{
    ast::{Ast, Comment, Item, Statement},
    fmt::{
        layout::{Line, Shape},
        render::Renderer,
    },
};

/// The one way to write this design: every comment kept, one statement a line, one blank line at most between two.
/// Formatting what comes out changes nothing.
pub fn format(ast: &Ast<'_>, source: &str) -> String {
    let mut printer = Printer {
        source,
        comments: &ast.comments,
        lines: Vec::with_capacity(ast.items.len() + ast.comments.len()),
        renderer: Renderer::new(ast),
        end: 0,
        open: true,
    };
    let mut open: Vec<&Item<'_>> = Vec::new();
    let mut index = 0;
    while let Some(item) = ast.items.get(index) {
        close_until(&mut printer, &mut open, index);
        index += 1;
        match item.block {
            Some(block) if printer.on_one_line(item, &ast.items[index..block.end], open.len()) => {
                index = block.end;
            }
            Some(_) => {
                printer.item(item, open.len());
                open.push(item);
            }
            None => printer.item(item, open.len()),
        }
    }
    close_until(&mut printer, &mut open, usize::MAX);
    printer.comments_before(source.len() + 1, 0);
    layout::text(&printer.lines)
}

/// Closes the blocks that end before item `index`.
fn close_until(printer: &mut Printer<'_, '_>, open: &mut Vec<&Item<'_>>, index: usize) {
    while let Some(block) = open.last().and_then(|item| item.block).filter(|block| block.end <= index) {
        open.pop();
        printer.comments_before(block.close.start, open.len() + 1);
        let line = Line::new(open.len(), Shape::Plain, String::new(), "}".to_owned(), false);
        printer.push(line, block.close.end);
        printer.open = false;
    }
}

struct Printer<'a, 's> {
    source: &'a str,
    /// Those not printed yet.
    comments: &'a [Comment<'s>],
    lines: Vec<Line>,
    renderer: Renderer<'s>,
    /// Where what was printed last ends in the source.
    end: usize,
    /// The last line opens a block, or there is none: no blank line follows it.
    open: bool,
}

impl<'a, 's> Printer<'a, 's> {
    fn push(&mut self, line: Line, end: usize) {
        self.lines.push(line);
        self.end = end;
        self.open = false;
    }

    /// How many line ends part what was printed last from `at`.
    fn line_ends(&self, at: usize) -> usize {
        self.source.get(self.end..at).map_or(0, |between| between.matches('\n').take(2).count())
    }

    /// Whether a blank line stands before `at`, and may.
    fn gap(&self, at: usize) -> bool {
        !self.open && self.line_ends(at) > 1
    }

    /// Comments up to `at`: behind the line they stand behind, or on lines of their own.
    fn comments_before(&mut self, at: usize, depth: usize) {
        while let Some(comment) = self.next_comment(at) {
            let trails = self.line_ends(comment.span.start) == 0;
            match self.lines.last_mut() {
                Some(line) if trails && line.comment.is_none() && line.shape != Shape::Comment => {
                    line.comment = Some(layout::comment(comment.text));
                    self.end = comment.span.end;
                }
                _ => self.own_line(comment, depth, self.gap(comment.span.start)),
            }
        }
    }

    fn own_line(&mut self, comment: Comment<'s>, depth: usize, gap: bool) {
        let line = Line::new(depth, Shape::Comment, String::new(), layout::comment(comment.text), gap);
        self.push(line, comment.span.end);
    }

    fn next_comment(&mut self, before: usize) -> Option<Comment<'s>> {
        let (&first, rest) = self.comments.split_first()?;
        if first.span.start >= before {
            return None;
        }
        self.comments = rest;
        Some(first)
    }

    /// `table counter { key name }`: a block that was written on one line stays there, if it fits and holds no other
    /// block and no comment. False if it is none.
    fn on_one_line(&mut self, item: &Item<'s>, inside: &[Item<'s>], depth: usize) -> bool {
        let Some(block) = item.block else { return false };
        let apart = self.source.get(item.span.start..block.close.end).is_none_or(|text| text.contains('\n'));
        let nested = inside.iter().any(|item| item.block.is_some() || item.statement == Statement::Broken);
        let comments = self.comments.iter().find(|comment| comment.span.start >= item.span.start);
        let commented = comments.is_some_and(|comment| comment.span.start < block.close.end);
        if apart || nested || commented || block.close.is_empty() || item.statement == Statement::Broken {
            return false;
        }
        let (head, mut rest) = self.renderer.statement(&item.statement, depth);
        rest.push_str(" {");
        for (at, item) in inside.iter().enumerate() {
            let (head, body) = self.renderer.statement(&item.statement, depth + 1);
            rest.push_str(if at == 0 { " " } else { "; " });
            rest.push_str(&head);
            rest.push_str(if head.is_empty() { "" } else { " " });
            rest.push_str(&body);
        }
        rest.push_str(" }");
        if rest.contains('\n') || layout::indent(depth) + head.len() + rest.len() > layout::WIDEST_LINE {
            return false;
        }
        self.comments_before(item.span.start, depth);
        let gap = self.gap(item.span.start);
        self.push(Line::new(depth, shape(&item.statement), head, rest, gap), block.close.end);
        true
    }

    /// The comment behind a block that was written on one line and does not stay there: it is about all of it, so it
    /// goes behind the opening.
    fn behind_one_line(&mut self, item: &Item<'s>) -> Option<String> {
        let block = item.block?;
        let comment = self.comments.first()?;
        let within = self.source.get(item.span.start..block.close.end)?;
        let between = self.source.get(block.close.end..comment.span.start)?;
        if within.contains('\n') || !between.chars().all(|c| c == ' ' || c == '\t') {
            return None;
        }
        let text = layout::comment(comment.text);
        self.comments = &self.comments[1..];
        Some(text)
    }

    fn item(&mut self, item: &Item<'s>, depth: usize) {
        self.comments_before(item.span.start, depth);
        let mut gap = self.gap(item.span.start);
        let end = item.block.map_or(item.span.end, |block| block.open.end);
        // Comments inside the statement go above it.
        while let Some(comment) = self.next_comment(end) {
            self.own_line(comment, depth, gap);
            gap = false;
        }
        let (head, mut rest) = self.renderer.statement(&item.statement, depth);
        if matches!(item.statement, Statement::Broken) {
            rest = item.span.text(self.source).to_owned();
        }
        if item.block.is_some() {
            rest.push_str(if rest.is_empty() { "{" } else { " {" });
        }
        let mut line = Line::new(depth, shape(&item.statement), head, rest, gap);
        line.comment = self.behind_one_line(item);
        self.push(line, end);
        self.open = item.block.is_some();
    }
}

fn shape(statement: &Statement<'_>) -> Shape {
    match statement {
        Statement::Node(_) => Shape::Node,
        Statement::Let { .. } | Statement::Field(_) => Shape::Entry,
        Statement::Every { .. } => Shape::Every,
        _ => Shape::Plain,
    }
}
