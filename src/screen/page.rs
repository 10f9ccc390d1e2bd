//! What stands on a screen: a head that stays, a body that scrolls, and the keys that do something.

use super::{Key, Size, fit};
use crate::report::Paint;

/// A page before it is set for a size. Lines that are too long are cut: whoever writes them wraps them.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Always in sight.
    pub head: Vec<String>,
    pub body: Vec<String>,
    /// The first line of the body that is in sight.
    pub top: usize,
    /// What just happened, in a few words.
    pub note: String,
    /// Keys and what they do, those to keep first where there is no room for all.
    pub keys: Vec<(&'static str, &'static str)>,
    /// Every key is shown, on as many lines as that takes.
    pub all_keys: bool,
}

/// Below so many rows keys have one line, whatever there is to press.
const ROOMY: usize = 12;

impl Page {
    /// Lines of the body that have room.
    pub fn rows(&self, size: Size) -> usize {
        size.height.saturating_sub(self.head_rows(size) + self.foot(size)).max(1)
    }

    /// Lines under the body: a rule with the note, and the keys.
    fn foot(&self, size: Size) -> usize {
        let spread = self.all_keys && size.height >= ROOMY;
        1 + if spread { keys(&self.keys, size.width).len() } else { 1 }
    }

    /// At most a third, so that something is left to scroll.
    fn head_rows(&self, size: Size) -> usize {
        self.head.len().min((size.height / 3).max(1))
    }

    /// Whether the key was one that scrolls.
    pub fn scroll(&mut self, key: Key, size: Size) -> bool {
        let rows = self.rows(size);
        // A line stays in sight, to read on from.
        let most = rows.saturating_sub(1).max(1);
        self.top = match key {
            Key::Up | Key::Char('k') => self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top + 1,
            Key::PageUp | Key::Char('b') => self.top.saturating_sub(most),
            Key::PageDown | Key::Char(' ') => self.top + most,
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => self.body.len(),
            _ => return false,
        };
        self.settle(size);
        true
    }

    /// Scrolls back where the body has become shorter, or the screen higher.
    pub fn settle(&mut self, size: Size) {
        self.top = self.top.min(self.body.len().saturating_sub(self.rows(size)));
    }
}

/// The lines of a screen, as many as it has rows, none wider than it.
pub fn frame(page: &Page, size: Size, color: bool) -> Vec<String> {
    let paint = Paint { on: color };
    let rows = page.rows(size);
    let top = page.top.min(page.body.len().saturating_sub(rows));
    let mut lines: Vec<String> = page.head.iter().take(page.head_rows(size)).cloned().collect();
    let end = (top + rows).min(page.body.len());
    lines.extend_from_slice(&page.body[top..end]);
    let foot = page.foot(size);
    if size.height > foot + 1 {
        lines.resize(size.height - foot, String::new());
        lines.push(paint.dim(&rule(page, top, end, size.width)));
        let bold = |(key, does): &(&str, &str)| format!("{} {does}", paint.bold(key));
        let keys = keys(&page.keys, size.width).into_iter();
        let keys = keys.map(|row| row.iter().map(bold).collect::<Vec<_>>().join(GAP));
        lines.extend(keys.take(foot - 1));
    }
    lines.resize(size.height, String::new());
    lines.iter().map(|line| fit(line, size.width, color)).collect()
}

/// `── drawn to shop.svg ────── 1–18 of 40 ──`
fn rule(page: &Page, top: usize, end: usize, width: usize) -> String {
    let hidden = top > 0 || end < page.body.len();
    let place =
        if hidden { format!(" {}–{} of {} ──", top + 1, end, page.body.len()) } else { String::new() };
    let room = width.saturating_sub(crate::report::columns(&place));
    let note = if page.note.is_empty() { String::new() } else { format!("── {} ", page.note) };
    let note = fit(&note, room, false);
    format!("{note}{}{place}", "─".repeat(room.saturating_sub(crate::report::columns(&note))))
}

const GAP: &str = "   ";

/// `q quit   a all`, as many as there is room for on each line.
fn keys<'k>(keys: &[(&'k str, &'k str)], width: usize) -> Vec<Vec<(&'k str, &'k str)>> {
    let mut rows = vec![Vec::new()];
    let mut taken = 0;
    for (key, does) in keys {
        let wide = crate::report::columns(&format!("{key} {does}"));
        let row = rows.last_mut().filter(|row| row.is_empty() || taken + GAP.len() + wide <= width);
        taken = match &row {
            Some(row) if !row.is_empty() => taken + GAP.len() + wide,
            _ => wide,
        };
        match row {
            Some(row) => row.push((*key, *does)),
            None => rows.push(vec![(*key, *does)]),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Page, frame};
    use crate::screen::{Key, Size};

    fn page(lines: usize) -> Page {
        Page {
            head: vec!["head".to_string()],
            body: (1..=lines).map(|line| format!("line {line}")).collect(),
            top: 0,
            note: "drawn".to_string(),
            keys: vec![("q", "quit"), ("a", "all")],
            all_keys: false,
        }
    }

    const SIZE: Size = Size { width: 20, height: 6 };

    #[test]
    fn a_page_that_is_longer_scrolls_to_its_end_and_no_further() {
        let mut page = page(5);
        let expected = ["head", "line 1", "line 2", "line 3", "── draw… 1–3 of 5 ──", "q quit   a all"];
        assert_eq!(frame(&page, SIZE, false), expected);
        assert!(page.scroll(Key::Down, SIZE));
        assert_eq!(page.top, 1);
        assert!(page.scroll(Key::PageDown, SIZE) && page.scroll(Key::PageDown, SIZE));
        assert_eq!(page.top, 2);
        assert_eq!(frame(&page, SIZE, false)[3], "line 5");
        assert!(page.scroll(Key::Home, SIZE));
        assert_eq!(page.top, 0);
        assert!(!page.scroll(Key::Char('x'), SIZE));
    }

    #[test]
    fn a_frame_has_the_size_of_the_screen_whatever_it_is() {
        for height in 1..12 {
            for width in 1..40 {
                let lines = frame(&page(30), Size { width, height }, false);
                assert_eq!(lines.len(), height);
                assert!(lines.iter().all(|line| crate::report::columns(line) <= width), "{lines:#?}");
            }
        }
    }

    #[test]
    fn keys_take_the_lines_that_they_need_where_all_are_to_be_seen() {
        let mut page = page(30);
        page.keys.extend([("d", "draw"), ("h", "hint")]);
        let size = Size { width: 20, height: 12 };
        assert_eq!(frame(&page, size, false)[11], "q quit   a all");
        page.all_keys = true;
        let lines = frame(&page, size, false);
        assert_eq!(lines[10..], ["q quit   a all", "d draw   h hint"]);
        assert_eq!(lines[8], "line 8");
        // A screen that is low shows what comes first.
        assert_eq!(frame(&page, SIZE, false)[5], "q quit   a all");
    }

    #[test]
    fn what_is_whole_says_nothing_of_places() {
        let lines = frame(&page(2), SIZE, false);
        assert_eq!(lines, ["head", "line 1", "line 2", "", "── drawn ───────────", "q quit   a all"]);
    }
}
