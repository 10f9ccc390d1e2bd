use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Again;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "effect-before-record",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Messaging,
    summary: "work is done for a customer and noted only afterwards: after a crash in between it is done again",
    question: Some(Question {
        topic: "done and not noted",
        text: "it stops after the call and before it has noted it: is the call made again on the next run?",
    }),
    reads: &["conditional", "dedupe", "idempotency_key", "idempotent", "on", "reads", "writes"],
    page: Page {
        checks: "Jobs that read from a store what is to be done, have somebody else's service do it, and then note in that store that it is done: what the next run does when one stops in between.",
        when: "In a flow that a scheduler or a worker by itself starts, or after taking a message from a queue or topic, a worker, service or function reads a store, on a later step calls an external, and on a step after \
               that writes the same store: the same table, where both hops name theirs in `reads=` and `writes=`. Wrong where the call has an effect: it says `writes`, or goes to a mail, text or payment provider (SES, SendGrid, Mailgun, Twilio, Stripe, PayPal, Adyen) and does not only say `reads`. A question, as information, where \
               the external is of no known technology and the hop says neither. Not where the call carries an `idempotency_key` or is `conditional`, nor where the caller is `idempotent` or has `dedupe`, nor where it \
               writes that store between the two, which notes or claims the work before it is done; writes with `on` (as `on=error`) do not count. Pushes (FCM, APNs, OneSignal) and other known products are left alone. Silent where \
               `consumer-not-idempotent` or `retry-of-unsafe-call` speaks of the same caller. The finding is about the caller.",
        why: "Two systems cannot be changed at once, so one comes first. Where the effect does, a crash, a deploy or a full disk between them leaves a customer \
              who has the mail and a row that says that he is waiting for it. The next run believes the row, and the one after it too, as long as the cause is there.",
        outage: Some(Outage {
            name: "Google, a mailing",
            what: "a batch job mailed everybody who was marked as waiting and unmarked them only when all messages were sent: people got more than 20",
            link: "https://gist.github.com/jomo/2bae3821acb433d0446d",
        }),
        bad: "scheduler nightly\nworker billing\nstripe cards\npostgres books x2 failover=auto backup=1h {\n  table due { key id; index state }\n}\n\
              flow bill {\n  nightly -> billing -> books reads=due by=state\n  billing -> cards writes timeout=5s breaker\n  billing -> books writes=due\n}\n",
        good: "scheduler nightly\nworker billing\nstripe cards\npostgres books x2 failover=auto backup=1h {\n  table due { key id; index state }\n}\n\
               flow bill {\n  nightly -> billing -> books reads=due by=state\n  billing -> cards writes timeout=5s breaker idempotency_key\n  billing -> books writes=due\n}\n",
        ignore: "Once more does no harm there, such as setting a value: `idempotent` on the worker says so.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let by_timer = steps
            .first()
            .is_some_and(|first| matches!(facts.node(first.from).kind, Kind::Scheduler | Kind::Worker));
        for (at, call) in steps.iter().enumerate() {
            let again = facts.done_outside(call);
            if again == Again::Harmless || is_told_apart(facts, call) {
                continue;
            }
            let before = &steps[..at];
            if !by_timer && !before.iter().any(|step| takes_message(facts, step, call)) {
                continue;
            }
            if let Some((read, note)) = noted_after(facts, before, call, &steps[at + 1..]) {
                found.push(finding(facts, flow, [read, call, note], again));
                break;
            }
        }
    }
    found
}

/// Whoever gets the call, or makes it, knows that it is the same.
fn is_told_apart(facts: &Facts, call: &Step) -> bool {
    let caller = facts.node(call.from);
    let known = call.attrs.has("idempotency_key") || call.attrs.has("conditional");
    known || caller.attrs.has("idempotent") || caller.attrs.has("dedupe") || !caller.kind.is_app()
}

/// The caller takes a message: it is handed one, or polls for it.
fn takes_message(facts: &Facts, step: &Step, call: &Step) -> bool {
    let handed = step.to == call.from && facts.node(step.from).kind.is_broker();
    let polls = step.from == call.from && facts.node(step.to).kind.is_broker() && step.attrs.has("reads");
    handed || polls
}

/// Where the caller read its work before the call and noted it after it, and nothing before.
fn noted_after<'d>(
    facts: &Facts,
    before: &'d [Step],
    call: &Step,
    after: &'d [Step],
) -> Option<(&'d Step, &'d Step)> {
    let own = |step: &&Step| step.from == call.from && facts.node(step.to).kind.is_store();
    let note = |step: &&Step| own(step) && facts.writes(step) && !step.attrs.has("on");
    after.iter().filter(note).find_map(|noted| {
        let same = |step: &Step| {
            step.to == noted.to
                && (step.attrs.words("reads").is_empty() && step.attrs.words("writes").is_empty()
                    || noted.attrs.words("writes").is_empty()
                    || ["reads", "writes"].iter().any(|how| shares(step.attrs.words(how), noted)))
        };
        let claimed = before.iter().any(|step| own(&step) && step.attrs.has("writes") && same(step));
        let read = before.iter().find(|step| own(step) && facts.reads(step) && same(step))?;
        (!claimed).then_some((read, noted))
    })
}

