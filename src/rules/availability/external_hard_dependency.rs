use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::needs::needs_in_part;
use crate::design::{Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Calls, Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::show_share;

pub static RULE: Rule = Rule {
    id: "external-hard-dependency",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "a request waits for somebody else's service, and fails when that does",
    question: None,
    reads: &[
        "async",
        "attempts",
        "availability",
        "breaker",
        "data",
        "fallback",
        "on",
        "optional",
        "rate",
        "reads",
        "share",
        "timeout",
        "writes",
    ],
    page: Page {
        checks: "Calls to externals on flows that someone waits for, and what happens without an answer.",
        when: "A flow reaches an external by `->` before any queue, and the hop has no `fallback`, is not `optional`, and its \
               caller has no other hop `on=error` or `on=failover`. A `share` of the requests on the way is as many as fail; left alone are hops of one caller whose shares come to 100 %, of which each is another's way out. \
               A warning where it has a `timeout` and a `breaker`, where less than half of the requests go there, \
               or where the flow is of 10 requests a second or fewer and states no `availability`; a remark where a client goes there by itself, and where it is one of two ways to sign in: another flow of \
               that client, which reads `data=credential` and does not go to this external, writes a table that this one writes too (a session), and \
               this one also writes a table of other data (who he is over there). \
               Flows that say `async`, or that a timer, a message or a webhook starts (an external that calls with a \
               `signature`), are left alone: they try again later.",
        why: "Its outages, its maintenance and its rate limits become yours, at a time that you do not choose, and your own \
              replicas do not help.",
        outage: Some(Outage {
            name: "PagerDuty",
            what: "a third-party service for SMS and voice calls had an outage",
            link: "https://status.pagerduty.com/incidents/70m30bh7qfmx",
        }),
        bad: "client web\nlb front managed\nservice api x2\nexternal sms\nflow sign-up { web -> front -> api -> sms timeout=2s }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs later\nworker sender x2 idempotent\nexternal sms\n\
               flow sign-up { web -> front -> api ~> later ~> sender -> sms timeout=2s }\n",
        ignore: "There is no second provider, and waiting is worse than failing: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<NodeIndex, usize> = HashMap::new();
    for calls in facts.calls() {
        let again = |flow| facts.is_background(flow) || facts.webhook(flow).is_some();
        if calls.flow.is_some_and(|flow| flow.attrs.has("async") || again(flow)) {
            continue;
        }
        let another_way = with_another_way(facts, calls.flow);
        let needed = calls.flow.map(|flow| needs_in_part(facts.design, flow));
        let mut seen = HashSet::new();
        for step in &calls.steps {
            let external = facts.node(step.to).kind == Kind::External;
            let hard = external
                && !another_way.contains(&step.from)
                && is_hard(facts, &calls, needed.as_ref(), step);
            if !hard || !seen.insert(step.to) {
                continue;
            }
            let next = found.len();
            let at = *known.entry(step.to).or_insert(next);
            if at == next {
                found.push(finding(facts, calls.flow, step));
                continue;
            }
            let here = finding(facts, calls.flow, step).severity;
            found[at].severity = found[at].severity.max(here);
            found[at].flows.extend(calls.flow.map(|flow| flow.id.clone()));
            let hop = (facts.id(step.from).to_string(), facts.id(step.to).to_string());
            if !found[at].hops.contains(&hop) {
                found[at].hops.push(hop);
            }
        }
    }
    found
}

fn is_hard(facts: &Facts, calls: &Calls, needed: Option<&HashSet<NodeIndex>>, step: &Step) -> bool {
    let hop = &facts.design.graph[step.hop];
    let avoidable = step.attrs.has("optional")
        || hop.attrs.has("fallback")
        || step.attrs.has("on")
        || (facts.node(step.from).kind == Kind::Client && facts.node(step.from).attrs.has("fallback"));
    let needed = needed.is_none_or(|needed| needed.contains(&step.to));
    !avoidable && needed && calls.waited_for.contains(&step.from)
}

/// The callers that go elsewhere when a call fails, in this flow.
fn with_another_way(facts: &Facts, flow: Option<&Flow>) -> HashSet<NodeIndex> {
    let steps = flow.map_or(facts.design.steps.as_slice(), |flow| facts.design.steps_of(flow));
    steps
        .iter()
        .filter(|step| matches!(step.attrs.text("on").value(), Some("error" | "failover")))
        .map(|step| step.from)
        .collect()
}

/// A flow by which the same people get in without the external: it compares a credential and begins the same session. A
/// flow that writes nothing but accounts and sessions signs somebody up, and he has no other way yet.
fn other_way_in<'d>(facts: &Facts<'d>, flow: &Flow, external: NodeIndex) -> Option<&'d Flow> {
    let is_credential = |data: &[String]| data.iter().any(|word| word == "credential");
    let written = |flow: &Flow| -> Vec<(NodeIndex, &'d str, bool)> {
        let steps = facts.design.steps_of(flow).iter();
        let tables = |step: &'d Step| {
            let credential = move |table: &Table| is_credential(table.attrs.words("data"));
            facts.tables_written(step).map(move |table| (step.to, table.id.as_str(), credential(table)))
        };
        steps.flat_map(tables).collect()
    };
    let clients = |flow: &Flow| -> Vec<NodeIndex> {
        let starts = facts.design.steps_of(flow).iter().map(|step| step.from);
        starts.filter(|&node| facts.node(node).kind == Kind::Client).collect()
    };
    let (own, who) = (written(flow), clients(flow));
    facts.design.flows.iter().find(|other| {
        let steps = facts.design.steps_of(other);
        let theirs = written(other);
        other.id != flow.id
            && clients(other).iter().any(|client| who.contains(client))
            && !steps.iter().any(|step| step.to == external)
            && steps.iter().any(|step| step.attrs.has("reads") && is_credential(facts.data_read(step)))
            && own.iter().any(|one| theirs.contains(one))
            && own.iter().any(|one| !one.2 && !theirs.contains(one))
    })
}

