mod elsewhere;
mod repeats;

use std::collections::{HashMap, HashSet};

use petgraph::graph::{EdgeIndex, NodeIndex};

use crate::catalog::Kind;
use crate::design::rows::sets;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;
use crate::units::show_number;
use elsewhere::keyed_elsewhere;
use repeats::{changes, has_no_unique, numbers, numbers_rows, overwrites};

pub static RULE: Rule = Rule {
    id: "write-api-not-idempotent",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Api,
    summary: "a request that is tried again is done again",
    question: Some(Question {
        topic: "idempotency",
        text: "the client tries again: is it done once or twice?",
    }),
    reads: &[
        "attempts",
        "by",
        "conditional",
        "dedupe",
        "generates",
        "idempotency_key",
        "idempotent",
        "reads",
        "writes",
    ],
    page: Page {
        checks: "Flows that a client or an outside party starts and waits for, and that change something: whether a second \
                 try is told from a second request.",
        when: "Over calls and connections from its start the flow reaches an application that writes a database or \
               warehouse (says `writes`, or has no `reads` in a flow whose label begins with POST or PATCH), calls an \
               external service with `writes`, or hands a message to a broker in a flow that writes no store and either \
               reads none or is a POST or PATCH. No step of the flow has an `idempotency_key`, and no application on the \
               way states `idempotent` or `dedupe` (`idempotent` does not count where the written table is drawn with a running number, `seq`, in its key, or an application on the way `generates` its keys, and it has no `unique`: nothing there could know the repeat); a consumer's word does not count, which knows a message that is delivered \
               again, but not a second request's new one. Wrong where a hop on the way to that application \
               has `attempts` above one, or where it says `idempotent=no`; otherwise a question. Left alone: labels that \
               begin with GET, HEAD, PUT, DELETE, Set, Rename, Mark, Replace, Overwrite, Upsert, Remove or Cancel; writes of a row that is there (`by=` its key), unless the label begins with POST or PATCH, and those that compare a version (`by=` a field `version`, `revision`, `rev` or `etag`); \
               tables of one row for each of something else (the one field of their key is a `ref`, another table of the store, or a `user`, `account`, `customer`, `member`, `owner`, `tenant`, `device`, `driver`, `vehicle`, `sku`; or their name ends with `status`, `state`, `position`, `location`, `presence`, `setting`, `profile`, `preference`), \
               unless their name says that they add up (`counter`, `count`, `balance`, `stock`, `quota`, `cart`, `account`, `wallet`, `credit`, `point`, `score`, `inventory`, `total`, `usage`, `budget`); writes that are `conditional` (unless into such a numbered table: the second try gets the next number), or to tables with a `unique` or a key \
               that the caller chooses (several fields, none of them made by the server), unless an application on the \
               way `generates` ids; messages whose consumers are all `idempotent` (and do not write tables whose keys are all made by the system, without a `unique`: a second request is another row there), or write nothing but files, search indexes and \
               caches (`dedupe` is not enough: it knows redelivered messages, not a second request); messages that another flow hands over by the same hop with a key; and designs without flows. Labels are trusted: a PUT \
               that adds to what is there is not seen. A flow whose call to an external is itself tried again without a key is `retry-of-unsafe-call`'s.\n\n\
               Also a question, whatever else tells repeats there: an application calls an external with `writes`, without `idempotency_key` or `conditional` and not tried again by itself, and a call with `writes` of the same external in another flow carries a key.",
        why: "A request times out when its answer is lost as well as when it is. The phone cannot tell, so it sends again; so \
              do proxies and libraries. Without a key that stays the same from one try to the next, the second order looks \
              like another order.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\npostgres store x2\nflow order \"POST /orders\" { web -> front -> orders attempts=3 -> store writes }\n",
        good: "client web\nlb front managed\nservice orders x2\npostgres store x2\nflow order \"POST /orders\" { web -> front -> orders attempts=3 idempotency_key -> store writes }\n",
        ignore: "Doing it twice does no harm, as with a log line: say so with an `allow`.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let harmless_consumers = |broker: NodeIndex| {
        let consumers = facts.consumers(broker);
        // `dedupe` knows the broker's own copies of a message; a second request makes a second message.
        let repeatable = |&consumer: &NodeIndex| {
            let knows = facts.node(consumer).attrs.has("idempotent") && !numbers_rows(facts, consumer);
            knows || overwrites(facts, consumer)
        };
        !consumers.is_empty() && consumers.iter().all(repeatable)
    };
    let mut known: HashMap<NodeIndex, bool> = HashMap::new();
    let keyed = hops_with_a_key(facts);
    let mut told = |step: &Step| {
        keyed.contains(&step.hop) || *known.entry(step.to).or_insert_with(|| harmless_consumers(step.to))
    };
    let mut found = Vec::new();
    let mut spoken: HashSet<&str> = HashSet::new();
    for journey in facts.journeys() {
        let certain = facts.repeats_outside(&journey).iter().any(|(_, most)| most.is_some());
        spoken.extend(journey.flow.filter(|_| certain).map(|flow| flow.id.as_str()));
    }
    let mut asked: HashSet<&str> = HashSet::new();
    for flow in &facts.design.flows {
        let (step, finding) = match of_flow(facts, flow, &mut told) {
            Some(both) => both,
            None => continue,
        };
        // That the call outside is tried again, which `retry-of-unsafe-call` says, is the better story.
        if facts.node(step.to).kind != Kind::External || !spoken.contains(flow.id.as_str()) {
            found.push(finding);
            asked.insert(flow.id.as_str());
        }
    }
    found.extend(keyed_elsewhere(facts, &asked));
    found
}

