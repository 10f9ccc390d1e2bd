//! Where the parser stands in the text, and what it has met on the way.

use nom::Parser;

use crate::{
    diagnostic::Diagnostic,
    source::Span,
    syntax::{
        ast::{Comment, Statement, Text, Word},
        habits, lexical,
    },
};

/// A statement that could not be read; the reason has been reported.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable;

pub type Parsed<T> = Result<T, Unreadable>;

/// Applies leaf parsers and remembers comments and mistakes. It may go back, but reports nothing twice.
pub struct Cursor<'s> {
    pub source: &'s str,
    pub rest: &'s str,
    /// Where the last leaf ended: blanks after a statement are not part of it.
    pub last: usize,
    pub comments: Vec<Comment<'s>>,
    pub mistakes: Vec<Diagnostic>,
    /// Statements that a line with a mistake most likely meant besides its own.
    pub also: Vec<Statement<'s>>,
    /// Comments and habits before this place have been noted.
    noted: usize,
    /// There is no `*/` after this place.
    no_comment_end: Option<usize>,
}

impl<'s> Cursor<'s> {
    pub fn new(source: &'s str) -> Cursor<'s> {
        Cursor {
            source,
            rest: source.strip_prefix('\u{feff}').unwrap_or(source),
            last: 0,
            comments: Vec::new(),
            mistakes: Vec::new(),
            also: Vec::new(),
            noted: 0,
            no_comment_end: None,
        }
    }

    pub fn at(&self) -> usize {
        self.source.len() - self.rest.len()
    }

    pub fn span_of(&self, slice: &str) -> Span {
        let start = slice.as_ptr() as usize - self.source.as_ptr() as usize;
        Span::new(start, start + slice.len())
    }

    pub fn word(&self, text: &'s str) -> Word<'s> {
        Word { text, span: self.span_of(text) }
    }

    /// The next `bytes` bytes, as a place for a label.
    pub fn next(&self, bytes: usize) -> Span {
        Span::new(self.at(), self.at() + bytes)
    }

    pub fn byte(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// What stands next, if it is this leaf.
    pub fn eat<O>(&mut self, mut leaf: impl Parser<&'s str, Output = O, Error = ()>) -> Option<O> {
        let (rest, output) = leaf.parse(self.rest).ok()?;
        self.rest = rest;
        self.last = self.at();
        Some(output)
    }

    pub fn sees<O>(&self, mut leaf: impl Parser<&'s str, Output = O, Error = ()>) -> bool {
        leaf.parse(self.rest).is_ok()
    }

    pub fn eat_char(&mut self, c: char) -> Option<Span> {
        let span = self.next(c.len_utf8());
        self.rest = self.rest.strip_prefix(c)?;
        self.last = span.end;
        Some(span)
    }

    pub fn eat_name(&mut self) -> Option<Word<'s>> {
        self.eat(lexical::name).map(|text| self.word(text))
    }

    pub fn sees_name(&self) -> bool {
        self.rest.starts_with(lexical::opens_name)
    }

    /// An arrow of this or of another language. Most of what is asked is told by its first byte.
    pub fn sees_arrow(&self) -> bool {
        match self.byte() {
            Some(b'-' | b'~' | b'<' | b'.' | b'=' | 0x80..) => {
                self.sees(lexical::arrow) || self.sees(lexical::foreign_arrow)
            }
            _ => false,
        }
    }

    /// `solves`, if that very word is next.
    pub fn eat_keyword(&mut self, keyword: &str) -> Option<Word<'s>> {
        let (rest, text) = lexical::name(self.rest).ok()?;
        if text != keyword {
            return None;
        }
        self.rest = rest;
        self.last = self.at();
        Some(self.word(text))
    }

    /// `"text"`, or what people write for it.
    pub fn eat_text(&mut self) -> Option<Text<'s>> {
        let start = self.at();
        match self.eat(lexical::string) {
            Some(raw) => {
                let text = Text { raw, span: Span::new(start, self.at()) };
                if raw.contains('\\') {
                    habits::escapes(self, text);
                }
                Some(text)
            }
            None => habits::text(self),
        }
    }

    /// Whether the statement ends here.
    pub fn at_end(&self) -> bool {
        matches!(self.byte(), None | Some(b'\n' | b';' | b'}' | b'{' | b'#'))
    }

    pub fn fault(&mut self, mistake: Diagnostic) -> Unreadable {
        self.mistakes.push(mistake);
        Unreadable
    }

    /// True the first time the parser passes `at`, for things that it may pass again after going back.
    pub fn note_once(&mut self, at: usize) -> bool {
        let first = at >= self.noted;
        self.noted = self.noted.max(at + 1);
        first
    }

    /// Spaces within the line, and what is meant as such.
    pub fn blanks(&mut self) {
        self.rest = lexical::blanks(self.rest);
        while matches!(self.byte(), Some(b'\\' | b'/')) && habits::blank(self) {
            self.rest = lexical::blanks(self.rest);
        }
    }

    /// `# text`
    pub fn comment(&mut self) -> bool {
        let start = self.at();
        let Ok((rest, text)) = lexical::comment(self.rest) else { return false };
        self.rest = rest;
        if self.note_once(start) {
            let text = text.trim_end_matches('\r');
            self.comments.push(Comment { text, span: Span::new(start, start + 1 + text.len()) });
        }
        true
    }

    /// Blanks, comments and line ends: where a statement goes on.
    pub fn lines(&mut self) {
        loop {
            self.blanks();
            if self.eat_newline() || self.comment() {
                continue;
            }
            return;
        }
    }

    pub fn eat_newline(&mut self) -> bool {
        match self.rest.strip_prefix('\n') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// An arrow may open the next line, after comments and empty lines too: no statement begins with one.
    pub fn lines_to_arrow(&mut self) {
        self.blanks();
        if !matches!(self.byte(), Some(b'\n' | b'#')) {
            return;
        }
        let before = self.rest;
        self.lines();
        if !self.sees_arrow() {
            self.rest = before;
        }
    }

    /// The length of `/* … */` if one is next.
    pub fn foreign_comment(&mut self) -> Option<usize> {
        if self.no_comment_end.is_some_and(|from| self.at() >= from) {
            return None;
        }
        let found = self.rest.find("*/");
        if found.is_none() {
            self.no_comment_end = Some(self.at());
        }
        found.map(|at| at + 2)
    }

    /// Passes over the rest of a statement that could not be read, so that only its lines are lost.
    pub fn skip_statement(&mut self) {
        loop {
            self.blanks();
            match self.byte() {
                None | Some(b';' | b'}' | b'{') => return,
                Some(b'\n' | b'#') => {
                    let open = matches!(self.source.as_bytes()[..self.last].last(), Some(b',' | b'[' | b'('));
                    let before = self.rest;
                    self.lines();
                    let goes_on =
                        open || matches!(self.byte(), Some(b']' | b')')) || self.sees(lexical::arrow);
                    if !goes_on || self.byte().is_none() {
                        self.rest = before;
                        return;
                    }
                    if self.at_end() {
                        return;
                    }
                }
                Some(b'"') => {
                    if self.eat(lexical::string).is_none() {
                        habits::unclosed(self);
                    }
                }
                Some(_) => self.skip_char(),
            }
        }
    }

    pub fn skip_char(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
        self.last = self.at();
    }
}
