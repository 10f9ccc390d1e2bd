//! The language as people write it: what is read, and what is said of what cannot be.

use std::{fmt::Write, fs, path::Path};

use proptest::prelude::*;
use spof::{
    diagnostic::Diagnostic,
    source::Source,
    syntax::{ast::Ast, format, parse},
};

const MESSY: &str = include_str!("fixtures/messy.arch");
const WHOLE: &str = include_str!("fixtures/whole.arch");

#[test]
fn the_whole_example_is_read() {
    let (ast, mistakes) = parse(WHOLE);
    assert_eq!(mistakes, []);
    assert_eq!(ast.items.len(), 35);
}

/// Each file of `fixtures/mistakes` holds cases, parted by `----`. Under a line with mistakes stand carets and the
/// message, and after `=` what helps. The text is parsed without these lines, and annotated anew: what is missing and
/// what is too many both fail. `SPOF_ACCEPT=1` writes the file as it comes out.
#[test]
fn mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mistakes");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let expected = fs::read_to_string(&file).unwrap();
        let cases: Vec<String> = expected.split("----\n").map(|case| annotated(&plain(case))).collect();
        let found = cases.join("----\n");
        if std::env::var_os("SPOF_ACCEPT").is_some() {
            fs::write(&file, &found).unwrap();
            continue;
        }
        assert_eq!(found, expected, "{}", file.display());
    }
}

/// A case without its carets.
fn plain(case: &str) -> String {
    let is_text = |line: &&str| !line.trim_start().starts_with(['^', '=']);
    case.split_inclusive('\n').filter(is_text).collect()
}

fn annotated(text: &str) -> String {
    let (_, mistakes) = parse(text);
    let source = Source::new("case.arch", text);
    let mut out = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        out.push_str(line);
        let here = |mistake: &&Diagnostic| source.place(mistake.at.span.start).line == index + 1;
        for mistake in mistakes.iter().filter(here) {
            let span = mistake.at.span;
            let start = source.place(span.start).column;
            let length = span.text(text).lines().next().unwrap_or("").chars().count().max(1);
            writeln!(
                out,
                "{}{} {}: {}",
                " ".repeat(start - 1),
                "^".repeat(length),
                mistake.message,
                mistake.at.text
            )
            .unwrap();
            for label in &mistake.labels {
                writeln!(out, "  = line {}: {}", source.place(label.span.start).line, label.text).unwrap();
            }
            for help in &mistake.help {
                writeln!(out, "  = {help}").unwrap();
            }
        }
    }
    out
}

/// Whether both trees say the same, wherever it stands. Units other than `m` are to be spelled as `format` spells them.
fn equivalent(a: &Ast<'_>, b: &Ast<'_>) -> bool {
    let comments =
        |ast: &Ast<'_>| ast.comments.iter().map(|comment| comment.text.trim().to_owned()).collect::<Vec<_>>();
    let statements = |ast: &Ast<'_>| minutes(&without_spans(&format!("{:?}", ast.items)));
    comments(a) == comments(b) && statements(a) == statements(b)
}

/// `m` as a unit is `min`.
fn minutes(debug: &str) -> String {
    let minutes = debug.replace("t: \"m\"", "t: \"min\"");
    (0..10).fold(minutes, |text, digit| text.replace(&format!("{digit}m\""), &format!("{digit}min\"")))
}

fn without_spans(debug: &str) -> String {
    let mut out = String::new();
    let mut parts = debug.split("Span { start: ");
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(part.split_once('}').map_or("", |(_, after)| after));
    }
    out
}

/// Formats, and checks that nothing is lost and that formatting again changes nothing.
fn formatted(text: &str) -> String {
    let (ast, mistakes) = parse(text);
    assert_eq!(mistakes, [], "{text}");
    let once = format(&ast, text);
    let (again, mistakes) = parse(&once);
    assert_eq!(mistakes, [], "{text}\n----\n{once}");
    assert!(equivalent(&ast, &again), "{text}\n----\n{once}");
    assert_eq!(format(&again, &once), once, "{text}");
    once
}

