use std::collections::{HashMap, HashSet};

use petgraph::graph::{EdgeIndex, NodeIndex};

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Calls, Confidence, Facts, Group, Page, Question, Rule};
use crate::units::{show_duration, show_number};

pub static RULE: Rule = Rule {
    id: "timeout-inversion",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Resilience,
    summary: "a caller gives up before the one it calls does, which goes on working for nobody",
    question: Some(Question {
        topic: "patience",
        text: "a default ends the call before what is behind it may end: does the caller really give up that early?",
    }),
    reads: &["attempts", "backoff", "deadline", "timeout"],
    page: Page {
        checks: "The `timeout` of each call of a flow beside what the called one may spend on a single call of its own.",
        when: "In one flow the `timeout` of an outer call `a -> b` is shorter than `timeout` × `attempts` (one, where not said) of an \
               inner call `b -> c` that `b` makes for it: `c` comes next on the same line, or `b` begins a later line (where a queue or topic has handed something to `b` by then, it makes that call for the message). \
               What another line of the flow makes `b` call for somebody else does not count. Calls that `b` makes one \
               after another are not added up, and where `b -> c` says nothing of a timeout, what `c` calls counts instead. \
               Wrong, and shown at the outer `timeout`, where that stands on its own hop: an error where the inner one does too, \
               a warning where the inner one comes from `every call`. A question, as a remark and once for the whole design, where the \
               outer one comes from `every call` alone, which was hardly meant for this hop. Silent where either hop passes on a `deadline`, and where `a` is a scheduler, which only starts the job, or a client whose timeout is only that of `every call`.",
        why: "The caller is gone, often to try again, while its first request still holds a thread, a connection and a place \
              in the store. Under load the work that nobody waits for displaces the work that somebody does.",
        outage: None,
        bad: "client web\nlb front managed\nservice orders x2\nservice stock x2\npostgres store x2 failover=auto\n\
              flow order { web -> front -> orders -> stock timeout=300ms -> store reads timeout=2s }\n",
        good: "client web\nlb front managed\nservice orders x2\nservice stock x2\npostgres store x2 failover=auto\n\
               flow order { web -> front -> orders -> stock timeout=3s -> store reads timeout=2s }\n",
        ignore: "The inner work is worth finishing although its caller has gone: hand it off with `~>`.",
    },
    check,
};

/// The longest that a node may spend on one of its calls.
#[derive(Clone, Copy)]
struct Longest<'d> {
    step: &'d Step,
    seconds: f64,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    // One cause, one finding: an outer call, an inner one, or a default that is too short in several places.
    let mut known: HashMap<Cause, usize> = HashMap::new();
    let mut listed: HashSet<(usize, EdgeIndex)> = HashSet::new();
    for calls in facts.calls() {
        let behind = behind(facts, &calls);
        for (&outer, inner) in calls.steps.iter().zip(behind) {
            let attrs = &facts.design.graph[outer.hop].attrs;
            let Some(limit) = attrs.number("timeout").value() else { continue };
            let Some(inner) = inner else { continue };
            // A timer starts a job, and does not wait for its end.
            let starts = facts.node(outer.from).kind == Kind::Scheduler;
            let default = attrs.get("timeout").filter(|setting| setting.inherited);
            // Clients have a patience of their own, unless it is stated.
            let patient = default.is_some() && facts.node(outer.from).kind == Kind::Client;
            if starts || patient || outer.attrs.has("deadline") || inner.seconds <= limit * 1.000_001 {
                continue;
            }
            let causes = match default {
                Some(_) => vec![Cause::Default],
                None => vec![Cause::Outer(outer.hop), Cause::Inner(inner.step.hop)],
            };
            let next = found.len();
            let at = causes.iter().find_map(|cause| known.get(cause)).copied().unwrap_or(next);
            for cause in causes {
                known.entry(cause).or_insert(at);
            }
            if at == next {
                found.push(finding(facts, outer, limit, inner));
            }
            let known = &mut found[at];
            if listed.insert((at, outer.hop)) {
                let [from, to] = [outer.from, outer.to].map(|node| facts.id(node));
                let longer = format!("timeout={}", show_duration(inner.seconds * 1.2).replace(' ', ""));
                let mend = known.mends.pop().unwrap_or_default();
                known.mends.push(mend.and_hop(from, to, &longer));
                if at != next && known.hops.len() < 5 {
                    let [limit, spent] = [limit, inner.seconds].map(show_duration);
                    let target = facts.id(inner.step.to);
                    known
                        .evidence
                        .push(format!("likewise {from} → {to}: {limit}, behind it {spent} on {target}"));
                }
                known.hops.push((from.to_string(), to.to_string()));
            }
            if let Some(flow) = calls.flow
                && known.flows.last() != Some(&flow.id)
            {
                known.flows.push(flow.id.clone());
            }
        }
    }
    found
}

#[derive(PartialEq, Eq, Hash)]
enum Cause {
    Outer(EdgeIndex),
    Inner(EdgeIndex),
    Default,
}

