//! The practice problems as a whole: references earn everything, shortcuts nothing, names and vendors do not matter.

use std::path::{Path, PathBuf};

use spof::diagnostic::{Diagnostic, Severity};
use spof::rubric::{Condition, Level, Met, Packs, Problem, Rubric, Scale, Score, score};
use spof::rules::Critique;

fn problems() -> Vec<&'static Problem> {
    Packs::built_in().iter().map(|pack| &pack.problem).collect()
}

fn rubric(problem: &str) -> &'static Rubric {
    &Packs::built_in().find(problem).expect(problem).rubric
}

fn folder(problem: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(problem)
}

/// File names and texts, in order of name.
fn designs(problem: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder(problem))
        .expect("every problem has designs")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "arch"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a readable file"))
        })
        .collect();
    files.sort();
    files
}

fn references(problem: &str) -> Vec<(String, String)> {
    let files = designs(problem).into_iter().filter(|(name, _)| name.starts_with("reference"));
    files.collect()
}

/// `blind.arch` is the one written without the rubric.
fn design(problem: &str, name: &str) -> String {
    let path = match name {
        "blind.arch" => blind().join(format!("{problem}.arch")),
        name => folder(problem).join(name),
    };
    std::fs::read_to_string(path).expect(name)
}

fn blind() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems/blind")
}

fn critique(text: &str) -> Critique {
    let (ast, mut mistakes) = spof::syntax::parse(text);
    let (design, more) = spof::design::lower(&ast);
    mistakes.extend(more);
    let messages: Vec<&String> = mistakes.iter().map(|mistake| &mistake.message).collect();
    assert!(mistakes.is_empty(), "{messages:?} in\n{text}");
    spof::rules::check(&design, jiff::civil::date(2026, 1, 1))
}

fn findings(text: &str) -> Vec<Diagnostic> {
    critique(text).findings
}

fn graded(text: &str, problem: &str) -> Score {
    let critique = critique(text);
    let (design, _) = spof::design::lower(&spof::syntax::parse(text).0);
    score(&design, &critique, rubric(problem), None)
}

fn open(score: &Score) -> Vec<String> {
    let open = score.criteria.iter().filter(|criterion| criterion.met != Met::Yes);
    open.map(|criterion| format!("{}: {}", criterion.id, criterion.why)).collect()
}

fn points(score: &Score) -> i64 {
    (score.points * 100.0).round() as i64
}

/// What decides about a criterion, without the words.
fn verdicts(score: &Score) -> Vec<(&str, Met)> {
    score.criteria.iter().map(|criterion| (criterion.id.as_str(), criterion.met)).collect()
}

#[test]
fn references_earn_full_marks_at_every_level() {
    for problem in problems() {
        let references = references(&problem.id);
        assert!(references.len() >= 2, "{} has one reference", problem.id);
        for (name, text) in references {
            let score = graded(&text, &problem.id);
            assert_eq!(open(&score), Vec::<String>::new(), "{name}");
            assert_eq!((points(&score), score.level), (10_000, Some(Level::Staff)), "{name}");
            assert!(score.next.is_empty(), "{name}");
        }
    }
}

