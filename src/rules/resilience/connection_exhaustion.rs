use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Hop, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "connection-exhaustion",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Resilience,
    summary: "callers keep more connections than the database accepts",
    question: None,
    reads: &[
        "autoscale",
        "failover",
        "instances",
        "max_concurrency",
        "max_connections",
        "pool",
        "pooler",
        "shards",
    ],
    page: Page {
        checks: "The pools of all that call a store beside the `max_connections` that it accepts.",
        when: "The sum over the callers of instances × `pool` (the hop's, or else the caller's own) is above `max_connections`; as a remark, where it is above nine tenths of it, since a deploy runs old and new side by side. An instance count is the most \
               that `autoscale` allows; a function has `max_concurrency` instances, with one connection each unless it says \
               another `pool`. `max_connections` is one instance's: it counts once for each of the `shards` of a \
               database that states `failover` or whose technology is relational, whose callers all go to the primary, and once for each \
               instance elsewhere. Silent where the store has a `pooler`. Where only one side of the sum is stated, the \
               numbers that are missing are named under the report and nothing is judged.",
        why: "Each instance opens its pool whether it needs it or not. It goes well until a deploy, an autoscaler or a reconnect \
              after a failover brings one instance more than fits: the database refuses connections, also to the \
              operator who comes to look.",
        outage: Some(Outage {
            name: "Slack",
            what: "a mass disconnection and reconnection exceeded the database capacity and caused cascading connection failures",
            link: "https://web.archive.org/web/20181208123409/https://slackhq.com/this-was-not-normal-really",
        }),
        bad: "client web\nlb front managed\nservice api x30\npostgres store x2 failover=auto max_connections=500\n\
              flow read { web -> front -> api -> store reads timeout=200ms pool=20 }\n",
        good: "client web\nlb front managed\nservice api x30\npostgres store x2 failover=auto max_connections=500 pooler\n\
               flow read { web -> front -> api -> store reads timeout=200ms pool=20 }\n",
        ignore: "Pools open connections only as they need them, and never all at once.",
    },
    check,
};

/// The share of its connections from which on hardly one is left for a deploy or an operator.
const NEARLY_ALL: f64 = 0.9;

/// One caller's part of the sum.
struct Part<'d> {
    caller: NodeIndex,
    hop: &'d Hop,
    instances: u64,
    /// Connections of one instance, where it is said.
    pool: Option<f64>,
}

impl Part<'_> {
    fn connections(&self) -> Option<f64> {
        self.pool.map(|pool| pool * self.instances as f64)
    }
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind.is_store()) {
        let node = facts.node(store);
        if node.attrs.has("pooler") {
            continue;
        }
        let accepts = match node.kind {
            Kind::Database | Kind::Search | Kind::Warehouse | Kind::Blob => {
                node.attrs.number("max_connections").value()
            }
            _ => continue,
        };
        let parts = parts(facts, store);
        let sum: f64 = parts.iter().filter_map(Part::connections).sum();
        match accepts.map(|accepts| accepts * doors(node)) {
            Some(limit) if sum > limit * NEARLY_ALL => found.push(finding(facts, store, &parts, sum, limit)),
            Some(_) => found.extend(parts.iter().filter(|part| part.pool.is_none()).map(|part| {
                let (from, to) = (facts.id(part.caller), facts.id(store));
                Diagnostic::not_evaluated(format!("`pool` of `{from} -> {to}`"), part.hop.span)
            })),
            // Whoever counts connections on one side wants to know whether they fit.
            None if parts.iter().any(|part| part.hop.attrs.number("pool").is_yes()) => {
                found.push(Diagnostic::not_evaluated(
                    format!("`max_connections` of `{}`", node.id),
                    node.span,
                ));
            }
            None => {}
        }
    }
    found
}

/// How many instances share the connections: primaries, or all where every instance takes its part.
fn doors(node: &Node) -> f64 {
    let relational = node.tech.is_some_and(|tech| tech.model.as_deref() == Some("relational"));
    let shards = node.attrs.number("shards").value().unwrap_or(1.0).max(1.0);
    let one_primary = relational || node.attrs.has("failover");
    if one_primary { shards } else { shards.max(node.instances as f64) }
}

