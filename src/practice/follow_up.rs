//! The questions that come when the design stands: those first that this design gives rise to.

use crate::catalog::Kind;
use crate::design::Design;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rubric::Answer;

/// A question, and the nodes of the design that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub answer: Answer,
    /// Ids, in the order of the file; empty where nothing in the design gives rise to it.
    pub because: Vec<String>,
}

/// All of them: first those about a kind of node of which something was found, then those about a kind that is there, then
/// the rest; the statement's order within.
pub fn order(questions: Vec<Answer>, design: &Design, findings: &[Diagnostic]) -> Vec<FollowUp> {
    let accused = |id: &String| {
        findings.iter().any(|finding| finding.severity > Severity::Info && finding.nodes.contains(id))
    };
    let mut all: Vec<(u8, FollowUp)> = questions
        .into_iter()
        .map(|answer| {
            let kinds = kinds(&format!("{} {}", answer.question, answer.answer));
            let nodes = design.graph.node_weights().filter(|node| kinds.contains(&node.kind));
            let because: Vec<String> = nodes.map(|node| node.id.clone()).collect();
            let rank = match () {
                () if because.iter().any(accused) => 0,
                () if !because.is_empty() => 1,
                () => 2,
            };
            (rank, FollowUp { answer, because })
        })
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, follow_up)| follow_up).collect()
}

/// Kinds that a text names. Clients, services and what is on every path tell one design from another too little.
fn kinds(text: &str) -> Vec<Kind> {
    const TELLING: [(Kind, &[&str]); 12] = [
        (Kind::Cache, &["cache", "caches", "cached"]),
        (Kind::Cdn, &["cdn", "edge"]),
        (Kind::Queue, &["queue", "queues"]),
        (Kind::Topic, &["topic", "topics", "log", "partition", "partitions", "offset"]),
        (Kind::Worker, &["worker", "workers", "consumer", "consumers"]),
        (Kind::Search, &["search", "index"]),
        (Kind::Socket, &["socket", "sockets", "websocket", "connection", "connections"]),
        (Kind::Scheduler, &["scheduler", "cron"]),
        (Kind::Blob, &["blob", "bucket", "object"]),
        (Kind::Lock, &["lock", "locks", "lease", "leases"]),
        (Kind::Registry, &["registry", "directory"]),
        (Kind::Function, &["function", "functions"]),
    ];
    let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    TELLING
        .into_iter()
        .filter(|(_, names)| names.iter().any(|name| words.iter().any(|word| word == name)))
        .map(|(kind, _)| kind)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::diagnostic::Severity;
    use crate::practice::testing::review;
    use crate::rubric::Answer;

    #[test]
    fn what_the_design_gives_rise_to_comes_first() {
        let questions = ["Why this title?", "The queue grows. What now?", "The cache is cold. What melts?"];
        let ask = || {
            let answer = |question: &&str| Answer { question: question.to_string(), answer: String::new() };
            questions.iter().map(answer).collect::<Vec<_>>()
        };
        let asked = |text: &str| -> Vec<(String, Vec<String>)> {
            let review = review(text);
            assert!(review.mistakes.is_empty(), "{:#?}", review.mistakes);
            order(ask(), &review.design, &review.critique.findings)
                .into_iter()
                .map(|one| (one.answer.question, one.because))
                .collect()
        };
        let none = asked("client web\n");
        assert_eq!(none.iter().map(|(question, _)| question.as_str()).collect::<Vec<_>>(), questions);
        let with_cache = asked("client web; redis hot managed; web -> hot\n");
        assert_eq!(with_cache[0], (questions[2].to_string(), vec!["hot".to_string()]));
        assert_eq!(with_cache[1].0, questions[0]);
        // Of the queue something is found: it goes before the cache.
        let text = "client web; lb front managed; service api x2; redis hot managed ttl=1h; queue jobs; worker w\n\
                    web -> front -> api -> hot; api ~> jobs ~> w\n";
        let found = review(text).critique.findings;
        let about = |id: &str| {
            found.iter().any(|one| one.severity > Severity::Info && one.nodes.contains(&id.to_string()))
        };
        assert!(about("jobs"));
        assert_eq!(asked(text)[0].0, questions[1]);
    }
}
