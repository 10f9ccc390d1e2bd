//! Reading, reviewing and drawing, on a thread of its own: a design may be large, and a disk slow.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};

use super::super::judging::Judge;
use super::super::output::Trouble;
use super::super::picture::Target;
use super::super::{input, settings};
use crate::diff::{Diff, diff};
use crate::draw::{Marks, Palette, Plan, drawn, svg_in};
use crate::review::Review;
use crate::settings::Settings;
use crate::source::Source;

/// Pixels of a .png for each of the drawing's own.
const SCALE: f32 = 2.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Look whether the file was saved.
    Look,
    /// Draw it, even where nobody named a file to draw to.
    Draw,
}

#[derive(Debug)]
pub enum Outcome {
    /// The file says what it said before.
    Same,
    /// It says something else, and is being looked at.
    Reading,
    /// A new save, and what it changed of the last one that could be read whole.
    Review(Arc<Review>, Option<Arc<Diff>>),
    /// The same review, which now says what would gain most.
    Gains(Arc<Review>),
    Unread(Trouble),
    Drawn(Result<String, Trouble>),
    /// It ended in a panic, which has been printed.
    Died,
}

/// What is looked at again and again, and how.
pub struct Watched {
    pub file: PathBuf,
    pub judge: Judge,
    pub config: settings::Config,
    /// Drawn to with each save.
    pub output: Option<Target>,
    /// Mark on the drawing what is found.
    pub findings: bool,
}

pub struct Desk {
    of: Watched,
    /// Tell nothing before everything is known.
    whole: bool,
    writing: Arc<Mutex<()>>,
    last: Option<Last>,
    /// The last that could be read without a mistake.
    sound: Option<Arc<Review>>,
    draws: bool,
    gains: bool,
}

struct Last {
    review: Arc<Review>,
    settings: Settings,
}

impl Desk {
    pub fn new(of: Watched, whole: bool) -> Desk {
        let writing = Arc::default();
        Desk { of, whole, writing, last: None, sound: None, draws: false, gains: false }
    }

    /// Held while a file is written.
    pub fn clone_lock(&self) -> Writing {
        Writing(Arc::clone(&self.writing))
    }

    /// Works until nobody sends jobs any more, or `tell` says that nobody wants to know.
    pub fn start(mut self, tell: impl Fn(Outcome) -> bool + Send + 'static) -> Sender<Job> {
        let (jobs, asked) = channel();
        std::thread::spawn(move || {
            let _last_words = LastWords(|| {
                tell(Outcome::Died);
            });
            self.work(&asked, &tell);
        });
        jobs
    }

    /// What was asked for comes first; then the drawing, then what would gain most, as long as nothing else is asked for.
    fn work(&mut self, asked: &Receiver<Job>, tell: &dyn Fn(Outcome) -> bool) {
        loop {
            let idle = !self.draws && !self.gains;
            let job =
                if idle { asked.recv().map_err(|_| TryRecvError::Disconnected) } else { asked.try_recv() };
            let heard = match job {
                Ok(Job::Look) => self.look(tell),
                Ok(Job::Draw) => {
                    self.draws = true;
                    true
                }
                Err(TryRecvError::Disconnected) => false,
                Err(TryRecvError::Empty) if std::mem::take(&mut self.draws) => {
                    tell(Outcome::Drawn(self.draw()))
                }
                Err(TryRecvError::Empty) => {
                    self.gains = false;
                    self.gain().is_none_or(|review| tell(Outcome::Gains(review)))
                }
            };
            if !heard {
                return;
            }
        }
    }

    fn look(&mut self, tell: &dyn Fn(Outcome) -> bool) -> bool {
        let Watched { file, config, .. } = &self.of;
        let read = config.read(file).and_then(|settings| Ok((input::read_design(file)?, settings)));
        let (source, settings) = match read {
            Ok(read) => read,
            Err(trouble) => return tell(Outcome::Unread(trouble)),
        };
        let same = |last: &Last| last.review.source.text == source.text && last.settings == settings;
        if self.last.as_ref().is_some_and(same) {
            return tell(Outcome::Same);
        }
        if !tell(Outcome::Reading) {
            return false;
        }
        // Both by the same settings, or a rule that was turned off would look like a flaw that was mended.
        if self.last.as_ref().is_some_and(|last| last.settings != settings)
            && let Some(sound) = self.sound.take()
        {
            self.sound = Some(Arc::new(self.review(sound.source.clone(), &settings, false)));
        }
        let review = Arc::new(self.review(source, &settings, self.whole));
        let since = match &self.sound {
            Some(sound) if review.mistakes.is_empty() => Some(Arc::new(diff(sound, &review))),
            _ => None,
        };
        if review.mistakes.is_empty() {
            self.sound = Some(Arc::clone(&review));
        }
        self.last = Some(Last { review: Arc::clone(&review), settings });
        self.draws = self.of.output.is_some();
        self.gains = !self.whole && review.score.is_some();
        tell(Outcome::Review(review, since))
    }

    fn review(&self, source: Source, settings: &Settings, gains: bool) -> Review {
        self.of.judge.reviewer(settings, gains).review(source)
    }

    fn gain(&self) -> Option<Arc<Review>> {
        let last = self.last.as_ref()?;
        Some(Arc::new(self.review(last.review.source.clone(), &last.settings, true)))
    }

    /// The file that was drawn to.
    fn draw(&self) -> Result<String, Trouble> {
        let Some(last) = &self.last else { return Err(Trouble::new("there is nothing to draw yet")) };
        let target = match &self.of.output {
            Some(target) => target.clone(),
            None => Target::svg(self.beside()?),
        };
        let scene = drawn(&last.review.design, Plan::default());
        let marks = self.of.findings.then(|| Marks::new(&last.review.critique.findings));
        let palette = Palette::default();
        let _writing = self.writing.lock();
        target.write(SCALE, |theme| svg_in(&scene, marks.as_ref(), theme, &palette))?;
        Ok(target.path.as_deref().map(input::shown).unwrap_or_default())
    }

    /// Where `spof draw` would draw it.
    fn beside(&self) -> Result<PathBuf, Trouble> {
        let path = self.of.file.with_extension("svg");
        if path == self.of.file {
            return Err(Trouble::new(format!("`{}` would be drawn onto itself", input::shown(&path))));
        }
        Ok(path)
    }
}

pub struct Writing(Arc<Mutex<()>>);

impl Writing {
    /// Nothing is written while this is held.
    pub fn lock(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
        self.0.lock().ok()
    }
}

/// Tells when the thread is ended by a panic.
pub struct LastWords<F: Fn()>(pub F);

impl<F: Fn()> Drop for LastWords<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
