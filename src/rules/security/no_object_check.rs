use std::collections::{BTreeMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step, Table};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::Journey;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "no-object-check",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Security,
    summary: "whoever is signed in may read every record whose id he knows",
    question: Some(Question {
        topic: "authorisation",
        text: "somebody signed in asks for an id that is not his: what refuses it?",
    }),
    reads: &["auth", "authz", "by", "data", "generates", "public", "reads", "scheme", "trust", "writes"],
    page: Page {
        checks: "Reads of single records that clients outside ask for after they have signed in: whether anything on \
                 the way checks that this caller may see this very record.",
        when: "In a flow that is not `public`, a program that a client reaches by calls and connections, past a node \
               with `auth=` or one that calls an `auth` node, reads from a database, object store, warehouse or search \
               index: data that is said not to be `public`, or, where nothing is said of it and it is no search index, \
               by a field of its key (`by=`) and from a table that a flow of a client outside also writes, as messages \
               and notes are (a store without tables counts as one table). No program on the way, that one included, \
               has `authz`. Wrong: one of them says `authz=no`. Otherwise a question, a remark where the data is not \
               said to be private. Left alone: reads `by` nothing but a field that names the caller himself (`user`, \
               `user_id`, `owner`, `account`, `customer`, `member`, `me`, `session`, `uid`, `username`, with or without `_id`); reads `by` a secret, \
               which whoever holds it was given (the field ends in `token`, `secret`, `nonce`, `otp`, `api_key` or `magic_link`, also with `_hash` or `_digest` after it); signing in, where the caller is \
               not yet anybody (`data=credential` read by the name that somebody signs in with: `email`, `phone`, `login`, `handle`, `mobile`; any read in a flow whose label begins with POST or PUT and has a path that ends with `login`, `log-in`, `signin`, `sign-in`, `signup`, `sign-up`, `register`, `session`, `sessions`, `token`, `tokens`, \
               `authenticate`, `forgot-password` or `reset-password`; and what an `auth` node reads itself); stores of \
               a node with `generates=code scheme=random` (who has such a code may open it; one that is counted or \
               computed is found by trying), `data=public`, and workers. Of clients in a group with `trust=private` only \
               what is said to be `data=pii` is asked about, as a remark.",
        why: "A token proves who asks, and says nothing of what he asks for. The id in the address is changed by one, \
              the query finds the row, and it goes out with a valid signature: no scanner sees it, no log looks odd, \
              and it is the most common hole in interfaces that are otherwise well kept.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt tls rate_limit=10/s limit_by=user\nservice letters x2 authz=no\n\
              postgres store x2 failover=auto backup=1h {\n  table letter { key id; data = private }\n}\n\
              flow read { app -> api -> letters -> store reads=letter by=id }\n",
        good: "client app\ngateway api x2 auth=jwt tls rate_limit=10/s limit_by=user\nservice letters x2 authz\n\
               postgres store x2 failover=auto backup=1h {\n  table letter { key id; data = private }\n}\n\
               flow read { app -> api -> letters -> store reads=letter by=id }\n",
        ignore: "Everybody who may sign in may see everything, as in a team's own tool; or the store checks each row \
                 itself.",
    },
    check,
};

/// Fields that are taken from the token, not from the address.
const OWN: [&str; 9] = ["account", "customer", "member", "me", "owner", "session", "uid", "user", "username"];

/// How fields end whose value only those know to whom it was given.
const SECRET: [&str; 7] = ["token", "secret", "nonce", "otp", "api_key", "apikey", "magic_link"];

/// What somebody types beside the password.
const SIGNS_IN_WITH: [&str; 5] = ["email", "phone", "login", "handle", "mobile"];

/// Where requests go by which somebody becomes somebody.
const SIGN_IN: [&str; 14] = [
    "login",
    "log-in",
    "signin",
    "sign-in",
    "signup",
    "sign-up",
    "register",
    "session",
    "sessions",
    "token",
    "tokens",
    "authenticate",
    "forgot-password",
    "reset-password",
];