/// For each call, the longest that its end may spend on one call that it makes for it.
///
/// From the last call to the first, so that those who are called are known before their callers. A line that goes on from a
/// call belongs to that one; a line that begins at a node belongs to all who have called it before.
fn behind<'d>(facts: &Facts, calls: &Calls<'d>) -> Vec<Option<Longest<'d>>> {
    let for_messages = for_messages(facts, calls);
    // By who makes the call, and the line and its arrow where it goes on from another.
    let mut longest: HashMap<(NodeIndex, Option<(usize, usize)>), Longest> = HashMap::new();
    let mut behind = Vec::with_capacity(calls.steps.len());
    for &step in calls.steps.iter().rev() {
        let attrs = &facts.design.graph[step.hop].attrs;
        let own = attrs.number("timeout");
        let goes_on = longest.get(&(step.to, Some((step.line, step.leg + 1)))).copied();
        let begins = longest.get(&(step.to, None)).copied();
        let next = match (goes_on, begins) {
            (Some(one), Some(other)) if one.seconds < other.seconds => Some(other),
            (one, other) => one.or(other),
        };
        behind.push(next);
        if step.attrs.has("deadline")
            || own.is_no()
            || step.leg == 0 && for_messages.contains(&(step.line, step.from))
        {
            continue;
        }
        let this = match own.value() {
            Some(timeout) => {
                let attempts = attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
                Some(Longest { step, seconds: timeout * attempts })
            }
            None => next,
        };
        let Some(this) = this else { continue };
        // Without flows there are no lines of one request, only calls.
        let place = (step.leg > 0 && calls.flow.is_some()).then_some((step.line, step.leg));
        let most = longest.entry((step.from, place)).or_insert(this);
        if this.seconds >= most.seconds {
            *most = this;
        }
    }
    behind.reverse();
    behind
}

/// The lines of a flow that begin at what a queue or topic has handed something to, after its last call: by line and node.
fn for_messages(facts: &Facts, calls: &Calls) -> HashSet<(usize, NodeIndex)> {
    let mut begin = HashSet::new();
    let mut handed: HashSet<NodeIndex> = HashSet::new();
    for step in calls.flow.map_or(&[][..], |flow| facts.design.steps_of(flow)) {
        if step.leg == 0 && handed.contains(&step.from) {
            begin.insert((step.line, step.from));
        }
        match facts.arrow(step) {
            Arrow::Handoff => _ = handed.insert(step.to),
            Arrow::Call | Arrow::Stream => _ = handed.remove(&step.to),
            Arrow::Control => {}
        }
    }
    begin
}

