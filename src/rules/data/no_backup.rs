use crate::catalog::Kind;
use crate::design::{Arrow, Node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "no-backup",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: true,
    group: Group::Data,
    summary: "what is deleted by mistake is gone: nothing keeps an older state",
    question: Some(Question {
        topic: "backups",
        text: "somebody deletes the wrong rows: from where do they come back, and how old are they then?",
    }),
    reads: &[
        "backup",
        "managed",
        "object_versions",
        "rebuild_from",
        "recovers",
        "replica_of",
        "retention",
        "ttl",
    ],
    page: Page {
        checks: "Databases, and object stores and warehouses that no vendor runs: whether an older state can be had again.",
        when: "Wrong where `backup=none` is stated, a question where nothing is said. Copies do not count: they delete what \
               the first deletes. Left alone: replicas, what has `rebuild_from` or `object_versions`, what is copied to an object \
               store by a hop of its own or recovered by one (`..> recovers`), and what keeps everything for a day at most \
               (`retention`, or `ttl` on each table). Managed object stores and warehouses only with `backup=none`.",
        why: "Replication carries a wrong `DELETE` to every copy within milliseconds; so it does with what a bug or a broken \
              migration writes. Only a state from before helps, and only if it lies where the mistake could not reach it.",
        outage: Some(Outage {
            name: "GitLab, 2017",
            what: "the wrong host was wiped, every intended way to restore failed, and six hours of data were lost",
            link: "https://about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31/",
        }),
        bad: "client web\nlb front managed\nservice api x2\npostgres store x3 failover=auto backup=none\nflow save { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x3 failover=auto backup=1h\nflow save { web -> front -> api -> store writes }\n",
        ignore: "Its content can be had again from elsewhere: say where with `rebuild_from`, or in an `allow`.",
    },
    check,
};

const DAY: f64 = 86_400.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind.is_durable()) {
        let node = facts.node(store);
        let backup = node.attrs.get("backup");
        let vendors = node.kind != Kind::Database && node.is_managed();
        let elsewhere = facts.hops_from(store).iter().any(|(to, _)| facts.node(*to).kind == Kind::Blob)
            || facts
                .design
                .steps_to(store)
                .any(|step| facts.arrow(step) == Arrow::Control && step.attrs.has("recovers"));
        if node.attrs.has("backup")
            || (backup.is_none() && (vendors || elsewhere || !facts.is_reached(store)))
            || comes_back(node)
        {
            continue;
        }
        let name = node.name();
        let what = match node.tables.as_slice() {
            [] => format!("what {name} holds"),
            [only] => format!("`{}` in {name}", only.id),
            tables => format!("`{}`, `{}` and all else in {name}", tables[0].id, tables[1].id),
        };
        let finding = match backup {
            Some(setting) => Diagnostic::wrong(
                format!("whoever deletes {what} by mistake deletes it for good"),
                setting.span,
                "said to have none",
            ),
            None => Diagnostic::unstated(
                format!("nothing says from where {what} would come back"),
                node.span,
                "no `backup=` here",
            )
            .question(format!(
                "somebody deletes {what}: from where does it come back, and how old is it then?"
            )),
        };
        let copies = if node.instances > 1 {
            format!("{} instances of {name}: a wrong delete reaches all of them", node.instances)
        } else {
            format!("{name} is the only place that has it")
        };
        found.push(
            finding
                .node(&node.id)
                .evidence(copies)
                .consequence(format!("a migration or a script without its `WHERE` runs against {name}, and no older state exists"))
                .mend(Mend::node(&node.id, "backup=1h restore_tested=90d"))
                .fix(format!("`backup=1h restore_tested=90d` on {name}, with the time that you can afford to lose")),
        );
    }
    found
}

/// An older state can be had, or none is worth having.
fn comes_back(node: &Node) -> bool {
    let attrs = &node.attrs;
    let brief = |seconds: Option<f64>| seconds.is_some_and(|seconds| seconds <= DAY);
    ["replica_of", "rebuild_from", "object_versions"].iter().any(|name| attrs.has(name))
        || brief(attrs.number("retention").value())
        || (!node.tables.is_empty()
            && node.tables.iter().all(|table| brief(table.attrs.number("ttl").value())))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |store: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nservice a\n{store}\nu -> a -> d"), expected);
        };
        case("postgres d", &["unstated d"]);
        case("postgres d x3 failover=auto replication=sync", &["unstated d"]);
        case("postgres d backup=none", &["wrong d"]);
        case("postgres d backup=1d", &[]);
        case("postgres d backup", &[]);
        // A managed database keeps backups if it is asked to; managed files have their vendor's copies.
        case("dynamodb d", &["unstated d"]);
        case("s3 d", &[]);
        case("s3 d backup=none", &["wrong d"]);
        case("s3 d backup=none object_versions", &[]);
        case("minio d", &["unstated d"]);
        case("bigquery d", &[]);
        // It comes back from elsewhere, or need not.
        case("postgres m backup=1d\npostgres d rebuild_from=m", &[]);
        // That it is restored does not say how old it is then.
        case("postgres d restore_tested=30d", &["unstated d"]);
        case("postgres d { table session { key id; ttl = 30min } }", &[]);
        case("postgres d { table session { key id; ttl = 30d } }", &["unstated d"]);
        case("postgres d\ns3 b\nd ~> b", &[]);
    }

    #[test]
    fn replicas_are_no_stores_of_their_own() {
        let text = "client u\nservice a\npostgres d backup=1h\npostgres r replica_of=d\nredis c\nu -> a -> d\na -> r, c";
        expect(&RULE, text, &[]);
        // A replica is no backup of its primary.
        let text = "client u\nservice a\npostgres d\npostgres r replica_of=d\nu -> a -> d\na -> r";
        expect(&RULE, text, &["unstated d"]);
        // Two are one question.
        let text = "client u\nservice a\npostgres d\npostgres e\nu -> a -> d, e";
        expect(&RULE, text, &["unstated d, e"]);
    }
}