/// A program that reads unchecked, by the first read of it that matters most.
struct Exposure<'d> {
    way: Vec<NodeIndex>,
    step: &'d Step,
    private: bool,
    /// Only those inside read it.
    staff: bool,
    denied: Option<Span>,
    flows: Vec<String>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let journeys = facts.journeys();
    let outsiders: Vec<Vec<NodeIndex>> = journeys.iter().map(|journey| journey.outsiders(facts)).collect();
    // What clients write, by store and table; a bare write of a store without tables is of the whole.
    let mut theirs: HashSet<(NodeIndex, &str)> = HashSet::new();
    for (journey, starts) in journeys.iter().zip(&outsiders) {
        if starts.is_empty() || journey.flow.is_none() {
            continue;
        }
        for &step in journey.steps.iter().filter(|step| step.attrs.has("writes")) {
            theirs.extend(tables(step, "writes").map(|table| (step.to, table)));
        }
    }
    let coded: HashSet<NodeIndex> = facts
        .nodes(Kind::is_app)
        .filter(|&node| {
            let attrs = &facts.node(node).attrs;
            attrs.text("generates").value() == Some("code") && attrs.text("scheme").value() == Some("random")
        })
        .flat_map(|node| facts.hops_from(node))
        .map(|(store, _)| store)
        .collect();
    let knows_callers = who_knows_callers(facts);
    let staff: Vec<Vec<NodeIndex>> = journeys.iter().map(|journey| insiders(facts, journey)).collect();
    let mut exposures: BTreeMap<NodeIndex, Exposure> = BTreeMap::new();
    let outside = journeys.iter().zip(&outsiders).map(|(journey, starts)| (journey, starts, false));
    let inside = journeys.iter().zip(&staff).map(|(journey, starts)| (journey, starts, true));
    for (journey, starts, staff) in outside.chain(inside).filter(|(_, starts, _)| !starts.is_empty()) {
        let Some(flow) = journey.flow.filter(|flow| !flow.attrs.has("public")) else { continue };
        let spread = journey.spread(facts, starts, |_, to| {
            let node = facts.node(to);
            let passes = node.kind.is_compute() || matches!(node.kind, Kind::Dns | Kind::Cdn | Kind::Waf);
            passes && node.kind != Kind::Worker && !node.attrs.has("authz")
        });
        let known = spread.first_passed(|node| knows_callers.contains(&node));
        let denied = spread.first_passed(|node| facts.node(node).attrs.get("authz").is_some());
        for &step in &journey.steps {
            let reads = step.attrs.has("reads") && facts.arrow(step) == Arrow::Call;
            let store = facts.node(step.to).kind;
            if !reads || !(store.is_durable() || store == Kind::Search) || !known.contains_key(&step.from) {
                continue;
            }
            let data = facts.used_data(step);
            let private = data.iter().any(|words| words.iter().any(|word| word != "public"));
            let public = data.iter().all(|words| !words.is_empty()) && !private;
            let by = step.attrs.words("by");
            let own = !by.is_empty() && by.iter().all(|field| is_own(field));
            let written = tables(step, "reads").any(|table| theirs.contains(&(step.to, table)));
            let unsaid = || written && store.is_durable() && names_records(facts, step);
            let nobody_yet =
                facts.node(step.from).kind == Kind::Auth || signs_in(flow) || finds_account(&data, by);
            let open = public || own || nobody_yet || by.iter().any(|field| is_secret(field));
            if open || coded.contains(&step.to) || !(private || unsaid()) {
                continue;
            }
            // Who works there may see what the work needs; whose data it is need not be there.
            let personal = || data.iter().any(|words| words.iter().any(|word| word == "pii"));
            if staff && (!personal() || exposures.get(&step.from).is_some_and(|exposure| !exposure.staff)) {
                continue;
            }
            let denied = denied
                .get(&step.from)
                .and_then(|&node| facts.node(node).attrs.get("authz"))
                .map(|setting| setting.span);
            let new = || Exposure {
                way: spread.way_to(step.from),
                step,
                private,
                staff,
                denied,
                flows: Vec::new(),
            };
            let exposure = exposures.entry(step.from).or_insert_with(new);
            if (denied.is_some(), private) > (exposure.denied.is_some(), exposure.private) {
                *exposure = Exposure { flows: std::mem::take(&mut exposure.flows), ..new() };
            }
            if exposure.flows.last() != Some(&flow.id) {
                exposure.flows.push(flow.id.clone());
            }
        }
    }
    exposures.into_iter().map(|(reader, exposure)| finding(facts, reader, exposure)).collect()
}

/// The tables that a step names; `*` where it names none.
fn tables<'s>(step: &'s Step, access: &str) -> impl Iterator<Item = &'s str> {
    let named = step.attrs.words(access);
    let whole = named.is_empty().then_some("*");
    named.iter().map(String::as_str).chain(whole)
}

/// The read selects by a field of a key, where the table is drawn: an id that the client sends.
fn names_records(facts: &Facts, step: &Step) -> bool {
    let by = step.attrs.words("by");
    let owner = facts.node(facts.holder(step.to));
    let mut tables = step.attrs.words("reads").iter().filter_map(|table| owner.table(table)).peekable();
    let keys =
        |table: &Table| table.keys.iter().chain(table.uniques.iter().flatten()).any(|key| by.contains(key));
    !by.is_empty() && (tables.peek().is_none() || tables.any(keys))
}

