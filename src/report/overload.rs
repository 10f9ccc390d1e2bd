//! What too much load does, for a person: who comes back by himself, and whose threads are gone.

use super::numbers::table;
use super::{Style, Wrap};
use crate::design::Design;
use crate::numbers::Reached;
use crate::numbers::overload::{Fence, Hold, Retries, Verdict};
use crate::units::{show_duration, show_number, show_rate, show_share};

/// Rows of a table, unless all are asked for, and factors of one product.
const ROWS: usize = 8;
const FACTORS: usize = 6;

/// What is tried more than once: the load while it fails, and whether it comes back; what does not first. None where
/// nothing is.
pub fn retries(design: &Design, all: &[Retries], style: Style) -> Option<String> {
    let mut told: Vec<&Retries> = all.iter().filter(|of| of.product > 1.0).collect();
    // A stable sort: of equals, the first in the file.
    told.sort_by(|one, other| telling(one).cmp(&telling(other)).then(excess(other).total_cmp(&excess(one))));
    let shown = shown(told.len(), style);
    let rows = told[..shown].iter().map(|of| {
        vec![
            of.id.clone(),
            product(of),
            rate(&of.peak),
            rate(&of.failing),
            of.carries().map_or_else(|| "?".to_string(), show_rate),
            match of.peak {
                Ok(_) if of.amplification() > 1.0 => show_share(of.threshold()),
                _ => String::new(),
            },
            format!("{:<16}", verdict(of)),
        ]
    });
    let heads = ["Retries", "tries", "load now", "while it fails", "carries", "recovers below", ""];
    let mut text = table(heads, rows.collect(), style)?;
    let more: Vec<String> = told[..shown].iter().filter_map(|of| remark(design, of)).collect();
    for line in more.into_iter().chain(left_out(told.len() - shown)) {
        text.push('\n');
        text.push_str(&Wrap { width: style.width, first: 2, hang: 4 }.block(&line));
    }
    Some(text)
}

/// Whose threads are taken while what they call hangs; those that are gone first. None where no threads are stated.
pub fn threads(design: &Design, all: &[Hold], style: Style) -> Option<String> {
    let mut told: Vec<&Hold> = all.iter().collect();
    let open = |hold: &Hold| hold.is_short() && !hold.fenced;
    let lacking = |hold: &Hold| if hold.has > 0.0 { hold.needed.value / hold.has } else { f64::MAX };
    told.sort_by(|one, other| open(other).cmp(&open(one)).then(lacking(other).total_cmp(&lacking(one))));
    let shown = shown(told.len(), style);
    let rows = told[..shown].iter().map(|hold| {
        let [caller, callee] = [hold.caller, hold.callee].map(|node| &design.graph[node].id);
        let end = match hold.gone_after() {
            None => "enough".to_string(),
            Some(_) if hold.fenced => "bounded: the rest stay free".to_string(),
            Some(after) => format!("all gone after {}", show_duration(after)),
        };
        vec![
            format!("{caller} -> {callee}"),
            show_rate(hold.each),
            show_duration(hold.held),
            show_number(hold.needed.value.ceil()),
            show_number(hold.has),
            format!("{end:<27}"),
        ]
    });
    let heads = ["Threads while it hangs", "calls of one", "each held", "needs", "has", ""];
    let mut text = table(heads, rows.collect(), style)?;
    if let Some(line) = left_out(told.len() - shown) {
        text.push_str(&format!("\n  {line}"));
    }
    Some(text)
}

fn shown(count: usize, style: Style) -> usize {
    if style.all { count } else { count.min(ROWS) }
}

fn left_out(count: usize) -> Option<String> {
    (count > 0).then(|| format!("and {count} more (--all)"))
}

/// `3 x 3 x 3 = 27`
fn product(of: &Retries) -> String {
    let product = show_number(of.product);
    match of.tried.as_slice() {
        [] | [_] => product,
        tried if tried.len() > FACTORS => format!("{} layers: {product}", tried.len()),
        tried => {
            let factors: Vec<String> = tried.iter().map(|&tries| show_number(tries)).collect();
            format!("{} = {product}", factors.join(" x "))
        }
    }
}

