use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_rate;

pub static RULE: Rule = Rule {
    id: "premature-microservices",
    severity: Severity::Info,
    confidence: Confidence::Low,
    grave: false,
    group: Group::Simplicity,
    summary: "many services for a load, or a team, that one program would do for",
    question: None,
    reads: &["owner", "peak", "rate"],
    page: Page {
        checks: "How many services there are, how many requests come, and who answers for the services.",
        when: "There are eight services or more, and either every flow states its `rate` or `peak` and together they are \
               less than 100 a second, or every service states its `owner` and there are six services or more for each \
               owner on average. Where every service states its `owner` and there are fewer for each, the rule is silent \
               whatever the load: the split is then by people. Silent too \
               where a `decide` names services, microservices, a monolith, a module, teams or a split.",
        why: "Each service is a deployment, a network hop with its own ways to fail, an interface that cannot be changed \
              in one commit, and a dashboard that somebody reads at night. Teams buy with that the freedom to move without \
              each other. One team has that freedom already, and hardly more people than services if it has six of \
              them; and a hundred requests a second fit into one program many times.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nservice users x2\nservice carts x2\nservice prices x2\nservice orders x2\n\
              service stock x2\nservice reviews x2\nservice mails x2\n\
              flow buy rate=5/s { web -> front -> api -> users, carts, prices, orders, stock, reviews, mails }\n",
        good: "client web\nlb front managed\nservice shop x2\nservice mails x2\n\
               flow buy rate=5/s { web -> front -> shop -> mails }\n",
        ignore: "The services are there already, or belong to teams that the design does not name.",
    },
    check,
};

const MANY: usize = 8;
/// One program on two machines serves this without noticing.
const FEW_REQUESTS: f64 = 100.0;
/// A service for each of its people is more than a team looks after.
const EACH: usize = 6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let services: Vec<NodeIndex> = facts.nodes(|kind| kind == Kind::Service).collect();
    let owner = |&node: &NodeIndex| facts.node(node).attrs.text("owner").value();
    let owners: Option<BTreeSet<&str>> = services.iter().map(owner).collect();
    let owned_by_few = owners.as_ref().is_some_and(|owners| services.len() >= EACH * owners.len());
    let rate = all_requests(facts).filter(|rate| *rate < FEW_REQUESTS);
    let owned_by_many = owners.is_some() && !owned_by_few;
    let topics = ["service", "microservice", "monolith", "module", "modular", "split", "team"];
    if services.len() < MANY
        || owned_by_many
        || (rate.is_none() && !owned_by_few)
        || facts.is_decided(&topics, &[])
    {
        return Vec::new();
    }
    let count = services.len();
    let how_few = match (rate, &owners) {
        (Some(rate), _) => format!("{} requests", show_rate(rate)),
        (None, Some(owners)) if owners.len() == 1 => "one team".to_string(),
        (None, owners) => format!("{} teams", owners.as_ref().map_or(0, BTreeSet::len)),
    };
    let first = facts.node(services[0]);
    let finding = Diagnostic::wrong(
        format!("{count} services for {how_few}"),
        first.span,
        format!("the first of {count}"),
    );
    let finding = services.iter().fold(finding, |finding, &service| finding.node(facts.id(service)));
    vec![
        finding
            .evidence(format!("{} are services of their own; {how_few} in all", facts.names(&services)))
            .consequence(format!(
                "a change that touches three of them is three deployments in the right order, and a slow answer is looked for in {count} places"
            ))
            .fix("one `service` with modules inside, split where a part has to scale, fail or be owned on its own; `decide \"separate services\" because …` where that is so".to_string()),
    ]
}

/// The peaks of all flows together; None where one does not say.
fn all_requests(facts: &Facts) -> Option<f64> {
    let flows = &facts.design.flows;
    if flows.is_empty() {
        return None;
    }
    let busiest =
        |flow: &crate::design::Flow| flow.attrs.number("peak").value().or(flow.attrs.number("rate").value());
    flows.iter().map(busiest).sum()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    fn text(services: usize, attrs: &str, flow: &str) -> String {
        let names: Vec<String> = (0..services).map(|at| format!("s{at}")).collect();
        let declared: Vec<String> = names.iter().map(|name| format!("service {name} {attrs}\n")).collect();
        format!("client u\n{}flow f {flow} {{ u -> {} }}", declared.concat(), names.join(", "))
    }

    #[test]
    fn cases() {
        let case = |services, attrs: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &text(services, attrs, flow), expected);
        };
        let eight = &["wrong s0, s1, s2, s3, s4, s5, s6, s7"];
        case(8, "", "rate=5/s", eight);
        case(7, "", "rate=5/s", &[]);
        case(8, "", "rate=5/s peak=500/s", &[]);
        case(8, "", "", &[]);
        case(8, "owner=core", "", eight);
    }

    #[test]
    fn teams_are_a_reason() {
        let of = |teams: usize| {
            let owned: Vec<String> =
                (0..9).map(|at| format!("service s{at} owner=team{}\n", at % teams)).collect();
            format!("client u\n{}flow f rate=5/s {{ u -> s0 -> s1 }}", owned.concat())
        };
        expect(&RULE, &of(4), &[]);
        expect(&RULE, &of(2), &[]);
        expect(&RULE, &of(1), &["wrong s0, s1, s2, s3, s4, s5, s6, s7, s8"]);
    }

    #[test]
    fn on_record() {
        let decided = "\ndecide \"a service for each context\" because \"six teams\"";
        expect(&RULE, &(text(9, "", "rate=5/s") + decided), &[]);
        let other = "\ndecide \"Postgres\" because \"we know it\"";
        assert!(
            !super::check(&crate::rules::Facts::new(&crate::rules::testing::design(
                &(text(9, "", "rate=5/s") + other)
            )))
            .is_empty()
        );
    }
}
