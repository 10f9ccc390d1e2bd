use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "public-no-authn",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "requests from outside reach data, and nothing on their way asks who is calling",
    question: Some(Question { topic: "authentication", text: "who may call this, and what checks it?" }),
    reads: &["auth", "data", "public", "reads", "replica_of", "signature", "signed", "trust", "writes"],
    page: Page {
        checks: "Each way from a client or an outside caller over calls and connections to a store or broker: whether \
                 something on it checks who asks.",
        when: "An application reached from a client, or from an external service that calls in, uses a database, blob \
               store, warehouse, search index or broker, and no node on the way there states `auth=`, calls an `auth` \
               node or is one. Wrong where a node on that way says `auth=none` and the data is written, or stated to \
               be other than public; otherwise a question. One finding for each first gateway, service, function, \
               worker or connection server on the ways in: load balancers, CDNs and firewalls before it are passed \
               over. Left alone: flows marked `public`, reads of `data=public`, caches unless their `data` is said not \
               to be public, hops with `signature` or `signed`, clients in a group with `trust=private`, and clients \
               that reach the store directly, which is `datastore-public`.",
        why: "An endpoint that nobody thought of as public is found by a scanner within hours of its first deployment. \
              What it can read is then copied, what it can write is then filled, and no log says by whom.",
        outage: None,
        bad: "client web\ngateway api x2 auth=none\nservice notes x2\npostgres store x2 {\n  table note { key id; data = private }\n}\n\
              flow read { web -> api -> notes -> store reads=note }\n",
        good: "client web\ngateway api x2 auth=jwt\nservice notes x2\npostgres store x2 {\n  table note { key id; data = private }\n}\n\
               flow read { web -> api -> notes -> store reads=note }\n",
        ignore: "Anybody may do it, signed in or not: mark the flow `public`, which is also what an interviewer wants \
                 to hear.",
    },
    check,
};

/// What requests reach unchecked behind one exposed node.
struct Exposure<'d> {
    way: Vec<NodeIndex>,
    step: &'d Step,
    /// Where `auth=none` is said on the way to what must not be public.
    open: Option<Span>,
    flows: Vec<String>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let guarded: Vec<bool> = facts
        .design
        .graph
        .node_indices()
        .map(|node| {
            let asks = || facts.design.graph.neighbors(node).any(|to| facts.node(to).kind == Kind::Auth);
            facts.node(node).attrs.has("auth") || asks()
        })
        .collect();
    let mut exposures: BTreeMap<NodeIndex, Exposure> = BTreeMap::new();
    for journey in facts.journeys() {
        if journey.flow.is_some_and(|flow| flow.attrs.has("public")) {
            continue;
        }
        let mut starts = journey.outsiders(facts);
        starts.extend(journey.callers_outside(facts));
        let spread = journey.spread(facts, &starts, |step, to| {
            let kind = facts.node(to).kind;
            let passes = (kind.is_compute() && kind != Kind::Auth)
                || matches!(kind, Kind::Cdn | Kind::Waf | Kind::Dns);
            passes && !guarded[to.index()] && !step.attrs.has("signature") && !step.attrs.has("signed")
        });
        // A load balancer passes on what it gets: what could have asked stands behind it.
        let doors = spread.first_passed(|node| facts.node(node).kind.is_app());
        // What states `auth` and is passed all the same says that it asks nobody.
        let opened = spread.first_passed(|node| facts.node(node).attrs.get("auth").is_some());
        for &step in &journey.steps {
            let uses = facts.node(step.from).kind.is_app() && spread.reaches(step.from);
            let secrecy = secrecy(facts, step);
            if !uses || facts.arrow(step) == Arrow::Control || secrecy == Secrecy::None {
                continue;
            }
            let Some(&exposed) = doors.get(&step.from) else { continue };
            let said = |node: &NodeIndex| facts.node(*node).attrs.get("auth").map(|auth| auth.span);
            let open = opened.get(&step.from).filter(|_| secrecy == Secrecy::Certain).and_then(said);
            let new = || Exposure { way: spread.way_to(step.from), step, open, flows: Vec::new() };
            let exposure = exposures.entry(exposed).or_insert_with(new);
            if exposure.open.is_none() && open.is_some() {
                *exposure = Exposure { flows: std::mem::take(&mut exposure.flows), ..new() };
            }
            if let Some(flow) = journey.flow
                && exposure.flows.last() != Some(&flow.id)
            {
                exposure.flows.push(flow.id.clone());
            }
        }
    }
    exposures.into_iter().map(|(exposed, exposure)| finding(facts, exposed, exposure)).collect()
}