fn rate(figure: &Reached) -> String {
    figure.as_ref().map_or_else(|_| "?".to_string(), |figure| show_rate(figure.value))
}

fn telling(of: &Retries) -> u8 {
    match of.verdict {
        Verdict::StaysDown => 0,
        Verdict::Unknown(_) => 1,
        Verdict::Mitigated(_) => 2,
        Verdict::Recovers => 3,
    }
}

/// What comes while it fails against what it carries; where that is not known, the tries.
fn excess(of: &Retries) -> f64 {
    let against = of.failing.as_ref().ok().zip(of.carries().filter(|carries| *carries > 0.0));
    against.map_or(of.product, |(failing, carries)| failing.value / carries)
}

fn verdict(of: &Retries) -> &'static str {
    match of.verdict {
        _ if of.utilisation().is_some_and(|used| used > 1.0) => "too busy already",
        Verdict::StaysDown => "stays down",
        Verdict::Unknown(_) => "not known",
        Verdict::Mitigated(_) => "held off",
        Verdict::Recovers => "comes back",
    }
}

/// Why, where the figures do not say it.
fn remark(design: &Design, of: &Retries) -> Option<String> {
    match &of.verdict {
        Verdict::Mitigated(fences) => {
            let words: Vec<String> = fences.iter().map(|&fence: &Fence| fence.in_words(design)).collect();
            Some(format!("`{}`: held off by {}", of.id, words.join(", ")))
        }
        Verdict::Unknown(wants) => Some(format!("`{}`: wants {}", of.id, wants.join(", "))),
        Verdict::StaysDown if !of.no_help.is_empty() => {
            Some(format!("`{}`: {}", of.id, of.no_help.join("; ")))
        }
        Verdict::StaysDown | Verdict::Recovers => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::numbers::overload;
    use crate::report::Style;

    macro_rules! snapshot {
        ($name:literal, $text:expr) => {
            insta::with_settings!({ snapshot_path => "../../tests/snapshots", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(concat!("report_", $name), $text)
            })
        };
    }

    const STYLE: Style = Style { width: 100, color: false, all: false };

    fn design(text: &str) -> crate::design::Design {
        let (ast, mistakes) = crate::syntax::parse(text);
        let (design, more) = crate::design::lower(&ast);
        assert!(mistakes.is_empty() && more.is_empty(), "{mistakes:?} {more:?}");
        design
    }

    #[test]
    fn what_stays_down_comes_first() {
        let design = design(
            "client u\nservice a\nservice b capacity=500/s\nservice c shed capacity=400/s\npostgres d capacity=1k/s\ndatabase e\n\
             flow f rate=300/s { u -> a attempts=2 -> b attempts=2 -> d attempts=3 backoff }\n\
             flow g rate=200/s { u -> a -> c attempts=3 -> e }",
        );
        snapshot!("overload_retries", super::retries(&design, &overload::retries(&design), STYLE).unwrap());
    }

    #[test]
    fn whose_threads_are_gone_comes_first() {
        let design = design(
            "client u\nservice a x4 concurrency=200\nservice b\nservice c\npostgres d\n\
             flow f rate=400/s { u -> a -> b timeout=1s }\nflow g rate=400/s { u -> a -> c timeout=5s attempts=2 }\n\
             flow h rate=400/s { u -> a -> d timeout=5s pool=20 }",
        );
        snapshot!("overload_threads", super::threads(&design, &overload::threads(&design), STYLE).unwrap());
    }

    #[test]
    fn of_many_the_first_few() {
        let services: String = (0..12).map(|at| format!("service s{at} capacity=10/s\n")).collect();
        let calls: String = (0..12).map(|at| format!("u -> s{at} attempts=3 optional\n")).collect();
        let design = design(&format!("client u\n{services}flow f rate=9/s {{\n{calls}}}"));
        let all = overload::retries(&design);
        let text = super::retries(&design, &all, STYLE).unwrap();
        assert!(text.ends_with("and 4 more (--all)") && text.lines().count() == 10, "{text}");
        let text = super::retries(&design, &all, Style { all: true, ..STYLE }).unwrap();
        assert_eq!(text.lines().count(), 13);
    }
}
