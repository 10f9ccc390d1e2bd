use crate::design::{Arrow, Node, Setting, Step, Table, Value};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::{show_number, show_rate};

pub static RULE: Rule = Rule {
    id: "hot-partition",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Scaling,
    summary: "the key by which data is spread sends most of it to one place",
    question: None,
    reads: &["key", "partitions", "rows", "shards", "skew"],
    page: Page {
        checks: "What tables are sharded by and what topics and queues are keyed by, and the share of a table's hottest key.",
        when: "Every field of a table's `shard`, or of a broker's or hop's `key`, is a span of time (`day`, `hour`, …), can \
               only be one of few (`country`, `status`, `type`, …), or is a time (`created_at`, …) where keys are not \
               hashed, as Cassandra, ScyllaDB, DynamoDB, Cosmos DB, Couchbase, Redis and brokers do. Or the first field is \
               a time and the database keeps its keys in order (Bigtable, HBase, Spanner, CockroachDB, TiDB, \
               FoundationDB). Or a table sharded by one field states a `skew` of at least a tenth and twice the fair share \
               of one of its `shards`: a warning at most. Or the one field of a `shard` is a boolean column, or a `ref` to a table \
               of the same database with fewer `rows` than there are `shards`. Silent where `shards` or `partitions` is one, and where the load \
               is known to be less than 100 a second: of a table, what the hops bring that name it in `reads` or `writes`, or name no \
               table of the store. Where all of them name other tables, nothing is known to come to it.",
        why: "Adding shards helps only as far as the key spreads. By day, all of today's writes go to one of them while the \
              others keep the past; by country, the largest one is a third of the load, and no split makes it smaller.",
        outage: None,
        bad: "client web\nlb front managed\nservice chat x4\ncassandra store x6 {\n  table message { key day, id; shard day }\n}\n\
              flow send { web -> front -> chat -> store writes=message }\n",
        good: "client web\nlb front managed\nservice chat x4\ncassandra store x6 {\n  table message { key conversation, id; shard conversation, day }\n}\n\
               flow send { web -> front -> chat -> store writes=message }\n",
        ignore: "Parts are made by region on purpose, so that data stays where its owner lives, and each is sized for its own.",
    },
    check,
};

/// Below this one shard carries everything without noticing.
const CONSIDERABLE: f64 = 100.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for at in facts.nodes(|kind| kind.is_store() || kind.is_broker()) {
        let node = facts.node(at);
        let into: Vec<&Step> =
            facts.design.steps_to(at).filter(|step| facts.arrow(step) != Arrow::Control).collect();
        if node.kind.is_broker() {
            let load = arriving(facts, &into);
            let keys = into.iter().filter_map(|step| step.attrs.get("key"));
            let bad = node.attrs.get("key").into_iter().chain(keys).find(|key| all_bad(words(key), true));
            if let Some(key) = bad
                && is_considerable(load)
                && node.attrs.number("partitions").value() != Some(1.0)
            {
                found.push(keyed(node, key, load));
            }
        } else if node.attrs.number("shards").value() != Some(1.0) {
            found.extend(node.tables.iter().filter_map(|table| {
                let load = load_of(facts, node, table, &into);
                is_considerable(load).then(|| sharded(node, table, load))?
            }));
        }
    }
    found
}

/// Nobody knows, or it is much.
fn is_considerable(load: Option<f64>) -> bool {
    load.is_none_or(|load| load >= CONSIDERABLE)
}

/// Requests a second over these hops; None where there are none, or a flow does not say.
fn arriving(facts: &Facts, steps: &[&Step]) -> Option<f64> {
    let all: Option<f64> = steps.iter().map(|step| facts.busiest(step)).sum();
    all.filter(|_| !steps.is_empty())
}

