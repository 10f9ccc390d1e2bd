//! "Spot the flaw", for whoever is to find it.

use crate::practice::flaw::Puzzle;
use crate::report::summary::counted;
use crate::report::{Style, Wrap, clean, whole};

/// The design, and the nodes and rules to choose from.
pub fn puzzle(puzzle: &Puzzle, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 5, hang: 5 };
    let nodes: Vec<String> =
        puzzle.nodes.iter().enumerate().map(|(at, id)| format!("{} {id}", at + 1)).collect();
    let rules = puzzle.rules.iter().enumerate();
    let rules: Vec<String> =
        rules.map(|(at, rule)| format!("{:>3}. {}", at + 1, wrap.text(rule.summary))).collect();
    format!(
        "{}\n\n{}\n\n{}\n{}\n\n{}\n{}\n",
        paint.bold(&format!("Level {}: one safety is missing here", puzzle.level)),
        puzzle.source.text.trim_end(),
        paint.bold("Nodes"),
        Wrap { width: style.width, first: 2, hang: 2 }
            .own(&clean(&nodes.join(" · ")).replace(' ', "\u{a0}").replace("\u{a0}·\u{a0}", " · "))
            .replace('\u{a0}', " "),
        paint.bold("Something is wrong with one of them"),
        rules.join("\n")
    )
}

/// How right an answer was, and what the rules say.
pub fn spotted(puzzle: &Puzzle, marks: (bool, bool), style: Style) -> String {
    let paint = style.paint();
    let verdict = match marks {
        (true, true) => paint.good("Right."),
        (true, false) => paint.bold("The right place, but something else."),
        (false, true) => paint.bold("That is what is wrong, but elsewhere."),
        (false, false) => paint.bold("Not quite."),
    };
    let mut blocks = vec![verdict];
    blocks.extend(puzzle.findings.iter().take(1).map(|finding| whole(&puzzle.source, finding, style)));
    let more = puzzle.findings.len().saturating_sub(1);
    if more > 0 {
        blocks.push(format!("and {} of the same cause", counted(more, "finding")));
    }
    format!("{}\n", blocks.join("\n\n"))
}