#[test]
fn canonical_text() {
    let whole = formatted(WHOLE);
    insta::assert_snapshot!("whole", whole);
    insta::assert_snapshot!("messy", format(&parse(MESSY).0, MESSY));
    formatted(&format(&parse(MESSY).0, MESSY));
    formatted(&WHOLE.replace('\n', "\r\n"));
    formatted(&format!("\u{feff}{WHOLE}"));
}

/// A block that was written on one line and is too long for it takes its comment to its opening line.
#[test]
fn a_comment_goes_where_the_block_opens() {
    let short = "postgres d { table t { key id } }  # all of it\n";
    assert_eq!(formatted(short), "postgres d {  # all of it\n  table t { key id }\n}\n");
    let fields =
        "key a_long_name; index another_long_name, a_third_long_name, a_fourth_long_name; shard a_long_name";
    let long = format!("postgres d {{\n  table t {{ {fields} }}  # about t\n}}\n");
    let lines: Vec<String> = formatted(&long).lines().map(str::to_string).collect();
    assert_eq!(lines[1], "  table t {  # about t");
    assert!(lines[2..].iter().all(|line| !line.contains('#')), "{lines:#?}");
    // A comment behind what closes the outer block too is about neither.
    let both = format!("postgres d {{\n  table t {{ {fields} }} }}  # at the end\n");
    assert!(formatted(&both).ends_with("}  # at the end\n"));
}

#[test]
fn a_figure_of_a_table_may_be_a_list() {
    let text = "postgres d {\n  table t {\n    key  id\n    data = [pii, private]\n  }\n}\n";
    assert_eq!(formatted(text), text);
    assert_eq!(
        formatted("postgres d { table t { data=[pii,\n private] } }").matches("[pii, private]").count(),
        1
    );
    assert!(!parse("given { users = [1, 2] }").1.is_empty());
    let (design, mistakes) = spof::design::lower(&parse(text).0);
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    assert_eq!(design.graph[design.node("d").unwrap()].tables[0].attrs.words("data"), ["pii", "private"]);
}

/// Neither panics, whatever stands in the text, and every span can be cut out of it.
fn total(text: &str) {
    let (ast, mistakes) = parse(text);
    for item in &ast.items {
        item.span.text(text);
    }
    for mistake in &mistakes {
        mistake.at.span.text(text);
        mistake.labels.iter().for_each(|label| assert!(text.get(label.span.start..label.span.end).is_some()));
    }
    for (index, item) in ast.items.iter().enumerate() {
        let inside =
            item.parent.map_or(0..ast.items.len(), |parent| parent + 1..ast.items[parent].block.unwrap().end);
        assert!(inside.contains(&index), "{text}");
        assert!(item.block.is_none_or(|block| block.end > index && block.end <= ast.items.len()));
    }
    if mistakes.is_empty() {
        formatted(text);
    } else {
        format(&ast, text);
    }
}

#[test]
fn every_beginning_and_every_gap() {
    for (at, _) in WHOLE.char_indices() {
        total(&WHOLE[..at]);
    }
    let breaks = |c: char| c.is_whitespace() || "{}[](),;=\"->~/*.@#".contains(c);
    let cuts: Vec<usize> = WHOLE.match_indices(breaks).map(|(at, _)| at).collect();
    for pair in cuts.windows(2) {
        total(&format!("{}{}", &WHOLE[..pair[0]], &WHOLE[pair[1]..]));
        total(&format!("{}{}", &WHOLE[..pair[0]], &WHOLE[pair[0] + 1..]));
    }
}

