//! One or several of a list, by keys.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::report::{Style, Wrap};
use crate::screen::Key;

/// What stands before each, and is pressed for it; what comes after these is reached by the arrows.
const LABELS: &[u8] = b"123456789abcdefghijklmnoprstuvwxyz";

#[derive(Debug, Clone)]
pub struct Choice {
    of: usize,
    /// The one that Enter or space takes.
    at: usize,
    pub chosen: BTreeSet<usize>,
    /// These cannot be chosen.
    pub shut: BTreeSet<usize>,
}

impl Choice {
    pub fn new(of: usize) -> Choice {
        Choice { of, at: 0, chosen: BTreeSet::new(), shut: BTreeSet::new() }
    }

    /// The one that a key names.
    pub fn named(&self, key: Key) -> Option<usize> {
        let Key::Char(c) = key else { return None };
        LABELS.iter().take(self.of).position(|&label| char::from(label) == c)
    }

    /// The one that the arrow stands at; none of nothing.
    pub fn here(&self) -> Option<usize> {
        (self.at < self.of).then_some(self.at)
    }

    /// Moves, where the key is one that does.
    pub fn turn(&mut self, key: Key) {
        let last = self.of.saturating_sub(1);
        self.at = match key {
            Key::Up => self.at.saturating_sub(1),
            Key::Down => (self.at + 1).min(last),
            Key::Home | Key::PageUp => 0,
            Key::End | Key::PageDown => last,
            _ => return,
        };
    }

    /// Takes one, or gives it back.
    pub fn toggle(&mut self, at: usize) {
        self.at = at;
        if !self.shut.contains(&at) && !self.chosen.remove(&at) {
            self.chosen.insert(at);
        }
    }

    /// The list with its marks, and which of its lines the arrow stands at. `several` may be taken: each has a box.
    pub fn lines(&self, names: &[String], several: bool, style: Style) -> (Vec<String>, Range<usize>) {
        let mut lines = Vec::new();
        let mut focus = 0..0;
        for (at, name) in names.iter().enumerate() {
            let arrow = if at == self.at { ">" } else { " " };
            let label = LABELS.get(at).map_or(' ', |&label| char::from(label));
            let mark = match several {
                false => "",
                true if self.shut.contains(&at) => " ---",
                true if self.chosen.contains(&at) => " [x]",
                true => " [ ]",
            };
            let hang = 5 + mark.len();
            let text = Wrap { width: style.width, first: hang, hang }.lines(name);
            let start = lines.len();
            for (nth, line) in text.iter().enumerate() {
                let head = if nth == 0 { format!("{arrow} {label}.{mark} ") } else { " ".repeat(hang) };
                let line = if at == self.at { style.paint().bold(line) } else { line.clone() };
                lines.push(format!("{head}{line}"));
            }
            if at == self.at {
                focus = start..lines.len();
            }
        }
        (lines, focus)
    }
}

#[cfg(test)]
mod tests {
    use super::Choice;
    use crate::report::Style;
    use crate::screen::Key;

    #[test]
    fn keys_that_name_nothing_choose_nothing() {
        let mut choice = Choice::new(11);
        for (key, expected) in [('1', Some(0)), ('9', Some(8)), ('b', Some(10)), ('c', None), ('0', None)] {
            assert_eq!(choice.named(Key::Char(key)), expected, "{key}");
        }
        assert_eq!(choice.named(Key::Enter), None);
        for _ in 0..20 {
            choice.turn(Key::Down);
        }
        assert_eq!(choice.here(), Some(10));
        choice.turn(Key::Home);
        choice.turn(Key::Up);
        assert_eq!(choice.here(), Some(0));
        assert_eq!(Choice::new(0).here(), None);
    }

    #[test]
    fn what_is_taken_can_be_given_back_and_what_is_shut_stays() {
        let mut choice = Choice::new(3);
        choice.shut.insert(1);
        for at in [0, 1, 2, 0] {
            choice.toggle(at);
        }
        assert_eq!(choice.chosen.iter().copied().collect::<Vec<_>>(), [2]);
        let names = ["one", "two", "three and more than fits"].map(str::to_string);
        let style = Style { width: 24, color: false, all: false };
        let (lines, focus) = choice.lines(&names, true, style);
        assert_eq!(lines, ["> 1. [ ] one", "  2. --- two", "  3. [x] three and more", "         than fits"]);
        assert_eq!(focus, 0..1);
        choice.turn(Key::End);
        assert_eq!(choice.lines(&names, true, style).1, 2..4);
    }
}
