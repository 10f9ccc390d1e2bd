use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::Arrow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "blind-monitoring",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "what watches something goes down with it, and nobody sees why",
    question: None,
    reads: &["alert", "fate", "managed", "observes", "out_of_band"],
    page: Page {
        checks: "Hops `..> observes`, and monitors that are sent figures: whether the observer still sees when what it observes is down.",
        when: "Four ties make an observer blind. First: it depends on what it observes, directly or through others, by `needs` without `cached`, by calls that are \
               not optional, or by a queue or topic that it fills: who sends the alarms through the broker that is watched sends none when that fails. \
               A monitor's calls to a service are how it looks at it, and do not count. Second: both name the same `fate`. Third: both stand in the same `zone` block, \
               in a design whose nodes stand in several zones; where there is only one, all is said with that. Fourth: both depend on one and the same registry, \
               DNS, configuration, identity service, lock, store of secrets or queue that nothing else observes, that has no `alert` \
               and is not managed. Silent where another observer without such a tie observes the same, where the hop \
               says `out_of_band`, and for observers that are `external`.",
        why: "An outage is found with what still works. A dashboard that needs the failing part shows nothing, or the last good \
              minute, and everybody searches in the wrong place.",
        outage: Some(Outage {
            name: "AWS Kinesis, 2020",
            what: "the tool that updates the status page depended on a service that the outage had taken down",
            link: "https://aws.amazon.com/message/11201/",
        }),
        bad: "client web\nlb front managed\nservice api x3\nconsul peers x3\nmonitor watch x2\napi ..> peers needs cached=10min\n\
              watch ..> api, peers observes\nwatch ..> peers needs\nflow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x3\nconsul peers x3\nmonitor watch x2\napi ..> peers needs cached=10min\n\
               watch ..> api, peers observes\nwatch ..> peers needs cached=1h\nflow order { web -> front -> api }\n",
        ignore: "Somebody else looks from outside, as a vendor that calls the front door every minute: draw it.",
    },
    check,
};

/// For each observer, what it observes and where that is drawn.
type Observers = BTreeMap<NodeIndex, Vec<(NodeIndex, Span)>>;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let observers = observers(facts);
    let mut ties = Vec::new();
    for (&observer, seen) in &observers {
        let depends = facts.depends_on(observer);
        for &(subject, span) in seen {
            if depends.reaches(subject) {
                let way = facts.show_way(&depends.way_to(subject));
                ties.push((observer, subject, span, format!("{way}: each depends on the next")));
            } else if let Some(fate) = facts.common_fate(observer, subject) {
                ties.push((observer, subject, span, format!("both fall with `{fate}`")));
            }
        }
    }
    let tied: HashSet<(NodeIndex, NodeIndex)> = ties.iter().map(|tie| (tie.0, tie.1)).collect();
    // Someone else looks at the same thing and has no such tie.
    let mut seen_by: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
    for (&observer, seen) in &observers {
        for &(subject, _) in seen {
            seen_by.entry(subject).or_default().push(observer);
        }
    }
    let mut blind: BTreeMap<NodeIndex, Vec<(NodeIndex, Span, String)>> = BTreeMap::new();
    for (observer, subject, span, why) in &ties {
        let others = &seen_by[subject];
        if others.iter().all(|&other| tied.contains(&(other, *subject))) {
            blind.entry(*observer).or_default().push((*subject, *span, why.clone()));
        }
    }
    let mut found = Vec::new();
    for (&observer, seen) in &observers {
        if facts.node(observer).kind == Kind::External {
            continue;
        }
        match blind.get(&observer) {
            Some(ties) => found.push(falls_with(facts, observer, ties)),
            None => found.extend(shares(facts, observer, seen, &seen_by)),
        }
    }
    found
}

fn observers(facts: &Facts) -> Observers {
    let mut observers = Observers::new();
    let mut known = HashSet::new();
    for step in &facts.design.steps {
        let sends = facts.node(step.to).kind == Kind::Monitor && facts.arrow(step) != Arrow::Control;
        let (observer, subject) = match facts.arrow(step) {
            Arrow::Control if step.attrs.has("observes") && !step.attrs.has("out_of_band") => {
                (step.from, step.to)
            }
            _ if sends => (step.to, step.from),
            _ => continue,
        };
        if known.insert((observer, subject)) {
            observers.entry(observer).or_default().push((subject, step.span));
        }
    }
    observers
}

