use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Flow, Step};
use crate::diagnostic::{Diagnostic, Severity, Verdict};
use crate::rules::facts::private_sort;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "cdn-caches-private",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: true,
    group: Group::Caching,
    summary: "a CDN keeps answers that belong to one user, and gives them to the next",
    question: Some(Question {
        topic: "private answers at the edge",
        text: "an answer for one user passes it: what keeps it from being given to the next?",
    }),
    reads: &["auth", "bypass", "data", "hit_rate", "on", "public", "signed", "ttl", "writes"],
    page: Page {
        checks: "Flows through a CDN whose answers come from data that is not for everybody.",
        when: "A flow without any `writes`, or labelled GET (which may log the visit), goes through a CDN, and a hop after it reads what is `data=private`, `pii`, `payment` or `credential`, as its table or \
               store says. Wrong where the CDN hands it on `on=miss`, so that its own copy answers otherwise; a question where it does not say \
               so but has a `ttl` or a `hit_rate`. A warning, and a remark for the question, where something behind the CDN has `auth=jwt` or `oauth`: such requests carry an `Authorization` header, whose answers \
               shared caches do not keep unless they are told to; CDNs are often told to, by a rule for all paths. Silent with `bypass` or `signed` on the CDN, `signed` on the hop to it, on flows that are \
               `public`, and where the CDN states neither `ttl` nor `hit_rate`.",
        why: "A CDN keeps an answer by its address. Where the cookie or the header that says who asks is not part of the key, and \
              no `Cache-Control: private` stops it, the first user's account page is everybody's until it expires.",
        outage: None,
        bad: "client web\ncloudfront edge ttl=1min auth=jwt rate_limit=100/min\nservice account x2\nlb front managed\ndynamodb store backup=1h data=pii\n\
              flow show { web -> edge\n  edge -> front on=miss\n  front -> account -> store reads }\n",
        good: "client web\ncloudfront edge ttl=1min bypass=[\"/account\"] auth=jwt rate_limit=100/min\nservice account x2\nlb front managed\ndynamodb store backup=1h data=pii\n\
               flow show { web -> edge\n  edge -> front on=miss\n  front -> account -> store reads }\n",
        ignore: "What is answered is the public part of the record: state `data=public` on its table, or `public` on the flow.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known: Vec<NodeIndex> = Vec::new();
    for flow in &facts.design.flows {
        let steps = facts.design.steps_of(flow);
        let writes = flow.method() != "GET" && steps.iter().any(|step| step.attrs.has("writes"));
        if writes || flow.attrs.has("public") {
            continue;
        }
        let Some(onwards) = steps.iter().position(|step| caches(facts, step, steps)) else { continue };
        let private = steps[onwards..].iter().find(|step| {
            facts.arrow(step) == Arrow::Call
                && facts.node(step.to).kind.is_store()
                && facts.reads(step)
                && private_sort(facts.data_read(step)).is_some()
        });
        let Some(read) = private else { continue };
        if known.contains(&steps[onwards].from) {
            continue;
        }
        known.push(steps[onwards].from);
        let bearer = steps[onwards..].iter().any(|step| {
            let auth = facts.node(step.to).attrs.words("auth");
            !auth.is_empty() && auth.iter().all(|how| how == "jwt" || how == "oauth")
        });
        let finding = finding(facts, flow, &steps[onwards], read);
        // A question is one less already.
        let most = if finding.verdict == Verdict::Wrong { Severity::Warning } else { Severity::Info };
        found.push(if bearer { finding.at_most(most) } else { finding });
    }
    found
}

/// A step by which a CDN that keeps answers, and says nothing of what it does not keep, asks its origin.
fn caches(facts: &Facts, step: &Step, steps: &[Step]) -> bool {
    let cdn = facts.node(step.from);
    let stated = |names: &[&str]| names.iter().any(|name| cdn.attrs.has(name));
    cdn.kind == Kind::Cdn
        && facts.arrow(step) == Arrow::Call
        && (stated(&["ttl", "hit_rate"]))
        && !stated(&["bypass", "signed"])
        && !steps.iter().any(|into| into.to == step.from && into.attrs.has("signed"))
}

