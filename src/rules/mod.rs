//! The critique: rules that look at a design and say where it breaks.
//!
//! A rule returns facts about a design; severity, order, grouping and acceptance are decided here, points nowhere near.

mod accept;
mod api;
mod availability;
mod caching;
mod data;
mod facts;
mod messaging;
mod operations;
mod precedence;
mod realtime;
mod resilience;
mod scaling;
mod security;
mod simplicity;
#[cfg(test)]
mod testing;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;

pub use accept::Accepted;
pub use facts::{Calls, Facts};
pub use precedence::{PRECEDENCE, Precedence};

use crate::design::Design;
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::settings::Settings;
use crate::source::Span;

/// One flaw that a design can have: what is said about it, and how it is seen.
pub struct Rule {
    /// Names the flaw, so that `allow ID` reads well.
    pub id: &'static str,
    /// When it is certain; a question about it is one lower.
    pub severity: Severity,
    /// How sure it is when it says that something is wrong.
    pub confidence: Confidence,
    /// Loses data, opens a hole, or stops everything from one ordinary fault: said before its equals.
    pub grave: bool,
    pub group: Group,
    /// One line for the list of all rules: what is wrong.
    pub summary: &'static str,
    /// What an interviewer asks where a design does not say; None for rules that only see what is drawn.
    pub question: Option<Question>,
    /// The attributes that its check looks at.
    pub reads: &'static [&'static str],
    pub page: Page,
    /// One finding for each place, in order of place. Unstated ones are gathered into one question afterwards.
    pub check: fn(&Facts) -> Vec<Diagnostic>,
}

/// How sure a rule is of what it calls wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The design states it, or its shape proves it.
    High,
    /// True of most systems drawn like this; something that is not drawn could mend it.
    Medium,
    /// A judgement: good engineers may decide otherwise.
    Low,
}

impl Confidence {
    pub fn name(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }

    /// What it means, for a rule's page.
    pub fn meaning(self) -> &'static str {
        match self {
            Confidence::High => "the design states it, or its shape proves it",
            Confidence::Medium => {
                "true of most systems drawn like this; something that is not drawn could mend it"
            }
            Confidence::Low => "a judgement: good engineers may decide otherwise",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    Availability,
    Data,
    Messaging,
    Caching,
    Api,
    Resilience,
    Scaling,
    Security,
    Realtime,
    Operations,
    Simplicity,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Availability => "availability",
            Group::Data => "data",
            Group::Messaging => "messaging",
            Group::Caching => "caching",
            Group::Api => "api",
            Group::Resilience => "resilience",
            Group::Scaling => "scaling",
            Group::Security => "security",
            Group::Realtime => "realtime",
            Group::Operations => "operations",
            Group::Simplicity => "simplicity",
        }
    }
}

impl Rule {
    /// The line that accepts it, for its page.
    pub fn allowing(&self) -> String {
        format!("`allow {} on NODE because \"the reason\" until 2027-06`", self.id)
    }

    /// Which other rule speaks where both see one flaw, a sentence each, for its page.
    pub fn gives_way(&self) -> String {
        let others = PRECEDENCE.iter().filter(|row| row.silent == self.id);
        let sentences: Vec<String> = others
            .map(|row| {
                format!(
                    "Where `{}` says something of a node, this says nothing: {}.",
                    row.speaks, row.because
                )
            })
            .collect();
        sentences.join(" ")
    }
}

pub struct Question {
    /// Two words for the list: `timeouts`, `dead letters`.
    pub topic: &'static str,
    /// As a person asks it, about all nodes listed: `how long do they wait before giving up?`
    pub text: &'static str,
}

/// What `spof explain` prints of a rule.
pub struct Page {
    /// What it looks at, in a sentence or two.
    pub checks: &'static str,
    /// Exactly when it fires, and when it asks.
    pub when: &'static str,
    /// Why it fails in production.
    pub why: &'static str,
    /// A public outage that went this way, where one is verified.
    pub outage: Option<Outage>,
    /// A design that has the flaw, and the same without: they differ by what the fix says.
    pub bad: &'static str,
    pub good: &'static str,
    /// When it does not apply, and may be allowed.
    pub ignore: &'static str,
}

pub struct Outage {
    /// `GitLab, 2017`
    pub name: &'static str,
    /// One sentence that stays within what the report says.
    pub what: &'static str,
    pub link: &'static str,
}

/// Every rule, by group and then by name; the order decides nothing but the list's.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let groups = [
        availability::RULES,
        data::RULES,
        messaging::RULES,
        caching::RULES,
        api::RULES,
        resilience::RULES,
        scaling::RULES,
        security::RULES,
        realtime::RULES,
        operations::RULES,
        simplicity::RULES,
    ];
    groups.concat()
});

pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// What the rules have to say of a design.
#[derive(Debug, Default)]
pub struct Critique {
    /// The worst first.
    pub findings: Vec<Diagnostic>,
    /// Findings that the design accepts, with its reasons.
    pub accepted: Vec<Accepted>,
    /// Mistakes that only the rules can see: an `allow` of a rule that does not exist.
    pub mistakes: Vec<Diagnostic>,
    /// What was not looked at for want of numbers.
    pub not_evaluated: Vec<NotEvaluated>,
    /// What was set about rules.
    pub settings: Settings,
}

