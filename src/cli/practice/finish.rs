//! `spof practice finish`

use super::session::{Desk, none, open_attempt};
use crate::cli::output::{Trouble, say};
use crate::cli::terminal;
use crate::practice::{Standing, What};
use crate::report::practice;
use crate::report::text::mistakes;

pub(super) fn finish(desk: &Desk) -> Result<String, Trouble> {
    let mut store = desk.open()?;
    let attempt = open_attempt(&store.state)?.clone();
    let judge = desk.judge(&attempt)?;
    let pack = judge.packs.find(&attempt.problem)?;
    let review = desk.review(&attempt, &judge, true)?;
    let blocks = mistakes(&review, terminal::for_stderr(desk.color));
    if !blocks.is_empty() {
        say(&format!("{}\n\n", blocks.join("\n\n")));
        return Err(Trouble::new("the design has mistakes, and what they hide would earn nothing")
            .help("mend them and finish again; `spof practice reveal --give-up` ends it without a score"));
    }
    let score = review.score.as_ref().ok_or_else(none)?;
    let before = store.state.of(&attempt.problem).filter_map(|one| one.result()).next_back().cloned();
    let now = desk.now();
    store.state.log(now, What::Finished { result: Standing::of(score) });
    store.save()?;
    let attempt = store.state.current().ok_or_else(none)?;
    let text = practice::finish(&review, score, &pack.rubric, attempt, before.as_ref(), now, desk.style);
    let then =
        "`spof practice reveal` shows how others did it; `spof practice next` says what to practise now";
    Ok(format!("{text}{}", practice::footer(then, desk.style)))
}