fn finding(facts: &Facts, exposed: NodeIndex, exposure: Exposure) -> Diagnostic {
    let Exposure { way, step, open, flows } = exposure;
    let (front, behind) = (facts.node(exposed), facts.node(step.to));
    let (name, store) = (front.name(), behind.name());
    let does = match (step.attrs.has("reads"), step.attrs.has("writes")) {
        _ if behind.kind.is_broker() => "put messages into",
        (_, true) => "write to",
        (true, false) => "read",
        (false, false) => "use",
    };
    let finding = match open {
        Some(span) => {
            let message = format!("anyone on the internet can {does} {store} through {name}");
            Diagnostic::wrong(message, span, "lets everybody in").label(step.span, "reached unchecked")
        }
        None => {
            let message = format!("nothing says who may call {name}, and it leads to {store}");
            let question = match facts.node(way[0]) {
                outside if outside.kind == Kind::External => {
                    format!("what proves that a call of {name} comes from {}?", outside.name())
                }
                _ => format!("who may {does} {store} through {name}: anyone, or who is signed in?"),
            };
            Diagnostic::unstated(message, front.span, "no `auth=` on the way").question(question)
        }
    };
    let or_public = match flows.as_slice() {
        [] => String::new(),
        [flow] => format!("; or `public` on the flow `{flow}` if anybody may"),
        _ => "; or `public` on the flows that anybody may use".to_string(),
    };
    let way: Vec<NodeIndex> = way.into_iter().chain([step.to]).collect();
    finding
        .node(&front.id)
        .flows(flows)
        .evidence(format!("{}: nothing on the way asks who is calling", facts.show_way(&way)))
        .consequence(match does {
            "read" => {
                format!("a script finds {name} and copies {store} page by page; no log says who it was")
            }
            "use" => format!(
                "a script finds {name} and does with {store} what {name} can do; no log says who it was"
            ),
            _ => format!("a script finds {name} and fills {store}; no log says who it was"),
        })
        .mend(match facts.node(way[0]).kind {
            Kind::External => Mend::hop(facts.id(way[0]), facts.id(way[1]), "signature"),
            _ => {
                let says = |&&node: &&NodeIndex| {
                    open.is_some() && facts.node(node).attrs.get("auth").map(|auth| auth.span) == open
                };
                Mend::node(way.iter().find(says).map_or(&front.id, |&node| facts.id(node)), "auth=jwt")
            }
        })
        .fix(match facts.node(way[0]).kind {
            Kind::External => {
                format!("`signature` on `{} -> {}`, checked there", facts.id(way[0]), facts.id(way[1]))
            }
            _ if open.is_some() => {
                let opener = way
                    .iter()
                    .find(|&&node| facts.node(node).attrs.get("auth").map(|auth| auth.span) == open);
                let opener = opener.map_or(name, |&node| facts.node(node).name());
                format!("`auth=jwt` on {opener} in place of `auth=none`{or_public}")
            }
            _ => format!("`auth=jwt` on {name}, or on what stands between it and {store}{or_public}"),
        })
}

/// Whether it matters who makes a step's caller take it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    None,
    /// Nobody says what the data is.
    Unsaid,
    Certain,
}

