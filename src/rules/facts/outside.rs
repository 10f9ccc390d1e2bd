//! Calls of somebody else's service: what trying them again does there.

use super::Facts;
use super::is_before_system;
use super::journey::Journey;
use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::Severity;

/// What a call that is tried again does at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Nothing that a second time would add to, or it is never tried again.
    Harmless,
    /// It is not said whether the call changes anything.
    Unsaid,
    /// It is done again, which weighs as much as this.
    Done(Severity),
}

/// Whoever calls these and does not say `reads` moves money.
const TAKE_MONEY: [&str; 3] = ["adyen", "paypal", "stripe"];

/// Whoever calls these and does not say `reads` sends mail or texts.
const SEND_LETTERS: [&str; 4] = ["mailgun", "sendgrid", "ses", "twilio"];

/// A push is a hint, which may come twice.
const SEND_HINTS: [&str; 3] = ["apns", "fcm", "onesignal"];

impl<'d> Facts<'d> {
    /// The call with which a flow starts, where that is a webhook: an external service calls in and signs what it says,
    /// as stated on that call or on one by which what stands before the system hands it on. It does so again later where
    /// it gets no answer.
    pub fn webhook(&self, flow: &Flow) -> Option<&'d Step> {
        let steps = self.design.steps_of(flow);
        let first = steps.first()?;
        let outside = self.node(first.from).kind == Kind::External && self.arrow(first) == Arrow::Call;
        let mut at = first.from;
        let mut way_in = steps.iter().take_while(|step| {
            let goes_on = step.from == at && (at == first.from || is_before_system(self.node(at).kind));
            at = step.to;
            goes_on
        });
        (outside && way_in.any(|step| step.attrs.has("signature"))).then_some(first)
    }

    /// What calling it once more does there: mail is sent, money taken, something written.
    pub fn done_outside(&self, step: &Step) -> Again {
        let to = self.node(step.to);
        let (reads, writes) = (step.attrs.has("reads"), step.attrs.has("writes"));
        let is = |list: &[&str]| to.tech.is_some_and(|tech| list.contains(&tech.id.as_str()));
        if !self.calls_external(step) || (reads && !writes) || is(&SEND_HINTS) {
            return Again::Harmless;
        }
        match to.tech {
            _ if writes || is(&TAKE_MONEY) || is(&SEND_LETTERS) => Again::Done(Severity::Warning),
            None => Again::Unsaid,
            Some(_) => Again::Harmless,
        }
    }

    /// Whoever calls it and does not say `reads` moves money.
    pub fn takes_money(&self, node: petgraph::graph::NodeIndex) -> bool {
        self.node(node).tech.is_some_and(|tech| TAKE_MONEY.contains(&tech.id.as_str()))
    }

    /// The calls of somebody else's service that are tried again with nothing to tell it that it is the same request,
    /// and how much that weighs; None where it is only a question.
    pub fn repeats_outside(&self, journey: &Journey<'d>) -> Vec<(&'d Step, Option<Severity>)> {
        let effects = |step: &&&Step| {
            let kind = self.node(step.to).kind;
            kind == Kind::External || ((kind.is_durable() || kind.is_broker()) && self.writes(step))
        };
        let posts = journey.flow.is_some_and(|flow| matches!(flow.method(), "POST" | "PATCH"));
        let is_all = posts && journey.steps.iter().filter(effects).count() == 1;
        let keyed = journey.steps.iter().any(|step| step.attrs.has("idempotency_key"));
        let waited_for = match journey.flow {
            Some(flow) => self.waited_for_in(flow),
            None => Default::default(),
        };
        // A key that came in may go on, and who knows a second message may know a second try; or `idempotency_key=no`.
        let may_be_told = |step: &Step| {
            (keyed || self.knows_repeats(step.from)) && step.attrs.get("idempotency_key").is_none()
        };
        let weigh = |step: &Step| match self.tried_again_outside(step) {
            Again::Harmless => None,
            Again::Done(most) if !may_be_told(step) => Some(Some(most)),
            Again::Unsaid if is_all && !may_be_told(step) => Some(Some(Severity::Error)),
            Again::Unsaid if self.knows_repeats(step.from) || !waited_for.contains(&step.from) => None,
            Again::Done(_) | Again::Unsaid => Some(None),
        };
        journey.steps.iter().filter_map(|&step| Some((step, weigh(step)?))).collect()
    }

    /// It says that it knows a second incoming request or message. What it does while it handles one is another matter.
    fn knows_repeats(&self, node: petgraph::graph::NodeIndex) -> bool {
        ["idempotent", "dedupe"].iter().any(|how| self.node(node).attrs.has(how))
    }

    /// What happens to an external service when a hop to it has `attempts` above one and no key tells them apart.
    pub fn tried_again_outside(&self, step: &Step) -> Again {
        let to = self.node(step.to);
        let attempts = self.design.graph[step.hop].attrs.number("attempts").value();
        let tries = to.kind == Kind::External
            && self.arrow(step) == Arrow::Call
            && attempts.is_some_and(|attempts| attempts > 1.0);
        let told = ["idempotency_key", "conditional"].iter().any(|how| step.attrs.has(how));
        let (reads, writes) = (step.attrs.has("reads"), step.attrs.has("writes"));
        if !tries || told || (reads && !writes) {
            return Again::Harmless;
        }
        let is = |list: &[&str]| to.tech.is_some_and(|tech| list.contains(&tech.id.as_str()));
        match to.tech {
            None if writes => Again::Done(Severity::Error),
            None => Again::Unsaid,
            Some(_) if is(&TAKE_MONEY) => Again::Done(Severity::Error),
            Some(_) if writes && !is(&SEND_HINTS) => Again::Done(Severity::Warning),
            Some(_) => Again::Harmless,
        }
    }
}
