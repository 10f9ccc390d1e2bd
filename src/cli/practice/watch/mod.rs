//! `spof practice watch`
//!
//! What `spof watch` has, with a session around it: one thread more (`clerk`) does what keys ask for, `board` is what is on the
//! screen, as a value. The loop here never waits for any of them.

mod board;
mod choice;
mod clerk;
mod drilling;
mod panel;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use super::resume::chosen;
use super::session::{Desk, design, shown as place};
use crate::cli::output::Trouble;
use crate::cli::settings::Config;
use crate::cli::store;
use crate::cli::terminal;
use crate::cli::watch::desk::{Desk as Reviews, Job, Outcome, Watched};
use crate::cli::watch::patience::Patience;
use crate::cli::watch::saves::Saves;
use crate::practice::ask::topics;
use crate::practice::{Attempt, What};
use crate::report::{Style, practice};
use crate::screen::{Input, Terminal, listen};
use board::{Board, Does};
use clerk::{Act, Clerk, Did, Reply};
use panel::Panel;

/// The session on a screen beside your editor: what is said of each save, and a key for all that can be asked
///
/// The clock stands still while the screen is closed. Commands such as `spof practice hint` work beside it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof practice watch
  spof practice watch url-shortener      where several attempts are open

Keys: q quit, h hint, a ask, f follow-up, d drill, F finish, w everything whole or the short form, D draw now; Esc goes back;
arrows, PgUp, PgDn, Home and End scroll.

Exit status: 0 when it was quit or finished, 2 where there is no session, or no terminal.")]
pub(super) struct Args {
    /// The problem, where several are open
    #[arg(value_name = "ID")]
    id: Option<String>,
}

enum Event {
    Input(Input),
    /// Something happened to the design's file, or may have.
    Saved,
    Told(Outcome),
    Replied(Reply),
}

/// What stands on the terminal once the screen is gone.
pub(super) fn watch(args: &Args, desk: &Desk) -> Result<String, Trouble> {
    let there_is_none = || {
        Trouble::new("a session is watched in a terminal, and this is none")
            .help("`spof practice hint`, `ask`, `drill`, `follow-up` and `finish` work anywhere")
    };
    if !stdout().is_terminal() || terminal::is_dumb() {
        return Err(there_is_none());
    }
    let _one_screen = store::on_screen(&desk.data)?;
    let attempt = begin(args, desk)?;
    let judge = desk.judge(&attempt)?;
    let topics = topics(&judge.packs.find(&attempt.problem)?.problem, attempt.scale);
    let screen = Terminal::open().map_err(|_| there_is_none())?;
    let (events, told) = channel();
    // As somebody who stands here would type it: so it is shown.
    let file = place(&design(&attempt));
    let watched = Watched {
        file: PathBuf::from(&file),
        judge: desk.judge(&attempt)?,
        // Whoever is examined does not choose what is looked at.
        config: Config::none(),
        output: None,
        findings: false,
    };
    let reviews = Reviews::new(watched, false);
    let writing = reviews.clone_lock();
    let (telling, saving, replying) = (events.clone(), events.clone(), events.clone());
    let jobs = reviews.start(move |outcome| telling.send(Event::Told(outcome)).is_ok());
    let saves = Saves::listen(Path::new(&file), move || drop(saving.send(Event::Saved)));
    let clerk = Clerk { desk: desk.clone().quiet(), judge, attempt: attempt.clone() };
    let acts = clerk.start(move |reply| replying.send(Event::Replied(reply)).is_ok());
    let style = Style { width: screen.size().width, color: desk.style.color, all: false };
    let name = format!("{} at {} scale", attempt.problem, attempt.scale.name());
    let note = format!("write into {file}");
    let board = Board::new(name, attempt, topics, note, style);
    let last = Loop { events, told, jobs, acts, saves, desk }.run(screen, board)?;
    // A drawing that is being written is written to its end.
    let _writing = writing.lock();
    Ok(match &last.panel {
        Panel::Finished(done) => done.text(desk.style),
        Panel::Gone(trouble) => return Err(trouble.clone()),
        _ => goodbye(&last.attempt, desk),
    })
}

