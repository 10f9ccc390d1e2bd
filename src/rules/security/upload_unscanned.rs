use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Attrs, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::{Journey, Spread};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "upload-unscanned",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Security,
    summary: "what one user uploads is handed to others as it came",
    question: Some(Question {
        topic: "uploads",
        text: "what looks at a file before somebody else opens it?",
    }),
    reads: &["antivirus", "payload", "reads", "trust", "writes"],
    page: Page {
        checks: "Object stores that clients write to and that are read for clients again: whether anything scans the \
                 files in between.",
        when: "Clients outside upload to an object store, directly or through a program, and a client, a CDN, or a program on a \
               call from a client has a hop that reads it. An upload is a hop to it with `writes`: from a client, from a load balancer, \
               CDN, firewall or gateway behind one, or from a service, function or connection server that a client \
               calls, if that hop or its flow states a `payload` of 100 KB or more. A question where the store says \
               nothing of `antivirus`; wrong where it says `antivirus=no` (then any service's write on a client's call \
               is an upload). Left alone: `antivirus`, stores that nobody reads from, stores that only workers write \
               to, and clients in a group with `trust=private`. No question where a scan is drawn: in one flow a worker, function or service that no client waits for reads the files (it is handed them, or looks \
               for them in a table by their state), writes a table of a database (or the database, where it names none), and writes no object store; and each flow that hands the files out reads that table, or that database without naming tables.",
        why: "A file store that takes anything soon serves malware from your own domain, which browsers and mail \
              filters then block as a whole; and an HTML or SVG file in it runs with your site's cookies when someone \
              opens it.",
        outage: None,
        bad: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\nservice albums x2 authz\ns3 photos object_versions antivirus=no\n\
              flow upload { app -> photos writes signed }\nflow view { app -> api -> albums -> photos reads }\n",
        good: "client app\ngateway api x2 auth=jwt rate_limit=10/s limit_by=user tls\nservice albums x2 authz\ns3 photos object_versions antivirus\n\
               flow upload { app -> photos writes signed }\nflow view { app -> api -> albums -> photos reads }\n",
        ignore: "Files are only ever shown again to the user who uploaded them, or are made anew on the way, as \
                 pictures that are always re-encoded.",
    },
    check,
};

/// Bytes above which a request that ends in a file store brings the file.
const FILE: f64 = 100e3;

#[derive(Default)]
struct Use<'d> {
    upload: Option<&'d Step>,
    download: Option<&'d Step>,
    /// The tables into which somebody writes what came of looking at the files.
    verdicts: HashSet<Span>,
    /// The flows that hand the files out, by where they stand among all.
    handed_out: Vec<usize>,
}

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<NodeIndex, Use> = BTreeMap::new();
    if facts.nodes(|kind| kind == Kind::Blob).next().is_none() {
        return Vec::new();
    }
    let journeys = facts.journeys();
    for (at, journey) in journeys.iter().enumerate() {
        let outsiders = journey.outsiders(facts);
        let spread = journey.spread(facts, &outsiders, |_, to| {
            let kind = facts.node(to).kind;
            kind.is_compute() || matches!(kind, Kind::Dns | Kind::Cdn | Kind::Waf)
        });
        for (blob, table) in verdicts(facts, journey, &spread) {
            uses.entry(blob).or_default().verdicts.insert(table);
        }
        for &step in &journey.steps {
            let blob = facts.node(step.to);
            if blob.kind != Kind::Blob || !spread.reaches(step.from) || facts.arrow(step) == Arrow::Control {
                continue;
            }
            let used = uses.entry(step.to).or_default();
            if step.attrs.has("writes") && (is_upload(facts, step) || blob.attrs.get("antivirus").is_some()) {
                used.upload.get_or_insert(step);
            }
            if step.attrs.has("reads") || facts.node(step.from).kind == Kind::Cdn {
                used.download.get_or_insert(step);
                if used.handed_out.last() != Some(&at) {
                    used.handed_out.push(at);
                }
            }
        }
    }
    let read = tables_read(facts, &journeys, &uses);
    let finding = |(blob, used): (NodeIndex, Use)| {
        // Whoever hands a file out asks first what came of looking at it.
        let asks = |at: &usize| {
            used.verdicts.iter().any(|table| read.get(at).is_some_and(|read| read.contains(table)))
        };
        if facts.node(blob).attrs.get("antivirus").is_none()
            && !used.handed_out.is_empty()
            && used.handed_out.iter().all(asks)
        {
            return None;
        }
        finding(facts, blob, used.upload?, used.download?)
    };
    uses.into_iter().filter_map(finding).collect()
}

