//! The outer loop: statements one after another, and a stack of the blocks that are open.

use crate::{
    diagnostic::Diagnostic,
    source::Span,
    syntax::{
        ast::{Ast, Block, Item, Statement, Word},
        cursor::Cursor,
        habits, lexical,
        place::{self, Room},
        statement,
    },
};

/// Text to tree. Never fails: a line that cannot be read costs that line, and is reported. Names, units and attributes
/// are not looked up here.
pub fn parse(source: &str) -> (Ast<'_>, Vec<Diagnostic>) {
    let mut parser = Parser {
        cursor: Cursor::new(source),
        items: Vec::new(),
        open: Vec::new(),
        line_start: 0,
        line_open: true,
        braces_balance: None,
        suspect: None,
        design: None,
        lost: Vec::new(),
    };
    while parser.step() {}
    parser.end_of_file();
    let Parser { cursor, items, lost, .. } = parser;
    let Cursor { comments, mut mistakes, .. } = cursor;
    mistakes.sort_by_key(|mistake| mistake.at.span);
    (Ast { items, comments, lost }, mistakes)
}

/// How many open blocks are looked through for one that takes a statement: a bound, so that the time stays linear.
const SEEN: usize = 64;

struct Parser<'s> {
    cursor: Cursor<'s>,
    items: Vec<Item<'s>>,
    open: Vec<Open>,
    line_start: usize,
    /// Nothing stands on this line yet.
    line_open: bool,
    /// Found out when it matters.
    braces_balance: Option<bool>,
    /// The first block that, by indentation, seems to end without its `}`, and where.
    suspect: Option<(Span, Span)>,
    design: Option<Span>,
    lost: Vec<Word<'s>>,
}

/// A block that is not closed yet.
struct Open {
    item: usize,
    room: Room,
    span: Span,
    /// How far its header's line is indented.
    indent: usize,
    line_start: usize,
    /// The block has a statement that is indented more than its header.
    indents: bool,
    /// The `{` is missing: it ends where the indentation does.
    implicit: bool,
}

impl<'s> Parser<'s> {
    /// One statement or brace. False at the end of the file.
    fn step(&mut self) -> bool {
        self.separators();
        let start = self.cursor.at();
        match self.cursor.byte() {
            None => return false,
            Some(b'}') => self.close(),
            Some(b'{') => self.stray_open(),
            Some(_) => self.statement(start),
        }
        self.line_open = false;
        true
    }

    /// Line ends, comments and `;`
    fn separators(&mut self) {
        loop {
            self.cursor.blanks();
            match self.cursor.byte() {
                Some(b'\n') => {
                    self.cursor.eat_newline();
                    self.line_start = self.cursor.at();
                    self.line_open = true;
                }
                Some(b';') => {
                    self.cursor.eat_char(';');
                }
                Some(b'#') => {
                    self.cursor.comment();
                }
                _ => return,
            }
        }
    }

    fn indent(&self, at: usize) -> usize {
        at - self.line_start
    }

    fn statement(&mut self, start: usize) {
        let indent = self.indent(start);
        let (line_start, opens_line) = (self.line_start, self.line_open);
        if opens_line {
            while self.open.last().is_some_and(|open| open.implicit && indent <= open.indent) {
                self.pop(Span::point(self.cursor.last));
            }
        }
        let reported = self.cursor.mistakes.len();
        let room = self.open.last().map_or(Room::Top, |open| open.room);
        let mut statement = statement::statement(&mut self.cursor, room).unwrap_or(Statement::Broken);
        if matches!(statement, Statement::Broken) {
            self.cursor.skip_statement();
        } else {
            self.cursor.blanks();
            if !self.cursor.at_end() {
                habits::unexpected(
                    &mut self.cursor,
                    "the end of the statement",
                    "a statement ends with its line, or at `;`",
                );
                self.cursor.skip_statement();
            }
        }
        if self.cursor.at() == start {
            // Nothing that a statement starts with or ends at.
            self.cursor.skip_char();
        }
        let span = Span::new(start, self.cursor.last.max(start));
        if opens_line {
            self.indentation(indent, line_start, span);
        }
        // A node in a table is most likely a column, and its type and options no attributes.
        let column = room == Room::Table && matches!(statement, Statement::Node(_));
        let told = self.cursor.mistakes.len();
        let silent = told > reported && !column;
        let fits = self.make_room(&statement, span, if opens_line { Some(indent) } else { None }, silent);
        if column && !fits {
            self.cursor.mistakes.drain(reported..told);
            statement = Statement::Broken;
        } else if statement == Statement::Broken {
            self.lost(span);
        }
        if matches!(statement, Statement::Design { .. }) {
            self.design_first(span);
        }
        let also = std::mem::take(&mut self.cursor.also);
        for more in also {
            let first = std::mem::replace(&mut statement, more);
            self.push(first, span);
        }
        let room = Room::of(&statement);
        let (needs_block, has_block) = (place::needs_block(&statement), place::has_block(&statement));
        let name = place::describe(&statement);
        self.push(statement, span);
        let item = self.items.len() - 1;
        let block = Open { item, room, span, indent, line_start, indents: false, implicit: false };
        if let Some(open) = self.cursor.eat_char('{') {
            if !has_block {
                let mistake = habits::syntax(format!("{name} has no block"), open, "not expected here");
                self.cursor.mistakes.push(
                    mistake.help(
                        "blocks follow `region`, `zone`, `group`, `flow`, `given`, `table` and a store",
                    ),
                );
            }
            self.open_block(Open { span: open, ..block });
        } else if needs_block {
            self.without_block(block, name, self.cursor.mistakes.len() > reported);
        }
    }

