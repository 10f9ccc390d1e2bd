use crate::design::Node;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{Miss, private_sort};
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "cache-key-no-tenant",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Caching,
    summary: "a cache shared by all keeps what belongs to one user or customer",
    question: Some(Question {
        topic: "cache keys",
        text: "two users ask the same question: what in the key keeps their answers apart?",
    }),
    reads: &["authz", "by", "data", "public", "reads", "scope", "tenant_key", "tenants"],
    page: Page {
        checks: "Caches in front of personal data: whose an entry is.",
        when: "A cache has a way past it to a store (`on=miss`, or a call of its own), and what is kept is `data=private`, `pii`, \
               `payment` or `credential`, as stated on the cache, its tables, or what is loaded. Wrong where it says `scope=public`; but not where all flows that load it are `public`, nor where only the store as a whole is said to be private and what is loaded names tables of it that say nothing themselves, \
               beside others, and asks for them `by` no `user`, `account`, `customer`, `member`, `owner`, `tenant`, `org` or the like: a price list in a database of customers is the same for all. A question where \
               the cache says neither `scope` nor `tenant_key` (which counts on the cache alone: a store that keeps tenants apart says nothing of the cache's keys): one of weight where the cache, its caller or the store serves several customers (`tenants=shared`), otherwise a remark. \
               Silent with `scope=user`, `scope=tenant` or `tenant_key` on the cache, and where each caller has \
               `authz`, which checks whose an entry is after it was found; but a cache that itself says `data=` one of these is asked even then, as a remark. Where all flows that load it are `public`, no remark.",
        why: "The key of an entry was made of the path and the parameters; who asked was in the session, and nobody thought of \
              it. The first to ask fills the entry, and everybody after gets that person's answer, at the speed of a cache.",
        outage: Some(Outage {
            name: "OpenAI, 2023",
            what: "requests and responses in a Redis cache got out of sequence, and some users were shown data of other users",
            link: "https://web.archive.org/web/20240426015133/https://openai.com/blog/march-20-chatgpt-outage",
        }),
        bad: "client web\ngateway front x2 auth=jwt rate_limit=100/min\nservice bills x2\nredis recent x2 ttl=5min scope=public\npostgres store x2 failover=auto backup=1h data=pii\n\
              flow show { web -> front -> bills -> recent reads\nbills -> store reads on=miss }\n",
        good: "client web\ngateway front x2 auth=jwt rate_limit=100/min\nservice bills x2\nredis recent x2 ttl=5min scope=user\npostgres store x2 failover=auto backup=1h data=pii\n\
               flow show { web -> front -> bills -> recent reads\nbills -> store reads on=miss }\n",
        ignore: "What is cached is the part of the data that anybody may see: state `data=public` on its table.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        let Some(what) = private(facts, node, &misses) else { continue };
        let scope = node.attrs.text("scope");
        let callers = facts.callers(cache);
        let checks = callers.iter().all(|&caller| facts.node(caller).attrs.has("authz"));
        // What the cache itself calls private was thought of as a cache of private answers, not of rows that are checked.
        let own = scope.is_unstated() && private_sort(node.attrs.words("data")).is_some();
        let keyed = matches!(scope.value(), Some("user" | "tenant")) || node.attrs.has("tenant_key");
        if keyed || (checks && !own) {
            continue;
        }
        let shared = |node: &Node| node.attrs.text("tenants").value() == Some("shared");
        let several = shared(node)
            || callers.iter().any(|&caller| shared(facts.node(caller)))
            || misses.iter().any(|miss| shared(facts.node(miss.store)));
        let weighs = several && !checks;
        let open =
            || misses.iter().filter_map(|miss| facts.flow_of(miss.load)).all(|flow| flow.attrs.has("public"));
        if scope.is_unstated() && !weighs && misses.iter().any(|miss| miss.load.flow.is_some()) && open() {
            continue;
        }
        let same = || open() || misses.iter().all(|miss| is_same_for_all(facts, miss));
        if scope.span().is_some() && !own && !is_private_itself(node) && same() {
            continue;
        }
        let (name, caller) = (node.name(), facts.names(&callers));
        let store = facts.node(misses[0].store);
        let finding = match scope.span() {
            Some(span) => Diagnostic::wrong(
                format!("{name} keeps {what} data of {} under keys that all users share", store.name()),
                span,
                "anybody's",
            ),
            None => Diagnostic::unstated(
                format!(
                    "nothing says whose an entry of {name} is, which keeps {what} data of {}",
                    store.name()
                ),
                node.span,
                "no `scope=` here",
            )
            .question(if weighs {
                format!(
                    "two users ask {caller} the same: what in the key of {name} keeps their answers apart?"
                )
            } else {
                format!("whose is an answer that {name} gives: does its key name the user who asked?")
            }),
        };
        let light = scope.is_unstated() && !weighs;
        found.push(
            (if light { finding.at_most(Severity::Info) } else { finding })
                .node(&node.id)
                .node(&store.id)
                .hop(facts.id(misses[0].load.from), &store.id)
                .flows(misses.iter().filter_map(|miss| facts.flow_of(miss.load)).map(|flow| flow.id.clone()))
                .evidence(format!("{} → {} → {}", facts.show_way(&facts.way_to(cache)), facts.id(misses[0].load.from), store.id))
                .consequence(format!(
                    "one user's answer is put into {name}, the next user asks the same, and {caller} hands out the {what} data of a stranger"
                ))
                .mend(Mend::node(&node.id, "scope=user"))
                .fix(format!("`scope=user` on {name}, or `scope=tenant`: who asks is part of each key")),
        );
    }
    found
}

