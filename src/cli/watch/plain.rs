//! Where there is no screen: a report for each save, one after the other.

use std::time::Instant;

use super::super::Status;
use super::super::output::{print_on, say};
use super::super::terminal::{self, Color};
use super::desk::{Job, Outcome};
use super::patience::Patience;
use super::{Args, Event, Loop, name};
use crate::diff::Diff;
use crate::report::{Paint, Style, clean, text, watch};
use crate::review::Review;
use crate::screen::{Input, signals};

pub fn run(args: &Args, color: Color, mut around: Loop) -> Status {
    let events = around.events.clone();
    let _signals = signals(move |input| events.send(Event::Input(input)).is_ok());
    let style = terminal::for_stdout(color);
    let mut patience = Patience::new(Instant::now());
    let mut saves = 0;
    // A trouble is said once, not once a second.
    let mut said = String::new();
    loop {
        if patience.looks(Instant::now()) {
            around.saves.again(patience.is_gone());
            if around.jobs.send(Job::Look).is_err() {
                return Status::Bad;
            }
        }
        let outcome = match around.next(patience.wakes()) {
            Err(_) | Ok(Some(Event::Told(Outcome::Died))) => return Status::Bad,
            Ok(Some(Event::Input(Input::Stop))) => return Status::Clean,
            Ok(None | Some(Event::Input(_))) => continue,
            Ok(Some(Event::Saved)) => {
                patience.saved(Instant::now());
                continue;
            }
            Ok(Some(Event::Told(outcome))) => outcome,
        };
        patience.read(&outcome);
        match outcome {
            Outcome::Review(review, since) => {
                said.clear();
                let report = report(&name(&args.file), saves, &review, since.as_deref(), style);
                saves += 1;
                match print_on(&report) {
                    Ok(true) => {}
                    Ok(false) => return Status::Clean,
                    Err(trouble) => return trouble.report(color),
                }
            }
            Outcome::Unread(trouble) => {
                let text = trouble.text(terminal::for_stderr(color));
                if text != said && patience.unread(Instant::now(), saves == 0) {
                    say(&text);
                    said = text;
                }
            }
            Outcome::Drawn(Ok(path)) => say(&format!("drawn to {}\n", clean(&path))),
            Outcome::Drawn(Err(trouble)) => {
                trouble.report(color);
            }
            Outcome::Same => said.clear(),
            Outcome::Reading | Outcome::Gains(_) | Outcome::Died => {}
        }
    }
}

fn report(name: &str, saves: usize, review: &Review, since: Option<&Diff>, style: Style) -> String {
    let mut out = String::new();
    if saves > 0 {
        let head = format!("── {}, save {saves} ──", clean(name));
        out.push_str(&format!("\n{}\n\n", Paint { on: style.color }.bold(&head)));
    }
    if let Some(since) = since {
        out.push_str(&format!("{}\n\n", watch::changed(review, since, style)));
    }
    out.push_str(&text::text(review, style));
    out
}