const FRAGMENTS: &[&str] = &[
    "design \"T\"",
    " solves p",
    " at large",
    "service ",
    "redis ",
    "a",
    "b-c",
    " x3",
    " x",
    "3x",
    " @a,b",
    "@",
    " ttl=5s",
    " by=[a, b]",
    "=",
    "= ",
    "==",
    " < ",
    "[",
    "]",
    "(",
    ")",
    ",",
    ", ",
    "->",
    " -> ",
    " ~> ",
    " <-> ",
    " ..> ",
    "<-",
    "-->",
    "→",
    "{",
    "}",
    " {\n",
    "\n}\n",
    "\n",
    "\n\n",
    "\r\n",
    ";",
    "#",
    " # c\n",
    "\"",
    "\"x\"",
    "'y'",
    "“z”",
    "\\",
    "\\\n",
    "//",
    "/*",
    "*/",
    " * ",
    "/",
    "+",
    "-",
    "5",
    "1,000",
    "1_000",
    "$5",
    "15 s",
    "100/min",
    "5%",
    ".",
    "flow f",
    "given",
    "region r",
    "every call",
    "table t",
    "key ",
    "index a where x include y",
    "column a b(2)",
    "ref a -> t.b",
    "decide \"a\"",
    " because \"b\"",
    " over \"c\"",
    "out \"o\"",
    "allow r",
    " on a",
    " until 2027-06",
    "note ",
    "a = b",
    "per user",
    "é",
    "\u{a0}",
    "\t",
    "  ",
    "_",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn total_on_any_text(text in any::<String>()) {
        total(&text);
    }

    #[test]
    fn total_on_fragments(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40)) {
        total(&parts.concat());
    }

    #[test]
    fn total_on_lines(lines in prop::collection::vec(prop::sample::select(LINES), 0..20)) {
        total(&lines.concat());
    }
}

/// Lines that are right in some block, for texts that often have no mistake.
const LINES: &[&str] = &[
    "service a # c\n",
    "redis bb x3 \"L\" @a,b ttl=5s by=[a,\n # in\n b]\n",
    "  # own\n",
    "\n",
    "\n\n\n",
    "a,b -> c # x\n",
    "  -> d t=1\n",
    "flow f { a -> b }\n",
    "region r {\n",
    "group g {",
    "}\n",
    "}",
    "} # end\n",
    "given { x = 1; y = 2*(x + 3) / h }\n",
    "given {# c\n",
    "z = 5k/s\n",
    "every call timeout=1s;",
    "postgres p { table t { key a; rows = 5 }\n } # p\n",
    "out \"o\"\n",
    "note on a \"n\"; ",
    "decide \"a\" because \"b\"\n",
    "allow r because \"w\" until 2027\n",
    "#\n",
    "service\tq\r\n",
];

/// Runs on a small stack, and in a time that only a linear parser keeps.
fn quickly(text: String) {
    let start = std::time::Instant::now();
    let run = move || {
        let (ast, mistakes) = parse(&text);
        format(&ast, &text);
        mistakes.len()
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(run).unwrap().join().unwrap();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn size_is_no_limit() {
    const MANY: usize = 100_000;
    let repeated = |text: &str| text.repeat(MANY / 4);
    for text in [
        "group g {\n",
        "group g { ",
        "}",
        "{",
        "given { x = (",
        "a = [",
        "service a; ",
        "a -> ",
        "\"",
        "\\\"",
        "a b '",
        "a b “; ",
        "/* ",
        "#",
        "a, ",
        "x = 1 +",
        "5",
        "a\n\n",
        "flow f {\n",
        "a -> b # c\n",
        "service a b=\"x; ",
        "( ",
        "a=b, c ",
        "1,000",
        "users = 1\nregion r {\n",
        "index a where \"; ",
        "- ",
        "external a, ",
    ] {
        quickly(repeated(text));
    }
    quickly(format!("given {{ x = {}1{} }}", repeated("("), repeated(")")));
    quickly(format!("{}{}", repeated("group g {"), repeated("}")));
    let chain: Vec<String> = (0..MANY).map(|n| format!("n{n}")).collect();
    quickly(chain.join(" -> "));
    quickly(chain.join(" x\n -> "));
    quickly(format!("a {}", " b=c".repeat(MANY)));
    let (ast, mistakes) = parse("a -> b");
    assert_eq!((ast.items.len(), mistakes.len()), (1, 0));
}

#[test]
fn keywords_are_names_and_arrows_go_on() {
    let text = "service flow\nflow -> given, every\n\n  # on\n  ..> table needs\ndesign, out <-> x timeout=5s->note-1\n\
                given { flow = 1; key = 2 }";
    let (ast, mistakes) = parse(text);
    assert_eq!(mistakes, []);
    let spans: Vec<&str> = ast.items.iter().map(|item| item.span.text(text)).collect();
    assert_eq!(spans[1], "flow -> given, every\n\n  # on\n  ..> table needs");
    assert_eq!(spans[2..], ["design, out <-> x timeout=5s->note-1", "given", "flow = 1", "key = 2"]);
}