fn shares(tables: &[String], noted: &Step) -> bool {
    tables.iter().any(|table| noted.attrs.words("writes").contains(table))
}

fn finding(facts: &Facts, flow: &Flow, [read, call, note]: [&Step; 3], again: Again) -> Diagnostic {
    let [who, name, store] = [call.from, call.to, note.to].map(|node| facts.node(node).name());
    let [from, to, noted] = [call.from, call.to, note.to].map(|node| facts.id(node));
    let message = format!(
        "{who} calls {name} first and notes it in {store} afterwards: if it stops in between, the next run calls again"
    );
    let finding = match again {
        Again::Done(_) => Diagnostic::wrong(message, call.span, "done here"),
        _ => Diagnostic::unstated(message, call.span, "done here, if it changes anything there")
            .at_most(Severity::Info)
            .question(format!(
                "{who} stops after its call of {name} and before it has written {store}: does the next run do it to the same people again?"
            )),
    };
    let table = note.attrs.words("writes").first().map_or(String::new(), |table| format!("={table}"));
    finding
        .label(read.span, "what is to be done is read here")
        .label(note.span, "that it is done is known only from here on")
        .node(from)
        .node(to)
        .hop(from, to)
        .flows([flow.id.clone()])
        .evidence(format!("{from} → {noted} (read), {from} → {to}, {from} → {noted} (written)"))
        .consequence(format!(
            "{who} fails on something between the two, and is started again, and again: {name} does for the same people each time what {store} says is still to be done"
        ))
        .mend(Mend::step(call, "idempotency_key"))
        .fix(format!(
            "`idempotency_key` on `{from} -> {to}`, the same for each piece of work on every run; where {name} takes none, `{from} -> {noted} writes{table}` before the call, one piece at a time"
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |worker: &str, flow: &str, expected: &[&str]| {
            let nodes = "client u\nservice a\nscheduler t\nsqs q\nexternal e\nses m\nfcm p\ngooglemaps g\npostgres c\n\
                         postgres d { table x { key id }\n table y { key id } }\n";
            expect(&RULE, &format!("{nodes}worker w {worker}\nflow f {{ {flow} }}"), expected);
        };
        case("", "t -> w -> d reads=x\nw -> e writes\nw -> d writes=x", &["wrong w, e"]);
        case("", "t -> w -> d reads=x\nw -> m\nw -> d writes=x", &["wrong w, m"]);
        case("", "t -> w -> d reads\nw -> m\nw -> d writes", &["wrong w, m"]);
        case("", "u -> a ~> q ~> w -> d reads=x\nw -> m\nw -> d writes=x", &["wrong w, m"]);
        case("", "w -> d reads=x\nw -> m\nw -> d writes=x", &["wrong w, m"]);
        // It may only answer.
        case("", "t -> w -> d reads=x\nw -> e\nw -> d writes=x", &["unstated w, e"]);
        case("", "t -> w -> d reads=x\nw -> e reads\nw -> d writes=x", &[]);
        for other in ["p writes", "g"] {
            case("", &format!("t -> w -> d reads=x\nw -> {other}\nw -> d writes=x"), &[]);
        }
        // Told apart by a key, or by the worker.
        case("", "t -> w -> d reads=x\nw -> e writes idempotency_key\nw -> d writes=x", &[]);
        case("idempotent", "t -> w -> d reads=x\nw -> e writes\nw -> d writes=x", &[]);
        case("dedupe=key", "t -> w -> d reads=x\nw -> e writes\nw -> d writes=x", &[]);
        // Noted before, elsewhere, or only where it failed.
        case("", "t -> w -> d reads=x\nw -> d writes=x\nw -> e writes\nw -> d writes=x", &[]);
        case("", "t -> w -> d reads=x writes=x\nw -> e writes\nw -> d writes=x", &[]);
        case("", "t -> w -> d reads=x\nw -> e writes\nw -> d writes=y", &[]);
        case("", "t -> w -> d reads=x\nw -> e writes\nw -> c writes", &[]);
        case("", "t -> w -> d reads=x\nw -> e writes\nw -> d writes=x on=error", &[]);
        case("", "t -> w -> d reads=x\nw -> e writes", &[]);
        // Somebody waits, who can be told.
        case("", "u -> a -> d reads=x\na -> e writes\na -> d writes=x", &[]);
        // Another one notes it.
        case("", "t -> w -> d reads=x\nw -> e writes\na -> d writes=x", &[]);
    }
}
