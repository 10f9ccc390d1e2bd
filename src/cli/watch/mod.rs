//! `spof watch`
//!
//! One thread reads, reviews and draws (`desk`), one listens for keys, one is told of saves (`saves`); the loop here sets what
//! they tell on the screen and never waits for any of them.

pub(super) mod desk;
pub(super) mod patience;
mod plain;
pub(super) mod saves;
pub(super) mod shown;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use super::input::{is_stdin, shown as name};
use super::judging::Judging;
use super::output::Trouble;
use super::picture::Target;
use super::terminal::{self, Color};
use super::{Status, settings};
use crate::report::Style;
use crate::screen::{Input, Terminal, listen};
use desk::{Desk, Job, Outcome, Watched};
use patience::Patience;
use saves::Saves;
use shown::{Does, Shown};

/// Check a design each time it is saved, and show what the save changed
///
/// Keep it open beside an editor: what the last save mended and what is new stand first, then what stays. Where standard output
/// is no terminal, a report is printed for each save.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  spof watch shop.arch
  spof watch shop.arch -o shop.svg        drawn anew with each save
  spof watch attempt.arch --problem url-shortener

Keys: q quit, a everything whole or the short form, d draw now, arrows, PgUp, PgDn, Home and End scroll.

Exit status: 0 when it was quit, 2 for a command line that is wrong.")]
pub(super) struct Args {
    /// The design; it may be written later
    file: PathBuf,
    /// Draw it with each save: a name that ends in .svg, .png or .pdf
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Mark on the drawing what is found
    #[arg(long)]
    findings: bool,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    config: settings::Config,
}

enum Event {
    Input(Input),
    /// Something happened to the file, or may have.
    Saved,
    Told(Outcome),
}

pub(super) fn run(args: &Args, color: Color) -> Status {
    match watch(args, color) {
        Ok(status) => status,
        Err(trouble) => trouble.report(color),
    }
}

fn watch(args: &Args, color: Color) -> Result<Status, Trouble> {
    refuse(&args.file)?;
    let output = args.output.as_deref().map(target).transpose()?;
    if let Some(path) = output.as_ref().and_then(|target| target.path.as_ref())
        && path == &args.file
    {
        return Err(Trouble::new(format!("`{}` would be drawn onto itself", name(path))));
    }
    let watched = Watched {
        file: args.file.clone(),
        judge: args.judging.load(color)?,
        config: args.config.clone(),
        output,
        findings: args.findings,
    };
    let (events, told) = channel();
    let screen = (stdout().is_terminal() && !terminal::is_dumb()).then(Terminal::open).and_then(Result::ok);
    let desk = Desk::new(watched, screen.is_none());
    let (telling, saving) = (events.clone(), events.clone());
    let writing = desk.clone_lock();
    let jobs = desk.start(move |outcome| telling.send(Event::Told(outcome)).is_ok());
    let saves = Saves::listen(&args.file, move || drop(saving.send(Event::Saved)));
    let status = match screen {
        Some(screen) => on_screen(args, color, screen, Loop { events, told, jobs, saves }),
        None => plain::run(args, color, Loop { events, told, jobs, saves }),
    };
    // A drawing that is being written is written to its end.
    let _writing = writing.lock();
    Ok(status)
}

fn target(output: &Path) -> Result<Target, Trouble> {
    if is_stdin(output) {
        return Err(Trouble::new("a drawing that is written again and again needs a file"));
    }
    Target::named(output)
}

/// What can never be watched.
fn refuse(file: &Path) -> Result<(), Trouble> {
    if is_stdin(file) {
        return Err(Trouble::new("standard input cannot be watched").help("name the file that you save"));
    }
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Trouble::new(format!("`{}` is a directory", name(file))).help("name the design in it"))
        }
        Ok(metadata) if !metadata.is_file() => {
            Err(Trouble::new(format!("`{}` is no regular file, and nobody saves it", name(file))))
        }
        _ => Ok(()),
    }
}

/// What a loop waits for, and whom it asks.
struct Loop {
    events: Sender<Event>,
    told: Receiver<Event>,
    jobs: Sender<Job>,
    saves: Saves,
}

impl Loop {
    /// The next event; None when it is time to look whether there is anything to do.
    fn next(&self, until: Instant) -> Result<Option<Event>, RecvTimeoutError> {
        match self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(gone) => Err(gone),
        }
    }
}

fn on_screen(args: &Args, color: Color, mut screen: Terminal, mut around: Loop) -> Status {
    let events = around.events.clone();
    let inputs = listen(move |input| events.send(Event::Input(input)).is_ok());
    let mut patience = Patience::new(Instant::now());
    let colored = terminal::for_stdout(color).color;
    let mut size = screen.size();
    let mut shown = Shown::new(name(&args.file), Style { width: size.width, color: colored, all: false });
    let status = loop {
        let now = Instant::now();
        if patience.looks(now) {
            around.saves.again(patience.is_gone());
            if around.jobs.send(Job::Look).is_err() {
                break Status::Bad;
            }
        }
        if screen.show(&shown.frame(size, now)).is_err() {
            break Status::Clean;
        }
        let until = shown.wakes(now).map_or(patience.wakes(), |wakes| wakes.min(patience.wakes()));
        let Ok(event) = around.next(until) else { break Status::Bad };
        match event {
            None => {}
            Some(Event::Saved) => patience.saved(Instant::now()),
            Some(Event::Input(Input::Resized)) => {
                size = screen.size();
                screen.forget();
                shown.resize(size);
            }
            Some(Event::Input(Input::Stop)) => break Status::Clean,
            Some(Event::Input(Input::Key(key))) => match shown.press(key, size) {
                Does::Nothing => {}
                Does::Quit => break Status::Clean,
                Does::Anew => screen.forget(),
                Does::Draw => {
                    if around.jobs.send(Job::Draw).is_err() {
                        break Status::Bad;
                    }
                }
            },
            Some(Event::Told(Outcome::Died)) => break Status::Bad,
            Some(Event::Told(Outcome::Unread(trouble))) => {
                let nothing_else = shown.is_empty();
                if patience.unread(Instant::now(), nothing_else) {
                    shown.unread(trouble, size);
                }
            }
            Some(Event::Told(outcome)) => {
                patience.read(&outcome);
                shown.tell(outcome, size, Instant::now());
            }
        }
    };
    drop(inputs);
    drop(screen);
    status
}
