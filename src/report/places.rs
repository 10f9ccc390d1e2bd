//! Lines and columns of many offsets in one text.

use std::cell::Cell;

use crate::source::Source;

/// Places in order cost one walk over a line, however many of them stand on it.
pub(super) struct Places<'a> {
    pub source: &'a Source,
    /// The line, offset and column asked for last.
    last: Cell<(usize, usize, usize)>,
}

impl<'a> Places<'a> {
    pub fn new(source: &'a Source) -> Places<'a> {
        Places { source, last: Cell::new((1, 0, 1)) }
    }

    /// Line and column from 1, the column in characters.
    pub fn of(&self, offset: usize) -> (usize, usize) {
        let (line, last, column) = self.last.get();
        let (line, column) = if (last..=self.source.line_span(line).end).contains(&offset) {
            (line, column + self.source.text[last..offset].chars().count())
        } else {
            let place = self.source.place(offset);
            (place.line, place.column)
        };
        self.last.set((line, offset, column));
        (line, column)
    }
}
