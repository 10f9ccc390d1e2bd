use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_duration, show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "presence-write-amplification",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Realtime,
    summary: "each heartbeat of each connection is a durable write",
    question: None,
    reads: &["connections", "heartbeat", "managed", "registry"],
    page: Page {
        checks: "Connection servers whose register of connections is a database: how many writes it costs to keep it true.",
        when: "A socket that no vendor runs names a database as its `registry`, neither a key-value nor a wide-column one, and its \
               instances times `connections`, divided by its `heartbeat`, come to a thousand writes a second or more. Silent where one of the two is missing, with a line that says \
               which. Never a question.",
        why: "An entry that says who is online is only as good as its last renewal, so it is written again with every \
              heartbeat and is worthless a minute later. A database logs, replicates and keeps each of these writes for ever \
              in its journal; all of them together come to more than the messages themselves. In memory, with an expiry, they cost next to nothing, and a \
              dead server's entries go by themselves.",
        outage: None,
        bad: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x20 connections=50k heartbeat=30s drain=5min registry=online\nservice chat x3 metrics\npostgres online x2 failover=auto backup=1h\n\
              flow connect { app <-> front <-> push -> online writes }\nflow send { app <-> front <-> push -> chat -> online reads\nchat -> push }\n",
        good: "client app resume reconnect=60s jitter\nlb front managed\nsocket push x20 connections=50k heartbeat=30s drain=5min registry=online\nservice chat x3 metrics\nredis online x3 ttl=90s failover=auto\n\
               flow connect { app <-> front <-> push -> online writes }\nflow send { app <-> front <-> push -> chat -> online reads\nchat -> push }\n",
        ignore: "Entries are written when a connection opens and closes, and not renewed in between.",
    },
    check,
};

/// Writes a second that a database notices.
const NOTICED: f64 = 1_000.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for socket in facts.nodes(|kind| kind == Kind::Socket) {
        let node = facts.node(socket);
        let registry = node.attrs.text("registry").value().and_then(|id| facts.design.node(id));
        let Some(at) = registry.filter(|&at| facts.node(at).kind == Kind::Database) else { continue };
        // Made for many small writes that expire.
        let model = facts.node(at).tech.and_then(|tech| tech.model.as_deref());
        if node.is_managed() || matches!(model, Some("key-value" | "wide-column")) {
            continue;
        }
        let (name, store) = (node.name(), facts.node(at));
        let (each, beat) =
            match (node.attrs.number("connections").value(), node.attrs.number("heartbeat").value()) {
                (Some(each), Some(beat)) if beat > 0.0 => (each, beat),
                (Some(_), None) => {
                    found.push(Diagnostic::not_evaluated(format!("`heartbeat` of {name}"), node.span));
                    continue;
                }
                (None, Some(_)) => {
                    found.push(Diagnostic::not_evaluated(format!("`connections` of {name}"), node.span));
                    continue;
                }
                _ => continue,
            };
        let open = each * node.instances as f64;
        let rate = open / beat;
        if rate < NOTICED {
            continue;
        }
        let span = node.attrs.get("registry").map_or(node.span, |setting| setting.span);
        let flows = facts.flows_through(at);
        found.push(
            Diagnostic::wrong(
                format!("{} gets {} durable writes only to know who is online", store.name(), show_rate(rate)),
                span,
                "a database keeps it",
            )
            .label(store.span, "each renewal is written here")
            .node(&node.id)
            .node(&store.id)
            .flows(flows.iter().map(|flow| flow.id.clone()))
            .evidence(format!(
                "{} × {} connections ÷ {} = {}",
                node.instances,
                show_number(each),
                show_duration(beat),
                show_rate(rate)
            ))
            .consequence(format!(
                "{} is busy writing down that nothing has changed, and has no room left on the evening when everybody is connected",
                store.name()
            ))
            .fix(format!("`redis {} ttl={}` as the register: an entry that is not renewed goes by itself", store.id, show_duration(beat * 3.0))),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |socket: &str, register: &str, expected: &[&str]| {
            expect(&RULE, &format!("socket s {socket} registry=d\n{register} d"), expected);
        };
        case("x10 connections=3k heartbeat=30s", "postgres", &["wrong s, d"]);
        case("x9 connections=3k heartbeat=30s", "postgres", &[]);
        case("x10 connections=3k heartbeat=30s", "redis", &[]);
        case("x10 connections=3k heartbeat=30s", "etcd", &[]);
        case("x10 connections=3k heartbeat=30s", "dynamodb", &[]);
        case("x10 connections=3k heartbeat=30s managed", "postgres", &[]);
        case("x10 connections=3k", "postgres", &["wants heartbeat of s"]);
        case("x10 heartbeat=30s", "postgres", &["wants connections of s"]);
        case("x10", "postgres", &[]);
        expect(&RULE, "socket s x10 connections=50k heartbeat=30s", &[]);
    }
}