    /// A header without its `{`, which may stand on the next line, or be missing before lines indented as in a block.
    fn without_block(&mut self, block: Open, name: &str, silent: bool) {
        let before = self.cursor.rest;
        let at = self.cursor.at();
        self.cursor.lines();
        let skipped = &self.cursor.source[at..self.cursor.at()];
        let indent = skipped.rfind('\n').map(|newline| skipped.len() - newline - 1);
        let next = self.cursor.byte();
        self.cursor.rest = before;
        if next == Some(b'{') {
            return;
        }
        let end = Span::point(block.span.end);
        if !silent {
            let mistake =
                habits::syntax(format!("{name} without its block"), block.span, "no `{` after this");
            self.cursor
                .mistakes
                .push(mistake.help("the block starts on the same line with `{` and ends with `}`"));
        }
        if next.is_some() && indent.is_some_and(|indent| indent > block.indent) {
            self.open_block(Open { span: end, implicit: true, ..block });
        } else {
            let items = self.items.len();
            self.items[block.item].block = Some(Block { open: end, close: end, end: items });
        }
    }

    fn push(&mut self, statement: Statement<'s>, span: Span) {
        let parent = self.open.last().map(|open| open.item);
        self.items.push(Item { statement, span, parent, depth: self.open.len(), block: None });
    }

    fn open_block(&mut self, block: Open) {
        self.items[block.item].block =
            Some(Block { open: block.span, close: block.span, end: self.items.len() });
        self.open.push(block);
    }

    /// Closes the innermost block.
    fn pop(&mut self, close: Span) {
        let Some(open) = self.open.pop() else { return };
        let end = self.items.len();
        if let Some(block) = &mut self.items[open.item].block {
            block.close = close;
            block.end = end;
        }
    }

    /// `}`
    fn close(&mut self) {
        let span = self.cursor.next(1);
        let indent = self.indent(span.start);
        self.cursor.eat_char('}');
        while self.line_open && self.open.last().is_some_and(|open| open.implicit && indent < open.indent) {
            self.pop(Span::point(span.start));
        }
        match self.open.last() {
            None => {
                let mistake = habits::syntax("a `}` too many", span, "closes nothing");
                self.cursor.mistakes.push(mistake.help("remove it, or see whether a `{` is missing above"));
            }
            Some(open) => {
                if self.line_open && indent < open.indent && open.line_start != self.line_start {
                    self.suspect.get_or_insert((open.span, span));
                }
                self.pop(span);
            }
        }
    }

    /// `{` that follows no header on its line
    fn stray_open(&mut self) {
        let open = self.cursor.next(1);
        self.cursor.eat_char('{');
        let header = self.items.last().filter(|item| {
            item.depth == self.open.len() && item.block.is_none() && place::has_block(&item.statement)
        });
        let (item, room, mistake) = match header {
            Some(header) => {
                let mistake = habits::syntax("`{` on a line of its own", open, "belongs on the line above")
                    .label(header.span, "at the end of this line")
                    .help("a block starts on its header's line: `flow f {`");
                (self.items.len() - 1, Room::of(&header.statement), mistake)
            }
            None => {
                self.push(Statement::Broken, open);
                let mistake = habits::syntax("a block without a header", open, "what is this the block of?")
                    .help("a block follows `region`, `zone`, `group`, `flow`, `given`, `table` or a store");
                (self.items.len() - 1, Room::Any, mistake)
            }
        };
        self.cursor.mistakes.push(mistake);
        let (indent, line_start) = (self.indent(open.start), self.line_start);
        self.open_block(Open { item, room, span: open, indent, line_start, indents: false, implicit: false });
    }

