//! A design whose every text is an attack on some reader, through every output: each is well-formed, and nothing in it is
//! markup, a link, a mention, a command to a terminal or to a workflow's runner.

mod common;

use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;
use tempfile::TempDir;

use common::program;

/// For browsers, Markdown, GitHub, its runner, templates, terminals, XML and SARIF, in this order.
const ATTACK: &str = "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- c --> &lt; \
    | `tick` ``two`` ` [a](javascript:alert(1)) ![b](https://evil.example/p.png) https://evil.example/x www.evil.example \
    <https://evil.example> [r]: https://evil.example *b* _i_ ~s~ $x$ [^1] @octocat a@evil.example #12 GH-34 \
    ::error::pwned ##[error]pwned %0A::error::x ::add-mask::y ${{ secrets.KEY }} \
    \u{1b}[31m \u{9b}31m \u{7} \u{8} \r::warning::y \u{85}::notice::y \u{2028}::debug::y \u{202e}txet\u{2066} \u{0} ]]> {0} {{1}}";

/// What a file may be called.
const NAME: &str = "::error::`a`,b:c | <b> [x](y) @me %0A\n::error::z $(id).arch";

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The attack wherever a design has a text.
fn labels() -> String {
    let q = quoted(ATTACK);
    format!(
        "design {q}\n\
         region eu {q} {{\n  zone a {q} {{\n    gateway front {q} rate_limit=none auth=none\n  }}\n}}\n\
         group edge {q} {{ client web {q} }}\n\
         service api {q} x2\n\
         redis hot {q}\n\
         postgres store {q} backup=none {{ table item {{ key id; data = private; rows = 5G }} }}\n\
         rabbitmq mails {q}\n\
         worker mailer {q}\n\
         external bank {q}\n\
         flow look {q} rate=20k/s availability=99.99% {{\n\
           web -> front -> api -> hot reads\n  api -> store reads=item by=id on=miss\n}}\n\
         flow buy {q} rate=500/s {{\n  web -> front -> api -> store writes=item\n  api -> bank\n  api ~> mails ~> mailer\n}}\n\
         decide {q} because {q} over {q}\n\
         out {q}\nnote on api {q}\nnote {q}\n\
         allow no-backup on store because {q}\n\
         allow spof-datastore because {q} until 2020-01\n\
         allow chatty-calls because {q}\n"
    )
}

/// The attack wherever it can stand, and all of it, where it makes a mistake.
fn mistakes() -> String {
    let q = quoted(ATTACK);
    let word = "::error::pwned";
    let lines = [
        ATTACK.to_string(),
        format!("{word} ##[error]x @octocat"),
        format!("  {word}"),
        format!("design {q} solves {word}"),
        format!("client {ATTACK}"),
        format!("web -> {word}"),
        format!("redis c ttl={q} {word}={q}"),
        format!("postgres d tech={q} shards={word}"),
        format!("allow {word} because {q}"),
        format!("flow {ATTACK} {{"),
        format!("every {q}"),
        format!("web -> api {q} nonsense={q}"),
        q.clone(),
        format!("\"{ATTACK}"),
    ];
    format!("client web\nservice api x2\nweb -> api\n{}\n", lines.join("\n"))
}

fn folder(text: &str) -> TempDir {
    program::folder(&[(NAME, text)])
}

/// What a command prints, and what it says.
fn run(folder: &Path, arguments: &[&str]) -> (String, String) {
    let ran = program::spof(folder, &[arguments, &["--", NAME]].concat());
    assert!(ran.status <= 2, "{arguments:?}");
    (ran.out, ran.err)
}

/// Nothing that a terminal obeys, that turns the writing round, or that a workflow's runner takes for a command.
#[track_caller]
fn assert_inert(text: &str, from: &str) {
    let odd = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if let Some(at) = text.find(odd) {
        panic!("{from}: {:?} in {:?}", &text[at..].chars().next(), text[..at].lines().last());
    }
    assert!(!text.contains("##["), "{from}: a command of the old kind");
    let command = text.lines().find(|line| line.trim_start().starts_with("::"));
    assert_eq!(command, None, "{from}: a line begins with `::`");
}

const DESIGNS: [fn() -> String; 2] = [labels, mistakes];

