//! What the tool has to say about a place in a design: mistakes in the text and findings of rules alike.

use crate::fix::{Applicability, Mend};
use crate::source::Span;

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// What a flaw weighs when it is a question instead of a certainty.
    pub fn lowered(self) -> Severity {
        match self {
            Severity::Error => Severity::Warning,
            Severity::Warning | Severity::Info => Severity::Info,
        }
    }
}

/// What a rule makes of a place.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The design says the bad thing, or its shape does.
    Wrong,
    /// It says nothing where an interviewer will ask.
    Unstated,
    /// A number is missing without which nothing can be said.
    NotEvaluated,
}

/// A place and what is to be said of it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

impl Label {
    pub fn new(span: Span, text: impl Into<String>) -> Label {
        Label { span, text: text.into() }
    }
}

/// A replacement of a span's text, as `spof check --fix` makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
    pub applicability: Applicability,
}

/// Where a diagnostic comes from, which decides the exit status and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The text is not a design as written: a typo, an unknown name, a unit that does not fit.
    Text,
    /// A rule found a flaw in what the text says.
    Rule,
}

/// One thing to say, with its place. Facts only: no markup, no colour, no points.
///
/// A rule fills in everything down to `fix`; a mistake in the text has `message`, `at`, `labels` and `help`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub origin: Origin,
    /// The rule's slug, or the kind of mistake (`syntax`, `unknown-id`, `unit`, ...).
    pub code: &'static str,
    pub severity: Severity,
    pub verdict: Verdict,
    /// One sentence about this design, with its names and numbers.
    pub message: String,
    pub at: Label,
    pub labels: Vec<Label>,
    /// Ids of the nodes it is about, the one it names first in front.
    pub nodes: Vec<String>,
    /// Hops it is about, as (from, to).
    pub hops: Vec<(String, String)>,
    pub flows: Vec<String>,
    /// The witness path, the targets cut off, the arithmetic.
    pub evidence: Vec<String>,
    /// What happens in production.
    pub consequence: String,
    /// What to write instead.
    pub fix: String,
    /// What mends it, where that is mechanical: each by itself, as a question may be about several places.
    pub mends: Vec<Mend>,
    /// Where that stands in the text: of a rule's finding, filled in by who has the text (`fix::edits`).
    pub edits: Vec<Edit>,
    /// For `Verdict::Unstated`: what an interviewer would ask, as a person says it.
    pub question: String,
    /// For mistakes: the way out, one line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// What a rule found; its name and severity are stamped on by the engine, which lowers `severity` but never raises it.
    pub fn finding(
        verdict: Verdict,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic { origin: Origin::Rule, verdict, ..Diagnostic::mistake("", message, span, label) }
    }

    /// Certain: stated so, or plain from what is drawn.
    pub fn wrong(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic::finding(Verdict::Wrong, message, span, label)
    }

    /// Not said, and it matters: the rule's question, about this place.
    pub fn unstated(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic::finding(Verdict::Unstated, message, span, label)
    }

    /// A number that is missing, as the reader would add it: "`capacity` of `store`". Nothing is wrong, nothing is asked.
    pub fn not_evaluated(wants: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::finding(Verdict::NotEvaluated, wants, span, "")
    }

    /// A mistake in the text.
    pub fn mistake(
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            origin: Origin::Text,
            code,
            severity: Severity::Error,
            verdict: Verdict::Wrong,
            message: message.into(),
            at: Label::new(span, label),
            labels: Vec::new(),
            nodes: Vec::new(),
            hops: Vec::new(),
            flows: Vec::new(),
            evidence: Vec::new(),
            consequence: String::new(),
            fix: String::new(),
            mends: Vec::new(),
            edits: Vec::new(),
            question: String::new(),
            help: Vec::new(),
        }
    }

    pub fn help(mut self, line: impl Into<String>) -> Diagnostic {
        self.help.push(line.into());
        self
    }

    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label::new(span, text));
        self
    }

    pub fn node(mut self, id: impl Into<String>) -> Diagnostic {
        self.nodes.push(id.into());
        self
    }

    pub fn hop(mut self, from: impl Into<String>, to: impl Into<String>) -> Diagnostic {
        self.hops.push((from.into(), to.into()));
        self
    }

    pub fn flows(mut self, ids: impl IntoIterator<Item = String>) -> Diagnostic {
        self.flows.extend(ids);
        self
    }

    pub fn evidence(mut self, line: impl Into<String>) -> Diagnostic {
        self.evidence.push(line.into());
        self
    }

    /// What happens in production.
    pub fn consequence(mut self, text: impl Into<String>) -> Diagnostic {
        self.consequence = text.into();
        self
    }

    /// What to write instead.
    pub fn fix(mut self, text: impl Into<String>) -> Diagnostic {
        self.fix = text.into();
        self
    }

    /// What to write, as data.
    pub fn mend(mut self, mend: Mend) -> Diagnostic {
        self.mends.push(mend);
        self
    }

    /// The same where there may be none.
    pub fn mends(mut self, mend: Option<Mend>) -> Diagnostic {
        self.mends.extend(mend);
        self
    }

    /// What an interviewer would ask of this very place; the rule's general question otherwise.
    pub fn question(mut self, text: impl Into<String>) -> Diagnostic {
        self.question = text.into();
        self
    }

    /// Weighs no more than this, however severe the rule is.
    pub fn at_most(mut self, severity: Severity) -> Diagnostic {
        self.severity = self.severity.min(severity);
        self
    }

    pub fn is_mistake(&self) -> bool {
        self.origin == Origin::Text
    }

    /// Stable under reformatting and moved lines: the rule and what it is about, whatever their order.
    pub fn fingerprint(&self) -> String {
        let mut subjects: Vec<String> = self.nodes.iter().map(|id| format!("node {id}")).collect();
        subjects.extend(self.hops.iter().map(|(from, to)| format!("hop {from} {to}")));
        subjects.extend(self.flows.iter().map(|id| format!("flow {id}")));
        subjects.sort();
        subjects.dedup();
        let text = format!("{}\n{}", self.code, subjects.join("\n"));
        // FNV-1a, 64 bits: the same on every machine and in every version, which std's hashers do not promise.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}
