//! Setting text in lines.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Longer than this, a text from the design is cut in the middle: someone pasted a file into a name.
const LONGEST: usize = 1_000;

/// Longer than any name or address.
const LONGEST_WORD: usize = 200;

/// Text that is safe for a terminal: on one line, without control characters or marks that turn the writing round, and
/// nothing in it that a workflow's runner, which reads along, takes for a command of its own.
pub fn clean(text: &str) -> Cow<'_, str> {
    match printable(text) {
        Cow::Borrowed(text) => no_command(text),
        Cow::Owned(text) => Cow::Owned(no_command(&text).into_owned()),
    }
}

/// GitHub's runner obeys `::name …::` where a line begins with it, which any word may, and `##[name]` anywhere.
fn no_command(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(at) = [rest.find("::"), rest.find("##[")].into_iter().flatten().min() {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let begins_a_word = out.is_empty() || out.ends_with(char::is_whitespace);
        let is_command = found.starts_with('#')
            || begins_a_word && found[2..].starts_with(|c: char| c.is_ascii_alphabetic());
        out.push_str(&found[..2]);
        if is_command {
            out.insert(out.len() - usize::from(found.starts_with(':')), ' ');
        }
        rest = &found[2..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn printable(text: &str) -> Cow<'_, str> {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if text.len() <= LONGEST && !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if odd(c) => '\u{fffd}',
        c => c,
    };
    if text.len() <= LONGEST {
        return Cow::Owned(text.chars().map(shown).collect());
    }
    let start: String = text.chars().take(LONGEST / 2).map(shown).collect();
    let mut end: Vec<char> = text.chars().rev().take(LONGEST / 10).map(shown).collect();
    end.reverse();
    Cow::Owned(format!("{start} … {}", end.into_iter().collect::<String>()))
}

/// Columns that a text takes on a terminal.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `text` to at most `width` columns, by `…` where it is longer.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        if columns(&out) + columns(c.encode_utf8(&mut [0; 4])) + 1 > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    Cow::Owned(out)
}

/// Where the lines of a wrapped text start.
#[derive(Debug, Clone, Copy)]
pub struct Wrap {
    pub width: usize,
    /// Columns already taken on the first line.
    pub first: usize,
    /// The indent of the lines that follow.
    pub hang: usize,
}

impl Wrap {
    /// All lines after the same indent, which is part of the result.
    pub fn block(self, text: &str) -> String {
        format!(
            "{}{}",
            " ".repeat(self.first),
            self.lines(text).join(&format!("\n{}", " ".repeat(self.hang)))
        )
    }

    /// The same of our own words, which are never too long to be shown.
    pub fn own(self, text: &str) -> String {
        format!("{}{}", " ".repeat(self.first), self.set(text).join(&format!("\n{}", " ".repeat(self.hang))))
    }

    /// The lines, without indents.
    pub fn lines(self, text: &str) -> Vec<String> {
        self.set(&clean(text))
    }

    fn set(self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut room = self.width.saturating_sub(self.first);
        for word in words(text) {
            let word: &str = &cut(word, LONGEST_WORD);
            let gap = usize::from(!line.is_empty());
            if !line.is_empty() && columns(&line) + gap + columns(word) > room {
                lines.push(std::mem::take(&mut line));
                room = self.width.saturating_sub(self.hang);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines
    }

    /// The text, its later lines indented.
    pub fn text(self, text: &str) -> String {
        self.lines(text).join(&format!("\n{}", " ".repeat(self.hang)))
    }
}

/// Words, where a short piece of code in backticks is one.
fn words(text: &str) -> Vec<&str> {
    const LONGEST_CODE: usize = 24;
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    let mut in_code = false;
    while !rest.is_empty() {
        let mut end = rest.find(' ').unwrap_or(rest.len());
        in_code ^= rest[..end].matches('`').count() % 2 == 1;
        if in_code
            && rest[..end].contains('`')
            && let Some(close) = rest[end..].find('`')
            && close <= LONGEST_CODE
        {
            let after = end + close;
            end = rest[after..].find(' ').map_or(rest.len(), |at| after + at);
            in_code = false;
        }
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Wrap, clean, cut};

    #[test]
    fn wraps_with_a_hanging_indent_and_keeps_code_together() {
        let wrap = Wrap { width: 24, first: 4, hang: 2 };
        assert_eq!(
            wrap.block("one two three four `x3 failover=auto` five"),
            "    one two three four\n  `x3 failover=auto`\n  five"
        );
        assert_eq!(wrap.block(""), "    ");
    }

    #[test]
    fn a_terminal_is_safe_from_the_text() {
        assert_eq!(clean("a\u{1b}[31m\nb\u{202e}"), "a\u{fffd}[31m b\u{fffd}");
        assert!(clean(&"x".repeat(1 << 20)).len() < 1_000);
        assert_eq!(clean("::error::x std::y ::1 ##[group]"), ": :error::x std::y ::1 ## [group]");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
