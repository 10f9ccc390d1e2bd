//! The catalogue of practice problems, and one problem as an interviewer poses it.

use super::markdown::markdown;
use super::wrap::columns;
use super::{Style, Wrap};
use crate::rubric::{Figure, Packs, Problem};

/// A line each, easiest first.
pub fn list(packs: &Packs, style: Style) -> String {
    let paint = style.paint();
    let widest = packs.iter().map(|pack| columns(&pack.problem.id)).max().unwrap_or(0);
    let mut rows: Vec<&Problem> = packs.iter().map(|pack| &pack.problem).collect();
    rows.sort_by_key(|problem| problem.tier);
    let mut out = String::new();
    let mut tier = None;
    for problem in rows {
        if tier.replace(problem.tier) != Some(problem.tier) {
            out.push_str(&format!("{}\n", paint.bold(tier_name(problem.tier))));
        }
        let start = 2 + widest + 2 + 6 + 2;
        let text = Wrap { width: style.width, first: start, hang: start }.text(&problem.summary);
        out.push_str(&format!("  {:<widest$}  {:>2} min  {text}\n", problem.id, problem.minutes));
    }
    out.push_str("\nspof problems ID shows a statement, spof new ID starts an attempt\n");
    out
}

fn tier_name(tier: u8) -> &'static str {
    match tier {
        0 => "Warm-up",
        1 => "One component done right",
        2 => "A service",
        3 => "A product",
        _ => "A platform",
    }
}

/// The questions that come when the design stands, and what a good answer says.
pub fn follow_ups(problem: &Problem, style: Style) -> String {
    let from = &problem.statement[problem.opening().len()..];
    if from.is_empty() {
        "no follow-up questions\n".to_string()
    } else {
        format!("{}\n", markdown(from, style))
    }
}

/// The statement, the flows that an answer needs, and the numbers of both scales.
pub fn one(problem: &Problem, style: Style) -> String {
    let paint = style.paint();
    let mut out = markdown(problem.opening(), style);
    out.push_str(&format!("\n\n{}\n", paint.bold("Flows that an answer has")));
    let widest = problem.requirements.iter().map(|one| columns(&one.flow)).max().unwrap_or(0);
    for requirement in &problem.requirements {
        let optional = if requirement.optional { " (optional)" } else { "" };
        let start = widest + 4;
        let line = format!("{}{optional}", requirement.line);
        let text = Wrap { width: style.width, first: start, hang: start }.text(&line);
        out.push_str(&format!("  {:<widest$}  {text}\n", requirement.flow));
    }
    for numbers in &problem.scales {
        let heading = format!("At {} scale", numbers.scale.name());
        let text = Wrap { width: style.width, first: heading.len() + 2, hang: 2 }.text(&numbers.line);
        out.push_str(&format!("\n{}: {text}\n", paint.bold(&heading)));
        let wide =
            |of: fn(&Figure) -> &str| numbers.figures.iter().map(|one| columns(of(one))).max().unwrap_or(0);
        let (name, value) = (wide(|one| &one.name), wide(|one| &one.value));
        for figure in &numbers.figures {
            let start = 2 + name + 3 + value + 2;
            let beside = style.width >= start + 24;
            let start = if beside { start } else { 6 };
            let from = Wrap { width: style.width, first: start, hang: start }.text(&figure.from);
            let gap = if beside { "  ".to_string() } else { format!("\n{}", " ".repeat(start)) };
            let value = if beside { value } else { 0 };
            out.push_str(&format!(
                "  {:<name$} = {:<value$}{gap}{}\n",
                figure.name,
                figure.value,
                paint.dim(&from)
            ));
        }
    }
    let minutes = format!("You have {} minutes. Start with: spof new {}", problem.minutes, problem.id);
    format!("{out}\n{minutes}\n")
}