/// A rule that could have said more, and the numbers that would have let it.
#[derive(Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct NotEvaluated {
    pub rule: &'static str,
    /// As the reader would add them: "`capacity` of `store`".
    pub wants: Vec<String>,
    /// Each of them with the place that it was missed at, repeated where several places want the same.
    #[serde(skip)]
    pub missed: Vec<(String, Span)>,
}

/// Everything that the rules find, one finding for each place and flaw: nothing accepted, gathered or sorted yet.
pub fn find_all(design: &Design) -> Vec<Diagnostic> {
    examine(design, &Settings::default()).0
}

/// What the rules find, and what they could not look at.
fn examine(design: &Design, settings: &Settings) -> (Vec<Diagnostic>, Vec<NotEvaluated>) {
    let facts = Facts::new(design);
    let mut found = Vec::new();
    let mut not_evaluated = Vec::new();
    for rule in ALL.iter() {
        let (silent, said): (Vec<Diagnostic>, Vec<Diagnostic>) =
            run_as(rule, severity_of(rule, settings), &facts)
                .into_iter()
                .partition(|finding| finding.verdict == Verdict::NotEvaluated);
        found.extend(said);
        let missed: Vec<(String, Span)> =
            silent.into_iter().map(|finding| (finding.message, finding.at.span)).collect();
        let mut wants: Vec<String> = missed.iter().map(|(what, _)| what.clone()).collect();
        keep_first(&mut wants);
        if !wants.is_empty() && !settings.is_off(rule.id) {
            not_evaluated.push(NotEvaluated { rule: rule.id, wants, missed });
        }
    }
    // What a rule that is off would have said in place of another is still said by neither.
    let mut found = precedence::apply(found);
    found.retain(|finding| !settings.is_off(finding.code));
    (found, not_evaluated)
}

/// Runs every rule. `today` decides which `allow … until` still hold.
pub fn check(design: &Design, today: Date) -> Critique {
    check_with(design, today, &Settings::default())
}

/// The same, with rules turned off or weighed otherwise. A score is given without: nobody turns off the examiner.
pub fn check_with(design: &Design, today: Date, settings: &Settings) -> Critique {
    check_each(design, today, settings).gathered()
}

/// The same with a question for each place: fixes are made and judged one by one.
pub fn check_each(design: &Design, today: Date, settings: &Settings) -> Critique {
    let (found, not_evaluated) = examine(design, settings);
    let mut critique = accept::accept(design, found, today, settings);
    critique.not_evaluated = not_evaluated;
    critique.settings = settings.clone();
    critique
}

impl Critique {
    /// One question for all that a rule asks, the worst first: as people read it.
    pub fn gathered(mut self) -> Critique {
        self.findings = gather(self.findings);
        sort(&mut self.findings);
        self
    }
}

fn sort(findings: &mut [Diagnostic]) {
    findings.sort_by_key(|finding| {
        let grave = find(finding.code).is_some_and(|rule| rule.grave);
        let reach = Reverse(finding.flows.len());
        let worst = (Reverse(finding.severity), finding.verdict, Reverse(grave), reach);
        (worst, finding.at.span, finding.code)
    });
}

/// One rule's findings with its own severity.
#[cfg(test)]
fn run(rule: &Rule, facts: &Facts) -> Vec<Diagnostic> {
    run_as(rule, rule.severity, facts)
}

/// The rule's own, unless another is set.
fn severity_of(rule: &Rule, settings: &Settings) -> Severity {
    settings.of(rule.id).and_then(|setting| setting.severity).unwrap_or(rule.severity)
}

/// One rule's findings, stamped with its name and a severity, not yet gathered.
fn run_as(rule: &Rule, severity: Severity, facts: &Facts) -> Vec<Diagnostic> {
    let mut found = (rule.check)(facts);
    for finding in &mut found {
        let severity = match finding.verdict {
            Verdict::Wrong => severity,
            Verdict::Unstated => severity.lowered(),
            Verdict::NotEvaluated => Severity::Info,
        };
        finding.code = rule.id;
        finding.severity = finding.severity.min(severity);
    }
    found
}

/// Makes one question of all that one rule found unstated: the same eight times over teaches nothing.
fn gather(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::new();
    let mut asked: Vec<(&str, usize)> = Vec::new();
    for mut finding in found {
        if finding.verdict != Verdict::Unstated {
            out.push(finding);
            continue;
        }
        let Some(question) = find(finding.code).and_then(|rule| rule.question.as_ref()) else {
            out.push(finding);
            continue;
        };
        match asked.iter().find(|(code, _)| *code == finding.code) {
            None => {
                asked.push((finding.code, out.len()));
                if finding.question.is_empty() {
                    finding.question = question.text.to_string();
                }
                out.push(finding);
            }
            Some(&(_, at)) => {
                let first = &mut out[at];
                first.question = question.text.to_string();
                first.labels.push(finding.at);
                first.nodes.extend(finding.nodes);
                first.hops.extend(finding.hops);
                first.flows.extend(finding.flows);
                first.evidence.extend(finding.evidence);
                first.mends.extend(finding.mends);
                first.severity = first.severity.max(finding.severity);
                first.message = format!("{} is not said: {}", question.topic, question.text);
            }
        }
    }
    for (_, at) in asked {
        let question = &mut out[at];
        keep_first(&mut question.nodes);
        keep_first(&mut question.hops);
        keep_first(&mut question.flows);
        keep_first(&mut question.evidence);
    }
    out
}

/// Keeps the first of each, in order.
fn keep_first<T: Clone + Eq + std::hash::Hash>(all: &mut Vec<T>) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
}
