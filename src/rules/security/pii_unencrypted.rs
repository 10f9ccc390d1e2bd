use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "pii-unencrypted",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "personal data, payment data or credentials lie readable on the disk",
    question: Some(Question {
        topic: "encryption at rest",
        text: "somebody copies a disk or a backup. What can he read?",
    }),
    reads: &["data", "encryption", "persistence", "replica_of"],
    page: Page {
        checks: "Databases, object stores, warehouses, search indexes, and caches with `persistence`, that say of \
                 themselves or of a table `data=pii`, `data=payment` or `data=credential`: whether what they keep is \
                 encrypted at rest.",
        when: "Wrong: such a store says `encryption=no`. A question, as a remark: it says nothing of `encryption`, and \
               neither does the primary that it is a `replica_of`. Left alone: stores that do not say that their data \
               is sensitive, `encryption`, and technologies that encrypt what they keep without being told to, such as S3, DynamoDB, \
               Spanner, BigQuery, Cloud SQL, Aurora and Azure SQL (not RDS, where it is chosen when a database is made).",
        why: "Most data is not stolen through the front door. A snapshot is shared with the wrong account, a test \
              machine gets last night's dump, a disk comes back from repair. Encrypted, each of them is noise without \
              a key that is kept and logged elsewhere; and the law asks for it where the loss has to be reported.",
        outage: None,
        bad: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice care x2 auth=oauth authz\n\
              postgres charts x2 failover=auto backup=1h data=pii encryption=no\n\
              flow visit { app -> front -> care -> charts reads }\n",
        good: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice care x2 auth=oauth authz\n\
               postgres charts x2 failover=auto backup=1h retention=10y data=pii encryption\n\
               flow visit { app -> front -> care -> charts reads }\n",
        ignore: "The application encrypts each field before it writes it, with keys that the store never sees.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.nodes(Kind::is_store).filter_map(|store| finding(facts, store)).collect()
}

fn finding(facts: &Facts, store: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(store);
    if node.kind == Kind::Cache && !node.attrs.has("persistence") {
        return None;
    }
    let sensitive = facts.sensitive(store)?;
    let (name, what) = (node.name(), sensitive.what);
    let encryption = node.attrs.get("encryption");
    let primary = facts.node(facts.holder(store)).attrs.has("encryption");
    let finding = match encryption {
        Some(_) if node.attrs.has("encryption") => return None,
        Some(setting) => {
            let message = format!("{name} keeps {what} as anybody can read it who gets its disk or a backup");
            Diagnostic::wrong(message, setting.span, "said not to be encrypted")
        }
        None if primary || node.tech.is_some_and(|tech| tech.encrypted) => return None,
        None => {
            let message = format!("nothing says whether the {what} in {name} is encrypted at rest");
            Diagnostic::unstated(message, node.span, "no `encryption`")
                .question(format!("somebody copies a disk or a backup of {name}. What can he read?"))
                .at_most(Severity::Info)
        }
    };
    Some(
        finding
            .label(sensitive.span, what)
            .node(&node.id)
            .evidence(format!("{name}: `data={}`", sensitive.word))
            .consequence(format!(
                "a snapshot of {name} in the wrong account is the {what} of everybody in it, without a password to break"
            ))
            .mend(Mend::node(&node.id, "encryption"))
            .fix(format!("`encryption` on {name}, with the key in a store of its own")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("postgres d data=pii encryption=no", &["wrong d"]);
        expect("postgres d data=payment", &["unstated d"]);
        expect("postgres d data=[private, credential]", &["unstated d"]);
        expect(
            "postgres d {\n table a { key id; data = public }\n table b { key id; data = pii }\n}",
            &["unstated d"],
        );
        expect("minio b data=pii\nelasticsearch s data=pii encryption", &["unstated b"]);
        // Said to be encrypted, always encrypted, or not said to be sensitive.
        expect("postgres d data=pii encryption", &[]);
        expect("every postgres encryption\npostgres d data=pii", &[]);
        expect("dynamodb d data=pii\ns3 b data=credential\naurora a data=pii\nazure-sql z data=pii", &[]);
        expect("azure-sql d data=pii encryption=no\nrds r data=pii", &["wrong d", "unstated r"]);
        expect("postgres d data=private\npostgres e\npostgres f data=public encryption=no", &[]);
        // A copy is as its primary; memory is gone with the machine.
        expect("postgres d data=pii encryption\npostgres r replica_of=d", &[]);
        expect("postgres d data=pii\npostgres r replica_of=d", &["unstated d, r"]);
        expect("redis c data=pii\nkafka k data=pii\nservice a data=pii", &[]);
        expect("redis c data=pii persistence=log", &["unstated c"]);
    }
}
