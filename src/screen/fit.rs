//! The last look at a line before a terminal gets it.

use unicode_width::UnicodeWidthChar;

const RESET: &str = "\u{1b}[0m";

/// A line that takes at most `width` columns, by `…` where it is longer. Of control sequences only those that colour pass, and
/// none where `color` is off; anything else that a terminal may obey is shown as `�`.
pub fn fit(line: &str, width: usize, color: bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut colored = false;
    let mut taken = 0;
    // Where to cut, should there be no room for all.
    let mut cut = 0;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(sequence) = paint(rest) {
            if color {
                out.push_str(sequence);
                colored = true;
            }
            rest = &rest[sequence.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let shown = if c == '\t' { ' ' } else { c };
        let (shown, wide) = match shown.width() {
            Some(wide) if !turns(shown) => (shown, wide),
            _ => ('\u{fffd}', 1),
        };
        if taken + wide > width {
            out.truncate(cut);
            if width > 0 {
                out.push('…');
            }
            break;
        }
        out.push(shown);
        taken += wide;
        if taken < width {
            cut = out.len();
        }
    }
    if colored {
        out.push_str(RESET);
    }
    out
}

/// A sequence at the beginning of a text that sets colour or weight and nothing else.
fn paint(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("\u{1b}[")?;
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    inner[end..].starts_with('m').then(|| &text[..end + 3])
}

/// Marks that turn the writing round, and ends of lines that are no control characters.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthChar;

    use super::fit;

    #[test]
    fn a_line_is_cut_where_it_is_seen_to_end() {
        assert_eq!(fit("abcdef", 6, false), "abcdef");
        assert_eq!(fit("abcdef", 4, false), "abc…");
        assert_eq!(fit("\u{1b}[1mabcdef\u{1b}[0m", 4, true), "\u{1b}[1mabc…\u{1b}[0m");
        assert_eq!(fit("\u{1b}[1mabcdef\u{1b}[0m", 4, false), "abc…");
        assert_eq!(fit("日本語", 5, false), "日本…");
        assert_eq!(fit("日本語", 4, false), "日…");
        assert_eq!(fit("a", 0, false), "");
    }

    #[test]
    fn nothing_but_colour_is_obeyed() {
        let attack = "\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}[31mred\u{9b}5n\r\n\u{202e}";
        let shown = fit(attack, 80, true);
        assert_eq!(shown, "�[2J�]0;title�\u{1b}[31mred�5n���\u{1b}[0m");
    }

    proptest! {
        #[test]
        fn a_line_never_grows_wider(line in "(\u{1b}\\[[0-9;]{0,4}m|\\PC|\\pC){0,40}", width in 0usize..30) {
            let shown = fit(&line, width, false);
            let columns: usize = shown.chars().map(|c| c.width().expect("no control character")).sum();
            prop_assert!(columns <= width);
        }
    }
}
