//! Lines of any stream, one at a time, however long they are.

use std::io::{BufRead, ErrorKind};

/// A line that is longer is skipped without being held; a design is a few kilobytes.
pub(super) const LONGEST: usize = 8 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub number: u64,
    pub text: Result<String, BadLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadLine {
    /// How many bytes it has.
    Long(u64),
    NotUtf8 {
        byte: u8,
        /// From 1.
        at: usize,
    },
    /// The stream broke off; nothing follows.
    Unreadable(String),
}

/// The lines of a stream, without their ends; the last one may have none.
pub(super) struct Lines<R> {
    from: R,
    number: u64,
    broken: bool,
}

impl<R: BufRead> Lines<R> {
    pub fn new(from: R) -> Lines<R> {
        Lines { from, number: 0, broken: false }
    }

    /// The bytes of a line up to `LONGEST`, and how many it has; none at the end.
    fn bytes(&mut self) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            let chunk = match self.from.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return Ok((length > 0).then_some((line, length)));
            }
            let end = chunk.iter().position(|&byte| byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            length += part.len() as u64;
            if length > LONGEST as u64 {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.from.consume(used);
            if end.is_some() {
                return Ok(Some((line, length)));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.broken {
            return None;
        }
        let text = match self.bytes() {
            Ok(None) => return None,
            Ok(Some((_, length))) if length > LONGEST as u64 => Err(BadLine::Long(length)),
            Ok(Some((bytes, _))) => String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                BadLine::NotUtf8 { byte: error.as_bytes()[at], at: at + 1 }
            }),
            Err(error) => {
                self.broken = true;
                Err(BadLine::Unreadable(error.to_string()))
            }
        };
        self.number += 1;
        Some(Line { number: self.number, text })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::{BadLine, LONGEST, Line, Lines};

    fn lines(bytes: impl Read) -> Vec<Result<String, BadLine>> {
        let lines: Vec<Line> = Lines::new(BufReader::new(bytes)).collect();
        assert!(lines.iter().map(|line| line.number).eq(1..=lines.len() as u64));
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn every_line_is_one() {
        let ok = |text: &str| Ok(text.to_string());
        assert_eq!(lines("".as_bytes()), []);
        assert_eq!(lines("a".as_bytes()), [ok("a")]);
        assert_eq!(lines("a\n\nb\r\n".as_bytes()), [ok("a"), ok(""), ok("b\r")]);
        assert_eq!(lines("\n".as_bytes()), [ok("")]);
    }

    #[test]
    fn a_bad_line_hides_none_of_the_others() {
        let long = LONGEST as u64 + 1;
        let bytes = b"a\nab\xffc\n".chain(std::io::repeat(b'x').take(long)).chain(&b"\nb"[..]);
        let bad = BadLine::NotUtf8 { byte: 0xff, at: 3 };
        let found = lines(bytes);
        assert_eq!(found, [Ok("a".into()), Err(bad), Err(BadLine::Long(long)), Ok("b".into())]);
        let longest = std::io::repeat(b'x').take(LONGEST as u64);
        assert_eq!(lines(longest)[0].as_ref().map(String::len), Ok(LONGEST));
    }

    #[test]
    fn a_stream_that_breaks_off_ends_with_its_reason() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the disk is gone"))
            }
        }
        let found = lines(b"a\nb".chain(Broken));
        assert_eq!(found, [Ok("a".into()), Err(BadLine::Unreadable("the disk is gone".into()))]);
    }
}
