//! How wide text is, without a font: the advance widths of Liberation Sans, which has those of Arial and Helvetica.
//!
//! An estimate, padded for the fonts that a viewer falls back to; no shaping, no kerning.

use unicode_width::UnicodeWidthChar;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Room for other fonts than the one measured.
const PADDING: f64 = 1.06;

/// From U+0020 to U+007E, in thousandths of an em.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

#[rustfmt::skip]
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

fn advance(c: char, weight: Weight) -> f64 {
    let table = match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    };
    if let Some(&width) = (c as usize).checked_sub(0x20).and_then(|at| table.get(at)) {
        return f64::from(width);
    }
    match c.width() {
        None | Some(0) => 0.0,
        Some(1) => 650.0,
        // Emoji fonts draw wider than the em that ideographs fill.
        Some(_) if c >= '\u{1f000}' => 1250.0,
        Some(_) => 1000.0,
    }
}

/// Pixels that a line takes at a font size.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| advance(c, weight)).sum::<f64>() * size / 1000.0 * PADDING
}

/// A label on one line of visible text: white space runs become one space; what cannot be seen but changes what can
/// (control characters, overrides of the writing direction) is dropped.
pub fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|&c| !c.is_control() && !is_override(c) && !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_override(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Breaks at spaces, or inside a word that is too long for a line; an ellipsis stands for what does not fit.
pub fn wrap(text: &str, size: f64, weight: Weight, room: f64, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && lines.len() < most {
        let (line, after) = if lines.len() + 1 == most {
            if width_within(rest, size, weight, room) { (rest.to_string(), "") } else { break }
        } else {
            first_line(rest, size, weight, room)
        };
        lines.push(line);
        rest = after;
    }
    if !rest.is_empty() {
        let ellipsis = width("…", size, weight);
        let cut = fitting(rest, size, weight, room - ellipsis);
        lines.push(format!("{}…", rest[..cut].trim_end()));
    }
    lines
}

fn first_line(text: &str, size: f64, weight: Weight, room: f64) -> (String, &str) {
    if width_within(text, size, weight, room) {
        return (text.to_string(), "");
    }
    let cut = fitting(text, size, weight, room);
    if text[cut..].starts_with(' ') {
        return (text[..cut].to_string(), text[cut..].trim_start());
    }
    match text[..cut].rfind(' ') {
        Some(space) if space > 0 => (text[..space].to_string(), text[space..].trim_start()),
        _ => {
            // Break after a joint of a long name rather than inside a part of it.
            let joint = text[..cut].rfind(['-', '_', '.', '/']).map_or(cut, |at| at + 1);
            let cut = if joint * 2 > cut { joint } else { cut };
            (text[..cut].to_string(), &text[cut..])
        }
    }
}

fn width_within(text: &str, size: f64, weight: Weight, room: f64) -> bool {
    fitting(text, size, weight, room) == text.len()
}

/// Bytes of the longest start that fits; at least one character.
fn fitting(text: &str, size: f64, weight: Weight, room: f64) -> usize {
    let mut taken = 0.0;
    for (at, c) in text.char_indices() {
        taken += advance(c, weight) * size / 1000.0 * PADDING;
        if taken > room && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Weight, clean, width, wrap};

    #[test]
    fn wide_characters_take_more() {
        assert!(width("界", 14.0, Weight::Regular) > width("i", 14.0, Weight::Regular) * 3.0);
        assert_eq!(width("e\u{301}", 14.0, Weight::Bold), width("e", 14.0, Weight::Bold));
    }

    #[test]
    fn breaks_at_spaces_then_cuts() {
        let lines = wrap("Link redirect service of the east", 14.0, Weight::Bold, 100.0, 2);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "Link redirect");
        assert!(lines[1].ends_with('…'));
        for line in wrap(&"x".repeat(10_000), 14.0, Weight::Bold, 100.0, 2) {
            assert!(width(&line, 14.0, Weight::Bold) <= 100.0, "{line}");
        }
        assert_eq!(wrap("short", 14.0, Weight::Bold, 100.0, 2), ["short"]);
        assert!(wrap("", 14.0, Weight::Bold, 100.0, 2).is_empty());
    }

    #[test]
    fn drops_what_cannot_be_seen() {
        assert_eq!(clean("a\u{0}\u{202e}b \n\t c"), "ab c");
    }
}
