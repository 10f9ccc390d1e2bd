//! Hints and follow-up questions.

use crate::practice::follow_up::FollowUp;
use crate::practice::hint::Hint;
use crate::report::markdown::markdown;
use crate::report::{Style, Wrap, columns};
use crate::syntax::{format, parse};

pub fn hint(hint: &Hint, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 2, hang: 2 };
    let of = hint.criterion.hints.len();
    let about = match hint.criterion.gates {
        Some(level) => format!("{}; a must for {}", hint.criterion.dimension.name(), level.name()),
        None => hint.criterion.dimension.name().to_string(),
    };
    let nth = format!("Hint {} of {of}", hint.rung);
    let gap = if columns(&nth) + 3 + columns(&about) <= style.width { "   " } else { "\n  " };
    let mut out = format!("{}{gap}{}\n", paint.bold(&nth), paint.dim(&about));
    // A hint may speak of "that disk": it is the question's.
    out.push_str(&format!("{}\n", wrap.block(&hint.criterion.ask)));
    out.push_str(&match hint.rung == of {
        true => format!("{}\n", fragment(&hint.text, style)),
        false => format!("  → {}\n", Wrap { width: style.width, first: 4, hang: 4 }.text(&hint.text)),
    });
    let mut note = |text: String| out.push_str(&format!("\n{}\n", wrap.block(&text)));
    if hint.again {
        note("You have had this one: there are no more. It is not counted again.".to_string());
    }
    if let Some(first) = hint.above.first() {
        let more = match hint.above.len() {
            1 => String::new(),
            many => format!(" (and {} more)", many - 1),
        };
        note(format!("Still open, and all its hints given{more}: {}", first.ask));
    }
    out
}

/// The last rung is a piece of a design: set as one where it can be read as it stands, and as a sentence where it has gaps.
fn fragment(text: &str, style: Style) -> String {
    let (ast, mistakes) = parse(text);
    if !mistakes.is_empty() {
        return Wrap { width: style.width, first: 6, hang: 6 }.block(text);
    }
    format(&ast, text).lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}

pub fn no_hint(style: Style) -> String {
    let text = "Nothing is open that a hint could help with. `spof practice drill` and `spof practice follow-up` ask on; \
                `spof practice finish` ends it.";
    format!("{}\n", Wrap { width: style.width, first: 0, hang: 0 }.block(text))
}

/// The question alone.
pub fn follow_up(follow_up: &FollowUp, left: usize, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 0, hang: 0 };
    let mut out = format!("{}\n", paint.bold(&wrap.block(&follow_up.answer.question)));
    if !follow_up.because.is_empty() {
        let names: Vec<String> = follow_up.because.iter().take(3).map(|id| format!("`{id}`")).collect();
        out.push_str(&format!(
            "{}\n",
            paint.dim(&wrap.block(&format!("asked because you have {}", names.join(", "))))
        ));
    }
    let left = match left {
        0 => "the last one".to_string(),
        left => format!("{left} more after this"),
    };
    out.push_str(&format!("{}\n", paint.dim(&left)));
    out
}

/// What a good answer says.
pub fn rest(follow_up: &FollowUp, style: Style) -> String {
    format!("{}\n", markdown(&follow_up.answer.answer, style))
}
