//! What is on the screen: the last review, what its save changed, and what just happened.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::output::Trouble;
use super::desk::Outcome;
use crate::diff::Diff;
use crate::report::{Paint, Style, Wrap, clean, watch};
use crate::review::Review;
use crate::screen::{Key, Page, Size, frame};

/// What takes longer than this is said to be under way.
const LONG: Duration = Duration::from_millis(200);

pub struct Shown {
    name: String,
    /// Stands under the name.
    about: String,
    /// Stands before what is said of the design.
    before: String,
    style: Style,
    told: Option<(Arc<Review>, Option<Arc<Diff>>)>,
    trouble: Option<Trouble>,
    saves: usize,
    /// Since when something is being looked at.
    busy: Option<Instant>,
    page: Page,
    named: usize,
}

/// What a key asks for beyond the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Nothing,
    Quit,
    Draw,
    /// Show everything anew: somebody else has written on the screen.
    Anew,
}

/// What the key that opens everything does.
pub const ALL: &str = "all";
const SHORT: &str = "short";

const KEYS: [(&str, &str); 5] =
    [("q", "quit"), ("a", ALL), ("d", "draw"), ("↑ ↓", "scroll"), ("PgUp PgDn", "by the page")];

impl Shown {
    pub fn new(name: String, style: Style) -> Shown {
        let page = Page { keys: KEYS.to_vec(), ..Page::default() };
        let (about, before) = Default::default();
        let mut shown = Shown {
            name,
            about,
            before,
            style,
            told: None,
            trouble: None,
            saves: 0,
            busy: None,
            page,
            named: 1,
        };
        shown.set();
        shown
    }

    /// Nothing has been said of the design yet.
    pub fn is_empty(&self) -> bool {
        self.told.is_none()
    }

    /// What else is to be seen: a line under the name, and lines before what is said of the design.
    pub fn put(&mut self, about: String, before: String, size: Size) {
        if self.about == about && self.before == before {
            return;
        }
        if self.before != before {
            self.page.top = 0;
        }
        (self.about, self.before) = (about, before);
        self.set();
        self.page.settle(size);
    }

    /// Other keys than its own, all of them in sight: whoever names them passes on those that it knows.
    pub fn with_keys(mut self, keys: &[(&'static str, &'static str)]) -> Shown {
        self.page.keys = keys.to_vec();
        self.page.all_keys = true;
        self
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// Lines of the head that name what is watched, before those that judge it.
    pub fn named(&self) -> usize {
        self.named
    }

    pub fn unread(&mut self, trouble: Trouble, size: Size) {
        self.busy = None;
        if self.trouble.as_ref().is_some_and(|known| known.message() == trouble.message()) {
            return;
        }
        self.trouble = Some(trouble);
        self.page.top = 0;
        self.set();
        self.page.settle(size);
    }

    pub fn tell(&mut self, outcome: Outcome, size: Size, now: Instant) {
        match outcome {
            Outcome::Same if self.trouble.take().is_none() => return,
            Outcome::Same | Outcome::Died => {}
            Outcome::Reading => {
                self.busy = Some(now);
                return;
            }
            Outcome::Review(review, since) => {
                self.told = Some((review, since));
                self.trouble = None;
                self.busy = None;
                self.saves += 1;
                self.page.note.clear();
                self.page.top = 0;
            }
            Outcome::Gains(review) => {
                if let Some((told, _)) = &mut self.told {
                    *told = review;
                }
            }
            Outcome::Unread(trouble) => self.trouble = Some(trouble),
            Outcome::Drawn(Ok(path)) => self.page.note = format!("drawn to {}", clean(&path)),
            Outcome::Drawn(Err(trouble)) => self.page.note = clean(trouble.message()).into_owned(),
        }
        self.set();
        self.page.settle(size);
    }

    pub fn press(&mut self, key: Key, size: Size) -> Does {
        match key {
            Key::Char('q' | 'Q') | Key::Ctrl('c' | 'd') => return Does::Quit,
            Key::Ctrl('l') => return Does::Anew,
            Key::Char('d') => return Does::Draw,
            Key::Char('a') => {
                self.style.all = !self.style.all;
                for (_, does) in &mut self.page.keys {
                    *does = match *does {
                        ALL | SHORT => {
                            if self.style.all {
                                SHORT
                            } else {
                                ALL
                            }
                        }
                        other => other,
                    };
                }
                self.page.top = 0;
                self.set();
            }
            key => {
                self.page.scroll(key, size);
            }
        }
        Does::Nothing
    }

    pub fn resize(&mut self, size: Size) {
        self.style.width = size.width;
        self.set();
        self.page.settle(size);
    }

    /// When something changes although nothing happens.
    pub fn wakes(&self, now: Instant) -> Option<Instant> {
        self.busy.map(|since| since + LONG).filter(|wakes| *wakes > now)
    }

    /// The page, as it is now where that is known, for those who add to it.
    pub fn page(&self, now: Option<Instant>) -> Page {
        let mut page = self.page.clone();
        if self.busy.is_some_and(|since| now.is_some_and(|now| now >= since + LONG)) {
            page.note = "looking at it…".to_string();
        }
        page
    }

    pub fn frame(&self, size: Size, now: Instant) -> Vec<String> {
        frame(&self.page(Some(now)), size, self.style.color)
    }

    /// Writes the page anew.
    fn set(&mut self) {
        // Wider lines are hard to read; narrower ones are cut by the screen.
        let style = Style { width: self.style.width.clamp(20, 110), ..self.style };
        self.page.head = self.head(style.width);
        self.page.body = self.before.lines().map(str::to_string).collect();
        if let Some(trouble) = &self.trouble {
            self.page.body.extend(trouble.text(style).lines().map(str::to_string));
        }
        if let Some((review, since)) = &self.told {
            if self.trouble.is_some() {
                self.page.body.extend([String::new(), "What was said of the last save:".to_string()]);
            }
            self.page.body.extend(watch::lines(review, since.as_deref(), style));
        }
    }

    /// `shop.arch · save 3`, what there is about it, then `62 / 100, junior · 2 errors`, and an empty line.
    fn head(&mut self, width: usize) -> Vec<String> {
        let paint = Paint { on: self.style.color };
        let name = clean(&self.name);
        let saves = match self.saves {
            0 => "waiting for it".to_string(),
            1 => "as it is".to_string(),
            saves => format!("save {}", saves - 1),
        };
        let name = format!("{} · {saves}", paint.bold(&name));
        let wrap = Wrap { width, first: 0, hang: 0 };
        let about = if self.about.is_empty() { Vec::new() } else { wrap.lines(&self.about) };
        self.named = 1 + about.len();
        let standing = self.told.iter().flat_map(|(review, _)| {
            let lines = wrap.lines(&watch::standing(review));
            lines.into_iter().map(|line| paint.bold(&line))
        });
        [name].into_iter().chain(about).chain(standing).chain([String::new()]).collect()
    }
}