/// The stores that somebody looks through for whom no client waits, and the tables into which he writes what he found. Who
/// makes new files of them looks for something else.
fn verdicts(facts: &Facts, journey: &Journey, spread: &Spread) -> Vec<(NodeIndex, Span)> {
    let looks = |step: &&&Step| {
        matches!(facts.node(step.from).kind, Kind::Worker | Kind::Function | Kind::Service)
            && !spread.reaches(step.from)
            && facts.arrow(step) == Arrow::Call
    };
    let mut read: BTreeMap<NodeIndex, BTreeSet<NodeIndex>> = BTreeMap::new();
    let mut written: HashMap<NodeIndex, Vec<Span>> = HashMap::new();
    let mut makes: HashSet<NodeIndex> = HashSet::new();
    for step in journey.steps.iter().filter(looks) {
        let writes = step.attrs.has("writes");
        match facts.node(step.to).kind {
            Kind::Blob if writes => _ = makes.insert(step.from),
            Kind::Blob if facts.reads(step) => _ = read.entry(step.from).or_default().insert(step.to),
            Kind::Database if writes => {
                let tables = written.entry(step.from).or_default();
                match step.attrs.words("writes") {
                    [] => tables.push(facts.node(step.to).span),
                    _ => tables.extend(facts.tables_written(step).map(|table| table.span)),
                }
            }
            _ => {}
        }
    }
    read.retain(|who, _| !makes.contains(who));
    let mut found = Vec::new();
    for (who, blobs) in &read {
        for table in written.get(who).into_iter().flatten() {
            found.extend(blobs.iter().map(|&blob| (blob, *table)));
        }
    }
    found
}

/// The tables that each of the flows reads which hand something out that somebody has looked at.
fn tables_read(
    facts: &Facts,
    journeys: &[Journey],
    uses: &BTreeMap<NodeIndex, Use>,
) -> HashMap<usize, HashSet<Span>> {
    let looked_at = uses.values().filter(|used| !used.verdicts.is_empty());
    let flows: HashSet<usize> = looked_at.flat_map(|used| used.handed_out.iter().copied()).collect();
    let tables = |at: usize| {
        let mut read: HashSet<Span> = HashSet::new();
        let mut whole: HashSet<NodeIndex> = HashSet::new();
        for step in &journeys[at].steps {
            let store = facts.node(facts.holder(step.to));
            if store.kind != Kind::Database || !facts.reads(step) {
                continue;
            }
            // The store stands for what somebody has put there without a name.
            read.insert(facts.node(step.to).span);
            match step.attrs.words("reads") {
                [] if whole.insert(step.to) => read.extend(store.tables.iter().map(|table| table.span)),
                [] => {}
                _ => read.extend(facts.tables_read(step).map(|table| table.span)),
            }
        }
        read
    };
    flows.into_iter().map(|at| (at, tables(at))).collect()
}

/// The client's own request writes there, or one large enough to bring a file.
fn is_upload(facts: &Facts, step: &Step) -> bool {
    let before = matches!(
        facts.node(step.from).kind,
        Kind::Client | Kind::Dns | Kind::Cdn | Kind::Waf | Kind::Lb | Kind::Gateway
    );
    let payload = |attrs: &Attrs| attrs.number("payload").value();
    let large = payload(&step.attrs).or(facts.flow_of(step).and_then(|flow| payload(&flow.attrs)));
    before || large.is_some_and(|bytes| bytes >= FILE)
}

