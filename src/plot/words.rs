//! Text that keeps to its room: names of any length, lists of any number.

use crate::draw::escape::escaped;
use crate::draw::text::{Weight, clean, wrap};

/// Bytes of a text that is only looked at when asked for, as it stands in the file: a chart has two for each line.
const TIP: usize = 320;

/// One line that fits, with an ellipsis for what does not.
pub fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    wrap(&clean(text), size, weight, room, 1).into_iter().next().unwrap_or_default()
}

/// As much as a tooltip or a description needs.
pub fn tip(text: &str) -> String {
    let text = clean(text);
    let mut bytes = 0;
    let cut = text.char_indices().find(|(_, letter)| {
        bytes += escaped(letter.encode_utf8(&mut [0; 4])).len();
        bytes > TIP
    });
    match cut {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// "a, b and 3 more" of names; never "and 1 more", which is no shorter than what it stands for.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<String> = names.into_iter().map(short).collect();
    let shown = if names.len() > most + 1 { most } else { names.len() };
    match (&names[..shown], names.len() - shown) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The same of what a sentence says at length.
pub fn sentences(said: &[String], most: usize) -> String {
    let shown = if said.len() > most + 1 { most } else { said.len() };
    let more = match said.len() - shown {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let shown: Vec<String> = said[..shown].iter().map(|one| tip(one)).collect();
    format!("{}{more}", shown.join("; "))
}

/// A name in a sentence.
pub fn short(name: &str) -> String {
    const LETTERS: usize = 32;
    let name = clean(name);
    match name.char_indices().nth(LETTERS) {
        Some((cut, _)) => format!("{}…", &name[..cut]),
        None => name,
    }
}

pub fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::{escaped, list, sentences, short, tip};

    #[test]
    fn lists_read_as_sentences_and_end() {
        assert_eq!(list([], 3), "");
        assert_eq!(list(["a"], 3), "a");
        assert_eq!(list(["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(["a", "b", "c"], 2), "a, b and c");
        assert_eq!(list(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(sentences(&["a b".to_string(), "c".to_string()], 3), "a b; c");
        let long = "x".repeat(10_000);
        assert!(list([long.as_str(); 100], 3).len() < 200);
        for dear in [long.as_str(), &"界".repeat(10_000), &"&".repeat(10_000)] {
            assert!(escaped(&tip(dear)).len() < 330);
        }
        assert!(short("a\u{202e}\nb") == "a b");
    }
}
