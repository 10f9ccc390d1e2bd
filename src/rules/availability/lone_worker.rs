use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::{show_duration, show_number};

pub static RULE: Rule = Rule {
    id: "lone-worker",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a queue is worked off by one instance, and its backlog grows while that is away",
    question: Some(Question {
        topic: "only worker",
        text: "the only instance that works it off hangs or restarts: how long may the backlog wait, and who is told?",
    }),
    reads: &[
        "alert",
        "autoscale",
        "availability",
        "by",
        "every",
        "lag_alert",
        "limit",
        "managed",
        "order",
        "partitions",
        "rate",
        "reads",
        "staleness",
        "writes",
    ],
    page: Page {
        checks: "Workers and services that take messages from a queue or topic and run once; schedulers of one instance, and the workers that they call.",
        when: "A question where a worker or service with one instance (as drawn, without `xN`, `autoscale` or `managed`) is the only \
               consumer of a queue, or any consumer of a topic, in a flow of more than 10 requests a second, of no stated rate, or with a promised `availability`. \
               Also where a `scheduler`, or a worker that one calls, has one instance, and one of the flows that the scheduler starts is of more than 10 requests a second, of no stated rate, or promises an `availability` or a `staleness` (only such a promise counts where the scheduler runs `every` hour or less often): \
               what is not started leaves no trace. And where a worker with one instance begins such a flow by reading a table of a database (`reads=` with `by=` or `limit`) and then writes that table, as no other worker does: a queue in a table. In both cases, `alert` on either silences it, and a monitor that observes one of them.\n\n\
               Two workers of different names on one queue stand in for each other; on a topic each gets all, and is asked about. Silenced by \
               `lag_alert` or `alert` on the queue or `alert` on the worker, unless 1,000 messages a second or more arrive: then a delay is known and taken, and what a flow promises \
               ends where the queue has accepted. Left alone: queues that keep one order for \
               all (`order=total`, `partitions=1`), dead letters, and designs without flows.",
        why: "Nothing is lost while the queue holds, so nobody looks. One message on which the only instance hangs, or one bad \
              deploy on a Friday, is a backlog of days by Monday, and then the users ask where their mails are.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nsqs mails dlq=dead\nsqs dead alert\nworker sender idempotent\n\
              flow order rate=50/s { web -> front -> api ~> mails ~> sender }\n",
        good: "client web\nlb front managed\nservice api x2\nsqs mails dlq=dead\nsqs dead alert\nworker sender x2 idempotent\n\
               flow order rate=50/s { web -> front -> api ~> mails ~> sender }\n",
        ignore: "What it does may be a day late, and somebody looks at the queue once a day.",
    },
    check,
};

/// What runs less often may be late by so much.
const HOUR: f64 = 3_600.0;

/// Messages a second of which a quarter of an hour is nearly a million.
const FLOOD: f64 = 1000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    if facts.design.flows.is_empty() {
        return found;
    }
    let mut named = vec![false; facts.design.graph.node_count()];
    for broker in facts.nodes(Kind::is_broker) {
        let attrs = &facts.node(broker).attrs;
        let one_order =
            attrs.text("order").value() == Some("total") || attrs.number("partitions").value() == Some(1.0);
        if one_order || facts.is_dead_letters(broker) {
            continue;
        }
        let consumers = facts.consumers(broker);
        let shared = facts.node(broker).kind == Kind::Queue && consumers.len() > 1;
        for worker in consumers {
            if shared || !is_alone(facts, worker) || std::mem::replace(&mut named[worker.index()], true) {
                continue;
            }
            found.extend(finding(facts, broker, worker));
        }
    }
    let observed = facts.observed();
    found.extend(polling(facts, &observed, &mut named));
    for scheduler in facts.nodes(|kind| kind == Kind::Scheduler) {
        found.extend(unstarted(facts, scheduler, &observed, &mut named));
    }
    found
}

