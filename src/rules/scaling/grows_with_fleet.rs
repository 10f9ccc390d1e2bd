use crate::design::{Node, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "grows-with-fleet",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Scaling,
    summary: "each instance keeps something for every other one, and adding instances takes all over their limit at once",
    question: None,
    reads: &["autoscale", "max_threads", "per_peer"],
    page: Page {
        checks: "Nodes whose instances each keep threads or connections for all the others, against what one instance can have.",
        when: "`per_peer` and `max_threads` are stated, and (instances − 1) × `per_peer` is more than `max_threads`. A warning where it is more than 80 % of it; where the most of \
               `autoscale=[least, most]` goes beyond it; and with a bare `autoscale`, which has no end before it. With `autoscale=[least, most]` the instances that run are `xN`, or the least where that is more. Not evaluated where `per_peer` is stated and `max_threads` is not.",
        why: "What each instance keeps for all others grows with the fleet, so that a fleet that is too small for its load is made larger and \
              breaks: the limit is the same on every machine, and all reach it in the same minute, the old ones too. Taking the \
              new ones away again does not mend what has failed meanwhile.",
        outage: Some(Outage {
            name: "AWS Kinesis, 2020",
            what: "each front-end server kept a thread for every other one, and new capacity took the whole fleet over the limit of threads at once",
            link: "https://aws.amazon.com/message/11201/",
        }),
        bad: "client web\nlb front managed\nservice nodes x2000 per_peer=2 max_threads=4096\n\
              flow put { web -> front -> nodes }\n",
        good: "client web\nlb front managed\nservice nodes x1000 per_peer=2 max_threads=4096\n\
               flow put { web -> front -> nodes }\n",
        ignore: "The fleet will not grow any more, and nothing adds instances by itself.",
    },
    check,
};

/// Of the limit, so much is used and the next growth has to be thought about.
const NEARLY: f64 = 0.8;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.design.graph.node_weights().filter_map(judge).collect()
}

fn judge(node: &Node) -> Option<Diagnostic> {
    let each = node.attrs.number("per_peer").value().filter(|each| *each > 0.0)?;
    let span = node.attrs.get("per_peer")?.span;
    let name = node.name();
    let Some(limit) = node.attrs.number("max_threads").value() else {
        return Some(Diagnostic::not_evaluated(format!("`max_threads` of {name}"), span));
    };
    // As many peers as fit, and the one that has them.
    let fits = (limit / each).floor() + 1.0;
    let (runs, grows_to) = fleet(node);
    let held = (runs - 1.0) * each;
    let (message, most) = if held > limit {
        let message = format!(
            "each of {} instances of {name} keeps {} for the others, and can have {}",
            exact(runs),
            exact(held),
            exact(limit)
        );
        (message, Severity::Error)
    } else if grows_to > fits {
        let to = if grows_to.is_finite() { format!(" to {}", exact(grows_to)) } else { String::new() };
        let message = format!(
            "{name} grows by itself{to}, and with instance {} every one is over its limit of {}",
            exact(fits + 1.0),
            exact(limit)
        );
        (message, Severity::Warning)
    } else if held > limit * NEARLY {
        let message = format!(
            "{name} ends at {} instances and has {}: each keeps {} of {} for the others",
            exact(fits),
            exact(runs),
            exact(held),
            exact(limit)
        );
        (message, Severity::Warning)
    } else {
        return None;
    };
    Some(
        Diagnostic::wrong(message, span, "for every other one")
            .label(node.attrs.get("max_threads")?.span, "the limit of one")
            .at_most(most)
            .node(&node.id)
            .evidence(format!(
                "({} − 1) × {} = {} of {}",
                exact(runs),
                exact(each),
                exact(held),
                exact(limit)
            ))
            .evidence(format!(
                "{} / {} + 1 = {} instances at the most",
                exact(limit),
                exact(each),
                exact(fits)
            ))
            .consequence(format!(
                "instances are added on a busy day, all of {name} run out of threads for each other in the same minute, the old ones too, and none of them serves"
            ))
            .fix(format!(
                "fewer and larger instances of {name}, at most {}; or cells that only know their own; or one thread for many peers: a smaller `per_peer`",
                exact((limit * NEARLY / each).floor() + 1.0)
            )),
    )
}

/// How many run, and to how many it may grow by itself.
fn fleet(node: &Node) -> (f64, f64) {
    let drawn = node.instances as f64;
    match node.attrs.get("autoscale").map(|setting| &setting.value) {
        Some(Value::Range(least, most)) => (drawn.max(*least), most.max(drawn)),
        Some(Value::Yes) => (drawn, f64::INFINITY),
        _ => (drawn, drawn),
    }
}

/// A count to its last digit, thousands separated: 2,048 threads are not 2,050.
fn exact(count: f64) -> String {
    let digits = format!("{count:.0}");
    let separated = digits.chars().enumerate().flat_map(|(at, digit)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    });
    separated.collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let case = |node: &str, expected: &[&str]| expect(&RULE, &format!("service a {node}"), expected);
        // 100 others, and room for 100.
        case("x101 per_peer=1 max_threads=100", &["wrong a"]);
        case("x102 per_peer=1 max_threads=100", &["wrong a"]);
        case("x81 per_peer=1 max_threads=100", &[]);
        case("x82 per_peer=1 max_threads=100", &["wrong a"]);
        case("x42 per_peer=2 max_threads=100", &["wrong a"]);
        case("x41 per_peer=2 max_threads=100", &[]);
        case("x5000 per_peer=1 max_threads=10000", &[]);
        case("x10 autoscale=[10, 101] per_peer=1 max_threads=100", &[]);
        case("x10 autoscale=[10, 102] per_peer=1 max_threads=100", &["wrong a"]);
        case("autoscale=[110, 120] per_peer=1 max_threads=100", &["wrong a"]);
        case("x10 autoscale per_peer=1 max_threads=100", &["wrong a"]);
        case("x5000 per_peer=1", &["wants max_threads of a"]);
        case("x5000 max_threads=100", &[]);
        case("x5000 per_peer=0 max_threads=100", &[]);
    }

    #[test]
    fn figures_are_exact() {
        let found = run(&RULE, &Facts::new(&design("service a x2000 per_peer=1 max_threads=2048")));
        assert_eq!(found[0].evidence[0], "(2,000 − 1) × 1 = 1,999 of 2,048");
        assert_eq!(found[0].evidence[1], "2,048 / 1 + 1 = 2,049 instances at the most");
    }

    #[test]
    fn over_the_limit_weighs_more_than_near_it() {
        let severity = |node: &str| {
            run(&RULE, &Facts::new(&design(&format!("service a {node} per_peer=1 max_threads=100"))))[0]
                .severity
        };
        assert_eq!(severity("x102"), Severity::Error);
        assert_eq!(severity("x101"), Severity::Warning);
        assert_eq!(severity("x10 autoscale"), Severity::Warning);
    }
}
