//! The report: one page that any parser takes, that leads to nothing but itself, and in which whatever a design says is only
//! read; as Chromium sees it where that is installed.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use common::program::{folder, spof};
use common::review;
use roxmltree::{Document, Node, ParsingOptions};
use spof::numbers::availability::Places;
use spof::numbers::numbers_where;
use spof::predict::predict;
use spof::report::html::{Told, html};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str, text: &str) -> String {
    let review = review(name, text);
    let numbers = numbers_where(&review.design, Places::AsStated);
    let growth = predict(&review.design, Places::AsStated).growth;
    html(Told { review: &review, numbers: &numbers, growth: &growth, places: Places::AsStated })
}

fn example(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("an example")
}

/// A strict parser's tree of a page.
fn with_tree<T>(page: &str, look: impl FnOnce(&Document) -> T) -> T {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    look(&Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}")))
}

fn name<'a>(node: &Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// How many elements there are of each name, in small letters.
fn elements(page: &str) -> BTreeMap<String, usize> {
    with_tree(page, |tree| {
        let mut all = BTreeMap::new();
        for node in tree.descendants().filter(Node::is_element) {
            *all.entry(name(&node).to_ascii_lowercase()).or_default() += 1;
        }
        all
    })
}

const SCRIPT: &str = "<script>parent.pwned = 1</script>";

/// For browsers, templates, terminals, runners and Markdown, in this order; it would say that it ran.
const ATTACK: &str = "<script>parent.pwned = 1</script> <img src=x onerror=\"parent.pwned = 1\"> <b>b</b> </title> </style> \
    </pre> </svg> <!-- c --> ]]> &lt; &amp;lt; <svg onload='parent.pwned = 1'> \" onmouseover=\"parent.pwned = 1 ' \
    javascript:alert(1) {{ x }} ${{ secrets.KEY }} \u{1b}[31m \u{9b}31m \u{202e}txet\u{2066} \u{0} \u{7f} | `tick` ``two`` ` \
    \r::error::x ##[error]y \u{2028} \u{85} url(https://evil.example) @import";

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text wherever a design has one.
fn labelled(text: &str) -> String {
    let q = quoted(text);
    format!(
        "design {q} solves url-shortener\n\
         region eu {q} {{\n  zone a {q} {{\n    gateway front {q} rate_limit=none auth=none\n  }}\n}}\n\
         group edge {q} {{ client web {q} }}\n\
         service api {q} x2\nredis hot {q}\n\
         postgres store {q} backup=none {{ table item {{ key id; data = private; rows = 5G }} }}\n\
         rabbitmq mails {q}\nworker mailer {q}\nexternal bank {q}\n\
         flow look {q} rate=20k/s availability=99.99% {{\n\
           web -> front -> api -> hot reads\n  api -> store reads=item by=id on=miss\n}}\n\
         flow buy {q} rate=500/s {{\n  web -> front -> api -> store writes=item\n  api -> bank\n  api ~> mails ~> mailer\n}}\n\
         decide {q} because {q} over {q}\nout {q}\nnote on api {q}\nnote {q}\n\
         allow no-backup on store because {q}\nallow spof-datastore because {q} until 2020-01\n"
    )
}

/// The same where it makes mistakes.
fn mistaken() -> String {
    let q = quoted(ATTACK);
    format!(
        "client web\nservice api x2\nweb -> api\n{ATTACK}\nredis c ttl={q}\nallow {SCRIPT} because {q}\n\"{ATTACK}\n"
    )
}

fn designs() -> Vec<(&'static str, String)> {
    vec![
        ("first-try.arch", example("examples/url-shortener/first-try.arch")),
        ("reference.arch", example("examples/url-shortener/reference-kv.arch")),
        ("chat.arch", example("examples/chat-system/first-try.arch")),
        ("small.arch", "client web\nblob files managed\n".to_string()),
        ("mistaken.arch", "client web\nredis hot tll=30s\nweb -> hto\n".to_string()),
        ("hostile.arch", labelled(ATTACK)),
        ("<b>\"&'.arch", mistaken()),
    ]
}