#[test]
fn the_labels_are_read_without_a_mistake_and_found_wanting() {
    let text = labels();
    let (ast, mistakes) = spof::syntax::parse(&text);
    let (design, more) = spof::design::lower(&ast);
    assert!(mistakes.is_empty() && more.is_empty(), "{mistakes:#?} {more:#?}");
    assert_eq!(design.title.as_deref(), Some(ATTACK));
    assert_eq!(design.allows[0].because, ATTACK);
}

#[test]
fn text_for_a_person() {
    for text in DESIGNS {
        let folder = folder(&text());
        for arguments in [
            &["check"][..],
            &["check", "--all"],
            &["check", "--all", "--color", "never", "--fail-on", "info"],
            &["numbers", "--all"],
            &["numbers", "--why", "store"],
            &["numbers", "--why", "look"],
            &["predict", "--all"],
            &["predict", "--loss", "store"],
            &["fmt", "--check"],
            &["draw", "-o", "/nowhere/::error::x"],
        ] {
            let (out, err) = run(folder.path(), arguments);
            assert!(!out.is_empty() || !err.is_empty(), "{arguments:?}");
            assert_inert(&out, &format!("{arguments:?}"));
            assert_inert(&err, &format!("{arguments:?}, what it says"));
        }
    }
}

#[test]
fn json_says_the_same_and_obeys_nothing() {
    for text in DESIGNS {
        let folder = folder(&text());
        for arguments in [
            &["check"][..],
            &["numbers"],
            &["predict"],
            &["draw"],
            &["draw", "--as", "sequence", "--flow", "buy"],
            &["plot", "--of", "growth"],
            &["plot", "--of", "latency"],
            &["plot", "--of", "availability"],
        ] {
            let (out, err) = run(folder.path(), &[arguments, &["--format", "json"]].concat());
            assert_inert(&err, &format!("{arguments:?}, what it says"));
            if out.is_empty() {
                assert!(!err.is_empty(), "{arguments:?}");
                continue;
            }
            assert_inert(&out, &format!("{arguments:?}"));
            serde_json::from_str::<Value>(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        }
    }
    let folder = folder(&labels());
    let (out, _) = run(folder.path(), &["check", "--format", "json"]);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["file"], NAME);
    assert_eq!(value["design"], ATTACK);
    assert!(value["allowed"].as_array().unwrap().iter().any(|one| one["because"] == ATTACK));
}

#[test]
fn sarif() {
    for text in DESIGNS {
        let folder = folder(&text());
        let (out, _) = run(folder.path(), &["check", "--format", "sarif"]);
        assert_inert(&out, "sarif");
        let log: Value = serde_json::from_str(&out).unwrap();
        let uri = log["runs"][0]["artifacts"][0]["location"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)), "{uri}");
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() > 10);
        let mut texts = Vec::new();
        for result in results {
            texts.push(&result["message"]["text"]);
            for place in result["relatedLocations"].as_array().into_iter().flatten() {
                texts.extend(place["message"].get("text"));
            }
            for suppression in result["suppressions"].as_array().unwrap() {
                assert_inert(suppression["justification"].as_str().unwrap(), "a reason");
            }
        }
        for text in texts {
            let text = text.as_str().unwrap();
            assert_inert(&text.replace("\n", " "), "a message");
            assert!(!text.contains("]("), "{text} leads somewhere");
            let single = text.replace("{{", "").replace("}}", "");
            assert!(!single.contains(['{', '}']), "{text} has a placeholder");
        }
    }
}

#[test]
fn github() {
    for text in DESIGNS {
        let folder = folder(&text());
        let (out, _) = run(folder.path(), &["check", "--format", "github"]);
        let (json, _) = run(folder.path(), &["check", "--format", "json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        let said =
            ["errors", "findings"].map(|key| json[key].as_array().unwrap().len()).iter().sum::<usize>();
        let (commands, rest): (Vec<&str>, Vec<&str>) = out.lines().partition(|line| line.starts_with("::"));
        assert_eq!(commands.len(), said, "as many commands as there is to say");
        assert!(rest.len() <= 1 && rest.iter().all(|line| line.contains("; GitHub shows 10")), "{rest:?}");
        for command in commands {
            let (name, rest) = command[2..].split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&name), "{command}");
            let (properties, message) = rest.split_once("::").unwrap();
            let keys: Vec<&str> =
                properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
            assert!(
                [&["file", "line", "col", "endColumn", "title"][..], &["file", "line", "endLine", "title"]]
                    .contains(&&keys[..]),
                "{command}"
            );
            assert!(!properties.contains(':'), "{command}");
            assert!(!message.is_empty());
            assert_inert(&format!("> {message}"), "a message");
        }
    }
}

