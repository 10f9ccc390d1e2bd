//! The pipeline as a whole, over every example and everything that an example can be cut down to.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use spof::diagnostic::{Diagnostic, Verdict};
use spof::{design, rules, syntax};

const TODAY: Date = date(2026, 1, 1);

/// Every design in `examples/`, in order of name.
fn examples() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        (path, text)
    };
    common::examples().into_iter().map(read).collect()
}

/// All that is said of a text, mistakes first.
fn check(text: &str) -> Vec<Diagnostic> {
    let (ast, mut found) = syntax::parse(text);
    let (design, mistakes) = design::lower(&ast);
    let critique = rules::check(&design, TODAY);
    found.extend(mistakes);
    found.extend(critique.mistakes);
    found.extend(critique.findings);
    for diagnostic in &found {
        for span in std::iter::once(&diagnostic.at).chain(&diagnostic.labels).map(|label| label.span) {
            assert!(span.start <= span.end && span.end <= text.len(), "{span:?} in {text}");
            assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}");
        }
    }
    found
}

#[test]
fn examples_have_no_mistakes_and_are_formatted() {
    for (path, text) in examples() {
        let found = check(&text);
        let mistakes: Vec<&Diagnostic> = found.iter().filter(|found| found.is_mistake()).collect();
        assert!(mistakes.is_empty(), "{}: {mistakes:#?}", path.display());
        let (ast, _) = syntax::parse(&text);
        assert_eq!(syntax::format(&ast, &text), text, "{} is not formatted", path.display());
    }
}

/// Whether the rules look at this cut as well: at one in eight, in each example others, or at all with `WHOLE=1`.
fn is_checked(example: usize, cut: usize) -> bool {
    static WHOLE: LazyLock<bool> = LazyLock::new(|| std::env::var_os("WHOLE").is_some());
    *WHOLE || (example + cut).is_multiple_of(8)
}

#[test]
fn every_prefix_of_every_example_has_an_answer() {
    for (example, (_, text)) in examples().into_iter().enumerate() {
        let mut cuts = 0;
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            let prefix = &text[..end];
            let (ast, _) = syntax::parse(prefix);
            design::lower(&ast);
            // The rules see the same design for many prefixes of one line.
            if prefix.ends_with(['\n', '=', ' ']) {
                cuts += 1;
                if is_checked(example, cuts) {
                    check(prefix);
                }
            }
        }
    }
}

#[test]
fn every_example_without_one_of_its_tokens_has_an_answer() {
    for (example, (_, text)) in examples().into_iter().enumerate() {
        for (cut, (start, end)) in tokens(&text).into_iter().enumerate() {
            let rest = format!("{}{}", &text[..start], &text[end..]);
            design::lower(&syntax::parse(&rest).0);
            if is_checked(example, cut) {
                check(&rest);
            }
        }
    }
}

/// Runs of word characters, and every other visible character by itself.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens: Vec<(usize, usize)> = Vec::new();
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let word = c.is_alphanumeric() || c == '_';
        match tokens.last_mut() {
            Some(last) if word && in_word => last.1 = at + c.len_utf8(),
            _ if !c.is_whitespace() => tokens.push((at, at + c.len_utf8())),
            _ => {}
        }
        in_word = word;
    }
    tokens
}

/// How often each rule finds something, certain or not, about how many things.
fn tally(found: &[Diagnostic]) -> BTreeMap<(&'static str, Verdict, usize), usize> {
    let mut tally = BTreeMap::new();
    for finding in found {
        *tally.entry((finding.code, finding.verdict, finding.nodes.len())).or_default() += 1;
    }
    tally
}

#[test]
fn what_things_are_called_changes_no_finding() {
    for (path, text) in examples() {
        let (ast, _) = syntax::parse(&text);
        let (design, _) = design::lower(&ast);
        let renamed = rename(&text, &design);
        assert_eq!(tally(&check(&renamed)), tally(&check(&text)), "{}:\n{renamed}", path.display());
    }
}

/// Gives every node another id, wherever a word is that id outside of strings and comments.
fn rename(text: &str, design: &design::Design) -> String {
    let ids: Vec<&str> = design.graph.node_weights().map(|node| node.id.as_str()).collect();
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut in_text = false;
        let mut word = String::new();
        let flush = |word: &mut String, out: &mut String, next: char| {
            // A kind before its id and an attribute before its `=` may be spelled like an id.
            let is_id = ids.contains(&word.as_str())
                && next != '='
                && !(out.trim().is_empty() && next == ' ' && declares(line));
            out.push_str(if is_id { "renamed_" } else { "" });
            out.push_str(word);
            word.clear();
        };
        for c in line.chars() {
            let in_word = c.is_alphanumeric() || c == '_' || (c == '-' && !word.is_empty());
            if in_word && !in_text {
                word.push(c);
                continue;
            }
            flush(&mut word, &mut out, c);
            if c == '"' {
                in_text = !in_text;
            }
            out.push(c);
        }
        flush(&mut word, &mut out, '\n');
    }
    out
}