/// What a scheduler starts is not started while its only instance is away, nor done while the only worker is.
fn unstarted(
    facts: &Facts,
    scheduler: NodeIndex,
    observed: &HashSet<NodeIndex>,
    named: &mut [bool],
) -> Option<Diagnostic> {
    let starts =
        |step: &&Step| step.from == scheduler && step.leg == 0 && facts.arrow(step) != Arrow::Control;
    let steps: Vec<&Step> = facts.design.steps_from(scheduler).filter(starts).collect();
    let worker = steps.iter().map(|step| step.to).find(|&to| facts.node(to).kind == Kind::Worker);
    let is_single =
        |node: NodeIndex| !facts.node(node).is_redundant() && !facts.node(node).attrs.has("autoscale");
    let alone = [Some(scheduler), worker].into_iter().flatten().find(|&node| is_single(node))?;
    let told = |node: NodeIndex| facts.node(node).attrs.has("alert") || observed.contains(&node);
    if told(scheduler) || worker.is_some_and(told) || std::mem::replace(&mut named[alone.index()], true) {
        return None;
    }
    let mut flows: Vec<&Flow> = steps.iter().filter_map(|step| facts.flow_of(step)).collect();
    flows.dedup_by_key(|flow| flow.span);
    let seldom = facts.node(scheduler).attrs.number("every").value().is_some_and(|every| every >= HOUR);
    let may_wait = |flow: &&Flow| {
        let promised =
            ["availability", "staleness"].iter().any(|name| !flow.attrs.number(name).is_unstated());
        (seldom || facts.is_small(flow)) && !promised
    };
    flows.retain(|flow| !may_wait(flow));
    let first = flows.first()?;
    let (who, jobs) = (facts.node(alone).name(), flow_names(&flows));
    let (does, hears) =
        if alone == scheduler { ("starts", "is not started") } else { ("does", "is not done") };
    Some(
        Diagnostic::unstated(
            format!("one instance of {who} {does} {jobs}: while it is away nothing happens, and nobody is told"),
            facts.node(alone).span,
            "one instance",
        )
        .question(format!("{who} has been down since Saturday: which jobs have not run, and who has noticed?"))
        .label(first.span, format!("{hears} meanwhile"))
        .node(facts.id(alone))
        .flows(flows.iter().map(|flow| flow.id.clone()))
        .evidence(format!("{}: no second instance, and no `alert`", facts.show_way(&facts.way_to(alone))))
        .consequence(format!(
            "the machine of {who} is replaced and its timetable is not; nothing of {jobs} has run for weeks when somebody looks for what it should have done"
        ))
        .fix(match alone == scheduler {
            true => format!("`x2 leader=lease` on {who}; or `alert` on it, which tells somebody that a run is overdue"),
            false => format!("`x2` on {who}; or `alert` on it, which tells somebody that a run is overdue"),
        }),
    )
}

/// Those who look in a table for what is to be done, and put down there that it is: by table.
fn pollers<'d>(facts: &Facts<'d>) -> BTreeMap<Span, Vec<(NodeIndex, &'d Flow, &'d Table)>> {
    let mut pollers: BTreeMap<Span, Vec<(NodeIndex, &Flow, &Table)>> = BTreeMap::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let Some(first) = steps.first().filter(|first| facts.node(first.from).kind == Kind::Worker) else {
            continue;
        };
        let asks = first.attrs.has("by") || first.attrs.has("limit");
        if !asks || facts.node(first.to).kind != Kind::Database {
            continue;
        }
        for table in facts.tables_read(first) {
            let settles = |step: &&Step| {
                step.from == first.from && facts.tables_written(step).any(|of| of.span == table.span)
            };
            if steps.iter().any(|step| settles(&step)) {
                pollers.entry(table.span).or_default().push((first.from, flow, table));
            }
        }
    }
    pollers
}

