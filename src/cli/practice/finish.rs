//! `spof practice finish`

use jiff::Timestamp;

use super::session::{Desk, none, open_attempt, still};
use crate::cli::judging::Judge;
use crate::cli::output::{Trouble, say};
use crate::cli::terminal;
use crate::practice::{Attempt, Standing, What};
use crate::report::text::mistakes;
use crate::report::{Style, practice};
use crate::review::Review;
use crate::rubric::{Rubric, Score};

pub(super) fn finish(desk: &Desk) -> Result<String, Trouble> {
    let state = desk.look()?;
    let attempt = open_attempt(&state)?;
    match end(desk, attempt, &desk.judge(attempt)?)? {
        End::Finished(done) => Ok(done.text(desk.style)),
        End::Mistakes(review) => {
            let blocks = mistakes(&review, terminal::for_stderr(desk.color));
            say(&format!("{}\n\n", blocks.join("\n\n")));
            Err(Trouble::new(MISTAKES)
                .help("mend them and finish again; `spof practice reveal --give-up` ends it without a score"))
        }
    }
}

pub const MISTAKES: &str = "the design has mistakes, and what they hide would earn nothing";

/// What came of finishing.
pub enum End {
    Finished(Box<Done>),
    /// Nothing was noted: they are to be mended first.
    Mistakes(Box<Review>),
}

/// An attempt that is finished, and all that is said of it.
pub struct Done {
    review: Review,
    score: Score,
    rubric: Rubric,
    pub attempt: Attempt,
    before: Option<Standing>,
    at: Timestamp,
}

impl Done {
    pub fn text(&self, style: Style) -> String {
        let Done { review, score, rubric, attempt, before, at } = self;
        let text = practice::finish(review, score, rubric, attempt, before.as_ref(), *at, style);
        let then =
            "`spof practice reveal` shows how others did it; `spof practice next` says what to practise now";
        format!("{text}{}", practice::footer(then, style))
    }
}

/// Scores an attempt and ends it, unless its design has mistakes.
pub fn end(desk: &Desk, of: &Attempt, judge: &Judge) -> Result<End, Trouble> {
    let mut store = desk.open()?;
    let attempt = still(&store.state, of)?;
    let rubric = judge.packs.find(&attempt.problem)?.rubric.clone();
    let review = desk.review(attempt, judge, true)?;
    if !review.mistakes.is_empty() {
        return Ok(End::Mistakes(Box::new(review)));
    }
    let score = review.score.clone().ok_or_else(none)?;
    let before = store.state.of(&attempt.problem).filter_map(|one| one.result()).next_back().cloned();
    let at = desk.now();
    store.state.log(at, What::Finished { result: Standing::of(&score) });
    store.save()?;
    let attempt = store.state.current().cloned().ok_or_else(none)?;
    Ok(End::Finished(Box::new(Done { review, score, rubric, attempt, before, at })))
}