fn finding(facts: &Facts, flow: &Flow, onwards: &Step, read: &Step) -> Diagnostic {
    let (cdn, store) = (facts.node(onwards.from), facts.node(read.to));
    let data = private_sort(facts.data_read(read)).unwrap_or("private");
    let name = cdn.name();
    let finding = if onwards.attrs.text("on").value() == Some("miss") {
        Diagnostic::wrong(
            format!(
                "{name} keeps answers of `{}`, made from {data} data, and gives them to whoever asks next",
                flow.id
            ),
            onwards.span,
            "asked only when the edge has no copy",
        )
    } else {
        Diagnostic::unstated(
            format!(
                "nothing says that {name} keeps no answer of `{}`, which is made from {data} data",
                flow.id
            ),
            cdn.span,
            "keeps answers; no `bypass=` here",
        )
        .question(format!(
            "an answer of `{}` passes {name}: what keeps it from being given to the next user?",
            flow.id
        ))
    };
    finding
        .label(read.span, format!("{data} data"))
        .node(&cdn.id)
        .node(&store.id)
        .hop(facts.id(onwards.from), facts.id(onwards.to))
        .flows([flow.id.clone()])
        .evidence(format!("{} → … → {} reads {data} data", cdn.id, store.id))
        .consequence(format!(
            "one header is set wrong in a release, and for as long as {name} keeps its copy every user sees the page of the first one who asked"
        ))
        .fix(match store.kind {
            Kind::Blob => format!("`signed` on the hop to {name}: an address that opens one file for whom it was made, and expires; or `bypass=[\"/path\"]` on {name} for what `{}` answers", flow.id),
            _ => format!("`bypass=[\"/path\"]` on {name} for what `{}` answers, and `Cache-Control: private` with it", flow.id),
        })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::diagnostic::Severity;
    use crate::rules::testing::{design, expect};
    use crate::rules::{Facts, run};

    #[test]
    fn a_bearer_token_makes_it_less() {
        let severity = |auth: &str| {
            let text = format!(
                "client u\ncloudfront c ttl=1min\nservice a x2 {auth}\npostgres d data=pii\n\
                 flow f {{ u -> c\nc -> a on=miss\na -> d reads }}"
            );
            run(&RULE, &Facts::new(&design(&text)))[0].severity
        };
        assert_eq!(severity(""), Severity::Error);
        assert_eq!(severity("auth=session"), Severity::Error);
        assert_eq!(severity("auth=jwt"), Severity::Warning);
    }

    #[test]
    fn cases() {
        let case = |cdn: &str, flow: &str, onwards: &str, store: &str, expected: &[&str]| {
            let text = format!(
                "client u\ncloudfront c {cdn}\nservice a x2\npostgres d {store}\n\
                 flow f {flow} {{ u -> c\nc -> a {onwards}\na -> d reads }}"
            );
            expect(&RULE, &text, expected);
        };
        case("ttl=1min", "", "on=miss", "data=pii", &["wrong c, d"]);
        case("hit_rate=80%", "", "on=miss", "data=private", &["wrong c, d"]);
        case("ttl=1min", "", "", "data=pii", &["unstated c, d"]);
        // It does not keep it, or keeps nothing, or anybody may see it.
        case("ttl=1min bypass=account", "", "on=miss", "data=pii", &[]);
        case("ttl=1min signed", "", "on=miss", "data=pii", &[]);
        case("", "", "", "data=pii", &[]);
        case("ttl=1min", "public", "on=miss", "data=pii", &[]);
        case("ttl=1min", "", "on=miss", "data=public", &[]);
        case("ttl=1min", "", "on=miss", "", &[]);
        // Reads that log a visit are kept as others are.
        let logs = "client u\ncloudfront c ttl=1min\nservice a x2\npostgres d data=pii\n\
                    flow f \"GET /me\" { u -> c\nc -> a on=miss\na -> d reads\na -> d writes }";
        expect(&RULE, logs, &["wrong c, d"]);
        // A write is never kept.
        let text = "client u\ncloudfront c ttl=1min\nservice a x2\npostgres d data=pii\n\
                    flow f { u -> c -> a -> d reads\na -> d writes }";
        expect(&RULE, text, &[]);
    }
}