fn falls_with(facts: &Facts, observer: NodeIndex, ties: &[(NodeIndex, Span, String)]) -> Diagnostic {
    let subjects: Vec<NodeIndex> = ties.iter().map(|(subject, ..)| *subject).collect();
    let [who, whom] = [facts.node(observer).name(), facts.names(&subjects)];
    let (_, span, _) = ties[0];
    let fail = if subjects.len() == 1 { "fails" } else { "fail" };
    let mut finding = Diagnostic::wrong(
        format!("{who} is blind when {whom} {fail}: it goes down with what it observes"),
        span,
        "falls together with it",
    )
    .node(facts.id(observer));
    for (subject, _, why) in ties.iter().take(3) {
        finding = finding
            .node(facts.id(*subject))
            .hop(facts.id(observer), facts.id(*subject))
            .evidence(why.clone());
    }
    finding
        .consequence(format!("{whom} {fail} at night, {who} shows nothing at all, and the hour in which the cause could be seen is spent on getting {who} back"))
        .fix(format!(
            "let {who} do without it (`cached=1h` on what it `needs`, its own way of finding its targets), or a second observer that shares nothing with {whom}"
        ))
}

/// Something that both the observer and what it observes depend on, and that nobody looks at.
fn shares(
    facts: &Facts,
    observer: NodeIndex,
    seen: &[(NodeIndex, Span)],
    seen_by: &BTreeMap<NodeIndex, Vec<NodeIndex>>,
) -> Option<Diagnostic> {
    let judged = |node: &NodeIndex| {
        let kind = facts.node(*node).kind;
        let control = matches!(
            kind,
            Kind::Registry | Kind::Dns | Kind::Config | Kind::Auth | Kind::Secrets | Kind::Lock
        ) || kind.is_broker();
        control
            && !facts.node(*node).is_managed()
            && !facts.node(*node).attrs.has("alert")
            && !seen_by.contains_key(node)
    };
    let depends = facts.depends_on(observer);
    let common: Vec<NodeIndex> = depends.reached.iter().copied().filter(judged).collect();
    if common.is_empty() {
        return None;
    }
    let (subject, span, on) = seen.iter().find_map(|&(subject, span)| {
        // Somebody else looks at it without the same tie.
        let others = seen_by[&subject].len() > 1;
        let theirs = facts.depends_on(subject);
        let on = common.iter().copied().find(|&node| theirs.reaches(node)).filter(|_| !others)?;
        Some((subject, span, theirs.way_to(on)))
    })?;
    let shared = *on.last()?;
    let [who, whom, what] = [observer, subject, shared].map(|node| facts.node(node).name());
    Some(
        Diagnostic::wrong(
            format!("when {what} fails, {whom} fails and {who} does not see it: both depend on {what}"),
            span,
            format!("both depend on {what}"),
        )
        .label(facts.node(shared).span, "nothing else observes it")
        .node(facts.id(observer))
        .node(facts.id(shared))
        .hop(facts.id(observer), facts.id(subject))
        .evidence(format!("{}, and {}", facts.show_way(&depends.way_to(shared)), facts.show_way(&on)))
        .consequence(format!("{what} loses its quorum or is overloaded, everything is in trouble, and {who} reports nothing"))
        .fix(format!("let {who} do without {what} (`cached=1h` on that hop, or a list of its own), and observe {what} from elsewhere")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nservice b x2\nmonitor m x2\nkafka k x3\nconsul c x3\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("m ..> c observes\nm ..> c needs", &["wrong m, c"]);
        case("m ..> a, k observes\nm -> b\nm -> k reads", &["wrong m, k"]);
        case("m ..> a observes\na ..> m needs", &[]);
        case("service g\ng ..> a observes\ng -> b -> a", &["wrong g, a"]);
        expect(&RULE, "service a fate=vm\nmonitor m fate=vm\nm ..> a observes", &["wrong m, a"]);
        let zone = "zone x { service a; monitor m }\nm ..> a observes\n";
        expect(&RULE, &format!("{zone}zone y {{ service b }}"), &["wrong m, a"]);
        // The only zone there is.
        expect(&RULE, &format!("{zone}service b"), &[]);
        // What sends its figures there is observed too.
        expect(&RULE, "service a fate=vm\nmonitor m fate=vm\na ~> m", &["wrong m, a"]);
        // Another one still sees it.
        case("m ..> c observes\nm ..> c needs\nmonitor o\no ..> c observes", &[]);
        case("m ..> c observes out_of_band\nm ..> c needs", &[]);
        case("m ..> c observes\nm ..> c needs cached=1d", &[]);
        // Both hang on the same registry, and nobody looks at it.
        case("m ..> a observes\nm ..> c needs\na ..> c needs", &["wrong m, c"]);
        case("m ..> a, c observes\nm ..> c needs cached=1d\na ..> c needs", &[]);
        case("m ..> a observes\nm ..> c needs\nb ..> c needs", &[]);
        case("external o\no ..> c observes\nm ..> a observes\nm ..> c needs\na ..> c needs", &[]);
        // To call what it observes is how it observes it.
        case("m ..> a observes\nm -> a", &[]);
        case("m ..> a, b observes\nu -> a -> b ~> k", &[]);
    }
}
