//! `spof grade --stdin`: a line of JSON in, a line of JSON out.

use std::io::{BufReader, BufWriter, Write, stdin, stdout};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Status;
use super::lines::{BadLine, LONGEST, Lines};
use super::output::{Trouble, goes_on};
use super::terminal::Color;
use super::window::{Next, in_order};
use crate::report::clean;
use crate::report::grade::Row;
use crate::review::Reviewer;
use crate::rubric::Scale;
use crate::source::Source;

/// What a line may say; all else in it is nobody's business here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    id: Value,
    design: Value,
    problem: Value,
    at: Value,
}

/// What it is answered with; all keys are always there.
#[derive(Debug, Serialize)]
struct Answer {
    line: u64,
    id: Value,
    #[serde(flatten)]
    row: Row,
}

/// Answers every line, and lets nothing but a stream that fails stop it: whoever pipes millions of lines through takes any
/// other status than 0 for a crash, and the reasons stand in the lines.
pub(super) fn run(reviewer: &Reviewer, color: Color) -> Status {
    let mut out = BufWriter::new(stdout());
    let mut said = Ok(true);
    let mut answered = 0;
    let mut broken = None;
    in_order(
        Lines::new(BufReader::with_capacity(1 << 16, stdin())),
        |line| line.text.as_ref().map_or(0, String::len),
        |line| match line.text {
            Err(BadLine::Unreadable(reason)) => Err(reason),
            Err(bad) => Ok(refused(line.number, Value::Null, &reason(&bad))),
            Ok(text) => Ok(json(&answer(line.number, &text, reviewer))),
        },
        |next| {
            said = match next {
                Next::Waiting => goes_on(out.flush()),
                Next::Done(done) => {
                    answered += 1;
                    match done {
                        Some(Ok(text)) => {
                            goes_on(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")))
                        }
                        Some(Err(reason)) => {
                            broken = Some(reason);
                            Ok(true)
                        }
                        None => goes_on(writeln!(out, "{}", refused(answered, Value::Null, PANICKED))),
                    }
                }
            };
            if matches!(said, Ok(true)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    if matches!(said, Ok(true)) {
        said = goes_on(out.flush());
    }
    if !matches!(said, Ok(true)) {
        // What is left would be tried again, and nobody is there to read it.
        let _ = out.into_parts();
    }
    match (said, broken) {
        (Err(trouble), _) => trouble.report(color),
        (_, Some(reason)) => Trouble::new(format!("cannot read standard input: {reason}")).report(color),
        _ => Status::Clean,
    }
}

const PANICKED: &str = "the program failed on this design, which is a mistake in spof";

/// On one line, whatever is in it.
pub(super) fn json(value: &impl Serialize) -> String {
    // Strings, numbers and null under string keys: nothing in it can fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn refused(line: u64, id: Value, reason: &str) -> String {
    json(&Answer { line, id, row: Row::without(reason) })
}

fn reason(bad: &BadLine) -> String {
    match bad {
        BadLine::Long(bytes) => format!("the line has {bytes} bytes, and {LONGEST} is the most that is read"),
        BadLine::NotUtf8 { byte, at } => format!("the line is not UTF-8: byte 0x{byte:02x} at {at}"),
        BadLine::Unreadable(reason) => reason.clone(),
    }
}

fn answer(line: u64, text: &str, reviewer: &Reviewer) -> Answer {
    let text = if line == 1 { text.trim_start_matches('\u{feff}') } else { text };
    match read(text) {
        Err(reason) => Answer { line, id: Value::Null, row: Row::without(reason) },
        Ok(asked) => {
            let (id, known) = known(asked.id);
            let graded = known.and_then(|()| graded(&id, asked.design, &asked.problem, &asked.at, reviewer));
            Answer { line, id, row: graded.unwrap_or_else(Row::without) }
        }
    }
}

fn read(text: &str) -> Result<Asked, String> {
    match text.trim_start().as_bytes() {
        [] => return Err("the line is empty".to_string()),
        [b'{', ..] => {}
        _ => return Err("the line is not a JSON object".to_string()),
    }
    serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let what = said.strip_suffix(&place).unwrap_or(&said);
        format!("the line is not JSON as asked for: {what} at column {}", error.column())
    })
}

/// An id as it was, and whether it is one. What was rounded on reading is not given back as if it were the same.
fn known(id: Value) -> (Value, Result<(), String>) {
    match &id {
        Value::String(_) => (id, Ok(())),
        Value::Number(number) if !number.is_f64() => (id, Ok(())),
        Value::Null => (id, Err("the line has no `id`".to_string())),
        _ => (Value::Null, Err("`id` is neither a string nor a whole number of 64 bits".to_string())),
    }
}

fn graded(
    id: &Value,
    design: Value,
    problem: &Value,
    at: &Value,
    reviewer: &Reviewer,
) -> Result<Row, String> {
    let text = match design {
        Value::String(text) => text,
        Value::Null => return Err("the line has no `design`".to_string()),
        _ => return Err("`design` is not a string".to_string()),
    };
    let problem = match problem {
        Value::Null => reviewer.problem,
        Value::String(own) if reviewer.packs.find(own).is_some() => Some(own.as_str()),
        Value::String(own) => return Err(clean(&format!("there is no problem `{own}`")).into_owned()),
        _ => return Err("`problem` is not a string".to_string()),
    };
    let scale = match at {
        Value::Null => reviewer.scale,
        Value::String(own) => Some(Scale::parse(own).ok_or("`at` is neither `small` nor `large`")?),
        _ => return Err("`at` is neither `small` nor `large`".to_string()),
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err("`design` is empty".to_string());
    }
    let name = id.as_str().unwrap_or_default();
    let review = Reviewer { problem, scale, ..*reviewer }.review(Source::new(name, text));
    Ok(Row::of(&review))
}