fn finding(facts: &Facts, at: NodeIndex, upload: &Step, download: &Step) -> Option<Diagnostic> {
    let blob = facts.node(at);
    let name = blob.name();
    let (from, to) = (facts.node(upload.from).name(), facts.node(download.from).name());
    let finding = match blob.attrs.get("antivirus") {
        Some(_) if blob.attrs.has("antivirus") => return None,
        Some(setting) => {
            let message = format!(
                "what {from} puts into {name} is handed out through {to} as it came: nothing scans it"
            );
            Diagnostic::wrong(message, setting.span, "said not to be scanned")
        }
        None => {
            let message = format!(
                "nothing says what looks at a file in {name} between its upload and the next user who opens it"
            );
            Diagnostic::unstated(message, blob.span, "no `antivirus`")
                .question(format!("what looks at a file in {name} before somebody else opens it?"))
        }
    };
    Some(
        finding
            .label(upload.span, "comes in")
            .label(download.span, "goes out")
            .node(&blob.id)
            .evidence(format!("{from} → {name} → {to}"))
            .consequence(format!(
                "someone spreads malware by links to {name}, and browsers block your whole domain for it"
            ))
            .mend(Mend::node(&blob.id, "antivirus"))
            .fix(format!("`antivirus` on {name}: files stay out of sight until they are scanned and their type is checked; and hand them out from a domain of their own, where an HTML or SVG file finds no cookies")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text: &str, expected: &[&str]| expect(&RULE, text, expected);
        expect("client u\ns3 b\nu -> b reads writes signed", &["unstated b"]);
        expect(
            "client u\ncdn e\ns3 b\nflow f { u -> b writes signed }\nflow g { u -> e -> b on=miss }",
            &["unstated b"],
        );
        expect("client u\ns3 b antivirus=no\nu -> b reads writes signed", &["wrong b"]);
        expect("client u\ns3 b antivirus\nu -> b reads writes signed", &[]);
        // Through a service: a file, or perhaps an invoice that it made.
        let through = |payload: &str, antivirus: &str| {
            format!(
                "client u\nservice a\ns3 b {antivirus}\nflow f {payload} {{ u -> a -> b writes }}\nflow g {{ u -> a -> b reads }}"
            )
        };
        expect(&through("payload=2MB", ""), &["unstated b"]);
        expect(&through("payload=2KB", ""), &[]);
        expect(&through("", ""), &[]);
        expect(&through("", "antivirus=no"), &["wrong b"]);
        // A scan is drawn: somebody looks for new files, or is told of them, and the download asks for the verdict.
        let scanned = |antivirus: &str, scan: &str, view: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a\ncdn e\nscheduler s\nworker w\nqueue q\ns3 b {antivirus}\npostgres d {{ table f {{ key id; index state }}\ntable o {{ key id }} }}\n\
                 flow f {{ u -> a -> d writes=f\nu -> b writes signed }}\nflow h {{ {scan} }}\nflow g {{ {view} }}"
            );
            expect(&text, expected);
        };
        let polls = "w -> d reads=f by=state limit=10\nw -> b reads\nw -> d writes=f by=id";
        let view = "u -> a -> d reads=f by=id\nu -> b reads signed";
        scanned("", polls, view, &[]);
        scanned("", &format!("s -> {polls}"), view, &[]);
        scanned("", "b ~> q ~> w -> b reads\nw -> d writes=f", view, &[]);
        scanned("antivirus=no", polls, view, &["wrong b"]);
        // The verdict is not asked for, or written elsewhere; nothing is written; other files are made of it.
        scanned("", polls, "u -> e -> b on=miss", &["unstated b"]);
        scanned("", &polls.replace("writes=f", "writes=o"), view, &["unstated b"]);
        scanned("", "w -> d reads=f by=state limit=10\nw -> b reads", view, &["unstated b"]);
        scanned("", &format!("{polls}\nw -> b writes"), view, &["unstated b"]);
        let service = polls.replace('w', "a").replace("arites", "writes");
        scanned("", &service, view, &[]);
        scanned("", &format!("u -> {service}"), view, &["unstated b"]);
        let bare = |lines: &str| lines.replace("=f by=id", "").replace("=f by=state", "");
        scanned("", &bare(polls), &bare(view), &[]);
        scanned("", polls, &bare(view), &[]);
        scanned("", &bare(polls), "u -> e -> b on=miss", &["unstated b"]);
        // Nobody reads it, or only workers and the inside touch it.
        expect("client u\ns3 b\nu -> b writes signed", &[]);
        expect(
            "client u\ns3 b\nservice a\nqueue q\nworker w\nu -> a ~> q ~> w -> b writes\na -> b reads",
            &[],
        );
        expect("group o trust=private { client u }\ns3 b\nu -> b reads writes", &[]);
    }
}
