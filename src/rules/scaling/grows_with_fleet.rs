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
    reads: &["autoscale", "deploy", "max_threads", "per_peer"],
    page: Page {
        checks: "Nodes whose instances each keep threads or connections for all the others, against what one instance can have.",
        when: "`per_peer` and `max_threads` are stated (the finding points at `per_peer`). Each instance keeps (instances − 1) × `per_peer`, and `max_threads` is what it can have for its peers: what else it needs is taken off before.\n\n\
               - An error where it is more than `max_threads` with the instances that run: `xN`, or the least of `autoscale=[least, most]` where that is more.\n\
               - A warning where it is more than 80 % of `max_threads` with those, with the most of `autoscale` (which has no end where it is bare: ten times those that run), or with twice those that run where `deploy=blue-green` starts as many beside them.\n\
               - Not evaluated where `per_peer` is stated and `max_threads` is not.",
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
    let Fleet { runs, most, how } = fleet(node);
    let held = (runs - 1.0) * each;
    let (message, severity) = if held > limit {
        let message = format!(
            "each of {} instances of {name} keeps {} for the others, and can have {}",
            exact(runs),
            exact(held),
            exact(limit)
        );
        (message, Severity::Error)
    } else if most > fits {
        let message = format!(
            "{name} {how}, and with instance {} every one is over its limit of {}",
            exact(fits + 1.0),
            exact(limit)
        );
        (message, Severity::Warning)
    } else if (most - 1.0) * each > limit * NEARLY && most > runs {
        let message = format!(
            "{name} {how}, and ends at {}: each then keeps {} of {} for the others",
            exact(fits),
            exact((most - 1.0) * each),
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
            .at_most(severity)
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
                "fewer and larger instances of {name}, at most {}; or cells that only know their own; or a broker or gossip between them, so that nobody keeps one for every other: a smaller `per_peer`",
                exact((limit * NEARLY / each).floor() + 1.0)
            )),
    )
}

/// A bare `autoscale` has no end; what is this far off is looked at when it is nearer.
const FAR: f64 = 10.0;

struct Fleet {
    runs: f64,
    /// To how many it may grow by itself.
    most: f64,
    how: String,
}

fn fleet(node: &Node) -> Fleet {
    let drawn = node.instances as f64;
    let (runs, most) = match node.attrs.get("autoscale").map(|setting| &setting.value) {
        Some(Value::Range(least, most)) => (drawn.max(*least), most.max(drawn)),
        Some(Value::Yes) => (drawn, FAR * drawn),
        _ => (drawn, drawn),
    };
    let bare = node.attrs.get("autoscale").is_some_and(|setting| setting.value == Value::Yes);
    if node.attrs.text("deploy").value() == Some("blue-green") && 2.0 * runs > most {
        let how = format!("doubles to {} while it is deployed", exact(2.0 * runs));
        return Fleet { runs, most: 2.0 * runs, how };
    }
    let how = if bare {
        "grows by itself, without an end".to_string()
    } else {
        format!("grows by itself to {}", exact(most))
    };
    Fleet { runs, most, how }
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
        case("x10 autoscale=[10, 81] per_peer=1 max_threads=100", &[]);
        case("x10 autoscale=[10, 101] per_peer=1 max_threads=100", &["wrong a"]);
        case("x10 autoscale=[10, 102] per_peer=1 max_threads=100", &["wrong a"]);
        case("autoscale=[110, 120] per_peer=1 max_threads=100", &["wrong a"]);
        case("x11 autoscale per_peer=1 max_threads=100", &["wrong a"]);
        // Further off than ten times as many.
        case("x10 autoscale per_peer=1 max_threads=32k", &[]);
        // Twice as many while it is deployed.
        case("x60 deploy=blue-green per_peer=1 max_threads=100", &["wrong a"]);
        case("x60 deploy=rolling per_peer=1 max_threads=100", &[]);
        case("x40 deploy=blue-green per_peer=1 max_threads=100", &[]);
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
        assert_eq!(severity("x20 autoscale"), Severity::Warning);
    }
}