fn parts<'d>(facts: &Facts<'d>, store: NodeIndex) -> Vec<Part<'d>> {
    let calls =
        |(caller, hop): &(NodeIndex, &Hop)| hop.arrow == Arrow::Call && facts.node(*caller).kind.is_app();
    let part = |(caller, hop): (NodeIndex, &'d Hop)| {
        let node = facts.node(caller);
        let stated = hop.attrs.number("pool").value().or(node.attrs.number("pool").value());
        let concurrent = match node.kind {
            Kind::Function => node.attrs.number("max_concurrency").value(),
            _ => None,
        };
        let most = match node.attrs.get("autoscale").map(|setting| &setting.value) {
            Some(crate::design::Value::Range(_, most)) => Some(*most),
            _ => None,
        };
        let instances = concurrent.or(most).map_or(node.instances, |most| most as u64);
        Part { caller, hop, instances, pool: stated.or(concurrent.map(|_| 1.0)) }
    };
    facts.hops_to(store).into_iter().filter(calls).map(part).collect()
}

fn finding(facts: &Facts, store: NodeIndex, parts: &[Part], sum: f64, limit: f64) -> Diagnostic {
    let node = facts.node(store);
    let name = node.name();
    let [sum_shown, limit_shown] = [sum, limit].map(show_number);
    let counted: Vec<&Part> = parts.iter().filter(|part| part.pool.is_some()).collect();
    let term = |part: &&Part| {
        format!(
            "{} {} × {}",
            facts.id(part.caller),
            part.instances,
            show_number(part.pool.unwrap_or_default())
        )
    };
    let terms: Vec<String> = counted.iter().take(6).map(term).collect();
    let more = if counted.len() > 6 { ", …" } else { "" };
    let span = node.attrs.get("max_connections").map_or(node.span, |setting| setting.span);
    let over = sum > limit;
    let message = match over {
        true => format!("callers of {name} may open {sum_shown} connections, and it accepts {limit_shown}"),
        false => {
            format!("callers of {name} may open {sum_shown} of the {limit_shown} connections that it accepts")
        }
    };
    let mut finding =
        Diagnostic::wrong(message, span, format!("accepts {limit_shown} in all")).node(&node.id);
    for part in &counted {
        finding = finding.node(facts.id(part.caller)).hop(facts.id(part.caller), &node.id);
    }
    let largest = counted
        .iter()
        .max_by(|a, b| a.connections().unwrap_or(0.0).total_cmp(&b.connections().unwrap_or(0.0)));
    let who = facts.node(largest.map_or(store, |part| part.caller)).name();
    let consequence = match over {
        true => format!(
            "after a deploy or a failover all of them reconnect: {name} refuses the last {}, whose requests fail although \
             it has hardly anything to do",
            show_number(sum - limit)
        ),
        false => format!(
            "a deploy starts new instances before the old ones are gone: {name} refuses what is above {limit_shown}, and \
             the operator who comes to look"
        ),
    };
    let finding = if over { finding } else { finding.at_most(Severity::Info) };
    let sign = if over { ">" } else { "of" };
    finding
        .flows(facts.flows_needing(store).map(|flow| flow.id.clone()))
        .evidence(format!("{}{more} = {sum_shown} {sign} {limit_shown}", terms.join(" + ")))
        .consequence(consequence)
        .mend(Mend::node(&node.id, "pooler"))
        .fix(format!(
            "`pooler` on {name}, which lets many callers share few connections; or a smaller `pool` for {who}"
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, text: &str, expected: &[&str]| {
            let nodes = format!(
                "client u\nservice a x30\nservice b x10 pool=5\nworker w x4 autoscale=[2, 40]\nlambda n max_concurrency=1000\n{store}\n"
            );
            expect(&RULE, &(nodes + text), expected);
        };
        let postgres = "postgres d x2 failover=auto max_connections=500";
        case(postgres, "a -> d pool=20", &["wrong d, a"]);
        case(postgres, "a -> d pool=16\nb -> d", &["wrong d, a, b"]);
        case(postgres, "w -> d pool=20", &["wrong d, w"]);
        case(postgres, "n -> d", &["wrong d, n"]);
        // It fits, or is shared.
        case(postgres, "a -> d pool=13\nb -> d", &[]);
        // Nothing is left.
        case(postgres, "a -> d pool=15\nb -> d", &["wrong d, a, b"]);
        case("postgres d x2 max_connections=500 pooler", "a -> d pool=20", &[]);
        case("cassandra d x9 max_connections=100", "a -> d pool=20", &[]);
        case("mysql d x8 shards=4 failover=auto max_connections=200", "a -> d pool=20", &[]);
        // One number is missing.
        case(postgres, "a -> d", &["wants pool of a -> d"]);
        case("postgres d", "a -> d pool=20", &["wants max_connections of d"]);
        case("postgres d", "a -> d", &[]);
        case("postgres d", "b -> d", &[]);
    }
}
