//! What is said about the design as a whole: title, problem, trade-offs, scope, accepted findings, notes.

use jiff::civil::Date;
use petgraph::graph::NodeIndex;

use super::{Declared, Lowering};
use crate::design::{Allow, Decision, Note, Out, Solves};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Item, Statement, Text, Word};

impl Lowering<'_, '_> {
    pub(super) fn remarks(&mut self) {
        let ast = self.ast;
        for item in &ast.items {
            match &item.statement {
                Statement::Design { title, solves, at } if self.design.title.is_none() => {
                    self.header(*title, *solves, *at);
                }
                Statement::Decide { what, because, over } => self.design.decisions.push(Decision {
                    what: what.unescaped(),
                    because: because.map_or(String::new(), |because| because.unescaped()),
                    over: over.map(|over| over.unescaped()),
                    span: item.span,
                }),
                Statement::Out { what } => {
                    self.design.outs.push(Out { what: what.unescaped(), span: item.span });
                }
                Statement::Allow { rule, on, because, until } => {
                    self.allow(*rule, on, *because, *until, item.span);
                }
                Statement::Note { on, text } => self.note(on, *text, item),
                _ => {}
            }
        }
    }

    fn header(&mut self, title: Option<Text>, solves: Option<Word>, scale: Option<Word>) {
        self.design.title = title.map(|title| title.unescaped());
        let Some(problem) = solves else { return };
        if let Some(scale) = scale
            && !matches!(scale.text, "small" | "large")
        {
            self.report(
                Diagnostic::mistake(
                    "value",
                    format!("a problem has no scale `{}`", scale.text),
                    scale.span,
                    "not `small` or `large`",
                )
                .help("write `at small` or `at large`, or leave it out: large is meant then"),
            );
        }
        self.design.solves = Some(Solves {
            problem: problem.text.to_string(),
            scale: scale.map(|scale| scale.text.to_string()),
            span: problem.span,
        });
    }

    fn allow(&mut self, rule: Word, on: &[Word], because: Option<Text>, until: Option<Word>, span: Span) {
        let mut ids = Vec::new();
        for word in on {
            match self.declared.get(word.text) {
                Some((Declared::Node(_) | Declared::Group(_), _)) => ids.push(word.text.to_string()),
                _ if self.design.flow(word.text).is_some() => ids.push(word.text.to_string()),
                _ => self.unknown_subject(word),
            }
        }
        // What it names is not there, or its reason is missing: it accepts nothing, rather than everything.
        if ids.len() < on.len() || because.is_none() {
            return;
        }
        let until = match until.map(|until| (until, last_day(until.text))) {
            None => None,
            Some((_, Some(date))) => Some(date),
            Some((until, None)) => {
                self.report(
                    Diagnostic::mistake(
                        "value",
                        format!("`{}` is no date", until.text),
                        until.span,
                        "not a date",
                    )
                    .help("write `until 2027-06-30`, `until 2027-06` or `until 2027`"),
                );
                return;
            }
        };
        self.design.allows.push(Allow {
            rule: rule.text.to_string(),
            rule_span: rule.span,
            on: ids,
            because: because.map_or(String::new(), |because| because.unescaped()),
            until,
            span,
        });
    }

    fn note(&mut self, on: &[Word], text: Text, item: &Item) {
        let mut nodes: Vec<NodeIndex> = Vec::new();
        let mut group = item.parent.and_then(|parent| self.group_of_item.get(&parent).copied());
        for word in on {
            match self.declared.get(word.text) {
                Some((Declared::Node(node), _)) => nodes.push(*node),
                Some((Declared::Group(about), _)) => group = Some(*about),
                _ => self.unknown_subject(word),
            }
        }
        self.design.notes.push(Note { on: nodes, text: text.unescaped(), group, span: item.span });
    }

    fn unknown_subject(&mut self, word: &Word) {
        let message = format!("`{}` is not declared", word.text);
        let mistake = Diagnostic::mistake("unknown-id", message, word.span, "");
        self.report_unknown_node(word.text, mistake);
    }
}

/// The last day of a year, a month, or the day itself: `2027`, `2027-06`, `2027-06-30`.
fn last_day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-').map(str::parse::<i16>);
    let year = parts.next()?.ok()?;
    let month = parts.next().transpose().ok()?;
    let day = parts.next().transpose().ok()?;
    let month = i8::try_from(month.unwrap_or(12)).ok()?;
    match day {
        Some(day) => Date::new(year, month, i8::try_from(day).ok()?).ok(),
        None => Some(Date::new(year, month, 1).ok()?.last_of_month()),
    }
}

#[cfg(test)]
mod tests {
    use super::last_day;

    #[test]
    fn a_date_without_day_lasts_to_its_end() {
        assert_eq!(last_day("2027").unwrap().to_string(), "2027-12-31");
        assert_eq!(last_day("2028-02").unwrap().to_string(), "2028-02-29");
        assert_eq!(last_day("2027-06-05").unwrap().to_string(), "2027-06-05");
        for wrong in ["2027-13", "2027-02-30", "june", "99999", "2027-1-1-1", ""] {
            assert_eq!(last_day(wrong), None, "{wrong}");
        }
    }
}