/// Requests a second for one table: over hops that name it, and over those that name none of this store and may mean any.
fn load_of(facts: &Facts, node: &Node, table: &Table, into: &[&Step]) -> Option<f64> {
    if into.is_empty() {
        return None;
    }
    let means = |step: &Step| {
        let named = ["reads", "writes"].into_iter().flat_map(|access| step.attrs.words(access));
        let known: Vec<&String> = named.filter(|id| node.table(id).is_some()).collect();
        known.is_empty() || known.contains(&&table.id)
    };
    into.iter().filter(|step| means(step)).map(|step| facts.busiest(step)).sum()
}

fn keyed(node: &Node, key: &Setting, load: Option<f64>) -> Diagnostic {
    let name = node.name();
    let by = words(key).join(", ");
    let parts = match node.attrs.number("partitions").value() {
        Some(parts) => format!("{} partitions", show_number(parts)),
        None => "partitions".to_string(),
    };
    Diagnostic::wrong(
        format!("keyed by {by}, the messages of {name} gather in few of its {parts}"),
        key.span,
        trouble(words(key)),
    )
    .node(&node.id)
    .evidence(evidence(words(key), node.attrs.number("partitions").value().unwrap_or(1.0), load))
    .consequence(format!(
        "one consumer of {name} falls behind with nearly all messages while the others idle, and adding consumers changes nothing"
    ))
    .fix(format!("`key=` on {name} by what messages belong to, of which there are many: a user, a conversation, an order"))
}

fn sharded(node: &Node, table: &Table, load: Option<f64>) -> Option<Diagnostic> {
    let name = node.name();
    let by = table.shard.join(", ");
    let placement = node.tech.and_then(|tech| tech.placement.as_deref());
    // What begins alike lies together where keys are kept in order; hashed, two moments are two places.
    let in_order = placement == Some("range");
    let first_is_time = in_order && table.shard.first().is_some_and(|field| is_time(field));
    if all_bad(&table.shard, placement == Some("hash")) || first_is_time {
        let what = if table.shard.iter().all(|field| is_time(field)) || first_is_time {
            format!("all new rows of `{}` go to one shard of {name}", table.id)
        } else {
            format!("most rows of `{}` share few shards of {name}", table.id)
        };
        return Some(
            Diagnostic::wrong(format!("sharded by {by}, {what}"), table.span, trouble(&table.shard))
                .node(&node.id)
                .evidence(evidence(&table.shard, node.attrs.number("shards").value().unwrap_or(1.0), load))
                .consequence(format!("one machine of {name} is at its limit while the others idle, and a larger cluster is not faster"))
                .fix(format!(
                    "`shard` in `{}` by a field that it is looked up by and that has many values, such as a user or a conversation; {by} after it if a partition grows too large",
                    table.id
                )),
        );
    }
    if let Some(few) = fewer_than_shards(node, table) {
        return Some(few);
    }
    let skew = table.attrs.number("skew").value()?;
    let shards = node.attrs.number("shards").value()?;
    if table.shard.len() != 1 || skew < 0.1 || skew < 2.0 / shards {
        return None;
    }
    let percent = |share: f64| format!("{} %", show_number(share * 100.0));
    Some(
        Diagnostic::wrong(
            format!("one {by} makes {} of the load on `{}`, and it lives on one of {} shards of {name}", percent(skew), table.id, show_number(shards)),
            table.span,
            format!("sharded by {by} alone"),
        )
        .at_most(Severity::Warning)
        .node(&node.id)
        .evidence(format!(
            "a fair share is 1 / {} = {}; the shard with the hottest {by} has {} at least",
            show_number(shards),
            percent(1.0 / shards),
            percent(skew)
        ))
        .consequence(format!("the shard with that {by} slows down for all who share it, and a larger cluster is not faster"))
        .fix(format!("`shard {by}, bucket` in `{}`, the bucket a small number that spreads a hot {by} and is read back together", table.id)),
    )
}

