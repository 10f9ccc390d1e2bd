use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-audit-log",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Operations,
    summary: "money or credentials change, and afterwards nobody can show who changed them",
    question: Some(Question {
        topic: "audit",
        text: "a customer disputes it, or an employee did it: what shows who changed what, and when?",
    }),
    reads: &["audit", "data", "reads", "writes"],
    page: Page {
        checks: "Writes of payments and credentials: whether who did what is recorded where nobody can change it.",
        when: "A flow writes a database whose `data` (or that of the table written, where it has its own) includes `payment` or \
               `credential`, or calls a payment provider (Adyen, PayPal, Stripe) without saying `reads` (a client on the provider's own page is the provider's to record), and none of these \
               says `audit`: the writer, what is written, and what else the writer calls or hands to; nor, where the writer takes it from a queue or topic, those who hand it in there, all of them. A gateway that records \
               who came in does not know what was changed, and does not count. Wrong where the writer or what is written says \
               `audit=no`, otherwise a question. How many requests there are does not matter: refunds and salaries are few. \
               One for each node that is written or called.",
        why: "A balance shows what it is, not how it came to be. A disputed charge, a fraud from inside and a bug that moved \
              money all need the same answer, who changed what and when, and logs that roll over in a week or that an \
              administrator may edit do not give it.",
        outage: None,
        bad: "client web\nlb front managed auth=oauth rate_limit=5/s\nservice wallet x2 metrics idempotent authz\npostgres accounts x2 failover=auto backup=1h data=payment encryption audit=no\n\
              flow pay { web -> front -> wallet -> accounts writes idempotency_key }\n",
        good: "client web\nlb front managed auth=oauth rate_limit=5/s\nservice wallet x2 metrics idempotent authz\npostgres accounts x2 failover=auto backup=1h data=payment encryption audit\n\
               flow pay { web -> front -> wallet -> accounts writes idempotency_key }\n",
        ignore: "Records are only ever added and kept for the years that the law asks, so they are their own audit log.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let audits = |node: NodeIndex| facts.node(node).attrs.has("audit");
    let mut kept: HashMap<NodeIndex, bool> = HashMap::new();
    let candidates = facts.nodes(|kind| kind == Kind::Database || kind == Kind::External);
    for at in candidates {
        let node = facts.node(at);
        let changes: Vec<(&Step, &str)> =
            // A browser that stands on the provider's own page writes no record of yours.
            facts
                .design
                .steps_to(at)
                .filter(|step| node.kind == Kind::Database || facts.node(step.from).kind != Kind::Client)
                .filter_map(|step| Some((step, sensitive(facts, step)?)))
                .collect();
        let flows: Vec<_> = changes.iter().filter_map(|(step, _)| facts.flow_of(step)).collect();
        if flows.is_empty() || audits(at) {
            continue;
        }
        let mut is_recorded = |writer: NodeIndex| {
            let calls = |step: &Step| facts.arrow(step) != Arrow::Control && audits(step.to);
            *kept.entry(writer).or_insert_with(|| {
                audits(writer)
                    || facts.design.steps_from(writer).any(calls)
                    || facts.node(writer).attrs.get("audit").is_none() && is_told_by(facts, writer, audits)
            })
        };
        let unrecorded = changes.iter().find(|(step, _)| step.flow.is_some() && !is_recorded(step.from));
        let Some(&(step, what)) = unrecorded else { continue };
        let (name, who) = (node.name(), facts.node(step.from).name());
        let refused = node.attrs.get("audit").or(facts.node(step.from).attrs.get("audit"));
        let message = match node.kind {
            Kind::External => format!("{who} moves money at {name}, and nothing records who asked for it"),
            _ => format!("{who} changes the {what} in {name}, and nothing records who asked for it"),
        };
        let finding = match refused {
            Some(setting) => Diagnostic::wrong(message, setting.span, "said to keep no record"),
            None => Diagnostic::unstated(message, step.span, "no `audit` here").question(format!(
                "somebody disputes what {who} did at {name}: what shows who asked for it, and when?"
            )),
        };
        let mut ids: Vec<String> = flows.iter().map(|flow| flow.id.clone()).collect();
        ids.dedup();
        found.push(
            finding
                .node(&node.id)
                .hop(facts.id(step.from), &node.id)
                .flows(ids)
                .evidence(format!(
                    "{} → {}, and neither they nor what else {who} calls say `audit`",
                    facts.id(step.from),
                    node.id
                ))
                .consequence(format!(
                    "a customer denies a change at {name}, and all that can be shown is what it says today"
                ))
                .mend(Mend::node(&node.id, "audit"))
                .fix(format!("`audit` on {who}: who did what and when, written once and never changed")),
        );
    }
    found
}