/// A queue in a table is worked off by one instance.
fn polling(facts: &Facts, observed: &HashSet<NodeIndex>, named: &mut [bool]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for pollers in pollers(facts).into_values() {
        let (worker, flow, table) = pollers[0];
        let node = facts.node(worker);
        let shared = pollers.iter().any(|(other, ..)| *other != worker);
        let told = node.attrs.has("alert") || observed.contains(&worker);
        let all_small = pollers.iter().all(|(_, flow, _)| facts.is_small(flow));
        if shared
            || told
            || all_small
            || !is_alone(facts, worker)
            || std::mem::replace(&mut named[worker.index()], true)
        {
            continue;
        }
        let who = node.name();
        found.push(
            Diagnostic::unstated(
                format!("one instance of {who} works off `{}`: while it restarts or hangs, what waits there grows and nobody is told", table.id),
                node.span,
                "one instance",
            )
            .question(format!("the only {who} hangs on one `{}`: how long may the others wait, and who is told?", table.id))
            .label(flow.span, "not done meanwhile")
            .node(&node.id)
            .flows([flow.id.clone()])
            .evidence(format!("`{}` is read and settled by {} alone: no second instance takes over", table.id, node.id))
            .consequence(format!("{who} hangs on Friday evening; what waits in `{}` is done on Monday, after the users have asked", table.id))
            .mend(Mend::instances(&node.id, 2))
            .fix(format!("`x2` on {who}, each of which takes rows that no other has; or `alert` on it, if what is there may wait")),
        );
    }
    found
}

fn is_alone(facts: &Facts, worker: NodeIndex) -> bool {
    let node = facts.node(worker);
    matches!(node.kind, Kind::Worker | Kind::Service) && !node.is_redundant() && !node.attrs.has("autoscale")
}

