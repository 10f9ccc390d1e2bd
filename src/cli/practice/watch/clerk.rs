//! What keys ask for, done on a thread of its own: a review takes time, and a lock too.

use std::sync::mpsc::{Sender, channel};

use super::super::drill::{Posed, pose};
use super::super::finish::{Done, End, MISTAKES, end};
use super::super::session::{Desk, still};
use super::super::{follow_up, hint};
use crate::cli::judging::Judge;
use crate::cli::output::Trouble;
use crate::cli::watch::desk::LastWords;
use crate::practice::drill::Said;
use crate::practice::follow_up::FollowUp;
use crate::practice::hint::Hint;
use crate::practice::{Attempt, What};
use crate::rubric::Answer;

pub enum Act {
    /// See what commands beside this one have noted.
    Look,
    /// Note that the design was saved.
    Saved,
    Hint,
    Ask(Answer),
    FollowUp,
    /// Somebody has answered aloud, and wants to see what a good answer says.
    Heard(FollowUp),
    Drill,
    Answered(Box<Posed>, Said),
    Finish,
    /// The screen is closed: the clock stands still.
    Leave,
}

pub enum Did {
    /// What is noted is noted, and there is nothing to show.
    Noted,
    /// None where nothing is open that one could help with.
    Hint(Option<Box<Hint>>),
    Answer(Answer),
    /// And how many come after it.
    FollowUp(Option<(FollowUp, usize)>),
    Heard(FollowUp),
    /// Or why there is none.
    Drill(Result<Box<Posed>, &'static str>),
    Marked(Box<Posed>, Said),
    Finished(Box<Done>),
    Trouble(Trouble),
    /// The same of what nobody asked for.
    Unnoted(Trouble),
    /// The attempt was ended, forgotten or set aside by another command.
    Gone(Trouble),
    /// The thread ended in a panic, which has been printed.
    Died,
}

/// What was done, and the attempt as it is since.
pub struct Reply {
    pub attempt: Option<Attempt>,
    pub did: Did,
    /// Nothing comes after it.
    pub is_last: bool,
}

pub struct Clerk {
    pub desk: Desk,
    pub judge: Judge,
    pub attempt: Attempt,
}

impl Clerk {
    /// Works until nobody asks for anything any more, or `tell` says that nobody wants to know.
    pub fn start(mut self, tell: impl Fn(Reply) -> bool + Send + 'static) -> Sender<Act> {
        let (acts, asked) = channel();
        std::thread::spawn(move || {
            let _last_words = LastWords(|| {
                tell(Reply { attempt: None, did: Did::Died, is_last: true });
            });
            while let Ok(act) = asked.recv() {
                let is_last = matches!(act, Act::Leave);
                let is_aside = is_last || matches!(act, Act::Look | Act::Saved);
                let cannot = if is_aside { Did::Unnoted } else { Did::Trouble };
                let did = self.act(act).unwrap_or_else(cannot);
                if !tell(Reply { attempt: Some(self.attempt.clone()), did, is_last }) || is_last {
                    return;
                }
            }
        });
        acts
    }

    fn act(&mut self, act: Act) -> Result<Did, Trouble> {
        let state = self.desk.look()?;
        self.attempt = match still(&state, &self.attempt) {
            Ok(attempt) => attempt.clone(),
            Err(trouble) => return Ok(Did::Gone(trouble)),
        };
        let (desk, attempt, judge) = (&self.desk, &self.attempt, &self.judge);
        let (now, did) = match act {
            Act::Look => return Ok(Did::Noted),
            Act::Saved => (self.edited()?, Did::Noted),
            // Without anything to forget there is nothing to write.
            Act::Leave if !attempt.is_open() => return Ok(Did::Noted),
            Act::Leave => (desk.log(attempt, What::Left)?, Did::Noted),
            Act::Hint => match hint::give(desk, attempt, judge)? {
                Some((hint, now)) => (now, Did::Hint(Some(Box::new(hint)))),
                None => return Ok(Did::Hint(None)),
            },
            Act::Ask(topic) => {
                let what = What::Asked { question: topic.question.clone() };
                (desk.log(attempt, what)?, Did::Answer(topic))
            }
            Act::FollowUp => return Ok(Did::FollowUp(follow_up::ask(desk, attempt, judge)?)),
            Act::Heard(one) => {
                let what = What::FollowedUp { question: one.answer.question.clone() };
                (desk.log(attempt, what)?, Did::Heard(one))
            }
            Act::Drill => return Ok(Did::Drill(pose(desk, &state, attempt, judge, None)?.map(Box::new))),
            Act::Answered(posed, said) => {
                (desk.log(attempt, posed.drill.noted(&said))?, Did::Marked(posed, said))
            }
            Act::Finish => match end(desk, attempt, judge)? {
                End::Finished(done) => (done.attempt.clone(), Did::Finished(done)),
                End::Mistakes(_) => {
                    let help = "they stand first in what is said of it; mend them and finish again";
                    return Err(Trouble::new(MISTAKES).help(help));
                }
            },
        };
        self.attempt = now;
        Ok(did)
    }

    /// The attempt, with the edit that was seen when its state was opened.
    fn edited(&self) -> Result<Attempt, Trouble> {
        let store = self.desk.open()?;
        let now = still(&store.state, &self.attempt)?.clone();
        if now != self.attempt {
            store.save()?;
        }
        Ok(now)
    }
}
