//! A file's text and where things stand in it.

/// A range of bytes in one source text, `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The empty span at `at`: where something is missing.
    pub fn point(at: usize) -> Span {
        Span { start: at, end: at }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn len(self) -> usize {
        self.end - self.start
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn text(self, source: &str) -> &str {
        &source[self.start..self.end]
    }
}

/// Line and column as a person counts them: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// A named text. Lines are found once, so that a place costs a binary search.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub text: String,
    line_starts: Vec<usize>,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { name: name.into(), text, line_starts }
    }

    pub fn place(&self, offset: usize) -> Place {
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let before = &self.text[self.line_starts[line]..offset.min(self.text.len())];
        Place { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The byte range of a line (from 1), without its line ending.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.line_starts[line - 1];
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| next - 1);
        Span { start, end }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Source};

    #[test]
    fn places_count_lines_and_characters() {
        let source = Source::new("a.arch", "ab\ncé d\n");
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(3), Place { line: 2, column: 1 });
        assert_eq!(source.place(6), Place { line: 2, column: 3 });
        assert_eq!(source.place(9), Place { line: 3, column: 1 });
        assert_eq!(source.line_span(2).text(&source.text), "cé d");
    }
}
