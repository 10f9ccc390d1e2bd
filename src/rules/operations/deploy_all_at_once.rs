use crate::design::Flow;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::flow_names;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "deploy-all-at-once",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Operations,
    summary: "a bad version reaches every instance at the same moment",
    question: None,
    reads: &["deploy", "managed"],
    page: Page {
        checks: "How a new version reaches the instances of an application, gateway or load balancer.",
        when: "It says `deploy=all-at-once`, itself or by `every KIND deploy=all-at-once`, something reaches it, and it has at \
               least two instances or is managed: with one there is nothing to go step by step over. A warning where no flow \
               that somebody waits for needs it, as behind a queue, and where those that do all state a `rate` of ten requests \
               a second or fewer and no `availability`. Never a question.",
        why: "Most outages begin with a change. Instances guard against machines that fail one by one; a version that crashes \
              takes them all, and the old one is no longer running anywhere. What reaches one instance first costs its share \
              of the requests, and a few minutes.",
        outage: Some(Outage {
            name: "Cloudflare, 2019",
            what: "a firewall rule with a costly expression was deployed quickly to production and exhausted its CPUs: a global outage of 27 minutes",
            link: "https://web.archive.org/web/20211006055154/https://blog.cloudflare.com/details-of-the-cloudflare-outage-on-july-2-2019/",
        }),
        bad: "client web\nlb front managed\nservice api x6 metrics alert deploy=all-at-once\nflow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x6 metrics alert deploy=canary\nflow order { web -> front -> api }\n",
        ignore: "Two versions cannot run beside each other, and a stop at night is agreed with its users.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind.is_compute()) {
        let node = facts.node(at);
        let Some(setting) = node.attrs.get("deploy") else { continue };
        let at_once = node.attrs.text("deploy").value() == Some("all-at-once");
        if !at_once || !node.is_redundant() || !facts.is_reached(at) {
            continue;
        }
        let name = node.name();
        let flows: Vec<&Flow> = facts.flows_needing(at).filter(|flow| !facts.is_background(flow)).collect();
        let most =
            if flows.is_empty() || facts.are_small(&flows) { Severity::Warning } else { Severity::Error };
        let all = match node.instances {
            0 | 1 => format!("all of {name}"),
            many => format!("all {many} instances of {name}"),
        };
        let message = if flows.is_empty() {
            format!("a bad version stops {all} at once")
        } else {
            format!("a bad version stops {all} at once, and {} with them", flow_names(&flows))
        };
        found.push(
            Diagnostic::wrong(message, setting.span, "every instance gets it at the same moment")
                .at_most(most)
                .node(&node.id)
                .flows(flows.iter().map(|flow| flow.id.clone()))
                .evidence(format!("{all} change together: none is left with the version that worked"))
                .consequence(format!(
                    "a version of {name} that crashes on real requests goes out, and nothing serves until the old one is built and started again"
                ))
                .mend(Mend::node(&node.id, "deploy=canary"))
                .fix(format!("`deploy=canary` on {name}, which shows one instance's errors before the others follow; or `rolling`")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a x2 deploy=all-at-once\nu -> a", &["wrong a"]);
        expect("client u\nlambda a deploy=all-at-once\nu -> a", &["wrong a"]);
        expect("every service deploy=all-at-once\nclient u\nservice a x2\nu -> a", &["wrong a"]);
        expect("client u\nservice a x2 deploy=rolling\nu -> a", &[]);
        expect("client u\nservice a x2\nu -> a", &[]);
        expect("client u\nservice a deploy=all-at-once\nu -> a", &[]);
        expect("client u\nservice a x2 deploy=all-at-once\nservice b\nu -> b", &[]);
    }

    #[test]
    fn behind_a_queue_and_in_small_systems_it_is_a_warning() {
        let severity = |text: &str| run(&RULE, &Facts::new(&design(text)))[0].severity.name();
        let waits = "client u\nservice a x2 deploy=all-at-once\nflow f rate=1k/s { u -> a }";
        assert_eq!(severity(waits), "error");
        assert_eq!(severity(&waits.replace("1k/s", "1/s")), "warning");
        let behind =
            "client u\nservice a x2\nqueue q\nworker w x2 deploy=all-at-once\nflow f { u -> a ~> q ~> w }";
        assert_eq!(severity(behind), "warning");
    }
}