/// It does what messages say, and all who send those record what they ask for.
fn is_told_by(facts: &Facts, writer: NodeIndex, audits: impl Fn(NodeIndex) -> bool) -> bool {
    let callers = |node: NodeIndex| {
        facts.design.steps_to(node).filter(|step| facts.arrow(step) != Arrow::Control).map(|step| step.from)
    };
    let brokers: Vec<NodeIndex> = callers(writer).collect();
    let senders: Vec<NodeIndex> = brokers.iter().flat_map(|&broker| callers(broker)).collect();
    brokers.iter().all(|&broker| facts.node(broker).kind.is_broker())
        && !senders.is_empty()
        && senders.into_iter().all(audits)
}

/// What a step changes that somebody may have to account for.
fn sensitive<'d>(facts: &Facts<'d>, step: &Step) -> Option<&'static str> {
    if facts.arrow(step) == Arrow::Control {
        return None;
    }
    let to = facts.node(step.to);
    if to.kind == Kind::External {
        // What somebody does on the provider's own page is in the provider's books.
        let by_itself = facts.node(step.from).kind == Kind::Client;
        let changes = !by_itself && (!step.attrs.has("reads") || step.attrs.has("writes"));
        return (facts.takes_money(step.to) && changes).then_some("payment");
    }
    if !facts.writes(step) {
        return None;
    }
    let tables = step.attrs.words("writes").iter().filter_map(|table| to.table(table));
    let own: Vec<&[String]> =
        tables.map(|table| table.attrs.words("data")).filter(|data| !data.is_empty()).collect();
    let data = if own.is_empty() { vec![to.attrs.words("data")] } else { own };
    let keeps = |sort: &str| data.iter().any(|data| data.iter().any(|word| word == sort));
    [("payment", "payments"), ("credential", "credentials")]
        .into_iter()
        .find_map(|(sort, name)| keeps(sort).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let pays = |nodes: &str, step: &str, expected: &[&str]| {
            expect(
                &RULE,
                &format!("client u\nservice a\n{nodes}\nflow f {{ u -> a -> d {step} }}"),
                expected,
            );
        };
        pays("postgres d data=payment", "writes", &["unstated d"]);
        pays("postgres d data=[pii, credential]", "writes", &["unstated d"]);
        pays("postgres d data=payment audit=no", "writes", &["wrong d"]);
        pays("postgres d data=payment audit", "writes", &[]);
        pays("postgres d data=payment", "reads", &[]);
        pays("postgres d data=private", "writes", &[]);
        pays("stripe d", "", &["unstated d"]);
        pays("stripe d", "reads", &[]);
        pays("sendgrid d", "", &[]);
        expect(&RULE, "client u\nstripe d\nflow f { u -> d }", &[]);
        // Of two tables only one is money.
        let tables = "postgres d data=payment { table x { key k; data = private }; table y { key k } }";
        pays(tables, "writes=x", &[]);
        pays(tables, "writes=y", &["unstated d"]);
        expect(&RULE, "client u\nservice a audit\nstripe s\nflow f { u -> a -> s }", &[]);
        // The record is kept by what the writer calls; the door does not know what was changed.
        let with = |flow: &str, expected: &[&str]| {
            let nodes = "client u\ngateway g audit\nservice a\nservice w audit\nkafka k audit\nstripe s";
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}"), expected);
        };
        with("u -> a -> s\na -> w", &[]);
        with("u -> a -> s\na ~> k", &[]);
        with("u -> g -> a -> s", &["unstated s"]);
        with("u -> w -> a -> s", &["unstated s"]);
        // Told to by a message, by who records it; or by others as well.
        let told = |flow: &str, expected: &[&str]| {
            let nodes = "client u\nservice a\nservice w audit\nsqs q\nworker x\nworker y audit=no\nstripe s";
            expect(&RULE, &format!("{nodes}\nflow f {{ {flow} }}"), expected);
        };
        told("u -> w ~> q ~> x -> s", &[]);
        told("u -> w ~> q ~> y -> s", &["wrong s"]);
        told("u -> a ~> q ~> x -> s", &["unstated s"]);
        told("u -> w ~> q ~> x -> s\nu -> a ~> q", &["unstated s"]);
        told("u -> w ~> q ~> x -> s\nu -> x", &["unstated s"]);
        // The card is typed on the provider's page, and the payment was asked for by what records it; or by what does not.
        let hosted = "client u\nservice a\nservice w audit\nstripe s";
        expect(&RULE, &format!("{hosted}\nflow f {{ u -> w -> s\nu -> s }}"), &[]);
        expect(&RULE, &format!("{hosted}\nflow f {{ u -> a -> s\nu -> s }}"), &["unstated s"]);
        // Refunds and salaries are few.
        expect(&RULE, "client u\nservice a\nstripe s\nflow f rate=1/s { u -> a -> s }", &["unstated s"]);
        expect(&RULE, "client u\nservice a\nstripe s\nu -> a -> s", &[]);
    }
}