/// The hops of flows in which a request has a key: drawn again in another flow, it is the same request.
fn hops_with_a_key(facts: &Facts) -> HashSet<EdgeIndex> {
    let steps = facts.design.flows.iter().map(|flow| facts.design.steps_of(flow));
    steps
        .filter(|steps| steps.iter().any(|step| step.attrs.has("idempotency_key")))
        .flat_map(|steps| steps.iter().map(|step| step.hop))
        .collect()
}

/// What is known of a node that the request has reached.
#[derive(Clone, Copy)]
struct Reached<'d> {
    /// A hop on the way that is tried more than once.
    retried: Option<&'d Step>,
    /// Something on the way tells a repeat from a new request.
    told: bool,
    /// An application on the way says that it knows a repeat, and not by what.
    idempotent: bool,
    /// Something on the way makes a new id for each request.
    generates: bool,
    said_not: Option<Span>,
}

fn of_flow<'d>(
    facts: &Facts<'d>,
    flow: &Flow,
    told: &mut dyn FnMut(&Step) -> bool,
) -> Option<(&'d Step, Diagnostic)> {
    let steps = facts.design.steps_of(flow);
    let method = flow.method();
    if matches!(method, "GET" | "HEAD" | "OPTIONS")
        || sets(flow)
        || steps.iter().any(|step| step.attrs.has("idempotency_key"))
    {
        return None;
    }
    let posts = matches!(method, "POST" | "PATCH");
    let mut reached: HashMap<NodeIndex, Reached> = HashMap::new();
    let mut touched: HashSet<NodeIndex> = HashSet::new();
    let (mut reads, mut writes) = (false, false);
    let mut effect: Option<(&Step, Reached)> = None;
    for step in steps {
        let (from, to) = (facts.node(step.from), facts.node(step.to));
        let first = touched.insert(step.from);
        touched.insert(step.to);
        if first && step.leg == 0 && matches!(from.kind, Kind::Client | Kind::External) {
            let start =
                Reached { retried: None, told: false, idempotent: false, generates: false, said_not: None };
            reached.insert(step.from, start);
        }
        let Some(&way) = reached.get(&step.from) else { continue };
        let hop = &facts.design.graph[step.hop];
        if from.kind.is_app() {
            reads |= to.kind.is_store() && facts.reads(step);
            writes |= to.kind.is_durable() && step.attrs.has("writes");
            let weaker = effect.is_none_or(|(step, _)| facts.node(step.to).kind.is_broker());
            let made_here = numbers(facts, step) || (way.generates && has_no_unique(facts, step));
            let knows = way.told || (way.idempotent && !made_here);
            if weaker && !knows && changes(facts, step, posts, way.generates, told) {
                effect = effect.filter(|_| to.kind.is_broker()).or(Some((step, way)));
            }
        }
        let goes_on = (to.kind.is_compute() || matches!(to.kind, Kind::Cdn | Kind::Waf | Kind::Dns))
            && matches!(hop.arrow, Arrow::Call | Arrow::Stream);
        if goes_on && !reached.contains_key(&step.to) {
            let again = hop.attrs.number("attempts").value().is_some_and(|attempts| attempts > 1.0);
            let said_not = to.attrs.get("idempotent").filter(|_| !to.attrs.has("idempotent"));
            let onward = Reached {
                retried: way.retried.or(again.then_some(step)),
                told: way.told || to.attrs.has("dedupe"),
                idempotent: way.idempotent || to.attrs.has("idempotent"),
                generates: way.generates || to.attrs.has("generates"),
                said_not: way.said_not.or(said_not.map(|setting| setting.span)),
            };
            reached.insert(step.to, onward);
        }
    }
    let (step, way) = effect?;
    // A flow that reads hands off what it has seen on the side: a view, a click; one that has written hands off the news
    // of it. Their consumers are judged by themselves.
    let on_the_side = facts.node(step.to).kind.is_broker() && (writes || (reads && !posts));
    if on_the_side { None } else { Some((step, finding(facts, flow, step, way))) }
}