/// The line's first word is a kind, not an id.
fn declares(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next();
    words.next().is_some_and(|second| second.starts_with(|c: char| c.is_alphabetic()))
}

#[test]
fn the_order_of_declarations_changes_no_finding() {
    for (path, text) in examples() {
        // What is written without a gap has nothing to move.
        let Some((head, rest)) = text.split_once("\n\n") else { continue };
        let mut paragraphs: Vec<&str> = rest.trim_end().split("\n\n").collect();
        // Paragraphs inside a block stay where they are: only whole ones at top level move.
        let whole = |paragraph: &&str| {
            paragraph.matches('{').count() == paragraph.matches('}').count() && !paragraph.starts_with(' ')
        };
        if !paragraphs.iter().all(whole) {
            continue;
        }
        paragraphs.reverse();
        let reversed = format!("{head}\n\n{}\n", paragraphs.join("\n\n"));
        assert_eq!(tally(&check(&reversed)), tally(&check(&text)), "{}:\n{reversed}", path.display());
    }
}

#[test]
fn large_and_strange_inputs_end_in_an_answer() {
    let chain = |nodes: usize, in_flow: bool| {
        let ids: Vec<String> = (0..nodes).map(|at| format!("n{at}")).collect();
        let declared: String = ids.iter().map(|id| format!("service {id} x2\n")).collect();
        let hops = ids.join(" -> ");
        if in_flow { format!("{declared}flow f {{\n{hops}\n}}\n") } else { format!("{declared}{hops}\n") }
    };
    check(&chain(100_000, false));
    check(&chain(100_000, true));
    check(&format!("service a x2 owner=\"{}\"\n", "x".repeat(1_000_000)));
    check(&"{".repeat(10_000));
    check(&"group g {\n".repeat(10_000));
    check(&format!("given {{ a = {}1{} }}", "(".repeat(10_000), ")".repeat(10_000)));
    let fan: String = (0..2_000).map(|at| format!("service f{at}\n")).collect();
    let all = (0..2_000).map(|at| format!("f{at}")).collect::<Vec<_>>().join(", ");
    let found = check(&format!("{fan}{all} -> {all}\n"));
    assert!(found.iter().any(|found| found.message.contains("4000000 hops")), "{found:#?}");
}

/// What people write, each with one mistake: it is told once, with what to write, and what follows from it is not told.
#[test]
fn one_mistake_is_one_message() {
    let around = "client web\nlb front managed\nservice api x2\npostgres store x2\nredis hot x2 ttl=1h\n";
    for (line, says) in [
        ("load balancer lb2\nweb -> lb2 -> api", "did you mean `lb`?"),
        ("Service b\napi -> b", "did you mean `service`?"),
        ("api hot", "write the hop as `api -> hot`"),
        ("hot api", "write the hop as `hot -> api`"),
        ("service my basket", "`service my_api \"My API\"`"),
        ("mysql b replicas=3", "write `x3`, or `instances=3`"),
        ("api -> hot on-miss", "write `on=miss`"),
        ("web -> api observes", "goes with the arrow `..>`"),
        ("users = 5M\nflow f rate=users/day { web -> api }", "write it in `given { NAME = … }`"),
        ("given { users = (3 + }\nflow f rate=users/day { web -> api }", "a value is missing"),
        ("service b (tls)\nweb -> b -> store", "attributes stand without brackets"),
        ("flow f rate=5/s\nweb -> api", "a flow without its block"),
        ("flow f { api.get -> hot }", "`.get` is no part of an id"),
        ("flow f { client web -> api }", "a hop has ids alone"),
        ("flow f rate=5 rps { web -> api }", "write `5/s`"),
        ("flow f rate=100 req/s { web -> api }", "write `100/s`"),
        ("given { many = 5e6 }\nflow f rate=many/day { web -> api }", "write `5M`"),
        ("postgres p x2 { table t { id int } }", "a column is `column id int`"),
        ("type: service", "a node is one line"),
    ] {
        let text = format!("{around}{line}\n");
        let (ast, mut mistakes) = syntax::parse(&text);
        mistakes.extend(design::lower(&ast).1);
        let told: Vec<String> = mistakes
            .iter()
            .map(|one| format!("{}: {} = {}", one.message, one.at.text, one.help.join(" = ")))
            .collect();
        assert_eq!(told.len(), 1, "{line}: {told:#?}");
        assert!(told[0].contains(says), "{line}: {told:#?}");
    }
}

/// What is said in a way that cannot be read is a mistake, and not also a question.
#[test]
fn what_is_written_wrong_is_not_asked_for() {
    let text = "client web\nlb front managed rate_limit=100rps auth=jtw\nservice api x2 trace alert\n\
                postgres store x2 failover=auto backup=often\nweb -> front -> api -> store timeout=1\n";
    let found = check(text);
    let told: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(found.iter().all(Diagnostic::is_mistake), "{told:#?}");
}