fn finding(facts: &Facts, flow: Option<&Flow>, step: &Step) -> Diagnostic {
    let [caller, external] = [facts.node(step.from), facts.node(step.to)];
    let [who, name] = [caller.name(), external.name()];
    // Of the flow's requests, those that get there; more than one call of each fails it all the same.
    let part = step.load.per_request.filter(|part| flow.is_some() && *part > 0.0 && *part < 1.0);
    let stops = match flow {
        Some(flow) => match part {
            Some(part) => format!("{} of `{}` fails", show_share(part), flow.id),
            None => format!("`{}` fails", flow.id),
        },
        None => format!("what {who} does fails"),
    };
    let hop = &facts.design.graph[step.hop];
    let guarded = hop.attrs.has("breaker") && hop.attrs.has("timeout");
    let evidence = match (guarded, hop.attrs.has("attempts")) {
        (true, _) => ": with its breaker it fails fast, but it fails",
        (false, true) => ": trying again helps against a lost packet, not against an outage",
        (false, false) => "",
    };
    let mut way = facts.way_to(step.from);
    way.push(step.to);
    let finding = Diagnostic::wrong(
        format!("{stops} whenever {name} does, which is not yours to repair"),
        step.span,
        "waits, and has no other way",
    );
    // It does not take its caller along, or few notice.
    let small = flow.is_some_and(|flow| facts.is_small(flow));
    let few = part.is_some_and(|part| part < 0.5);
    let finding = if guarded || small || few { finding.at_most(Severity::Warning) } else { finding };
    let finding = finding
        .node(&external.id)
        .hop(&caller.id, &external.id)
        .flows(flow.map(|flow| flow.id.clone()))
        .evidence(format!("{}{evidence}", facts.show_way(&way)));
    if let Some(other) = flow.and_then(|flow| other_way_in(facts, flow, step.to)) {
        return finding
            .at_most(Severity::Info)
            .consequence(format!(
                "{name} is down for an hour: whoever has no other way in than `{}` waits for it; `{}` goes on",
                flow.map_or("", |flow| &flow.id),
                other.id
            ))
            .fix(format!("`timeout=2s breaker` on the hop, so that it fails fast and the page offers `{}`", other.id));
    }
    if caller.kind == Kind::Client {
        // Whoever goes there does so by themselves; nothing of ours stands and waits.
        return finding
            .at_most(Severity::Info)
            .consequence(format!("{name} is down for an hour, and {who} sees its error page in your name"))
            .fix(format!("`fallback=` on {who}: what it shows meanwhile; or a second provider `on=error`"));
    }
    finding
    .consequence(format!(
        "{name} is down or refuses you for an hour: every request that reaches {who} waits, then fails, and all you can \
         do is watch"
    ))
    .mend(Mend::hop(&caller.id, &external.id, "fallback=stale"))
    .fix(format!(
        "a queue and a worker that tries {name} again later (`~>`), or `fallback=stale` on the hop, or a second provider \
         `on=error`; `optional` if the answer can do without"
    ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nqueue q x3\nworker w\nscheduler t\nexternal e\nexternal o\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("flow f { u -> a -> e }", &["wrong e"]);
        case("u -> a -> e", &["wrong e"]);
        case("u -> a -> e timeout=1s breaker", &["wrong e"]);
        // Two flows, one finding; two externals, two.
        case("flow f { u -> a -> e }\nflow g { u -> a -> e }", &["wrong e"]);
        case("flow f { u -> a -> e\na -> o }", &["wrong e", "wrong o"]);
        // There is another way, or the answer does without.
        case("flow f { u -> a -> e fallback=o }", &[]);
        case("flow f { u -> a -> e fallback=default }", &[]);
        case("flow f { u -> a -> e optional }", &[]);
        case("flow f { u -> a -> e\na -> o on=error }", &[]);
        case("flow f { u -> a -> e\na ~> q on=error\nq ~> w }", &[]);
        case("flow f { u -> a -> e share=50%\na -> o share=50% }", &[]);
        case("flow f { u -> a -> e share=33%\na -> o share=66% }", &[]);
        // A quarter of the requests fails, whichever hop says so.
        case("flow f { u -> a -> e share=25% }", &["wrong e"]);
        case("flow f { u -> a share=25% -> e }", &["wrong e"]);
        case("flow f { u -> a -> e share=25%\na -> o share=25% }", &["wrong e", "wrong o"]);
        case("flow f { u -> a -> e share=25% optional }", &[]);
        // Tried again later: behind a queue, by a timer, after the answer.
        case("flow f { u -> a ~> q ~> w -> e }", &[]);
        case("u -> a ~> q ~> w -> e", &[]);
        case("flow f { t -> a -> e }", &[]);
        case("flow f async { u -> a -> e }", &[]);
        // It calls us.
        case("flow f { e -> a }", &[]);
        case("flow f { u -> a ~> e }", &[]);
    }

    #[test]
    fn a_part_of_the_requests() {
        let of = |share: &str| {
            let text = format!("client u\nservice a x2\nexternal e\nflow f {{ u -> a -> e {share} }}");
            let design = design(&text);
            let found = run(&RULE, &Facts::new(&design));
            (found[0].severity, found[0].message.clone())
        };
        let says = |part: &str| format!("{part} whenever `e` does, which is not yours to repair");
        assert_eq!(of("share=25%"), (Severity::Warning, says("25 % of `f` fails")));
        assert_eq!(of("share=60%"), (Severity::Error, says("60 % of `f` fails")));
        assert_eq!(of("calls=3"), (Severity::Error, says("`f` fails")));
    }

    #[test]
    fn whoever_goes_there_himself_is_told_in_passing() {
        let severity = |text: &str| {
            let design = design(&format!("client u\nservice a x2\nexternal e\n{text}"));
            run(&RULE, &Facts::new(&design))[0].severity
        };
        assert_eq!(severity("flow f { u -> e }"), Severity::Info);
        assert_eq!(severity("flow f { u -> a -> e }"), Severity::Error);
    }

    #[test]
    fn one_of_two_ways_to_sign_in() {
        let severity = |social: &str, login: &str| {
            let tables = "table account { key id; data = credential }\n table identity { key subject }\n table session { key id }";
            let design = design(&format!(
                "client u\nservice a x2\nexternal e\npostgres d x2 {{\n {tables}\n}}\n\
                 flow login {{ u -> a -> d reads=account by=id\na -> d writes=session {login} }}\n\
                 flow social {{ u -> a -> e timeout=1s\n{social} }}"
            ));
            run(&RULE, &Facts::new(&design))[0].severity
        };
        let links = "a -> d writes=[account, identity]\na -> d writes=session";
        assert_eq!(severity(links, ""), Severity::Info);
        // The password needs it as well; a code by SMS at signing up has no way around.
        assert_eq!(severity(links, "\na -> e"), Severity::Error);
        assert_eq!(severity("a -> d writes=[account, session]", ""), Severity::Error);
        assert_eq!(severity("a -> d writes=identity", ""), Severity::Error);
    }
}