/// Its one shard field is the key of another table, which has fewer rows than there are shards; or is true or false.
fn fewer_than_shards(node: &Node, table: &Table) -> Option<Diagnostic> {
    let shards = node.attrs.number("shards").value()?;
    let [field] = table.shard.as_slice() else { return None };
    let is_bool = |(name, ty): &(String, String)| {
        name == field && ["bool", "boolean"].contains(&ty.to_lowercase().as_str())
    };
    let (values, from) = if table.columns.iter().any(is_bool) {
        (2.0, format!("{field} is true or false"))
    } else {
        let reference = table.refs.iter().find(|reference| reference.field == *field)?;
        let rows = node.table(&reference.table)?.attrs.number("rows").value()?;
        (rows, format!("{field} is a `{}`, of which there are {}", reference.table, show_number(rows)))
    };
    if values >= shards {
        return None;
    }
    let name = node.name();
    let [values, used, idle] = [values, values, shards - values].map(show_number);
    Some(
        Diagnostic::wrong(
            format!("`{}` is sharded by {field}, of which there are {values}: {idle} of {} shards of {name} stay empty", table.id, show_number(shards)),
            table.span,
            format!("sharded by {field} alone"),
        )
        .node(&node.id)
        .evidence(format!("{from}; {} shards − {used} = {idle} without a row", show_number(shards)))
        .consequence(format!("{used} machines of {name} do all the work, and adding others changes nothing"))
        .fix(format!("`shard` in `{}` by a field that has many values, such as a user or an order; {field} after it if it is always asked for", table.id)),
    )
}

fn evidence(fields: &[String], parts: f64, load: Option<f64>) -> String {
    let by = fields.join(", ");
    let what = if fields.iter().all(|field| is_one_of_few(field)) {
        format!("the most frequent {by} is one of few, and all of it lies in one place")
    } else if parts > 1.0 {
        let waiting = show_number(parts - 1.0);
        format!("what arrives at one time goes to one part: {waiting} of {} wait", show_number(parts))
    } else {
        "what arrives at one time goes to one part, and the others wait".to_string()
    };
    match load {
        Some(load) => format!("{what}; {} arrive", show_rate(load)),
        None => what,
    }
}

fn trouble(fields: &[String]) -> &'static str {
    if fields.first().is_some_and(|field| is_time(field)) {
        "the same for all that arrives at one time"
    } else {
        "only a few different values"
    }
}

fn words(setting: &Setting) -> &[String] {
    match &setting.value {
        Value::Words(words) => words,
        _ => &[],
    }
}

fn all_bad(fields: &[String], hashed: bool) -> bool {
    let bad = |field: &String| is_span(field) || is_one_of_few(field) || (!hashed && is_time(field));
    !fields.is_empty() && fields.iter().all(bad)
}

/// A time, however fine.
fn is_time(field: &str) -> bool {
    let name = field.to_lowercase();
    let words = ["created", "updated", "timestamp", "ts", "time", "datetime"];
    let endings = ["_at", "_time", "_timestamp", "_ts"];
    is_span(field) || words.contains(&name.as_str()) || endings.iter().any(|ending| name.ends_with(ending))
}

/// A span of time, which much falls into.
fn is_span(field: &str) -> bool {
    let name = field.to_lowercase();
    let words = ["date", "day", "hour", "minute", "week", "month", "year"];
    words.contains(&name.as_str()) || words.iter().any(|word| name.ends_with(&format!("_{word}")))
}