    /// Notes where indentation says that a block has ended.
    fn indentation(&mut self, indent: usize, line_start: usize, at: Span) {
        let Some(open) = self.open.last_mut() else { return };
        if indent > open.indent {
            open.indents = true;
        } else if open.indents && open.line_start != line_start {
            self.suspect.get_or_insert((open.span, at));
        }
    }

    /// Remembers what a line that could not be read may have declared: its first two words.
    fn lost(&mut self, span: Span) {
        let line = span.text(self.cursor.source);
        let Ok((rest, first)) = lexical::name(line) else { return };
        self.lost.push(self.cursor.word(first));
        if let Ok((_, second)) = lexical::name(lexical::blanks(rest)) {
            self.lost.push(self.cursor.word(second));
        }
    }

    /// Sees to it that `statement` may stand here, by closing blocks or by saying that it may not, which is false.
    fn make_room(
        &mut self,
        statement: &Statement<'s>,
        span: Span,
        indent: Option<usize>,
        silent: bool,
    ) -> bool {
        let room = self.open.last().map_or(Room::Top, |open| open.room);
        if room.takes(statement) {
            return true;
        }
        let source = self.cursor.source;
        let may_be_unclosed = !*self.braces_balance.get_or_insert_with(|| place::balanced(source));
        if may_be_unclosed && let Some(indent) = indent {
            let left = self.open.iter().rev().take(SEEN).take_while(|open| indent <= open.indent).count();
            let outer = self.open.len() - left;
            let fits = (outer..self.open.len()).rev().find(|&depth| {
                let room = if depth == 0 { Room::Top } else { self.open[depth - 1].room };
                room.takes(statement)
            });
            if let Some(depth) = fits {
                self.unclosed(depth, statement, span);
                return true;
            }
        }
        let open = self.open.last().map(|open| open.span);
        if !silent {
            self.cursor.mistakes.push(place::misplaced(statement, span, room, open));
        }
        if let Some(open) = self.open.last_mut().filter(|open| open.room == Room::Node) {
            // Most likely not a node at all: once is enough.
            open.room = Room::Any;
        }
        false
    }

    /// Closes blocks down to `depth`, because `statement` stands outside of them.
    fn unclosed(&mut self, depth: usize, statement: &Statement<'s>, span: Span) {
        let closed = &self.open[depth..];
        let innermost = closed.last().map_or(span, |open| open.span);
        let mistake = habits::syntax("this `{` is not closed", innermost, "no `}` for it")
            .label(span, format!("{} does not stand in it", place::describe(statement)));
        let mistake = closed
            .iter()
            .rev()
            .skip(1)
            .take(3)
            .fold(mistake, |mistake, open| mistake.label(open.span, "nor for this"));
        self.cursor.mistakes.push(mistake.help("write the `}` before this statement"));
        let end = Span::point(span.start);
        while self.open.len() > depth {
            self.pop(end);
        }
        // What is closed now is no longer missing at the end of the file.
        self.suspect = None;
    }

    fn design_first(&mut self, span: Span) {
        if let Some(first) = self.design {
            let mistake =
                habits::syntax("a second `design`", span, "one file is one design").label(first, "the first");
            self.cursor.mistakes.push(mistake.help("keep one of them"));
            return;
        }
        self.design = Some(span);
        if !self.items.is_empty() {
            let mistake =
                habits::syntax("`design` does not stand first", span, "other statements precede it");
            self.cursor.mistakes.push(mistake.help("write the `design` line at the top of the file"));
        }
    }

    fn end_of_file(&mut self) {
        let end = Span::point(self.cursor.source.len());
        let missing = self.open.iter().filter(|open| !open.implicit).count();
        if missing > 0 {
            let innermost = self.open.iter().rev().find(|open| !open.implicit).map_or(end, |open| open.span);
            let mistake = match self.suspect {
                Some((open, seen)) => habits::syntax("this `{` is not closed", open, "no `}` for it")
                    .label(seen, "by its indentation, this stands outside"),
                None => {
                    habits::syntax("this `{` is not closed", innermost, "no `}` up to the end of the file")
                }
            };
            let help = match missing {
                1 => "every `{` needs its `}`".to_owned(),
                _ => format!("{missing} `}}` are missing"),
            };
            self.cursor.mistakes.push(mistake.help(help));
        }
        while !self.open.is_empty() {
            self.pop(end);
        }
    }
}
