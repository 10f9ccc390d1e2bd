//! Each condition, of designs that meet it, do not, and do not say.

use crate::design::lower;
use crate::rubric::{Met, Rubric, Scale, score};
use crate::syntax::parse;

/// What a condition about flow `f` (a client that reaches a service) says of a design, and why.
fn judged(design: &str, condition: &str) -> (Met, String) {
    let rubric = format!(
        r#"problem = "p"
        numbers = {{ n = {{ large = "100/s", from = "" }}, size = {{ large = "1MB", from = "" }} }}
        flow = [{{ id = "f", reaches = ["client", "service"] }}]
        [[criterion]]
        id = "c"
        dimension = "data"
        points = 1
        need = "nice"
        scale = "large"
        all = [{condition}]
        ask = ""
        hints = ["", "", ""]
        fix = """#
    );
    let rubric = Rubric::read("r.toml", &rubric, &["spof-datastore", "consumers-too-slow"]).expect(condition);
    let (ast, mut mistakes) = parse(design);
    let (design, more) = lower(&ast);
    mistakes.extend(more);
    assert_eq!(mistakes, []);
    let critique = crate::rules::check(&design, jiff::civil::date(2026, 1, 1));
    let score = score(&design, &critique, &rubric, Some(Scale::Large));
    (score.criteria[0].met, score.criteria[0].why.clone())
}

fn expect(design: &str, condition: &str, met: Met, why: &str) {
    assert_eq!(judged(design, condition), (met, why.to_string()), "{condition} of\n{design}");
}

#[test]
fn flows() {
    let condition = r#"{ flow = "f" }"#;
    expect("client a\nservice b\nflow f { a -> b }", condition, Met::Yes, "flow `f` is there");
    expect("client a\nservice b\nflow g serves=f { a -> b }", condition, Met::Yes, "flow `f` is there");
    expect("client a\nservice b\nflow g { a -> b }", condition, Met::No, "there is no flow `f`");
    expect("client a\nlb b\nflow f { a -> b }", condition, Met::No, "flow `f` passes a, b, but no service");
}

#[test]
fn paths() {
    let boxes = "client a\nservice b\nqueue q\nworker w\ndatabase d\n";
    let waits = r#"{ flow = "f", path = ["client", "-> writes database"] }"#;
    let later = r#"{ flow = "f", path = ["client", "~> writes database"] }"#;
    let call = format!("{boxes}flow f {{ a -> b -> d writes }}");
    expect(&call, waits, Met::Yes, "a → b → d");
    expect(&call, later, Met::No, "flow `f` passes a, b, d, but no database that it writes after a hand-off");
    let handoff = format!("{boxes}flow f {{ a -> b ~> q ~> w -> d writes }}");
    expect(&handoff, later, Met::Yes, "a → b → q → w → d");
    expect(
        &handoff,
        waits,
        Met::No,
        "flow `f` passes a, b, q, w, d, but no database that it writes and waits for",
    );
    let silent = format!("{boxes}flow f {{ a -> b -> d }}");
    expect(&silent, waits, Met::Unstated, "flow `f` does not say what it reads or writes on a → b → d");
    // A line that no request reaches is not on the flow.
    let aside = format!("{boxes}flow f {{ a -> b\nw -> d writes }}");
    expect(&aside, waits, Met::No, "flow `f` passes a, b, but no database that it writes and waits for");
}

#[test]
fn a_cache_that_may_miss_is_read() {
    let boxes = "client a\nservice b\ncache c\ndatabase d\n";
    let condition = r#"{ flow = "f", path = ["client", "reads cache"] }"#;
    let judged = |steps: &str| judged(&format!("{boxes}flow f {{ {steps} }}"), condition).0;
    assert_eq!(judged("a -> b -> c\nb -> d reads on=miss"), Met::Yes);
    assert_eq!(judged("a -> b -> c\nb -> d reads"), Met::Unstated);
    assert_eq!(judged("a -> b -> c writes\nb -> d reads on=miss"), Met::No);
}

#[test]
fn what_must_not_be_waited_for() {
    let boxes = "client a\nservice b\nqueue q\nworker w\ndatabase d\n";
    let condition = r#"{ flow = "f", no_path = ["client", "-> writes database"] }"#;
    let judged = |steps: &str| judged(&format!("{boxes}flow f {{ {steps} }}"), condition).0;
    assert_eq!(judged("a -> b -> d writes"), Met::No);
    assert_eq!(judged("a -> b -> d"), Met::Unstated);
    assert_eq!(judged("a -> b -> d reads"), Met::Yes);
    assert_eq!(judged("a -> b ~> q ~> w -> d writes"), Met::Yes);
}

#[test]
fn what_acts_outside_the_request_path() {
    let boxes = "client a\nworker ci\nservice b\nservice c\nsecrets k\n";
    let there = r#"{ flow = "f" }"#;
    let brought = |verb: &str| format!("{boxes}flow f {{ a -> ci; ci ..> b {verb} }}");
    expect(&brought("deploys"), there, Met::Yes, "flow `f` is there");
    expect(&brought("observes"), there, Met::No, "flow `f` passes a, ci, but no service");
    // Nobody waits for it, and it neither reads nor writes.
    let waits = r#"{ flow = "f", path = ["client", "-> service"] }"#;
    assert_eq!(judged(&brought("deploys"), waits).0, Met::No);
    let writes = r#"{ flow = "f", no_path = ["client", "writes service"] }"#;
    assert_eq!(judged(&brought("deploys"), writes).0, Met::Yes);
    let acts = r#"{ flow = "f", path = ["client", "..> service"] }"#;
    assert_eq!(judged(&brought("deploys"), acts).0, Met::Yes);
    let called = format!("{boxes}flow f {{ a -> ci -> b }}");
    expect(&called, acts, Met::No, "flow `f` passes a, ci, b, but no service from outside the request path");
    let stages = r#"{ flow = "f", hop = "any ..> service", has = "stages", min = "2" }"#;
    assert_eq!(judged(&brought("deploys stages=3"), stages).0, Met::Yes);
    assert_eq!(judged(&brought("deploys stages=1"), stages).0, Met::No);
    // Secrets that a node of the flow needs are on it, wherever that is drawn, and nothing else that is needed.
    let keys = r#"{ flow = "f", node = "secrets" }"#;
    let needs = |arrow: &str| format!("{boxes}flow f {{ a -> b }}\n{arrow}");
    assert_eq!(judged(&needs("b ..> k needs"), keys).0, Met::Yes);
    expect(&needs("c ..> k needs"), keys, Met::No, "no secrets on flow `f`");
    expect(&needs("ci ..> k needs\nb ..> ci needs"), keys, Met::No, "no secrets on flow `f`");
}

#[test]
fn nodes_and_hops() {
    let design = |c: &str, hop: &str| {
        format!(
            "client a\nservice b\ncache {c}\ndatabase d\ncache off ttl=1s\nflow f {{ a -> b -> c reads; b -> d {hop} }}"
        )
    };
    let node = r#"{ flow = "f", node = "cache|cdn", has = "ttl" }"#;
    expect(&design("c ttl=5min", ""), node, Met::Yes, "`c` has `ttl=5min`");
    expect(&design("c ttl=none", ""), node, Met::No, "`c` has `ttl=no`");
    expect(&design("c", ""), node, Met::Unstated, "`c` does not say `ttl`");
    expect("client a\nservice b\nflow f { a -> b }", node, Met::No, "no cache or cdn on flow `f`");
    let short = r#"{ flow = "f", node = "cache", has = "ttl", max = "1min" }"#;
    expect(&design("c ttl=60s", ""), short, Met::Yes, "`c` has `ttl=1min`");
    expect(&design("c ttl=61s", ""), short, Met::No, "`c` has `ttl=1.02min`");
    let miss = r#"{ flow = "f", hop = "any -> database", has = "on", is = ["miss"] }"#;
    expect(&design("c", "reads on=miss"), miss, Met::Yes, "`b -> d` has `on=miss`");
    expect(&design("c", "reads on=error"), miss, Met::No, "`b -> d` has `on=error`");
    expect(&design("c", "reads"), miss, Met::Unstated, "`b -> d` does not say `on`");
    let every = r#"{ flow = "f", hop = "any -> any", has = "timeout", every = true }"#;
    expect(&design("c", "timeout=1s"), every, Met::Unstated, "`a -> b` does not say `timeout`");
    let every_call = format!("every call timeout=1s\n{}", design("c", ""));
    assert_eq!(judged(&every_call, every).0, Met::Yes);
}

#[test]
fn what_a_technology_is_known_for() {
    let condition = r#"{ flow = "f", node = "topic", has = "delivery", is = ["at-least-once"] }"#;
    let design = |topic: &str| format!("client a\nservice b\n{topic}\nflow f {{ a -> b ~> t }}");
    assert_eq!(judged(&design("kafka t"), condition).0, Met::Yes);
    assert_eq!(judged(&design("redis-pubsub t"), condition).0, Met::No);
    assert_eq!(judged(&design("topic t"), condition).0, Met::Unstated);
    assert_eq!(judged(&design("topic t delivery=at-least-once"), condition).0, Met::Yes);
    let log = r#"{ flow = "f", path = ["client", "~> topic(replay)"] }"#;
    assert_eq!(judged(&design("kafka t"), log).0, Met::Yes);
    assert_eq!(judged(&design("topic t retention=7d"), log).0, Met::Yes);
    assert_eq!(judged(&design("redis-pubsub t"), log).0, Met::No);
}

#[test]
fn how_many_there_are() {
    let several = r#"{ flow = "f", node = "service", has = "instances", min = "2" }"#;
    let design = |service: &str| format!("client a\nservice b {service}\nflow f {{ a -> b }}");
    expect(&design(""), several, Met::No, "`b` has `instances=1`");
    expect(&design("x2"), several, Met::Yes, "`b` has `instances=2`");
    assert_eq!(judged(&design("autoscale"), several).0, Met::Yes);
    assert_eq!(judged(&design("autoscale=[1, 9]"), several).0, Met::No);
}

#[test]
fn what_a_database_can_be_set_to_is_not_known_of_it() {
    let condition = r#"{ flow = "f", node = "database", has = "replication", is = ["sync", "quorum"] }"#;
    let design = |store: &str| format!("client a\nservice b\n{store}\nflow f {{ a -> b -> d writes }}");
    assert_eq!(judged(&design("postgres d x2"), condition).0, Met::Unstated);
    assert_eq!(judged(&design("postgres d x2 replication=sync"), condition).0, Met::Yes);
    assert_eq!(judged(&design("rds d x2"), condition).0, Met::Yes);
    assert_eq!(judged(&design("cockroachdb d x3"), condition).0, Met::Yes);
}

#[test]
fn lookups() {
    let design = |store: &str, table: &str, by: &str| {
        format!(
            "client a\nservice b\n{store} d {{ table t {{ {table} }} }}\nflow f {{ a -> b -> d reads=t {by} }}"
        )
    };
    let key = r#"{ flow = "f", lookup = "key" }"#;
    expect(&design("database", "key x, y", "by=x"), key, Met::Yes, "table `d.t` is read by x");
    expect(
        &design("database", "key x, y", "by=y"),
        key,
        Met::No,
        "table `d.t` is read by y, which no key or index of it starts with",
    );
    assert_eq!(judged(&design("database", "key x; index y, z", "by=[z, y]"), key).0, Met::Yes);
    assert_eq!(judged(&design("database", "key x; unique y", "by=y"), key).0, Met::Yes);
    assert_eq!(judged(&design("database", "key x", ""), key).0, Met::Unstated);
    let shard = r#"{ flow = "f", lookup = "shard" }"#;
    assert_eq!(judged(&design("database", "key x, y; shard x", "by=x"), shard).0, Met::Yes);
    assert_eq!(judged(&design("database", "key x, y; shard y", "by=x"), shard).0, Met::No);
    assert_eq!(judged(&design("database", "key x", "by=x"), shard).0, Met::Unstated);
    assert_eq!(judged(&design("cassandra", "key x, y", "by=x"), shard).0, Met::Yes);
}

#[test]
fn figures() {
    let design = |f: &str, table: &str| {
        format!(
            "given {{ many = 120/s }}\nclient a\nservice b\ndatabase d {{ table t {{ key k; {table} }} }}\nflow f {f} {{ a -> b -> d writes=t }}"
        )
    };
    let rate = r#"{ flow = "f", rate = "n", within = 2 }"#;
    expect(&design("rate=60/s", ""), rate, Met::Yes, "flow `f` has a rate of 60/s");
    expect(&design("rate=20/s", ""), rate, Met::No, "flow `f` has a rate of 20/s, far below 100/s");
    expect(&design("", ""), rate, Met::Unstated, "flow `f` has no `rate`");
    let stored = r#"{ flow = "f", stores = "size", within = 2 }"#;
    expect(&design("", "rows = 9k; size = 100B"), stored, Met::Yes, "flow `f` stores 900 KB");
    expect(&design("", "rows = 9k; size = 1KB"), stored, Met::No, "flow `f` stores 9 MB, far above 1 MB");
    expect(&design("", ""), stored, Met::Unstated, "no table that flow `f` writes says `rows` and `size`");
    // Halves add up; what else belongs to the requirement does not make its own rate wrong.
    let two = |own: &str, other: &str| {
        format!(
            "client a\nservice b\ndatabase d\nflow f {own} {{ a -> b -> d writes }}\nflow g {other} serves=f {{ a -> b -> d writes }}"
        )
    };
    assert_eq!(judged(&two("rate=30/s", "rate=40/s"), rate).0, Met::Yes);
    expect(&two("rate=100/s", "rate=9k/s"), rate, Met::Yes, "flow `f` has a rate of 100/s");
    expect(&two("rate=9k/s", "rate=100/s"), rate, Met::No, "flow `f` has a rate of 9,100/s, far above 100/s");
    let beside = |other: &str| {
        let tables = format!(
            "table t {{ key k; rows = 9k; size = 100B }} table o {{ key k; rows = 9k; size = {other} }}"
        );
        format!("client a\nservice b\ndatabase d {{ {tables} }}\nflow f {{ a -> b -> d writes=[t, o] }}")
    };
    expect(&beside("100B"), stored, Met::Yes, "flow `f` stores 1.8 MB");
    expect(&beside("1KB"), stored, Met::Yes, "flow `f` stores 900 KB");
    expect(&beside("1KB").replace("100B", "2KB"), stored, Met::No, "flow `f` stores 27 MB, far above 1 MB");
    assert_eq!(judged(&design("", ""), r#"{ given = "n" }"#).0, Met::Yes);
    assert_eq!(judged(&design("", ""), r#"{ given = "size" }"#).0, Met::Unstated);
}

#[test]
fn rules() {
    let condition = r#"{ flow = "f", silent = ["spof-datastore"] }"#;
    let design = |d: &str| format!("client a\nservice b\ndatabase {d}\nflow f {{ a -> b -> d writes }}");
    assert_eq!(judged(&design("d"), condition).0, Met::No);
    expect(&design("d x3"), condition, Met::Yes, "no spof-datastore on flow `f`");
    // Another flow's flaw is not this one's.
    let other = "client a\nservice b\ndatabase d\nflow f { a -> b }\nflow g { a -> b -> d writes }";
    assert_eq!(judged(other, condition).0, Met::Yes);
    assert_eq!(judged(other, r#"{ silent = ["spof-datastore"] }"#).0, Met::No);
}

#[test]
fn rules_that_lack_a_number() {
    let condition = r#"{ flow = "f", silent = ["consumers-too-slow"] }"#;
    let boxes = "client a\nservice b\nqueue q\nqueue r\nworker w\nworker x\n";
    let design = |f: &str, g: &str| {
        format!("{boxes}flow f {f} {{ a -> b ~> q ~> w }}\nflow g {g} {{ a -> b ~> r ~> x }}")
    };
    let wants = "consumers-too-slow wants `capacity` of `w`";
    expect(&design("rate=1k/s", ""), condition, Met::NotEvaluated, wants);
    // What another flow's worker can do matters to the whole, and not to this one.
    let other = design("", "rate=1k/s");
    expect(&other, condition, Met::Yes, "no consumers-too-slow on flow `f`");
    let wants = "consumers-too-slow wants `capacity` of `x`";
    expect(&other, r#"{ silent = ["consumers-too-slow"] }"#, Met::NotEvaluated, wants);
}

#[test]
fn the_record() {
    let design = |more: &str| format!("client a\nservice b\nflow f {{ a -> b }}\n{more}");
    let one = r#"decide "a" because "b" over "c""#;
    assert_eq!(judged(&design(one), "{ decisions = 1 }").0, Met::Yes);
    assert_eq!(judged(&design(r#"decide "a" because "b""#), "{ decisions = 1 }").0, Met::Unstated);
    assert_ne!(judged(&design(r#"decide "a" because "" over "c""#), "{ decisions = 1 }").0, Met::Yes);
    assert_eq!(judged(&design(&format!("{one}\n{one}")), "{ decisions = 2 }").0, Met::Unstated);
    assert_eq!(judged(&design(""), r#"{ nodes = "any", at_most = 2 }"#).0, Met::Yes);
    assert_eq!(judged(&design("cache c"), r#"{ nodes = "any", at_most = 2 }"#).0, Met::No);
    // Who uses it, whom it asks and who watches it cost nobody a night.
    let own = r#"{ nodes = "own", at_most = 1 }"#;
    assert_eq!(judged(&design("client c\nexternal e\nmonitor m"), own).0, Met::Yes);
    expect(&design("cache c"), own, Met::No, "2 × box of your own, 1 are enough");
    // Words alone earn nothing.
    assert_eq!(judged(one, "{ decisions = 1 }").0, Met::No);
}

#[test]
fn values_of_tables_and_what_must_not_be() {
    let text = "client a\nservice b\ndatabase d {\n  table hold { key seat; column until time; ttl = 10min }\n  table sale { key seat; ttl = 2y }\n}\n\
                flow f { a -> b -> d writes=hold\nb -> d reads=sale }";
    let short = r#"{ flow = "f", table = "ttl", max = "1h", access = "writes" }"#;
    expect(text, short, Met::Yes, "table `d.hold` has `ttl`");
    let long = r#"{ flow = "f", table = "ttl", min = "1y", access = "writes" }"#;
    expect(text, long, Met::Unstated, "table `d.hold` has no `ttl`");
    let column = r#"{ flow = "f", table = "column" }"#;
    expect(text, column, Met::Yes, "table `d.hold` has `column`");
    let none = r#"{ flow = "f", none = [{ flow = "f", node = "cache" }] }"#;
    expect(text, none, Met::Yes, "nothing that should not be there");
    let none = r#"{ none = [{ flow = "f", node = "database" }] }"#;
    expect(text, none, Met::No, "`d`");
    let missing = r#"{ flow = "f", none = [{ flow = "f", node = "cache" }] }"#;
    expect("client a\nservice b\nflow g { a -> b }", missing, Met::No, "there is no flow `f`");
}

#[test]
fn what_follows_on_a_flow() {
    let boxes = "client a\nservice b\nworker w\nexternal e\ndatabase d { table t { key k }\ntable s { key k } }\nsqs q\n";
    let later = r#"{ flow = "f", path = ["client", "~> worker", "external"] }"#;
    let waits = r#"{ flow = "f", no_path = ["client", "-> external"] }"#;
    let put = "flow f rate=100/s { a -> b -> d writes=t";
    let with = |more: &str| format!("{boxes}{put} }}\n{more}");
    // A worker looks every so often for what the flow wrote, or the database hands on what has changed.
    let looks = with("flow g staleness=5s async { w -> d reads=t every=1s\nw -> e }");
    expect(&looks, later, Met::Yes, "a → b → d → w → e");
    assert_eq!(judged(&looks, waits).0, Met::Yes);
    let handed = with("flow g { d ~> q ~> w -> e }");
    expect(&handed, later, Met::Yes, "a → b → d → q → w → e");
    // A line of the flow itself need not say how often.
    let within = format!("{boxes}{put}\nw -> d reads=t\nw -> e }}");
    expect(&within, later, Met::Yes, "a → b → d → w → e");
    // Nothing of it: another table, a report that reads it as well, a client of its own, a flow that serves another.
    for other in [
        "flow g { w -> d reads=s every=1s\nw -> e }",
        "flow g { w -> d reads=t\nw -> e }",
        "client c\nflow g { c -> w -> d reads=t every=1s\nw -> e }",
    ] {
        assert_eq!(judged(&with(other), later).0, Met::No, "{other}");
    }
    // The client goes on to somebody outside to whom the flow has sent it: to nobody else, and nobody else does.
    let page = r#"{ flow = "f", hop = "client -> external" }"#;
    let asked = format!("client c\nexternal x\n{boxes}{put}\nb -> e }}\n");
    let typed = |more: &str| judged(&format!("{asked}{more}"), page).0;
    assert_eq!(typed("flow g { a -> e }"), Met::Yes);
    for other in [
        "flow g { a -> x }",
        "flow g { c -> e }",
        "flow g { b -> e }",
        "flow g { a ~> e }",
        "flow g { a -> e -> b -> x }",
    ] {
        assert_eq!(typed(other), Met::No, "{other}");
    }
    assert_eq!(judged(&with("flow g { a -> e }"), page).0, Met::No);
    // What it says of time is the flow's promise too; its figures are its own.
    let late = r#"{ flow = "f", says = "staleness", max = "10s" }"#;
    assert_eq!(judged(&looks, late).0, Met::Yes);
    let rate = r#"{ flow = "f", rate = "n", within = 2 }"#;
    let busy = with("flow g rate=900/s { w -> d reads=t every=1s\nw -> e }");
    assert_eq!(judged(&busy, rate).0, Met::Yes);
    // What each and every write of the flow must say, those that follow need not.
    let each = r#"{ flow = "f", hop = "any -> writes database", has = "conditional", every = true }"#;
    let only = format!(
        "{boxes}flow f {{ a -> b -> d writes=t conditional }}\n{}",
        "flow g { w -> d reads=t every=1s\nw -> d writes=s }"
    );
    assert_eq!(judged(&only, each).0, Met::Yes);
}