/// What is seen of a comment and could be obeyed; code is not.
struct Seen {
    heading: String,
    html: Vec<String>,
    texts: Vec<String>,
}

#[track_caller]
fn seen(markdown: &str) -> Seen {
    let mut seen = Seen { heading: String::new(), html: Vec::new(), texts: vec![String::new()] };
    let mut in_heading = false;
    for event in Parser::new_ext(markdown, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Start(Tag::Heading { .. }) => in_heading = true,
            Event::End(pulldown_cmark::TagEnd::Heading(_)) => in_heading = false,
            Event::Text(text) => {
                // Pieces that stand side by side are one text to those who look for addresses in it.
                seen.texts.last_mut().unwrap().push_str(&text);
                if in_heading {
                    seen.heading.push_str(&text);
                }
                continue;
            }
            Event::Code(text) => {
                if in_heading {
                    seen.heading.push_str(&text);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => seen.html.push(html.trim().to_string()),
            Event::SoftBreak
            | Event::Start(
                Tag::Paragraph | Tag::List(_) | Tag::Item | Tag::Strong | Tag::Emphasis | Tag::HtmlBlock,
            )
            | Event::End(_) => {}
            other => panic!("{other:?} in a comment"),
        }
        seen.texts.push(String::new());
    }
    seen
}

#[test]
fn markdown() {
    for text in DESIGNS {
        let folder = folder(&text());
        let (out, _) = run(folder.path(), &["check", "--format", "markdown"]);
        assert_inert(&out, "markdown");
        let seen = seen(&out);
        let ours = |html: &String| {
            let summary =
                html.strip_prefix("<details><summary>").and_then(|rest| rest.strip_suffix("</summary>"));
            ["<!-- spof check -->", "</details>"].contains(&html.as_str())
                || summary.is_some_and(|text| !text.contains(['<', '&', '@', '`', '[']))
        };
        assert!(seen.html.iter().all(ours), "{:?}", seen.html);
        for text in &seen.texts {
            let after = |mark: &str, found: fn(char) -> bool| {
                text.match_indices(mark).any(|(at, _)| text[at + mark.len()..].starts_with(found))
            };
            assert!(!after("@", char::is_alphanumeric), "{text}: a mention or an address");
            assert!(!after("#", |c| c.is_ascii_digit()) && !after("GH-", |c| c.is_ascii_digit()), "{text}");
            assert!(!text.contains("://") && !text.contains("www."), "{text}: an address");
        }
    }
    let folder = folder(&labels());
    let heading = seen(&run(folder.path(), &["check", "--format", "markdown"]).0).heading;
    for words in
        ["<script>alert(1)</script>", "[a](javascript:alert(1))", "${{ secrets.KEY }}", "*b* _i_ ~s~"]
    {
        assert!(heading.contains(words), "{words} is not shown as it was written: {heading}");
    }
}

#[test]
fn drawings_and_plots() {
    for text in DESIGNS {
        let folder = folder(&text());
        for arguments in [
            &["draw"][..],
            &["draw", "--findings", "--detail", "high", "--heat"],
            &["draw", "--flow", "buy", "--only"],
            &["draw", "--as", "sequence", "--flow", "buy"],
            &["plot", "--of", "growth"],
            &["plot", "--of", "latency"],
            &["plot", "--of", "availability"],
        ] {
            let (svg, err) = run(folder.path(), &[arguments, &["-o", "-"]].concat());
            assert_inert(&err, &format!("{arguments:?}, what it says"));
            if svg.is_empty() {
                assert!(!err.is_empty(), "{arguments:?}");
                continue;
            }
            assert_inert(&svg, &format!("{arguments:?}"));
            let tree =
                roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
            for node in tree.descendants() {
                assert!(!node.is_comment() && !node.is_pi(), "{arguments:?}");
                let name = node.tag_name().name();
                assert!(
                    !["script", "foreignObject", "image", "img", "a", "iframe", "animate", "set", "b"]
                        .contains(&name),
                    "{arguments:?}: <{name}>"
                );
                for attribute in node.attributes() {
                    let leads_out = attribute.name() == "href" && !attribute.value().starts_with('#');
                    assert!(
                        !attribute.name().starts_with("on") && !leads_out,
                        "{arguments:?}: {attribute:?}"
                    );
                }
            }
        }
    }
}
