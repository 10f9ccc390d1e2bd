//! Reviews as a comment on a pull request, in GitHub's Markdown: the worst whole, the rest folded away. Whatever stands in
//! a design comes out as text: `inert` sees to that, and everything from a design goes through it.

use super::inert::{code, markdown};
use super::questions::{first_clause, subjects, topic};
use super::{Counts, Style, accepted, score, settings};
use crate::diagnostic::{Diagnostic, Verdict};
use crate::review::Review;
use crate::rubric::Score;
use crate::source::Source;

/// GitHub refuses a comment of more than 65,536 characters.
const ROOM: usize = 60_000;
/// Designs beyond this are named with their counts alone.
const ROOM_FOR_WHOLE: usize = 45_000;
/// By which a program finds the comment again, to write it anew instead of adding one.
const MARK: &str = "<!-- spof check -->\n";
/// Mistakes and findings shown whole.
const WHOLE: usize = 5;
/// Lines of those that are folded away.
const BRIEF: usize = 50;
/// Questions that are not folded away.
const ASKED: usize = 7;

/// What is said of any number of designs, a section for each while there is room.
#[derive(Debug, Default)]
pub struct Comment {
    sections: Vec<String>,
    length: usize,
    left_out: usize,
}

impl Comment {
    pub fn add(&mut self, review: &Review) {
        if !self.fits(section(review), ROOM_FOR_WHOLE) && !self.fits(heading(review), ROOM) {
            self.left_out += 1;
        }
    }

    /// A file that could not be looked at.
    pub fn unread(&mut self, file: &str, why: &str) {
        let section = format!("### {}: not checked\n\n{}\n", code(file), markdown(why));
        if !self.fits(section, ROOM) {
            self.left_out += 1;
        }
    }

    pub fn end(mut self) -> String {
        if self.left_out > 0 {
            let more = self.left_out;
            self.sections.push(format!("And {more} more, for which a comment has no room.\n"));
        }
        format!("{MARK}{}", self.sections.join("\n"))
    }

    fn fits(&mut self, section: String, room: usize) -> bool {
        let length = section.chars().count();
        let fits = self.length + length <= room;
        if fits {
            self.length += length;
            self.sections.push(section);
        }
        fits
    }
}

/// `### Chat: 2 errors, 5 questions`, and the file.
fn heading(review: &Review) -> String {
    let counts = Counts::of(review).words();
    let counts = if counts.is_empty() { "nothing to report" } else { &counts };
    let file = code(&review.source.name);
    match &review.design.title {
        Some(title) => format!("### {}: {counts}\n\n{file}\n", markdown(title)),
        None => format!("### {file}: {counts}\n"),
    }
}

fn section(review: &Review) -> String {
    let mut blocks = vec![heading(review)];
    let source = &review.source;
    let (wrong, asked): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        review.critique.findings.iter().partition(|finding| finding.verdict == Verdict::Wrong);
    let mistakes: Vec<&Diagnostic> = review.mistakes.iter().collect();
    for said in [mistakes, wrong] {
        let (first, rest) = said.split_at(said.len().min(WHOLE));
        blocks.extend(first.iter().map(|one| whole(source, one)));
        let brief: Vec<String> = rest.iter().map(|one| format!("- {}\n", line(source, one))).collect();
        blocks.extend(folded(&format!("And {} more", rest.len()), &brief));
    }
    if !asked.is_empty() {
        let (first, rest) = asked.split_at(asked.len().min(ASKED));
        let first: String = first.iter().map(|one| question(one)).collect();
        blocks.push(format!("**Not said, and an interviewer will ask ({})**\n\n{first}", asked.len()));
        let rest: Vec<String> = rest.iter().map(|one| question(one)).collect();
        blocks.extend(folded(&format!("And {} more", rest.len()), &rest));
    }
    blocks.extend(review.score.as_ref().map(score_block));
    let plain = Style { width: usize::MAX, color: false, all: true };
    blocks.extend(
        settings::lines(&review.critique.settings, plain).iter().map(|line| format!("{}\n", markdown(line))),
    );
    let accepted = &review.critique.accepted;
    let reasons: Vec<String> = accepted
        .iter()
        .map(|one| format!("- {}: {}\n", markdown(&accepted::name(one)), markdown(&one.because)))
        .collect();
    blocks.extend(folded(&format!("Accepted with a reason ({})", accepted.len()), &reasons));
    blocks.join("\n")
}

/// `**error: message** (line 11, rule)`, and what is to be said of it.
fn whole(source: &Source, said: &Diagnostic) -> String {
    let mut out = format!("{}\n\n", line(source, said));
    let mut item = |name: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("- {name}{}\n", markdown(text)));
        }
    };
    if said.is_mistake() {
        item("", &said.at.text);
    }
    said.evidence.iter().for_each(|line| item("", line));
    item("*What happens:* ", &said.consequence);
    item("*Fix:* ", &said.fix);
    said.help.iter().for_each(|line| item("", line));
    out
}

fn line(source: &Source, said: &Diagnostic) -> String {
    let place = source.place(said.at.span.start).line;
    let (what, rule) = if said.is_mistake() {
        ("mistake", String::new())
    } else {
        (said.severity.name(), format!(", `{}`", said.code))
    };
    format!("**{what}: {}** (line {place}{rule})", markdown(&said.message))
}

fn question(asked: &Diagnostic) -> String {
    let question = if asked.question.is_empty() { &asked.message } else { &asked.question };
    format!(
        "- **{}**, {}: {} → {} (`{}`)\n",
        topic(asked),
        markdown(&subjects(asked, false)),
        markdown(question),
        markdown(first_clause(&asked.fix)),
        asked.code
    )
}

fn score_block(score: &Score) -> String {
    let about = format!("{} at {}, {} weights", score.problem, score.scale.name(), score.weights.name());
    let mut out = format!(
        "**Score {} / {}** ({}): {}\n",
        score::points(score.points, score.of),
        score.of.round(),
        markdown(&about),
        markdown(&score::levels(score).replace('\u{a0}', " ")),
    );
    for (at, gain) in score.next.iter().take(score::NEXT).enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        let number = at + 1;
        out.push_str(&format!(
            "{gap}{number}. {} ({})\n",
            markdown(&gain.fix),
            markdown(&score::worth(gain))
        ));
    }
    out
}

/// A list that opens at a click; nothing where it is empty.
fn folded(summary: &str, items: &[String]) -> Option<String> {
    let (shown, rest) = items.split_at(items.len().min(BRIEF));
    let more = if rest.is_empty() { String::new() } else { format!("- and {} more\n", rest.len()) };
    let list = shown.concat();
    (!items.is_empty())
        .then(|| format!("<details><summary>{summary}</summary>\n\n{list}{more}\n</details>\n"))
}