#[test]
fn a_page_is_well_formed_and_leads_nowhere_that_is_not_on_it() {
    for (file, text) in designs() {
        let page = page(file, &text);
        assert_eq!(page, self::page(file, &text), "{file}: the same to the byte");
        let odd = |c: char| {
            c != '\n' && c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(page.find(odd), None, "{file}: what a terminal obeys, or what turns the writing round");
        assert!(
            !page.lines().any(|line| line.trim_start().starts_with("::")) && !page.contains("##["),
            "{file}"
        );
        with_tree(&page, |tree| {
            let mut ids = BTreeSet::new();
            for node in tree.descendants().filter(Node::is_element) {
                assert!(
                    node.attribute("id").is_none_or(|id| ids.insert(id)),
                    "{file}: {:?} twice",
                    node.attribute("id")
                );
            }
            let mut links = 0;
            for node in tree.descendants() {
                assert!(!node.is_comment() && !node.is_pi(), "{file}");
                let name = name(&node);
                let loads = [
                    "script",
                    "img",
                    "image",
                    "iframe",
                    "object",
                    "embed",
                    "link",
                    "base",
                    "form",
                    "foreignObject",
                ];
                assert!(!loads.contains(&name), "{file}: <{name}>");
                for attribute in node.attributes() {
                    let (key, value) = (attribute.name(), attribute.value());
                    assert!(!key.starts_with("on") && key != "src" && key != "srcset", "{file}: {key}");
                    if key == "href" {
                        match value.strip_prefix('#') {
                            Some(id) => assert!(ids.contains(id), "{file}: nothing is at #{id}"),
                            None => {
                                let outage =
                                    spof::rules::ALL.iter().filter_map(|rule| rule.page.outage.as_ref());
                                assert!(
                                    outage.into_iter().any(|outage| outage.link == value),
                                    "{file}: {value}"
                                );
                            }
                        }
                        links += usize::from(value.starts_with("#finding-"));
                    }
                    if key == "style" {
                        let number = value.strip_prefix("--at:").and_then(|rest| rest.strip_suffix("ch"));
                        let number = number.or_else(|| value.strip_prefix("--w:"));
                        assert!(
                            number.is_some_and(|number| number.parse::<usize>().is_ok()),
                            "{file}: {value}"
                        );
                    }
                }
            }
            let marked = tree
                .descendants()
                .any(|node| node.attribute("id").is_some_and(|id| id.starts_with("finding-")));
            assert_eq!(links > 0, marked, "{file}: the drawing leads to what is found");
            let style =
                tree.descendants().find(|node| node.has_tag_name("style")).and_then(|node| node.text());
            assert!(style.is_some_and(|css| !css.contains("url(") && !css.contains("@import")), "{file}");
        });
    }
}

#[test]
fn those_who_hear_the_page_find_their_way() {
    for (file, text) in designs() {
        with_tree(&page(file, &text), |tree| {
            let all = |wanted: &'static str| tree.descendants().filter(move |node| node.has_tag_name(wanted));
            assert_eq!([all("h1").count(), all("main").count(), all("nav").count()], [1, 1, 1], "{file}");
            let mut before = 0;
            for node in tree.descendants() {
                let depth = match name(&node) {
                    "h1" => 1,
                    "h2" => 2,
                    "h3" => 3,
                    "h4" => 4,
                    _ => continue,
                };
                assert!(depth <= before + 1 || depth == 4, "{file}: h{depth} after h{before}");
                assert!(
                    node.descendants().any(|inner| inner.text().is_some_and(|text| !text.trim().is_empty()))
                );
                before = depth;
            }
            for section in all("section") {
                let label = section.attribute("aria-labelledby").expect("a name");
                assert!(
                    tree.descendants().any(|node| node.attribute("id") == Some(label)),
                    "{file}: {label}"
                );
            }
            for table in all("table") {
                assert!(table.children().any(|node| node.has_tag_name("caption")), "{file}");
                let columns = |row: Node| row.children().filter(Node::is_element).count();
                let rows: Vec<usize> =
                    table.descendants().filter(|node| node.has_tag_name("tr")).map(columns).collect();
                assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{file}: {rows:?}");
                for head in table.descendants().filter(|node| node.has_tag_name("th")) {
                    assert!(matches!(head.attribute("scope"), Some("row" | "col")), "{file}");
                }
            }
            for svg in all_svg(tree) {
                assert!(
                    svg.attribute("aria-label").is_some() || svg.attribute("aria-hidden") == Some("true")
                );
            }
        });
    }
}

fn all_svg<'a, 'i>(tree: &'a Document<'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    tree.descendants().filter(|node| name(node) == "svg")
}

/// Each heading, paragraph, row and list entry on a line, without the drawing.
fn skeleton(page: &str) -> String {
    with_tree(page, |tree| {
        let mut out = String::new();
        let mut next = tree.root().first_child();
        while let Some(node) = next {
            let name = name(&node);
            let whole = [
                "title",
                "p",
                "h1",
                "h2",
                "h3",
                "h4",
                "caption",
                "tr",
                "li",
                "dt",
                "dd",
                "summary",
                "figcaption",
                "pre",
            ];
            let skip = ["svg", "style"].contains(&name);
            if whole.contains(&name) {
                out.push_str(&format!("{name}: {}\n", text_of(node)));
            }
            let down = if skip || whole.contains(&name) { None } else { node.first_child() };
            next = down.or_else(|| node.ancestors().find_map(|above| above.next_sibling()));
        }
        out
    })
}

fn text_of(node: Node) -> String {
    let mut out = String::new();
    for inner in node.descendants() {
        if let Some(text) = inner.text().filter(|_| inner.is_text()) {
            out.push_str(text);
        } else if matches!(name(&inner), "td" | "th" | "li") && !out.is_empty() {
            out.push_str(" | ");
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_of_a_first_try_as_it_is_read() {
    let text = example("examples/url-shortener/first-try.arch");
    insta::assert_snapshot!(skeleton(&page("first-try.arch", &text)));
}

/// A browser's own count of what is on a page, which lies in a frame of another; None where there is no browser.
fn seen(page: &str) -> Option<serde_json::Value> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|ran| ran.status.success()))?;
    let folder = tempfile::tempdir().unwrap();
    // The text of a script ends at `</`, wherever that stands.
    let text = serde_json::to_string(page).unwrap().replace('<', "\\u003c");
    let around = format!(
        "<!DOCTYPE html><html><body><iframe id=\"frame\" width=\"390\" height=\"800\"></iframe><pre id=\"out\"></pre><script>\n\
         const frame = document.getElementById('frame');\n\
         frame.onload = () => {{\n\
           const inner = frame.contentDocument, count = {{}};\n\
           for (const one of inner.querySelectorAll('*')) {{\n\
             const name = one.localName.toLowerCase(); count[name] = (count[name] || 0) + 1;\n\
           }}\n\
           const out = {{ scripts: inner.scripts.length, title: inner.title, h1: inner.querySelector('h1').textContent, \
             count, pwned: window.pwned === 1, wide: inner.documentElement.scrollWidth }};\n\
           document.getElementById('out').textContent = btoa(unescape(encodeURIComponent(JSON.stringify(out))));\n\
         }};\n\
         frame.srcdoc = {text};\n</script></body></html>"
    );
    let file = folder.path().join("around.html");
    fs::write(&file, around).unwrap();
    let output = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--window-size=500,900",
        ])
        .arg(format!("--user-data-dir={}", folder.path().join("data").display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let coded =
        dom.split("<pre id=\"out\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap_or_default();
    let bytes = base64(coded);
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {dom:.2000}")))
}

/// RFC 4648, without line ends.
fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let Some(digit) = digits.iter().position(|digit| *digit == byte) else { continue };
        bits = bits << 6 | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

/// What a title is on the page: one line, without what a page cannot hold.
fn shown(text: &str) -> String {
    let held = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => '\u{fffd}',
        c => c,
    };
    text.chars().map(held).collect()
}

#[test]
fn a_browser_sees_what_was_written_and_runs_nothing() {
    for (file, text) in [("hostile.arch", labelled(ATTACK)), ("<b>\"&'.arch", mistaken())] {
        let page = page(file, &text);
        let Some(seen) = seen(&page) else {
            eprintln!("skipped: there is no chromium here");
            return;
        };
        assert_eq!((&seen["scripts"], &seen["pwned"]), (&0.into(), &false.into()), "{file}");
        let counted: BTreeMap<String, usize> = serde_json::from_value(seen["count"].clone()).unwrap();
        assert_eq!(counted, elements(&page), "{file}: no element that was not written");
        let title = review(file, &text).design.title.unwrap_or_else(|| file.to_string());
        assert_eq!(seen["h1"], shown(&title), "{file}");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(seen["title"], words(&shown(&title)), "{file}: a browser joins the spaces of a title");
        assert!(seen["wide"].as_f64().unwrap() <= 390.0, "{file}: {} wide on a telephone", seen["wide"]);
    }
}

#[test]
fn the_browser_would_have_noticed() {
    let harmless = page("a.arch", "design \"x\"\nclient web\n");
    let broken = harmless.replacen("<main>", &format!("<main>{SCRIPT}<b>b</b>"), 1);
    let open = broken.replacen("Content-Security-Policy", "X", 1);
    let (Some(kept), Some(ran)) = (seen(&broken), seen(&open)) else {
        eprintln!("skipped: there is no chromium here");
        return;
    };
    assert_eq!((&kept["scripts"], &kept["pwned"]), (&1.into(), &false.into()), "the page's policy stops it");
    assert_eq!((&ran["scripts"], &ran["pwned"]), (&1.into(), &true.into()), "and nothing else would");
    assert_eq!(ran["count"]["b"], 1);
}

#[test]
fn the_command_writes_a_file_and_says_what_is_wrong() {
    let folder = folder(&[
        ("shop.arch", "design \"Shop\"\nclient web\nservice api\nweb -> api\n"),
        ("bad.arch", "client web\nredis hot tll=30s\n"),
    ]);
    let spof = |args: &[&str]| spof(folder.path(), &[args, &["--today", "2026-01-01"]].concat());
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

    assert_eq!(spof(&["report", "shop.arch"]).said(), (0, "", ""));
    assert!(read("shop.html").contains("<h1>Shop</h1>"));
    assert_eq!(spof(&["report", "shop.arch", "-o", "-"]).out, read("shop.html"));

    let ran = spof(&["report", "bad.arch", "-o", "b.html"]);
    assert!(ran.status == 2 && ran.err.contains("did you mean `ttl`?"), "{}", ran.err);
    assert!(read("b.html").contains("Mistakes in the text"));

    for wrong in [
        &["report", "none.arch"][..],
        &["report", "shop.arch", "--problem", "nothing"],
        &["report", "shop.arch", "-o", "."],
    ] {
        let ran = spof(wrong);
        assert!(ran.status == 2 && !ran.err.is_empty(), "{wrong:?}");
    }
}