/// The attempt that is meant, as the current one.
fn begin(args: &Args, desk: &Desk) -> Result<Attempt, Trouble> {
    let mut store = desk.open()?;
    let chosen = chosen(&store.state, args.id.as_deref())?.clone();
    let is_current = store.state.current().is_some_and(|one| *one == chosen);
    let left = chosen.events.last().is_some_and(|event| event.what == What::Left);
    if is_current && !left {
        return Ok(chosen);
    }
    store.state.resume(&chosen.problem, desk.now());
    store.save()?;
    Ok(store.state.open(&chosen.problem).cloned().unwrap_or(chosen))
}

fn goodbye(attempt: &Attempt, desk: &Desk) -> String {
    let id = &attempt.problem;
    format!(
        "{}\n{}\n`spof practice watch {id}` goes on with it.\n",
        desk.style_bold(&format!("{id} is open, and its clock stands still.")),
        desk.set(&practice::standing(attempt, desk.now())),
    )
}

/// What it waits for, and whom it asks.
struct Loop<'d> {
    events: Sender<Event>,
    told: Receiver<Event>,
    jobs: Sender<Job>,
    acts: Sender<Act>,
    saves: Saves,
    desk: &'d Desk,
}

impl Loop<'_> {
    /// Until somebody quits; the terminal is then as it was.
    fn run(mut self, mut screen: Terminal, mut board: Board) -> Result<Board, Trouble> {
        let events = self.events.clone();
        let inputs = listen(move |input| events.send(Event::Input(input)).is_ok());
        let mut patience = Patience::new(Instant::now());
        let mut size = screen.size();
        let died = || Err(Trouble::new("the session's screen has failed; what was noted stays noted"));
        let ended = loop {
            let now = Instant::now();
            if patience.looks(now) {
                self.saves.again(patience.is_gone());
                if self.jobs.send(Job::Look).is_err() || self.acts.send(Act::Look).is_err() {
                    break died();
                }
            }
            board.tick(self.desk.now(), size);
            if screen.show(&board.frame(size, now)).is_err() {
                break Ok(());
            }
            let until = board.wakes(now).map_or(patience.wakes(), |wakes| wakes.min(patience.wakes()));
            let event = match self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break died(),
            };
            let does = match event {
                Event::Saved => {
                    patience.saved(Instant::now());
                    continue;
                }
                Event::Input(Input::Resized) => {
                    size = screen.size();
                    screen.forget();
                    board.shown.resize(size);
                    continue;
                }
                Event::Input(Input::Stop) => break Ok(()),
                Event::Input(Input::Key(key)) => board.press(key, size, Instant::now()),
                Event::Told(Outcome::Died) | Event::Replied(Reply { did: Did::Died, .. }) => break died(),
                Event::Told(Outcome::Unread(trouble)) => {
                    if patience.unread(Instant::now(), board.shown.is_empty()) {
                        board.shown.unread(trouble, size);
                    }
                    continue;
                }
                Event::Told(outcome) => {
                    patience.read(&outcome);
                    board.told(outcome, size, Instant::now()).map_or(Does::Nothing, Does::Act)
                }
                Event::Replied(reply) => {
                    board.reply(reply);
                    continue;
                }
            };
            let sent = match does {
                Does::Nothing => true,
                Does::Quit => break Ok(()),
                Does::Anew => {
                    screen.forget();
                    true
                }
                Does::Draw => self.jobs.send(Job::Draw).is_ok(),
                Does::Act(act) => self.acts.send(act).is_ok(),
            };
            if !sent {
                break died();
            }
        };
        if ended.is_ok() {
            self.leave(&mut board);
        }
        drop(inputs);
        drop(screen);
        ended.map(|()| board)
    }

    /// Stops the clock, after everything that was asked for before; whoever tells signals to is still there.
    fn leave(&self, board: &mut Board) {
        if self.acts.send(Act::Leave).is_err() {
            return;
        }
        // No longer than a lock is waited for, and a moment.
        while let Ok(event) = self.told.recv_timeout(std::time::Duration::from_secs(6)) {
            let Event::Replied(reply) = event else { continue };
            let is_last = reply.is_last;
            board.reply(reply);
            if is_last {
                return;
            }
        }
    }
}