/// Clients inside.
fn insiders(facts: &Facts, journey: &Journey) -> Vec<NodeIndex> {
    let ends = journey.steps.iter().flat_map(|step| [step.from, step.to]);
    let inside = |node: &NodeIndex| facts.node(*node).kind == Kind::Client && !facts.is_outsider(*node);
    let mut seen = HashSet::new();
    ends.filter(|node| inside(node) && seen.insert(*node)).collect()
}

/// Nodes that find out who is calling, themselves or by asking an `auth` node.
fn who_knows_callers(facts: &Facts) -> HashSet<NodeIndex> {
    let asking = facts.nodes(|kind| kind == Kind::Auth).flat_map(|auth| facts.hops_to(auth));
    let stating = facts.nodes(|_| true).filter(|&node| facts.node(node).attrs.has("auth"));
    asking.map(|(node, _)| node).chain(stating).collect()
}

fn is_own(field: &str) -> bool {
    OWN.contains(&field.strip_suffix("_id").unwrap_or(field))
}

/// Who knows it has been let in by whoever gave it to him.
fn is_secret(field: &str) -> bool {
    let name = field.to_lowercase();
    let name = ["_hash", "_digest"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    SECRET
        .iter()
        .any(|word| name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// `POST /login`, `PUT /session`: the path ends with how somebody signs in.
fn signs_in(flow: &Flow) -> bool {
    let mut words = flow.label.as_deref().unwrap_or("").split_whitespace();
    let path = words.next().filter(|method| matches!(*method, "POST" | "PUT")).and_then(|_| words.next());
    let last = path.and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    last.is_some_and(|last| SIGN_IN.contains(&last.to_lowercase().as_str()))
}

/// The record that a password is compared with, found by the name that was typed beside it.
fn finds_account(data: &[&[String]], by: &[String]) -> bool {
    let credentials = data.iter().any(|words| words.iter().any(|word| word == "credential"));
    credentials && !by.is_empty() && by.iter().all(|field| SIGNS_IN_WITH.contains(&field.as_str()))
}

fn finding(facts: &Facts, at: NodeIndex, exposure: Exposure) -> Diagnostic {
    let Exposure { way, step, private, staff, denied, flows } = exposure;
    let (reader, behind) = (facts.node(at), facts.node(step.to));
    let (name, store) = (reader.name(), behind.name());
    let what = match step.attrs.words("reads") {
        [] => "record".to_string(),
        tables => format!("`{}`", tables.join("` or `")),
    };
    let finding = match denied {
        Some(span) => {
            let message = format!("whoever is signed in can read every {what} in {store} through {name}");
            let wrong = Diagnostic::wrong(message, span, "does not check whose it is")
                .label(step.span, "read for whoever asks");
            if staff { wrong.at_most(Severity::Info) } else { wrong }
        }
        None => {
            let message = format!("nothing says that {name} checks whose {what} in {store} it hands out");
            let asked = Diagnostic::unstated(message, reader.span, "no `authz` on the way")
                .label(step.span, "read for whoever asks")
                .question(format!(
                    "somebody signed in asks {name} for a {what} that is not his: what refuses it?"
                ));
            if private && !staff { asked } else { asked.at_most(Severity::Info) }
        }
    };
    let way: Vec<NodeIndex> = way.into_iter().chain([step.to]).collect();
    finding
        .node(&reader.id)
        .flows(flows)
        .evidence(format!("{}: asked who is calling, not whether he may see it", facts.show_way(&way)))
        .consequence(match staff {
            true => "somebody on the staff looks up a neighbour, or a thousand customers before he leaves, and no log looks odd",
            false => "a customer changes the id in the address and reads what belongs to another, and no log looks odd",
        })
        .mend(Mend::node(&reader.id, "authz"))
        .fix(format!(
            "`authz` on {name}: the check that this caller may see this very record, beside the query"
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    fn letters(service: &str, table: &str, read: &str) -> String {
        format!(
            "client u\ngateway g auth=jwt\nservice a {service}\npostgres d {{\n table t {{ key id\n{table} }}\n}}\n\
             flow f {{ u -> g -> a -> d writes=t }}\nflow h {{ u -> g -> a -> d {read} }}"
        )
    }

    #[test]
    fn cases() {
        let case = |service: &str, table: &str, read: &str, expected: &[&str]| {
            expect(&RULE, &letters(service, table, read), expected);
        };
        case("", "data = private", "reads=t by=id", &["unstated a"]);
        case("authz=no", "data = private", "reads=t by=id", &["wrong a"]);
        case("", "data = pii", "reads=t page=cursor", &["unstated a"]);
        case("", "", "reads=t by=id", &["unstated a"]);
        // Checked, public, the caller's own, or a list of who knows what.
        case("authz", "data = private", "reads=t by=id", &[]);
        case("", "data = public", "reads=t by=id", &[]);
        case("", "data = private", "reads=t by=user_id", &[]);
        case("", "", "reads=t page=cursor", &[]);
        case("", "index state", "reads=t by=state", &[]);
        case("generates=code scheme=random", "", "reads=t by=id", &[]);
        // Whoever knows it was given it.
        case("", "data = private", "reads=t by=share_token", &[]);
        case("", "data = private", "reads=t by=[id, secret]", &[]);
        case("", "data = private", "reads=t by=token_hash", &[]);
        case("", "data = private", "reads=t by=broken", &["unstated a"]);
        // Signing in: who would be asked whose it is? Reading somebody's post by his address is another matter.
        case("", "data = credential", "reads=t by=email", &[]);
        case("", "data = credential", "reads=t by=id", &["unstated a"]);
        case("", "data = private", "reads=t by=email", &["unstated a"]);
        // Counted codes are found by counting.
        case("generates=code scheme=counter", "", "reads=t by=id", &["unstated a"]);
        case("generates=code scheme=hash", "", "reads=t by=id", &["unstated a"]);
        expect(
            &RULE,
            "client u\nservice a auth=jwt\nelasticsearch s\nflow f { u -> a -> s writes }\nflow h { u -> a -> s reads by=word }",
            &[],
        );
    }

    #[test]
    fn whose_it_is() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        let flow = "flow f { u -> a -> d reads by=id }";
        // Nobody signs in: that is asked first, or it is nobody's business.
        expect(&format!("client u\nservice a\npostgres d data=private\n{flow}"), &[]);
        expect(&format!("client u\nservice a auth=jwt\npostgres d data=private\n{flow}"), &["unstated a"]);
        expect(
            &format!("client u\nservice a\nauth i\na -> i\npostgres d data=private\n{flow}"),
            &["unstated a"],
        );
        let label = |label: &str, expected: &[&str]| {
            let text = "client u\nservice a auth=session\npostgres d data=private\nflow f LABEL { u -> a -> d reads by=id }";
            expect(&text.replace("LABEL", label), expected);
        };
        label("\"POST /v1/sessions\"", &[]);
        label("\"POST /login\"", &[]);
        label("\"PUT /session\"", &[]);
        label("\"GET /sessions\"", &["unstated a"]);
        label("\"POST /sessions/{id}\"", &["unstated a"]);
        label("\"POST /notes\"", &["unstated a"]);
        expect(
            "client u\ngateway g auth=jwt\nauth i x2\npostgres d data=private\nflow f { u -> g -> i -> d reads by=email }",
            &[],
        );
        // A catalogue that no client writes; a flow for all; the inside.
        expect(&format!("client u\nservice a auth=jwt\npostgres d\n{flow}"), &[]);
        expect(
            "client u\nservice a auth=jwt\npostgres d data=private\nflow f public { u -> a -> d reads by=id }",
            &[],
        );
        expect(
            &format!(
                "group o trust=private {{ client u }}\nservice a auth=jwt\npostgres d data=private\n{flow}"
            ),
            &[],
        );
        // Those inside may see what they work on, if it is nobody's person.
        let inside = |data: &str| {
            format!(
                "group o trust=private {{ client u }}\nservice a auth=jwt\npostgres d data={data}\n{flow}"
            )
        };
        expect(&inside("payment"), &[]);
        expect(&inside("pii"), &["unstated a"]);
        // Written by a worker on the client's behalf.
        expect(
            "client u\ngateway g auth=jwt\nservice a\nkafka k\nworker w\npostgres d { table t { key id } }\n\
             flow s { u -> g ~> k ~> w -> d writes=t }\nflow f { u -> g -> a -> d reads=t by=id }",
            &["unstated a"],
        );
        // Another program on the way checks.
        expect(
            "client u\ngateway g auth=jwt authz\nservice a\npostgres d data=pii\nflow f { u -> g -> a -> d reads by=id }",
            &[],
        );
    }

    #[test]
    fn what_is_not_said_to_be_private_is_a_remark() {
        let severity =
            |table: &str| run(&RULE, &Facts::new(&design(&letters("", table, "reads=t by=id"))))[0].severity;
        assert_eq!(severity(""), Severity::Info);
        assert_eq!(severity("data = private"), Severity::Warning);
        let inside = letters("", "data = pii", "reads=t by=id")
            .replace("client u", "group o trust=private { client u }");
        assert_eq!(run(&RULE, &Facts::new(&design(&inside)))[0].severity, Severity::Info);
    }
}
