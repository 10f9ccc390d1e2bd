//! What is wrong with a rubric or problem file, and where.

use std::fmt;
use std::ops::Range;

use crate::source::Source;

/// One mistake. Line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// The way out, where one is known.
    pub help: Option<String>,
}

impl FileError {
    pub(crate) fn new(source: &Source, span: Range<usize>, message: impl Into<String>) -> FileError {
        let place = source.place(span.start.min(source.text.len()));
        FileError {
            file: source.name.clone(),
            line: place.line,
            column: place.column,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: Option<String>) -> FileError {
        self.help = help;
        self
    }

    /// From the TOML reader; `offset` is where the TOML starts in the source.
    pub(crate) fn toml(source: &Source, error: &toml::de::Error, offset: usize) -> FileError {
        let span = error.span().map_or(offset..offset, |span| span.start + offset..span.end + offset);
        let message = error.message().lines().next().unwrap_or_default();
        // "unknown field `a`, expected one of `b`, `c`": every other piece is a word in backticks.
        let mut words = message.split('`').skip(1).step_by(2);
        let what = match message.split(" `").next() {
            Some("unknown field") => "key",
            Some("unknown variant") => "word",
            _ => return FileError::new(source, span, message),
        };
        let word = words.next().unwrap_or_default();
        match did_you_mean(word, words) {
            Some(help) => FileError::new(source, span, format!("unknown {what} `{word}`")).help(Some(help)),
            None => FileError::new(source, span, message),
        }
    }
}

/// ``did you mean `ttl`?``
pub(super) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    crate::catalog::nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}