/// The cache, or a table of it, is said to keep what is not for everybody.
fn is_private_itself(node: &Node) -> bool {
    let own = std::iter::once(&node.attrs).chain(node.tables.iter().map(|table| &table.attrs));
    own.map(|attrs| attrs.words("data")).any(|data| private_sort(data).is_some())
}

/// What the store says of its data may be of its other tables, and nobody asks for somebody's own.
fn is_same_for_all(facts: &Facts, miss: &Miss) -> bool {
    let persons = [
        "user",
        "account",
        "customer",
        "member",
        "owner",
        "tenant",
        "org",
        "organisation",
        "organization",
        "team",
        "workspace",
        "company",
        "patient",
        "person",
        "client",
        "session",
        "email",
        "phone",
    ];
    let is_somebodys = |field: &String| {
        let name = field.to_lowercase();
        persons.contains(&name.strip_suffix("_id").unwrap_or(&name))
    };
    let tables: Vec<_> = facts.tables_read(miss.load).collect();
    let all = facts.node(facts.holder(miss.store)).tables.len();
    !tables.is_empty()
        && tables.len() < all
        && tables.iter().all(|table| table.attrs.words("data").is_empty())
        && !miss.load.attrs.words("by").iter().any(is_somebodys)
}

/// The most telling sort of data that is not for everybody, as the cache says it, or what fills it.
fn private<'d>(facts: &Facts<'d>, node: &'d Node, misses: &[&Miss<'d>]) -> Option<&'d str> {
    let own = std::iter::once(&node.attrs).chain(node.tables.iter().map(|table| &table.attrs));
    let stated = own.map(|attrs| attrs.words("data")).find(|data| !data.is_empty());
    let loaded =
        || misses.iter().map(|miss| facts.data_read(miss.load)).find(|data| private_sort(data).is_some());
    private_sort(stated.or_else(loaded)?)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn it_weighs_more_where_customers_share_it() {
        let severity = |service: &str, cache: &str| {
            let text = format!(
                "client u\nservice a x2 {service}\nredis c {cache}\npostgres d data=pii\n\
                 flow f {{ u -> a -> c reads\na -> d reads on=miss }}"
            );
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity("tenants=shared", ""), Severity::Warning);
        assert_eq!(severity("", ""), Severity::Info);
        assert_eq!(severity("authz tenants=shared", "data=pii"), Severity::Info);
    }

    #[test]
    fn cases() {
        let case = |service: &str, cache: &str, store: &str, load: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 {service}\nredis c {cache}\npostgres d {store} {{ table t {{ key k }} }}\n\
                 flow f {{ u -> a -> c reads\na -> d {load} on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        case("", "scope=public", "data=pii", "reads=t by=k", &["wrong c, d"]);
        case("", "scope=public data=private", "", "reads", &["wrong c, d"]);
        case("tenants=shared", "", "data=private", "reads=t by=k", &["unstated c, d"]);
        case("tenants=shared", "", "data=pii", "reads", &["unstated c, d"]);
        // One customer's users are several people too.
        case("", "", "data=pii", "reads=t by=k", &["unstated c, d"]);
        case("tenants=single", "", "data=pii", "reads", &["unstated c, d"]);
        case("authz", "data=pii", "", "reads=t by=k", &["unstated c, d"]);
        let public = "client u\nservice a x2\nredis c\npostgres d data=private\n\
                      flow f public { u -> a -> c reads\na -> d reads on=miss }";
        expect(&RULE, public, &[]);
        // The same for all: what everybody may ask for, or one table of a database with customers in another.
        let same = |cache: &str, price: &str, flow: &str, load: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 tenants=shared\nredis c scope=public {cache}\n\
                 postgres d data=pii {{ table price {{ key sku; {price} }}\ntable person {{ key id }} }}\n\
                 flow f {flow} {{ u -> a -> c reads\na -> d {load} on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        same("", "", "", "reads=price by=sku", &[]);
        same("", "", "", "reads=price by=customer", &["wrong c, d"]);
        same("", "", "", "reads=[price, person]", &["wrong c, d"]);
        same("", "", "", "reads", &["wrong c, d"]);
        same("", "data = private", "", "reads=price by=sku", &["wrong c, d"]);
        same("data=private", "", "", "reads=price by=sku", &["wrong c, d"]);
        same("", "", "public", "reads", &[]);
        // By its key, by whose it is, checked by the caller, or for everybody.
        case("", "scope=user", "data=pii", "reads", &[]);
        case("tenants=shared", "tenant_key=org", "data=pii", "reads", &[]);
        case("authz", "scope=public", "data=pii", "reads", &[]);
        case("authz", "", "data=pii", "reads=t by=k", &[]);
        case("", "scope=public", "data=public", "reads", &[]);
        case("", "scope=public", "", "reads", &[]);
        case("", "data=public", "data=pii", "reads", &[]);
    }
}
