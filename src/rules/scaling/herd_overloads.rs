use std::collections::HashSet;

use crate::catalog::{Grade, Kind};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::numbers::overload::{Brunt, Herd, Outcome, Spread, herds};
use crate::rules::facts::HEADROOM;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};
use crate::units::{show_count, show_duration, show_rate};

/// Where nobody says how long a caller waits, this is how long people do (J. Nielsen, 1993: ten seconds hold attention).
const PATIENCE: f64 = 10.0;

/// Below this, nobody needs to know what a node carries.
const CONSIDERABLE: f64 = 100.0;

pub static RULE: Rule = Rule {
    id: "herd-overloads",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "after a break all come back at once, and are more than a node on their way serves in time",
    question: Some(Question {
        topic: "herds",
        text: "all of them come back after a break: over what time, and what turns away those that are too many?",
    }),
    reads: &[
        "bulkhead",
        "capacity",
        "concurrency",
        "connections",
        "connects",
        "jitter",
        "latency",
        "rate_limit",
        "reconnect",
        "shed",
        "timeout",
        "users",
    ],
    page: Page {
        checks: "Flows that say `connects`, what each starter does once when it connects or starts: all of them at once, against what \
                 each node on the way carries.",
        when: "Where more come than a node carries, the last one waits as long as all take to be served, less the time over which they come. Wrong where that is longer than the shortest \
               `timeout` of the calls on the way to the node. Points at the node, and names who comes back; once for each flow with `connects`, about the node that gets most in proportion to what it carries.\n\
               - How many come: the instances of what the flow's first line starts at; of a client the least of its `users`, the `connections` of its socket times instances (of several clients of one \
               socket, its part by `users`), and a count in `given` whose name has a word that begins with `online`, `concurrent` or `connect`.\n\
               - Over what time: `reconnect=` with `jitter`, on the client, or on the first hop of whoever else starts (of workers that start up: `render -> licences reconnect=5min jitter`); else one second.\n\
               - A node gets that many, times the requests of the flow for each. It carries its instances times `capacity`, or `concurrency` / `latency`, or its technology's default, or what an \
               external's `rate_limit` allows, as if it had nothing else to do: what else goes on just after a break is not stated.\n\
               - Where no `timeout` is stated, ten seconds count: a warning of clients, and a question of instances, which may have minutes to start.\n\
               - A question too where neither `reconnect` with `jitter`, nor `jitter=no` or `reconnect=no` is stated, where of a client only `users` are known (not all are there at once), or where the \
               capacity is a rule of thumb; a warning at most where it is another default.\n\
               - Silent where the node, or anything before it on the way, says `shed` (it notices that answers come late), where a `bulkhead` stands on the way or on a node of it, behind a queue or topic, for \
               what a vendor carries, and for an external that limits: it refuses by itself. `rate_limit` of a node of one's own counts for each caller and holds nothing back here.\n\
               - Not evaluated where a count is missing, or a capacity where 100 a second or more come.",
        why: "Who was served too late has given up, and comes again; the server spends its time on requests that nobody waits for any more. The \
              break was over long ago, and the overload feeds itself until somebody turns the requests off.",
        outage: Some(Outage {
            name: "AWS DynamoDB, 2015",
            what: "after a short partition storage servers asked for their membership all at once; those that did not get it in time left service and kept \
                   asking, until requests were paused",
            link: "https://aws.amazon.com/message/5467D2/",
        }),
        bad: "client app resume reconnect=5s jitter\nlb front managed\nsocket push x4 connections=50k capacity=20k/s heartbeat=30s drain=5min\n\
              service presence x3 capacity=2k/s metrics\nflow hello connects { app <-> front <-> push -> presence timeout=2s }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x4 connections=50k capacity=20k/s heartbeat=30s drain=5min\n\
               service presence x3 capacity=2k/s metrics\nflow hello connects { app <-> front <-> push -> presence timeout=2s }\n",
        ignore: "They cannot all lose their connection at once: they hang on parts that share nothing.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    herds(facts.design).iter().flat_map(|herd| judge(facts, herd)).collect()
}

fn judge(facts: &Facts, herd: &Herd) -> Vec<Diagnostic> {
    let worst = herd.brunts.iter().filter(|brunt| is_overloaded(brunt));
    match worst.reduce(|worst, other| if times(other) > times(worst) { other } else { worst }) {
        Some(brunt) => finding(facts, herd, brunt).into_iter().collect(),
        None => missing(facts, herd),
    }
}

fn is_overloaded(brunt: &Brunt) -> bool {
    match brunt.outcome {
        Some(Outcome::TooLate { .. } | Outcome::NeverEnds { .. }) => true,
        Some(Outcome::Waits(longest)) => brunt.timeout.is_none() && longest > PATIENCE,
        Some(Outcome::Carried | Outcome::TurnedAway) | None => false,
    }
}

/// How many times what it carries a node gets.
fn times(brunt: &Brunt) -> f64 {
    match (&brunt.load, &brunt.capacity) {
        (Ok(load), Ok(capacity)) => load.value / capacity.value,
        _ => 0.0,
    }
}

fn finding(facts: &Facts, herd: &Herd, brunt: &Brunt) -> Option<Diagnostic> {
    let flow = &facts.design.flows[herd.flow];
    let node = facts.node(brunt.node);
    let (Ok(count), Ok(span), Ok(load), Ok(capacity), Ok(drain)) =
        (&herd.count, &herd.span, &brunt.load, &brunt.capacity, &brunt.drain)
    else {
        return None;
    };
    let starters: Vec<_> = herd.crowds.iter().map(|crowd| crowd.node).collect();
    let (who, name) = (facts.names(&starters), node.name());
    let all = show_count(count.value);
    let wait = drain.value - span.value;
    let fate = match brunt.outcome? {
        Outcome::NeverEnds { late, .. } => {
            format!("{} give up before their turn, come again, and it never ends", show_count(late))
        }
        Outcome::TooLate { late } => format!("{} have given up when their turn comes", show_count(late)),
        _ => format!("the last one waits {}", show_duration(wait)),
    };
    let over = match span.value {
        seconds if seconds <= 1.0 => "at once".to_string(),
        seconds => format!("within {}", show_duration(seconds)),
    };
    let message = format!(
        "after a break, {all} of {who} come back {over}: {name} gets {}, carries {}, and {fate}",
        show_rate(load.value),
        show_rate(capacity.value)
    );
    let label = format!("{} for {}", show_rate(capacity.value), show_rate(load.value));
    let counted = herd.crowds.iter().all(|crowd| crowd.counted);
    let spread = herd.crowds.iter().all(|crowd| crowd.spread.is_stated());
    // Machines have no patience of their own; nobody says how long they may take to start.
    let patient =
        brunt.timeout.is_none() && starters.iter().any(|&start| facts.node(start).kind != Kind::Client);
    let mut finding = if counted && spread && brunt.grade != Some(Grade::C) && !patient {
        Diagnostic::wrong(message, node.span, label)
    } else if !counted {
        Diagnostic::unstated(message, node.span, label).question(format!(
            "how many of the {all} of {who} are there at once, and come back after a break?"
        ))
    } else if !spread {
        Diagnostic::unstated(message, node.span, label)
            .question(format!("over what time do the {all} of {who} come back to {name} after a break?"))
    } else if patient {
        Diagnostic::unstated(message, node.span, label).question(format!(
            "the last of the {all} of {who} waits {} for {name} before it has started: may it?",
            show_duration(wait)
        ))
    } else {
        Diagnostic::unstated(message, node.span, label)
            .question(format!("does {name} carry {} when all of {who} come back?", show_rate(load.value)))
    };
    let late = matches!(brunt.outcome, Some(Outcome::TooLate { .. } | Outcome::NeverEnds { .. }));
    if brunt.grade.is_some() || !late {
        finding = finding.at_most(Severity::Warning);
    }
    finding = finding.label(flow.span, format!("{all} do this")).node(&node.id);
    // That nothing spreads them is said for certain elsewhere, and no question is to stand before that.
    let asks = finding.verdict == Verdict::Unstated;
    let named = herd
        .crowds
        .iter()
        .filter(|crowd| crowd.node != brunt.node && !(asks && crowd.spread == Spread::AtOnce));
    for crowd in named {
        finding = finding.node(facts.id(crowd.node));
    }
    for line in load.reached.iter().chain(capacity.reached.last()) {
        finding = finding.evidence(line.clone());
    }
    finding = finding.flows([flow.id.clone()]).evidence(format!(
        "until the last is served: {}; it has waited {} − {} = {}",
        drain.reached.last()?,
        show_duration(drain.value),
        show_duration(span.value),
        show_duration(wait)
    ));
    for line in lateness(herd, brunt, wait) {
        finding = finding.evidence(line);
    }
    Some(finding.consequence(consequence(brunt, &who, &name)).fix(fix(facts, herd, brunt)?))
}

/// Of those who give up: how many, and how soon they are back.
fn lateness(herd: &Herd, brunt: &Brunt, wait: f64) -> Vec<String> {
    let (Ok(count), Some(timeout)) = (&herd.count, brunt.timeout) else { return Vec::new() };
    let part = |late: f64| {
        format!(
            "too late after {}: {} x (1 − {} / {}) = {}",
            show_duration(timeout),
            show_count(count.value),
            show_duration(timeout),
            show_duration(wait),
            show_count(late)
        )
    };
    match brunt.outcome {
        Some(Outcome::TooLate { late }) => vec![part(late)],
        Some(Outcome::NeverEnds { late, every, load }) => vec![
            part(late),
            format!(
                "each comes again after {}, until it gets an answer: {} in all",
                show_duration(every),
                show_rate(load)
            ),
        ],
        _ => Vec::new(),
    }
}

fn consequence(brunt: &Brunt, who: &str, name: &str) -> String {
    match brunt.outcome {
        Some(Outcome::NeverEnds { .. }) => format!(
            "a short break of the network is over, {name} works on requests that were given up long ago, and does so until somebody keeps {who} away from it"
        ),
        Some(Outcome::TooLate { .. }) => format!(
            "a restart throws everybody out at once; {name} answers those who have given up, and whoever tries again stands behind them"
        ),
        _ => format!(
            "a restart throws everybody out at once, and what they ask waits in {name}, which has to hold all of it before it has served any"
        ),
    }
}

fn fix(facts: &Facts, herd: &Herd, brunt: &Brunt) -> Option<String> {
    let drain = brunt.drain.as_ref().ok()?.value;
    let longer = round_up(drain / HEADROOM);
    let span = show_duration(longer).replace([' ', ','], "");
    let node = facts.node(brunt.node);
    let starters: Vec<_> = herd.crowds.iter().map(|crowd| crowd.node).collect();
    let clients = starters.iter().all(|&starter| facts.node(starter).kind == Kind::Client);
    let place = if clients { "on" } else { "on the hop from" };
    let refuses = matches!(
        node.kind,
        Kind::Lb | Kind::Gateway | Kind::Service | Kind::Worker | Kind::Function | Kind::Socket
    );
    let refuse = if refuses {
        format!("`shed` on {}", node.name())
    } else {
        format!("a `bulkhead` on the hop to {}", node.name())
    };
    Some(format!(
        "`reconnect={span} jitter` {place} {}, so that no more come than {} carries; or {refuse}, to serve what it can in time and turn away the rest",
        facts.names(&starters),
        node.name()
    ))
}

/// To five seconds, whole minutes or whole hours.
fn round_up(seconds: f64) -> f64 {
    let step = match seconds {
        _ if seconds <= 60.0 => 5.0,
        _ if seconds <= 3_600.0 => 60.0,
        _ => 3_600.0,
    };
    (seconds / step).ceil() * step
}

/// The numbers without which the herd cannot be reckoned.
fn missing(facts: &Facts, herd: &Herd) -> Vec<Diagnostic> {
    let span = facts.design.flows[herd.flow].span;
    let mut wants: Vec<&String> =
        herd.rate.as_ref().err().map_or(Vec::new(), |lacks| lacks.wants.iter().collect());
    for brunt in &herd.brunts {
        match (&brunt.load, &brunt.capacity) {
            (Ok(load), Err(lacks)) if load.value >= CONSIDERABLE => wants.extend(&lacks.wants),
            (Err(lacks), _) => wants.extend(&lacks.wants),
            _ => {}
        }
    }
    let mut seen = HashSet::new();
    wants.retain(|want| seen.insert(*want));
    wants.into_iter().map(|want| Diagnostic::not_evaluated(want, span)).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    /// Clients of a socket in front of a service that takes 1,000 a second.
    fn text(client: &str, socket: &str, service: &str, call: &str) -> String {
        format!(
            "client u {client}\nsocket s {socket} capacity=1M/s\nservice a capacity=1k/s {service}\n\
             flow f connects {{ u <-> s -> a {call} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |client: &str, socket: &str, service: &str, call: &str, expected: &[&str]| {
            expect(&RULE, &text(client, socket, service, call), expected);
        };
        let held = "connections=50k";
        case("reconnect=10s jitter", held, "", "timeout=2s", &["wrong a, u"]);
        case("reconnect=1min jitter", held, "", "timeout=2s", &[]);
        case("reconnect=no", held, "", "timeout=2s", &["wrong a, u"]);
        case("reconnect=1h jitter=no", held, "", "timeout=2s", &["wrong a, u"]);
        // Nobody says how they come.
        case("", held, "", "timeout=2s", &["unstated a, u"]);
        case("reconnect=1min", held, "", "timeout=2s", &["unstated a, u"]);
        case("reconnect jitter", held, "", "timeout=2s", &["wants a time of reconnect of u"]);
        // They wait, and long enough; without a timeout people wait ten seconds.
        case("reconnect=45s jitter", held, "", "timeout=10s", &[]);
        case("reconnect=45s jitter", held, "", "", &[]);
        case("reconnect=35s jitter", held, "", "", &["wrong a, u"]);
        // What is too much is turned away; a limit for each caller turns nobody away.
        case("reconnect=no", held, "shed", "timeout=2s", &[]);
        case("reconnect=no", "connections=50k shed", "", "timeout=2s", &[]);
        case("reconnect=no", held, "", "timeout=2s bulkhead=100", &[]);
        case("reconnect=no", held, "rate_limit=1/s", "timeout=2s", &["wrong a, u"]);
        // How many they are.
        case("reconnect=no users=1k", held, "", "timeout=2s", &[]);
        case("reconnect=no users=10k", held, "", "timeout=2s", &["wrong a, u"]);
        case("reconnect=no users=10k", "", "", "timeout=2s", &["unstated a"]);
        case("reconnect=no", "", "", "timeout=2s", &["wants users of u"]);
        // A few requests each.
        case("reconnect=1min jitter", held, "", "calls=3 timeout=2s", &["wrong a, u"]);
        // More of it.
        case("reconnect=10s jitter", held, "x6", "timeout=2s", &[]);
    }

    #[test]
    fn instances_that_start_together() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let boot = |hop: &str| {
            format!("service m x3000\nservice boot x2 capacity=50/s\nflow f connects {{ m -> boot {hop} }}")
        };
        expect(&boot("timeout=5s"), &["unstated boot, m"]);
        expect(&boot("timeout=5s jitter=no"), &["wrong boot, m"]);
        expect(&boot("timeout=5s reconnect=1min jitter"), &[]);
        // Without a timeout nobody says how long they may take to start.
        expect(&boot("jitter=no"), &["unstated boot"]);
        expect(&boot("timeout=5s reconnect=10s jitter"), &["wrong boot, m"]);
        expect(&boot("reconnect=10s jitter"), &["unstated boot, m"]);
        // Another flow than all of them take, and one whose starters are messages.
        expect(&boot("timeout=5s jitter=no").replace("connects", ""), &[]);
        expect("queue q\nworker m\nservice a capacity=1/s\nflow f connects { q ~> m -> a }", &[]);
        // Behind a queue everybody takes what he can.
        expect(
            "service m x3000\nsqs q\nworker w capacity=1/s\nflow f connects { m ~> q jitter=no ~> w }",
            &[],
        );
        // One that carries nobody knows how much.
        expect("service m x3000\nservice b\nflow f connects { m -> b jitter=no }", &["wants capacity of b"]);
        expect("service m x30\nservice b\nflow f connects { m -> b jitter=no }", &[]);
    }

    #[test]
    fn defaults_weigh_less_than_what_is_stated() {
        let of = |store: &str| {
            let text = format!(
                "client u reconnect=no\nsocket s capacity=1M/s connections=1M\n{store}\nflow f connects {{ u <-> s -> d reads timeout=1s }}"
            );
            let design = design(&text);
            let mut found = run(&RULE, &Facts::new(&design));
            let finding = found.remove(0);
            (finding.verdict, finding.severity)
        };
        use crate::diagnostic::Verdict::{Unstated, Wrong};
        assert_eq!(of("postgres d capacity=5k/s"), (Wrong, Severity::Error));
        assert_eq!(of("postgres d"), (Unstated, Severity::Warning));
    }
}