fn finding(facts: &Facts, flow: &Flow, step: &Step, way: Reached) -> Diagnostic {
    let (writer, target) = (facts.node(step.from), facts.node(step.to));
    let what = match &flow.label {
        Some(label) => label.clone(),
        None => format!("`{}`", flow.id),
    };
    let effect = match target.kind {
        Kind::External => format!("calls {}", target.name()),
        kind if kind.is_broker() => format!("puts a message into {}", target.name()),
        _ => format!("writes {}", target.name()),
    };
    let first = &facts.design.steps_of(flow)[0];
    let start = facts.node(first.from).name();
    let finding = match (way.retried, way.said_not) {
        (Some(retried), _) => {
            let (from, to) = (facts.node(retried.from).name(), facts.node(retried.to).name());
            let hop = &facts.design.graph[retried.hop];
            let tries = show_number(hop.attrs.number("attempts").value().unwrap_or(2.0));
            let message = format!(
                "{from} sends {what} to {to} up to {tries} times, and each time {} {effect}",
                writer.name()
            );
            Diagnostic::wrong(
                message,
                retried.span,
                format!("tried up to {tries} times, with no key to tell"),
            )
            .hop(facts.id(retried.from), facts.id(retried.to))
        }
        (None, Some(span)) => {
            let message = format!("when {start} tries {what} again, {} {effect} again", writer.name());
            Diagnostic::wrong(message, span, "said not to be")
        }
        (None, None) => {
            let message = format!(
                "nothing tells a second try of {what} from a second request: {} {effect}",
                writer.name()
            );
            Diagnostic::unstated(message, first.span, "no `idempotency_key`")
                .question(format!("{start} tries {what} again: is it done once or twice?"))
        }
    };
    let kept = match target.kind.is_durable() {
        true => format!(", kept in {} together with what it did", target.name()),
        false => format!(", which {} remembers", writer.name()),
    };
    finding
        .flows([flow.id.clone()])
        .label(step.span, format!("{effect} each time"))
        .evidence(format!(
            "no step of `{}` has a key, and {} does not say that it knows repeats",
            flow.id,
            writer.name()
        ))
        .consequence(format!(
            "the answer is lost on the way back, {start} tries again, and {} {effect} a second time",
            writer.name()
        ))
        .mend(Mend::step(first, "idempotency_key"))
        .fix(format!(
            "`idempotency_key` on `{} -> {}` in `{}`{kept}; or `idempotent` on {} if a repeat has no effect",
            facts.id(first.from),
            facts.id(first.to),
            flow.id,
            writer.name()
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nlb l\nservice a\nservice b\ndatabase d {{\n\
                 table t {{ key id }}\ntable like {{ key user, post }}\ntable theme {{ key user }}\ntable wallet {{ key user }}\ntable v {{ key id; unique email }}\n}}\n\
                 queue q\nworker w\nexternal p\nflow f {flow}"
            );
            expect(&RULE, &text, expected);
        };
        case("{ u -> l -> a -> d writes }", &["unstated f"]);
        case("\"POST /t\" { u -> a -> d }", &["unstated f"]);
        case("{ u -> l -> a -> d writes idempotency_key }", &[]);
        case("{ u -> l idempotency_key -> a -> d writes }", &[]);
        // Tried again by what is drawn.
        case("{ u -> l attempts=3 -> a -> d writes }", &["wrong u->l"]);
        case("{ u -> l -> a -> b attempts=2 -> d writes }", &["wrong a->b"]);
        case("{ u -> l -> a attempts=1 -> d writes }", &["unstated f"]);
        // The last hop's attempts are a matter of that write, not of the request.
        case("{ u -> a -> d writes attempts=3 }", &["unstated f"]);
        // Reads, in whatever way they are said.
        case("{ u -> a attempts=3 -> d reads }", &[]);
        case("{ u -> a -> d }", &[]);
        case("\"GET /t\" { u -> a -> d writes }", &[]);
        case("\"PUT /t/{id}\" { u -> a -> d writes }", &[]);
        // A click on the side is the consumer's matter; a job handed off is the request itself.
        case("{ u -> a -> d reads\na ~> q ~> w -> d writes }", &[]);
        case("{ u -> a ~> q ~> w -> d writes }", &["unstated f"]);
        case("\"POST /jobs\" { u -> a -> d reads\na ~> q ~> w }", &["unstated f"]);
        // Keys that make the second write find the first.
        case("{ u -> a -> d writes=t conditional }", &[]);
        case("{ u -> a -> d writes=like }", &[]);
        // A row that is there is written again; a POST or PATCH may add to it, unless it compares a version.
        case("{ u -> a -> d writes=t by=id }", &[]);
        case("\"POST /t/{id}/more\" { u -> a -> d writes=t by=id }", &["unstated f"]);
        case("\"PATCH /t/{id}\" { u -> a -> d writes=t by=[id, version] }", &[]);
        case("\"Rename it\" { u -> a -> d writes=t }", &[]);
        case("\"Add one\" { u -> a -> d writes=t }", &["unstated f"]);
        // One row for each: it is set, or added up.
        case("\"POST /theme\" { u -> a -> d writes=theme }", &[]);
        case("\"POST /wallet\" { u -> a -> d writes=wallet }", &["unstated f"]);
        case("\"POST /likes\" { u -> a -> d writes=like\na ~> q ~> w }", &[]);
        case("{ u -> a -> d writes=v }", &[]);
        case("{ u -> a -> d writes=[t, like] }", &["unstated f"]);
        // Somebody else's system.
        case("{ u -> a -> p writes }", &["unstated f"]);
        case("{ u -> a -> p }", &[]);
        // Nobody outside waits: a worker's write.
        case("{ q ~> w -> d writes }", &[]);
    }

    #[test]
    fn who_tells_repeats() {
        let case = |service: &str, worker: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a {service}\nservice b\ndatabase d {{ table t {{ key id; unique slug }}; table n {{ key room, seq }}; table m {{ key code }} }}\n\
                 queue q\nworker w {worker}\nblob f\nflow f {{ {flow} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("idempotent", "", "u -> a -> d writes", &[]);
        case("dedupe=d", "", "u -> a -> b -> d writes", &[]);
        // The repeat gets the next number, whatever is said: nothing in the row is the caller's.
        case("idempotent", "", "u -> a -> d writes=n", &["unstated f"]);
        case("idempotent", "", "u -> a -> d writes=n conditional", &["unstated f"]);
        case("", "", "u -> a -> d writes=n conditional", &["unstated f"]);
        case("idempotent", "", "u -> a -> d writes=t", &[]);
        // A repeat gets a new code, unless something else in the row is the caller's.
        case("idempotent generates=code", "", "u -> a -> d writes=m", &["unstated f"]);
        case("idempotent generates=code", "", "u -> a -> d writes=t", &[]);
        case("idempotent", "", "u -> a idempotency_key -> d writes=n conditional", &[]);
        case("idempotent=no", "", "u -> a -> d writes", &["wrong f"]);
        case("", "", "u -> a ~> q ~> w -> f writes", &[]);
        case("", "", "u -> a ~> q ~> w -> f writes\nw -> d writes", &["unstated f"]);
        case("", "idempotent", "u -> a ~> q ~> w -> d writes", &[]);
        case("", "idempotent", "u -> a ~> q ~> w -> d writes=t", &[]);
        // Its message has a new number, and so has its row.
        case("", "idempotent", "u -> a ~> q ~> w -> d writes=n", &["unstated f"]);
        // The second request's message has a new id: its consumer cannot know it.
        case("", "dedupe=key", "u -> a ~> q ~> w -> d writes", &["unstated f"]);
        case(
            "",
            "dedupe=key",
            "u -> a ~> q ~> w }\nflow g { u -> a idempotency_key ~> q ~> w -> d writes",
            &[],
        );
        case("", "dedupe=key", "u -> a idempotency_key ~> q ~> w -> d writes", &[]);
        // A new code for each try is found by no key.
        case("generates=code", "", "u -> a -> d writes=t conditional", &["unstated f"]);
        case("", "", "u -> a -> d writes=t", &[]);
    }
}