fn finding(facts: &Facts, outer: &Step, limit: f64, inner: Longest) -> Diagnostic {
    let step = inner.step;
    let attrs = &facts.design.graph[step.hop].attrs;
    let outer_attrs = &facts.design.graph[outer.hop].attrs;
    let [who, callee, spender, target] =
        [outer.from, outer.to, step.from, step.to].map(|node| facts.node(node).name());
    let [limit_shown, spent] = [limit, inner.seconds].map(show_duration);
    let timeout = show_duration(attrs.number("timeout").value().unwrap_or(inner.seconds));
    let attempts = attrs.number("attempts").value().unwrap_or(1.0).max(1.0);
    let message = if outer.to == step.from {
        format!("{who} waits {limit_shown} for {callee}, which may spend {spent} on {target}")
    } else {
        format!(
            "{who} waits {limit_shown} for {callee}, behind which {spender} may spend {spent} on {target}"
        )
    };
    let inherited = attrs.get("timeout").is_some_and(|setting| setting.inherited);
    let at = outer_attrs.get("timeout").filter(|setting| !setting.inherited);
    let sum = match (attempts > 1.0, attrs.has("backoff")) {
        (false, _) => format!("waits up to {spent}"),
        (true, false) => format!("{} attempts × {timeout} = {spent}", show_number(attempts)),
        (true, true) => {
            format!(
                "{} attempts × {timeout} = {spent}, and the waits of `backoff` between them",
                show_number(attempts)
            )
        }
    };
    let finding = match at {
        Some(own) => Diagnostic::wrong(message, own.span, format!("gives up after {limit_shown}")),
        // A default was not thought of for this very hop.
        None => Diagnostic::unstated(message, outer.span, format!("{limit_shown} from `every call`"))
            .question(format!(
                "does {who} really give up on {callee} after {limit_shown}, with up to {spent} spent behind it?"
            ))
            .at_most(Severity::Info),
    };
    let mut finding = finding
    .node(facts.id(outer.from))
    .node(facts.id(outer.to))
    .evidence(format!("{} → {} gives up after {limit_shown}", facts.id(outer.from), facts.id(outer.to)))
    .evidence(format!("{} → {}: {sum}", facts.id(step.from), facts.id(step.to)))
    .consequence(format!(
        "{target} slows down: {who} gives up and its own caller gets an error, while {spender} still works for nobody; every retry \
         puts one more such request beside it"
    ))
    .fix(format!(
        "`{} -> {} timeout={}`, above all that is spent behind it; or a shorter timeout or fewer attempts on `{} -> {}`; \
         or `deadline` on both, so that nobody works for a caller that has gone",
        facts.id(outer.from),
        facts.id(outer.to),
        show_duration(inner.seconds * 1.2).replace(' ', ""),
        facts.id(step.from),
        facts.id(step.to)
    ));
    if let Some(own) = attrs.get("timeout").filter(|setting| !setting.inherited) {
        finding = finding.label(own.span, sum);
    }
    if inherited {
        finding = finding.at_most(Severity::Warning);
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};

    const NODES: &str = "client u\nlb l\nservice a\nservice b\nservice c\nqueue q\nworker w\nexternal e\n";

    #[test]
    fn cases() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{NODES}{text}"), expected);
        case("flow f { u -> a -> b timeout=1s -> c timeout=2s }", &["wrong a, b"]);
        case("flow f { u -> a -> b timeout=1s -> c timeout=500ms attempts=3 backoff }", &["wrong a, b"]);
        // A default is asked about, once however many hops it is too short for.
        case("every call timeout=1s\nflow f { u -> a -> b -> e timeout=3s }", &["unstated a, b"]);
        case(
            "every call timeout=1s\nflow f { u -> a -> b -> e timeout=3s }\nflow g { u -> b -> c -> e timeout=9s }",
            &["unstated a, b"],
        );
        // What a hop says of itself is not hidden behind the default.
        case(
            "every call timeout=1s\nflow f { u -> a -> b -> e timeout=3s }\nflow g { u -> c -> b timeout=2s\nb -> e }",
            &["unstated a, b", "wrong c, b"],
        );
        // A layer between that says nothing waits as long as what it calls.
        case("flow f { u -> a timeout=1s -> l -> b timeout=4s }", &["wrong u, a"]);
        case(
            "every call timeout=1s\nflow f { u -> a -> b attempts=2 -> c attempts=2 -> e attempts=2 }",
            &["unstated a, b"],
        );
        case("scheduler t\nflow f { t -> a timeout=1s -> e timeout=9s }", &[]);
        // Outer above inner, as long, or as long as all tries together.
        case("flow f { u -> a -> b timeout=2s -> c timeout=1s }", &[]);
        case("every call timeout=1s\nflow f { u -> a -> b -> c }", &[]);
        case("flow f { u -> a -> b timeout=3s -> c timeout=1s attempts=3 }", &[]);
        // The time left is passed on.
        case("flow f { u -> a -> b deadline timeout=1s -> c timeout=2s }", &[]);
        case("flow f { u -> a -> b timeout=1s -> c deadline timeout=2s }", &[]);
        // One after another is not added up; a queue lies between; different flows.
        case("flow f { u -> a timeout=1s\na -> b timeout=800ms\na -> c timeout=800ms }", &[]);
        case("flow f { u -> a timeout=1s ~> q ~> w -> e timeout=9s }", &[]);
        case("flow f { u -> a -> b timeout=1s }\nflow g { u -> b -> c timeout=2s }", &[]);
        case("flow f { u -> a -> b -> c timeout=2s }", &[]);
    }

    /// Two ways through one node are two requests, and what is done for a message nobody waits for.
    #[test]
    fn only_what_is_called_for_it_counts() {
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{NODES}{text}"), expected);
        case("flow f { u -> a -> b timeout=1s\nu -> c -> b timeout=5s -> e timeout=3s }", &[]);
        case("flow f { u -> b -> e timeout=3s\nu -> a -> b timeout=1s }", &[]);
        case("flow f { u -> a -> b timeout=1s\nu -> c -> b timeout=5s\nb -> e timeout=3s }", &["wrong a, b"]);
        case("flow f { u -> a -> b timeout=1s\nu -> c -> b timeout=2s -> e timeout=3s }", &["wrong c, b"]);
        case("flow f { u -> a -> b timeout=1s\nb -> c\nc -> e timeout=3s }", &["wrong a, b"]);
        case("flow f { u -> a timeout=1s ~> q ~> a -> e timeout=9s }", &[]);
        case("flow f { u -> a timeout=1s ~> q ~> a\na -> e timeout=9s }", &[]);
        case("flow f { u -> a timeout=1s ~> q ~> w\na -> e timeout=9s }", &["wrong u, a"]);
        case("u -> a -> b timeout=1s\nb -> e timeout=3s", &["wrong a, b"]);
    }

    #[test]
    fn a_default_weighs_less() {
        for (hops, severity) in [
            ("timeout=1s -> e timeout=3s", Severity::Error),
            ("timeout=500ms -> e", Severity::Warning),
            ("-> e timeout=3s", Severity::Info),
        ] {
            let text = format!("every call timeout=1s\n{NODES}flow f {{ u -> a -> b {hops} }}");
            let found = crate::rules::run(&RULE, &crate::rules::Facts::new(&design(&text)));
            assert_eq!(found[0].severity, severity);
        }
    }
}