fn finding(facts: &Facts, broker: NodeIndex, worker: NodeIndex) -> Option<Diagnostic> {
    // The flows that bring messages there, by either arrow.
    let steps = facts.design.steps_to(broker).chain(facts.design.steps_from(broker));
    let mut flows: Vec<_> = steps.filter_map(|step| facts.flow_of(step)).collect();
    flows.sort_by_key(|flow| flow.span);
    flows.dedup_by_key(|flow| flow.span);
    if flows.is_empty() || flows.iter().all(|flow| facts.is_small(flow)) {
        return None;
    }
    let [what, who] = [facts.node(broker).name(), facts.node(worker).name()];
    let watched = ["lag_alert", "alert"].iter().any(|name| facts.node(broker).attrs.has(name))
        || facts.node(worker).attrs.has("alert");
    let arrives: Option<f64> = facts
        .design
        .steps_to(broker)
        .filter(|step| facts.writes(step))
        .map(|step| Some(facts.flow_of(step)?.attrs.number("rate").value()? * step.load.per_request?))
        .sum();
    // A delay that somebody is told of is known, and taken; not where it can hardly be made good.
    if watched && arrives.is_none_or(|rate| rate < FLOOD) {
        return None;
    }
    let backlog = arrives.filter(|rate| *rate > 0.0).map(|rate| {
        // The example that anybody can redo: a quarter of an hour.
        let [quarter, rate] = [rate * 900.0, rate].map(show_number);
        format!("{rate}/s arrive in {what}: {} without {who} are {quarter} messages", show_duration(900.0))
    });
    let finding = Diagnostic::unstated(
        format!(
            "one instance of {who} works off {what}: while it restarts or hangs, the backlog grows{}",
            if watched { "" } else { " and nobody is told" }
        ),
        facts.node(worker).span,
        "one instance",
    )
    .question(format!(
        "the only {who} hangs on one message: how long may what waits in {what} wait, and who is told?"
    ))
    .label(facts.node(broker).span, if watched { "fills meanwhile" } else { "nobody is told when it fills" })
    .node(facts.id(worker))
    .flows(flows.iter().map(|flow| flow.id.clone()));
    Some(
        match backlog {
            Some(line) => finding.evidence(line),
            None => finding.evidence(format!("{}: no second instance takes over", facts.show_way(&facts.way_to(worker)))),
        }
        .consequence(format!(
            "{who} hangs on Friday evening; what {} put into {what} is done on Monday, after the users have asked",
            flow_names(&flows)
        ))
        .mend(Mend::instances(facts.id(worker), 2))
        .fix(format!("`x2` on {who}, or `lag_alert` on {what} if what is in it may wait")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a x2\n{nodes}\nflow f {flow}"), expected);
        };
        let way = "{ u -> a ~> q ~> w }";
        case("queue q x3\nworker w", way, &["unstated w"]);
        case("sqs q\nservice w", &format!("rate=50/s {way}"), &["unstated w"]);
        case("queue q x3\nworker w", "{ u -> a ~> q\nw -> q reads }", &["unstated w"]);
        case("kafka q x3\nworker w\nworker v x2", "{ u -> a ~> q ~> w, v }", &["unstated w"]);
        case("queue q x3\nworker w x2", way, &[]);
        case("queue q x3\nworker w autoscale", way, &[]);
        case("queue q x3\nlambda w", way, &[]);
        // A delay is known, and taken; or few would notice.
        case("queue q x3 lag_alert\nworker w", way, &[]);
        case("queue q x3\nworker w alert", way, &[]);
        case("queue q x3 lag_alert\nworker w", &format!("rate=5k/s {way}"), &["unstated w"]);
        case("queue q x3\nworker w", &format!("rate=5/s {way}"), &[]);
        // Several share it; one keeps the order of all; the dead are looked at by hand.
        case("queue q x3\nworker w\nworker v", "{ u -> a ~> q ~> w, v }", &[]);
        case("queue q x3 order=total\nworker w", way, &[]);
        case("queue p x3 dlq=q\nqueue q x3\nworker w\nworker v x2", "{ u -> a ~> p ~> v\nq ~> w }", &[]);
        expect(&RULE, "client u\nservice a\nqueue q\nworker w\nu -> a ~> q ~> w", &[]);
    }

    #[test]
    fn tables_as_queues() {
        let case = |nodes: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "{nodes}\npostgres d x2 {{ table t {{ key id; index state }}\ntable o {{ key id }} }}\nexternal e\nflow f {flow}"
            );
            expect(&RULE, &text, expected);
        };
        let polls = "{ w -> d reads=t by=state limit=10\nw -> e\nw -> d writes=t by=id }";
        case("worker w", polls, &["unstated w"]);
        case("worker w", &format!("rate=50/s {polls}"), &["unstated w"]);
        case("worker w x2", polls, &[]);
        case("worker w alert", polls, &[]);
        case("worker w\nmonitor m\nm ..> w observes", polls, &[]);
        case("worker w", &format!("rate=1/min {polls}"), &[]);
        // Another one does the same; nothing is put down; something else is.
        case(
            "worker w\nworker v",
            &format!("{polls}\nflow g {}", polls.replace('w', "v").replace("vrites", "writes")),
            &[],
        );
        case("worker w", "{ w -> d reads=t by=state limit=10\nw -> e }", &[]);
        case("worker w", &polls.replace("writes=t by=id", "writes=o"), &[]);
        case("service w", polls, &[]);
    }

    #[test]
    fn timetables() {
        let case = |clock: &str, worker: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "scheduler s {clock}\nworker w {worker}\ndatabase d x2\nflow f {flow} {{ s -> w -> d writes }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "x2", "", &["unstated s"]);
        case("x2 leader=lease", "", "", &["unstated w"]);
        case("", "", "", &["unstated s"]);
        case("x2 leader=lease", "x2", "", &[]);
        case("managed", "autoscale", "", &[]);
        // Somebody is told; a night's report that is a day late.
        case("alert", "", "", &[]);
        case("", "alert", "", &[]);
        case("", "", "rate=1/d", &[]);
        case("every=1d", "", "", &[]);
        case("every=1min", "", "", &["unstated s"]);
        case("every=1d", "", "availability=99%", &["unstated s"]);
        case("", "", "rate=1/d staleness=2h", &["unstated s"]);
        expect(&RULE, "scheduler s\nservice a x2\nmonitor m\nm ..> s observes\nflow f { s -> a }", &[]);
        expect(&RULE, "scheduler s\nservice a x2\ns -> a", &[]);
    }
}