fn is_one_of_few(field: &str) -> bool {
    let name = field.to_lowercase();
    let words = [
        "active",
        "category",
        "continent",
        "country",
        "country_code",
        "currency",
        "deleted",
        "enabled",
        "gender",
        "kind",
        "lang",
        "language",
        "locale",
        "plan",
        "priority",
        "region",
        "role",
        "sex",
        "state",
        "status",
        "tier",
        "type",
    ];
    words.contains(&name.as_str())
        || name.starts_with("is_")
        || name.ends_with("_type")
        || name.ends_with("_status")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn tables() {
        let case = |store: &str, table: &str, flow: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\n{store} {{ table t {{ key id; {table} }} }}\nflow f {flow} {{ u -> a -> d writes=t }}"
            );
            expect(&RULE, &text, expected);
        };
        case("postgres d shards=4", "shard created_at", "", &["wrong d"]);
        case("cassandra d x6", "shard day", "", &["wrong d"]);
        case("cassandra d x6", "shard order_date", "", &["wrong d"]);
        // Each moment has its own hash.
        case("cassandra d x6", "shard created_at", "", &[]);
        case("cassandra d x6", "shard country", "", &["wrong d"]);
        case("cassandra d x6", "shard day, country", "", &["wrong d"]);
        case("cassandra d x6", "shard user", "", &[]);
        case("cassandra d x6", "shard conversation, day", "", &[]);
        // Hashed together, a day and a user spread; kept in order, the day comes first.
        case("cassandra d x6", "shard day, user", "", &[]);
        case("bigtable d", "shard day, user", "", &["wrong d"]);
        // What comes to other tables of the store is none of its load.
        let beside = |pay: &str, night: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\nspanner d {{ table p {{ key id; shard id }} table m {{ key day, id; shard day }} }}\n\
                 flow pay rate={pay} {{ u -> a -> d writes=p }}\nflow night {night} {{ u -> a -> d writes=m }}"
            );
            expect(&RULE, &text, expected);
        };
        beside("5k/s", "rate=1/day", &[]);
        beside("5/s", "rate=1/day", &[]);
        beside("5/s", "rate=5k/s", &["wrong d"]);
        beside("5/s", "", &["wrong d"]);
        let any = "client u\nservice a\nspanner d { table p { key id; shard id } table m { key day, id; shard day } }\n\
                   flow pay rate=5k/s { u -> a -> d WRITES }";
        expect(&RULE, &any.replace("WRITES", "writes"), &["wrong d"]);
        expect(&RULE, &any.replace("WRITES", "writes=p"), &[]);
        expect(&RULE, &any.replace("WRITES", "writes=[p, m]"), &["wrong d"]);
        // Not split at all, or too little to matter.
        case("postgres d", "index created_at", "", &[]);
        case("postgres d shards=1", "shard day", "", &[]);
        case("postgres d shards=8", "shard day", "rate=10/s", &[]);
        case("postgres d shards=8", "shard day", "rate=10k/s", &["wrong d"]);
        case("postgres d shards=16", "shard author; skew = 20%", "", &["wrong d"]);
        let few = |rows: &str, expected: &[&str]| {
            let other = format!("shard shop; ref shop -> s.id }} table s {{ key id; rows = {rows}");
            case("postgres d shards=16", &other, "", expected);
        };
        few("5", &["wrong d"]);
        few("5000", &[]);
        case("postgres d shards=4", "shard done; column done boolean", "", &["wrong d"]);
        case("postgres d shards=16", "shard author, bucket; skew = 20%", "", &[]);
        case("postgres d shards=4", "shard author; skew = 20%", "", &[]);
    }

    #[test]
    fn brokers() {
        let case = |topic: &str, hop: &str, expected: &[&str]| {
            expect(&RULE, &format!("service a\n{topic}\nworker w\na ~> k {hop}\nk ~> w"), expected);
        };
        case("kafka k partitions=32 key=region", "", &["wrong k"]);
        case("kafka k partitions=32", "key=status", &["wrong k"]);
        case("kafka k partitions=32 key=user", "", &[]);
        case("kafka k partitions=32 key=[region, user]", "", &[]);
        case("kafka k partitions=1 key=region", "", &[]);
        case("kafka k partitions=32", "", &[]);
        let rated = |rate: &str, expected: &[&str]| {
            let text = "client u\nservice a\nkafka k partitions=32 key=region\nworker w\nflow f rate=RATE { u -> a ~> k ~> w }";
            expect(&RULE, &text.replace("RATE", rate), expected);
        };
        rated("99/s", &[]);
        rated("100/s", &["wrong k"]);
    }
}
