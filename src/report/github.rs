//! Findings as GitHub's workflow commands, which annotate the lines of a pull request.
//!
//! The syntax is that of "Workflow commands for GitHub Actions": a property ends at `,` or `:`, a command at its line.

use super::clean;
use super::places::Places;
use super::summary::counted;
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::review::Review;
use crate::source::Source;

/// GitHub shows no more of each weight for one step.
const SHOWN: usize = 10;

/// What has been annotated so far, of any number of designs.
#[derive(Debug, Default)]
pub struct Annotations {
    errors: usize,
    warnings: usize,
    notices: usize,
}

impl Annotations {
    /// One command a line: mistakes, then findings, the worst first.
    pub fn add(&mut self, review: &Review) -> String {
        let places = Places::new(&review.source);
        let said = review.mistakes.iter().chain(&review.critique.findings);
        said.map(|one| self.line(one.severity, &at(&places, one), &message(&review.source, one))).collect()
    }

    /// A file that could not be looked at.
    pub fn unread(&mut self, file: &str, why: &str) -> String {
        self.line(Severity::Error, &[("file", plain(file)), ("title", "not checked".to_string())], why)
    }

    /// What GitHub leaves out of the pull request, if anything.
    pub fn end(&self) -> String {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.notices, "notice")];
        if counts.iter().all(|(count, _)| *count <= SHOWN) {
            return String::new();
        }
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| counted(count, name))
            .collect();
        format!(
            "{}; GitHub shows {SHOWN} of each for a step, and all of them in its log\n",
            counts.join(", ")
        )
    }

    fn line(&mut self, severity: Severity, properties: &[(&str, String)], message: &str) -> String {
        let (command, count) = match severity {
            Severity::Error => ("error", &mut self.errors),
            Severity::Warning => ("warning", &mut self.warnings),
            Severity::Info => ("notice", &mut self.notices),
        };
        *count += 1;
        let properties: Vec<String> =
            properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
        format!("::{command} {}::{}\n", properties.join(","), data(message))
    }
}

fn at<'a>(places: &Places, said: &Diagnostic) -> Vec<(&'a str, String)> {
    let file = &places.source.name;
    let title = ("title", if said.is_mistake() { "mistake" } else { said.code }.to_string());
    if is_no_file(file) {
        return vec![title];
    }
    let (line, column) = places.of(said.at.span.start);
    let (last, end) = places.of(said.at.span.end);
    let mut at = vec![("file", plain(file)), ("line", line.to_string())];
    // Columns are those of one line.
    if last == line {
        at.push(("col", column.to_string()));
        at.push(("endColumn", end.max(column + 1).to_string()));
    } else {
        at.push(("endLine", last.to_string()));
    }
    at.push(title);
    at
}

/// Standard input has no lines that GitHub could show.
fn is_no_file(name: &str) -> bool {
    name == "<stdin>"
}

/// As the repository names it.
fn plain(file: &str) -> String {
    file.strip_prefix("./").unwrap_or(file).to_string()
}

fn message(source: &Source, said: &Diagnostic) -> String {
    let mut lines = Vec::new();
    let place = source.place(said.at.span.start);
    let head = if is_no_file(&source.name) {
        format!("<stdin>:{}:{}: {}", place.line, place.column, clean(&said.message))
    } else {
        clean(&said.message).into_owned()
    };
    lines.push(head);
    if said.is_mistake() && !said.at.text.is_empty() {
        lines.push(clean(&said.at.text).into_owned());
    }
    if said.verdict == Verdict::Unstated && !said.message.contains(&said.question) {
        lines.push(clean(&said.question).into_owned());
    }
    lines.extend(said.evidence.iter().map(|line| clean(line).into_owned()));
    for (name, text) in [("What happens", &said.consequence), ("Fix", &said.fix)] {
        if !text.is_empty() {
            lines.push(format!("{name}: {}", clean(text)));
        }
    }
    lines.extend(said.help.iter().map(|line| clean(line).into_owned()));
    lines.join("\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&clean(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::Annotations;
    use crate::diagnostic::Severity;

    #[test]
    fn nothing_ends_a_command_or_a_property_early() {
        let mut annotations = Annotations::default();
        let line = annotations.line(
            Severity::Warning,
            &[("file", "a,b:c%.arch".to_string()), ("title", "x\ny".to_string())],
            "100 %\r\n::error::a, b",
        );
        assert_eq!(line, "::warning file=a%2Cb%3Ac%25.arch,title=x y::100 %25%0D%0A::error::a, b\n");
        assert_eq!(annotations.end(), "");
    }

    #[test]
    fn what_github_leaves_out_is_said() {
        let mut annotations = Annotations::default();
        for _ in 0..11 {
            annotations.unread("./a.arch", "there is no file `./a.arch`");
        }
        assert_eq!(
            annotations.end(),
            "11 errors; GitHub shows 10 of each for a step, and all of them in its log\n"
        );
    }
}