#[test]
fn references_have_no_finding_above_info() {
    for problem in problems() {
        for (name, text) in references(&problem.id) {
            let loud: Vec<String> = findings(&text)
                .iter()
                .filter(|finding| finding.severity > Severity::Info)
                .map(|finding| format!("{}: {}", finding.code, finding.message))
                .collect();
            assert_eq!(loud, Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn references_can_be_written_in_half_an_hour() {
    for problem in problems() {
        for (name, text) in references(&problem.id) {
            assert!(text.lines().count() <= 60, "{name} has {} lines", text.lines().count());
            let (design, _) = spof::design::lower(&spof::syntax::parse(&text).0);
            let own = |node: &spof::design::Node| node.attrs.iter().filter(|set| !set.inherited).count();
            let attributes: usize = design.graph.node_weights().map(own).sum();
            assert!(attributes <= 4 * design.graph.node_count(), "{name} has {attributes} attributes");
        }
    }
}

/// Good designs written from the statement alone, blind to the rubric, and kept as they were: what each earns is written
/// down, for docs/critique.md says it too. `UPDATE_DOCS=1` writes it anew.
#[test]
fn what_designs_written_without_the_rubric_earn() {
    let folder = blind();
    let mut scores = String::new();
    for problem in problems() {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{}.arch", problem.id))) else { continue };
        let score = graded(&text, &problem.id);
        let level = score.level.map_or("none", Level::name);
        scores.push_str(&format!("{} {:.1} {level}\n", problem.id, score.points));
    }
    let path = folder.join("scores.txt");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &scores).expect("a writable file");
        return;
    }
    assert!(
        kept == scores,
        "{} is stale: run `UPDATE_DOCS=1 cargo test --test problems`\n{scores}",
        path.display()
    );
}

#[test]
fn an_empty_design_scores_nothing() {
    for problem in problems() {
        for text in
            ["", "out \"a\"\ndecide \"a\" because \"b\" over \"c\"\ndecide \"d\" because \"e\" over \"f\""]
        {
            let score = graded(text, &problem.id);
            assert_eq!((score.points, score.level), (0.0, None));
            assert_eq!((score.of * 100.0).round(), 10_000.0);
        }
    }
}

#[test]
fn flows_that_go_nowhere_score_nothing() {
    let score = graded(
        "client a\nservice b\nflow shorten rate=38/s p99=1s { a -> b }\nflow redirect p99=1ms { a -> b status=302 }",
        "url-shortener",
    );
    assert_eq!((score.points, score.level), (0.0, None));
}

#[test]
fn a_box_off_the_flow_never_raises_a_score() {
    let boxes = [
        "cache extra1 ttl=1min jitter stampede=single-flight hit_rate=99%",
        "monitor extra2 alert",
        "queue extra3 x3 dlq=extra4\nqueue extra4",
        "cdn extra5 ttl=1min hit_rate=90%",
        "database extra6 x3 failover=auto backup=1h restore_tested=30d { table t { key a, b; unique a; shard a; ttl = 1y } }",
        "socket extra7 x100 connections=50k heartbeat=30s auth=jwt rate_limit=1/s",
        "service extra8 x3 generates=code scheme=range idempotent outbox authz metrics alert",
        "lb extra9 x3",
        // Neither does an arrow between two boxes that no request reaches.
        "flow decoration { client1 -> cache1 reads }\nclient client1\ncache cache1 ttl=1s",
    ];
    for problem in problems() {
        for (name, text) in designs(&problem.id) {
            let before = graded(&text, &problem.id);
            for extra in boxes {
                let after = graded(&format!("{text}\n{extra}\n"), &problem.id);
                let raised: Vec<&str> = before
                    .criteria
                    .iter()
                    .zip(&after.criteria)
                    // A monitor that watches everything may be drawn anywhere.
                    .filter(|(before, after)| after.points > before.points && after.id != "monitoring")
                    .map(|(_, after)| after.id.as_str())
                    .collect();
                assert_eq!(raised, Vec::<&str>::new(), "{name} with {extra}");
            }
        }
    }
}

/// Every node and group gets another id, wherever the old one stands outside strings and is no attribute's name.
fn renamed(text: &str) -> String {
    let (design, _) = spof::design::lower(&spof::syntax::parse(text).0);
    let mut ids: Vec<&str> = design.graph.node_weights().map(|node| node.id.as_str()).collect();
    ids.extend(design.groups.iter().map(|group| group.id.as_str()));
    let mut out = String::new();
    for line in text.lines() {
        if ["decide", "out", "design"].iter().any(|word| line.starts_with(word)) {
            out.push_str(line);
        } else {
            out.push_str(&substituted(line, &ids));
        }
        out.push('\n');
    }
    out
}

fn substituted(line: &str, ids: &[&str]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut chars = line.chars().chain(['\n']).peekable();
    while let Some(c) = chars.next() {
        let inside = c == '-' && !word.is_empty() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if !quoted && (c.is_alphanumeric() || c == '_' || inside) {
            word.push(c);
            continue;
        }
        match ids.iter().position(|id| *id == word) {
            Some(at) if c != '=' => out.push_str(&format!("thing{at}")),
            _ => out.push_str(&word),
        }
        word.clear();
        quoted ^= c == '"';
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

#[test]
fn names_do_not_matter() {
    for problem in problems() {
        for (name, text) in designs(&problem.id) {
            let other = renamed(&text);
            assert_ne!(text, other, "{name}");
            let (before, after) = (graded(&text, &problem.id), graded(&other, &problem.id));
            assert_eq!(verdicts(&before), verdicts(&after), "{name}");
            assert_eq!(points(&before), points(&after), "{name}");
        }
    }
}

/// The statements at top level, the header first, the others from last to first.
fn reversed(text: &str) -> String {
    let (ast, _) = spof::syntax::parse(text);
    let starts: Vec<usize> =
        ast.items.iter().filter(|item| item.depth == 0).map(|item| item.span.start).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut parts: Vec<&str> =
        starts.iter().zip(ends).map(|(&start, end)| text[start..end].trim_end()).collect();
    parts[1..].reverse();
    parts.join("\n") + "\n"
}

#[test]
fn the_order_of_statements_does_not_matter() {
    for problem in problems() {
        for (name, text) in designs(&problem.id) {
            let (before, after) = (graded(&text, &problem.id), graded(&reversed(&text), &problem.id));
            assert_eq!(verdicts(&before), verdicts(&after), "{name}");
            assert_eq!(points(&before), points(&after), "{name}");
        }
    }
}

#[test]
fn vendors_do_not_matter() {
    let swaps = [
        ("postgres ", "mysql "),
        ("mysql ", "postgres "),
        ("redis ", "valkey "),
        ("cassandra ", "scylladb "),
        ("scylladb ", "cassandra "),
        ("kafka ", "redpanda "),
        ("dynamodb ", "cosmosdb "),
        ("clickhouse ", "druid "),
        ("rabbitmq ", "activemq "),
    ];
    for problem in problems() {
        for (name, text) in designs(&problem.id) {
            for (from, to) in swaps {
                let lines = text.lines().map(|line| {
                    let indent = line.len() - line.trim_start().len();
                    match line.trim_start().strip_prefix(from) {
                        Some(rest) => format!("{}{to}{rest}\n", &line[..indent]),
                        None => format!("{line}\n"),
                    }
                });
                let other: String = lines.collect();
                let (before, after) = (graded(&text, &problem.id), graded(&other, &problem.id));
                assert_eq!(verdicts(&before), verdicts(&after), "{name}: {from}to {to}");
            }
        }
    }
}

#[test]
fn the_answer_to_another_problem_does_not_pass() {
    for problem in problems() {
        for other in problems().iter().filter(|other| other.id != problem.id) {
            for (name, text) in references(&other.id) {
                let score = graded(&text, &problem.id);
                assert_eq!(score.level, None, "{name} as {}", problem.id);
                // Two problems may both ask for a list; more than a part of it they do not share.
                assert!(score.points < 30.0, "{name} as {}: {}", problem.id, score.points);
            }
        }
    }
    // Not even with its flows called as they are called here.
    let chat = design("chat-system", "reference-monolith.arch");
    let posing = chat.replace("flow send", "flow shorten").replace("flow history", "flow redirect");
    let score = graded(&posing, "url-shortener");
    assert!(score.level < Some(Level::Mid), "{:?}", score.level);
}

/// An edit of a reference (or of the design in `blind/`), the criteria that it loses, all of them, and rules that it raises.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    /// What people do wrong.
    #[serde(default)]
    name: String,
    #[serde(rename = "in")]
    file: String,
    from: String,
    to: String,
    #[serde(default)]
    loses: Vec<String>,
    #[serde(default)]
    raises: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Mistakes {
    mistake: Vec<Mistake>,
}

/// Those of `tests/problems/ID.toml`.
fn mistakes(problem: &str) -> Vec<Mistake> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems").join(format!("{problem}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mistakes: Mistakes =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    mistakes.mistake
}

#[test]
fn a_classic_mistake_costs_its_criterion() {
    // How wide a column is set is the formatter's affair.
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    for problem in problems() {
        for mistake in mistakes(&problem.id) {
            let Mistake { name, file, from, to, loses, raises } = &mistake;
            let text = design(&problem.id, file).lines().map(squeezed).collect::<Vec<_>>().join("\n");
            assert!(text.contains(from), "{}/{file} has no {from}", problem.id);
            assert!(name.is_empty() || !loses.is_empty() || !raises.is_empty(), "{name} costs nothing");
            let text = text.replace(from, to);
            let score = graded(&text, &problem.id);
            let open = score.criteria.iter().filter(|criterion| criterion.met != Met::Yes);
            let open: Vec<&str> = open.map(|criterion| criterion.id.as_str()).collect();
            assert_eq!(open, *loses, "{}/{file} {name}: `{to}` for `{from}`", problem.id);
            let found = findings(&text);
            for rule in raises {
                let raised = found.iter().any(|finding| finding.code == rule);
                assert!(raised, "{}/{file} {name}: `{to}` for `{from}` raises no {rule}", problem.id);
            }
        }
    }
}

/// A requirement that is missing costs all that asks for it.
#[test]
fn a_flow_of_another_name_is_none() {
    let text = design("url-shortener", "reference-kv.arch").replace("flow redirect", "flow follow");
    let score = graded(&text, "url-shortener");
    let open = score.criteria.iter().filter(|criterion| criterion.met != Met::Yes);
    let open: Vec<&str> = open.map(|criterion| criterion.id.as_str()).collect();
    assert_eq!(open, graded_open_without("url-shortener", "redirect"));
}

/// The criteria that ask anything of a flow, or of the whole design.
fn graded_open_without(problem: &str, flow: &str) -> Vec<&'static str> {
    let rubric = rubric(problem);
    let needs = |criterion: &&spof::rubric::Criterion| {
        let conditions = criterion.condition.flatten();
        conditions.iter().any(|condition| match condition {
            Condition::All(_) | Condition::Any(_) => false,
            condition => condition.flow().is_none_or(|of| of == flow),
        })
    };
    rubric
        .criteria
        .iter()
        .filter(|criterion| criterion.scale != Some(Scale::Small))
        .filter(needs)
        .map(|criterion| criterion.id.as_str())
        .collect()
}

#[test]
fn a_first_try_is_between() {
    for problem in problems() {
        let text = design(&problem.id, "first-try.arch");
        let score = graded(&text, &problem.id);
        assert!((20.0..65.0).contains(&score.points), "{}: {}", problem.id, score.points);
        assert_eq!(score.level, Some(Level::Junior), "{}", problem.id);
        let next = &score.next[0];
        assert_eq!(next.opens, Some(Level::Mid), "what opens the next level comes first");
    }
}

#[test]
fn a_first_try_has_much_to_learn_from() {
    for problem in problems() {
        let text = design(&problem.id, "first-try.arch");
        assert!(findings(&text).len() >= 8, "{}: {} findings", problem.id, findings(&text).len());
        let score = graded(&text, &problem.id);
        assert!(score.points < 60.0, "{}: {}", problem.id, score.points);
    }
}

#[test]
fn a_naive_design_is_no_junior_answer() {
    for problem in problems() {
        let score = graded(&design(&problem.id, "naive.arch"), &problem.id);
        assert_eq!(score.level, None, "{}", problem.id);
        assert!(score.points < 20.0, "{}: {}", problem.id, score.points);
    }
}

#[test]
fn criteria_sum_to_dimensions_and_dimensions_to_the_score() {
    for problem in problems() {
        for (name, text) in designs(&problem.id) {
            let score = graded(&text, &problem.id);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(near(score.points, score.criteria.iter().map(|one| one.points).sum()), "{name}");
            assert!(near(score.points, score.dimensions.iter().map(|one| one.points).sum()), "{name}");
            assert!(near(score.of, 100.0), "{name}");
            let missing: f64 = score.next.iter().map(|gain| gain.points).sum();
            assert!(near(score.of - score.points, missing), "{name}");
        }
    }
}

#[test]
fn every_problem_has_a_rubric_that_asks_for_its_flows() {
    for problem in problems() {
        let rubric = rubric(&problem.id);
        let asked: Vec<(&str, bool)> =
            rubric.flows.iter().map(|flow| (flow.id.as_str(), flow.optional)).collect();
        let said: Vec<(&str, bool)> =
            problem.requirements.iter().map(|one| (one.flow.as_str(), one.optional)).collect();
        assert_eq!(asked, said, "{}", problem.id);
        for level in Level::ALL {
            let gates = rubric.criteria.iter().filter(|criterion| criterion.gates == Some(level)).count();
            assert!(gates > 0, "{} has no must for {}", problem.id, level.name());
        }
    }
}

/// What an attempt starts with, `given` and all, is a design without mistakes.
#[test]
fn the_figures_of_a_problem_are_the_languages_own() {
    for problem in problems() {
        for numbers in &problem.scales {
            let lines: Vec<String> =
                numbers.figures.iter().map(|figure| format!("{} = {}", figure.name, figure.value)).collect();
            findings(&format!("given {{\n{}\n}}\n", lines.join("\n")));
        }
    }
}

const RUBRIC: &str = r#"problem = "p"

[numbers]
n = { small = "1/s", large = "2/s", from = "nowhere" }

[[flow]]
id = "f"
reaches = ["client", "writes database"]

[[criterion]]
id = "c"
dimension = "data"
points = 1
need = "should"
all = [{ flow = "f", silent = ["no-timeout"] }]
ask = ""
hints = ["", "", ""]
fix = ""
"#;

fn mistakes_of(from: &str, to: &str) -> Vec<String> {
    assert!(RUBRIC.contains(from), "{from}");
    let text = RUBRIC.replace(from, to);
    match Rubric::read("r.toml", &text, &["no-timeout", "retry-storm"]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_mistake_in_a_rubric_has_its_place_and_the_nearest_word() {
    let silent = r#"silent = ["no-timeout"]"#;
    assert_eq!(mistakes_of(silent, silent), Vec::<String>::new());
    for (from, to, expected) in [
        (
            silent,
            r#"silent = ["no-timout"]"#,
            "r.toml:15:32: unknown rule `no-timout`; did you mean `no-timeout`?",
        ),
        (silent, r#"silnet = ["no-timeout"]"#, "r.toml:15:22: unknown key `silnet`; did you mean `silent`?"),
        ("flow = \"f\",", "flow = \"g\",", "r.toml:15:17: the rubric has no `[[flow]]` called `g`"),
        (silent, r#"node = "cahce""#, "r.toml:15:29: unknown kind `cahce`; did you mean `cache`?"),
        (
            silent,
            r#"node = "cache", has = "hit_rte""#,
            "r.toml:15:44: unknown attribute `hit_rte`; did you mean `hit_rate`?",
        ),
        (
            silent,
            r#"path = ["client", "=> database"]"#,
            "r.toml:15:40: `=>` is no arrow and no access; write `-> writes database`",
        ),
        (silent, r#"rate = "m""#, "r.toml:15:29: `[numbers]` has no `m`"),
        (
            silent,
            r#"node = "cache", rate = "n""#,
            "r.toml:15:8: one condition asks one thing, not `node` and `rate`; write two tables",
        ),
        (
            silent,
            r#"within = 2"#,
            "r.toml:15:8: `within` goes with `rate`, `stores`, `given`, not with `flow`",
        ),
        ("\"1/s\"", "\"1/x\"", "r.toml:4:15: `1/x` is no figure; write 39/s, 3TB, 100ms or 50k"),
        (
            "need = \"should\"",
            "need = \"must\"",
            "r.toml:11:6: a must says which level it gates; write `gates = \"junior\"`, mid, senior or staff",
        ),
        (
            "need = \"should\"",
            "need = \"should\"\ngates = \"mid\"",
            "r.toml:15:9: only a must gates a level; write `need = \"must\"`",
        ),
        ("points = 1", "points = ", "r.toml:13:10:"),
        (
            "dimension = \"data\"",
            "dimension = \"dta\"",
            "r.toml:12:13: unknown word `dta`; did you mean `data`?",
        ),
    ] {
        let errors = mistakes_of(from, to);
        assert!(errors.iter().any(|error| error.starts_with(expected)), "{to}: {errors:?}");
    }
}

#[test]
fn a_problem_reads_from_text() {
    let text = "+++\ntitle = \"A\"\nsummary = \"b\"\ntier = 1\nminutes = 5\nrequirement = []\nnumbers = []\n+++\n\n# A\n";
    let problem = Problem::read("a", "a.md", text).expect("a problem");
    assert_eq!((problem.title.as_str(), problem.statement.as_str()), ("A", "# A\n"));
}