fn secrecy(facts: &Facts, step: &Step) -> Secrecy {
    let target = facts.node(step.to);
    if target.kind.is_broker() {
        return if facts.writes(step) { Secrecy::Unsaid } else { Secrecy::None };
    }
    if !target.kind.is_store() {
        return Secrecy::None;
    }
    let data = facts.used_data(step);
    let is_public = |said: &&[String]| !said.is_empty() && said.iter().all(|word| word == "public");
    let is_private = |said: &&[String]| said.iter().any(|word| word != "public");
    let writes = step.attrs.has("writes") && target.kind != Kind::Cache;
    if writes || data.iter().any(is_private) {
        Secrecy::Certain
    } else if data.iter().all(is_public) || target.kind == Kind::Cache {
        Secrecy::None
    } else {
        Secrecy::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\nservice a\npostgres d\nu -> a -> d", &["unstated a"]);
        expect("client u\nservice a auth=jwt\npostgres d\nu -> a -> d", &[]);
        expect("client u\nlb l\ngateway g auth=jwt\nservice a\npostgres d\nu -> l -> g -> a -> d", &[]);
        // The load balancer cannot ask: each service behind it has to, unless it does by `auth`.
        expect("client u\nlb l\nservice a\npostgres d\nu -> l -> a -> d", &["unstated a"]);
        expect("client u\ncdn c\nwaf w\nservice a\npostgres d\nu -> c -> w -> a -> d", &["unstated a"]);
        expect(
            "client u\nlb l\nservice a\nservice b\npostgres d\nu -> l -> a -> d\nl -> b -> d",
            &["unstated a, b"],
        );
        expect("client u\nlb l auth=oauth\nservice a\npostgres d\nu -> l -> a -> d", &[]);
        // The service behind checks, or asks an identity service.
        expect("client u\nlb l\nservice a\nservice b auth=jwt\npostgres d\nu -> l -> a -> b -> d", &[]);
        expect("client u\nservice a\nauth i\npostgres d\nu -> a -> d\na -> i", &[]);
        expect("client u\nauth i\npostgres d\nu -> i -> d", &[]);
        // A webhook: its sender proves who it is, or anybody may send it.
        expect("external e\nservice a\npostgres d\ne -> a -> d", &["unstated a"]);
        expect("external e\nservice a\npostgres d\ne -> a signature\na -> d", &[]);
        expect("scheduler t\nexternal e\nservice a\npostgres d\nt -> a -> e\na -> d", &[]);
        // Said to be open.
        expect("client u\nservice a auth=none\npostgres d\nflow f { u -> a -> d writes }", &["wrong a"]);
        expect(
            "client u\nservice a auth=none\npostgres d data=pii\nflow f { u -> a -> d reads }",
            &["wrong a"],
        );
        expect("client u\nservice a auth=none\npostgres d\nflow f { u -> a -> d reads }", &["unstated a"]);
        expect("client u\nservice a auth=none\npostgres d data=public\nflow f { u -> a -> d reads }", &[]);
        expect("client u\nservice a\npostgres d\nflow f public { u -> a -> d writes }", &[]);
        // A second way past the gateway.
        expect(
            "client u\ngateway g auth=jwt\nservice a\npostgres d\nflow f { u -> g -> a -> d reads }\n\
             flow h { u -> a -> d writes }",
            &["unstated a"],
        );
        // The public flow and the private one share hops.
        expect(
            "client u\nlb l\ngateway g auth=jwt\nservice a\npostgres d\nflow f public { u -> l -> a -> d reads }\n\
             flow h { u -> g -> a -> d writes }",
            &[],
        );
        // Not a matter of who calls: no data, a direct hop, a scheduler, a desk inside.
        expect("client u\nservice a\nu -> a", &[]);
        expect("client u\npostgres d\nu -> d", &[]);
        expect("scheduler t\nservice a\npostgres d\nt -> a -> d", &[]);
        expect("group o trust=private { client u }\nservice a\npostgres d\nu -> a -> d", &[]);
        // A connection that is drawn from the server's side carries requests too.
        expect("client u\nsocket s\npostgres d\nflow f { s <-> u\ns -> d reads }", &["unstated s"]);
    }

    #[test]
    fn tables_are_public_one_by_one() {
        let design = |table: &str| {
            format!(
                "client u\nservice a\npostgres d {{\n table p {{ key id; data = public }}\n table q {{ key id; data = pii }}\n}}\n\
                 flow f {{ u -> a -> d reads={table} }}"
            )
        };
        expect(&RULE, &design("p"), &[]);
        expect(&RULE, &design("q"), &["unstated a"]);
    }
}
