use std::collections::HashSet;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::GroupKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::source::Span;
use crate::units::{percent, show_duration};

pub static RULE: Rule = Rule {
    id: "availability-out-of-reach",
    severity: Severity::Error,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "a flow promises more than the nodes that it needs can keep, by the design's own figures",
    question: None,
    reads: &["availability", "needs", "sla"],
    page: Page {
        checks: "What a flow promises (`availability`) against the product of what its nodes state.",
        when: "A flow states `availability`, nodes that it needs state theirs (`availability`, or `sla` of an external), and the product \
               of these alone is below the promise. Nodes that state nothing count as never failing, so that the finding stands \
               whatever they are. Several instances are up while `needs` of them are, one if nothing is said, and are taken to fail \
               independently; the figure of a managed node or an external is that of the whole. A region that states its `availability` \
               counts once for all that is needed in it, a zone for what stands in it alone.",
        why: "What is needed in a row fails in a row: two things that are up 99.9 % of the time are up together 99.8 %. A promise \
              above that is broken in an ordinary month.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x3\nexternal rates sla=99.9%\n\
              flow pay availability=99.99% { web -> front -> api -> rates timeout=2s }\n",
        good: "client web\nlb front managed\nservice api x3\nexternal rates sla=99.9%\n\
               flow pay availability=99.99% { web -> front -> api -> rates timeout=2s fallback=stale }\n",
        ignore: "The figure of a node is what its vendor refunds, and what was measured over years is better: then state that.",
    },
    check,
};

/// Seconds, as `1month` has them.
const MONTH: f64 = 365.0 * 86_400.0 / 12.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, flow) in facts.design.flows.iter().enumerate() {
        let (Some(promised), Some(setting)) =
            (flow.attrs.number("availability").value(), flow.attrs.get("availability"))
        else {
            continue;
        };
        let stated = figures(facts, facts.needs_of(index));
        let product: f64 = stated.iter().map(|figure| figure.share).product();
        // Figures are given to a handful of digits; what differs by less is the same promise.
        if product >= promised - 1e-9 || stated.is_empty() {
            continue;
        }
        let weakest = stated.iter().min_by(|a, b| a.share.total_cmp(&b.share)).expect("some are stated");
        let month = |share: f64| show_duration((1.0 - share) * MONTH);
        let mut shown: Vec<String> =
            stated.iter().take(8).map(|figure| format!("{} {}", figure.id, percent(figure.share))).collect();
        if stated.len() > 8 {
            shown.push(format!("{} more", stated.len() - 8));
        }
        let name = format!("`{}`", weakest.id);
        found.push(
            Diagnostic::wrong(
                format!("`{}` promises {} and can keep {}", flow.id, percent(promised), percent(product)),
                setting.span,
                format!("allows {} a month", month(promised)),
            )
            .label(weakest.span, format!("alone takes {} a month", month(weakest.share)))
            .node(weakest.id)
            .flows([flow.id.clone()])
            .evidence(match shown.as_slice() {
                [only] => format!("{only} is all that is stated, and already too little"),
                several => format!("{} = {}", several.join(" × "), percent(product)),
            })
            .consequence(format!("in an ordinary month `{}` is down for {}, and nothing unusual has happened", flow.id, month(product)))
            .fix(match weakest.of {
                Of::Service => format!(
                    "let `{}` do without {name} (`optional`, `fallback=stale`, or a queue that tries later), have a second one, or promise {} at most",
                    flow.id,
                    percent(product)
                ),
                Of::Place => format!("a second region or zone that takes over from {name}, or promise {} at most", percent(product)),
                Of::Other => format!("one more of {name}, or one that is up for longer; or promise {} at most", percent(product)),
            }),
        );
    }
    found
}

/// What something in a flow's way says of its own availability.
struct Figure<'d> {
    id: &'d str,
    span: Span,
    share: f64,
    of: Of,
}

#[derive(Clone, Copy)]
enum Of {
    /// What a request waits for and may be made to do without.
    Service,
    Place,
    Other,
}

/// The figures of the nodes, and of each region or zone that all instances of one of them stand in.
fn figures<'d>(facts: &Facts<'d>, needed: &[NodeIndex]) -> Vec<Figure<'d>> {
    let mut figures: Vec<Figure> = Vec::new();
    let mut known = HashSet::new();
    for &index in needed {
        let node = facts.node(index);
        if let Some(share) = availability(facts, index) {
            let of = if node.kind == Kind::External || node.kind.is_app() { Of::Service } else { Of::Other };
            figures.push(Figure { id: &node.id, span: node.span, share, of });
        }
        for group in facts.design.groups_around(index).take(64) {
            let whole = match group.kind {
                GroupKind::Region => true,
                GroupKind::Zone => node.zones.len() == 1,
                GroupKind::Group => false,
            };
            if let Some(share) = group.attrs.number("availability").value().filter(|_| whole)
                && known.insert(group.span)
            {
                figures.push(Figure { id: &group.id, span: group.span, share, of: Of::Place });
            }
        }
    }
    figures
}

/// The share of time that enough of its instances are up; None where nothing is stated of one.
///
/// What a vendor runs is stated as a whole: more instances of it are inside that figure.
fn availability(facts: &Facts, index: NodeIndex) -> Option<f64> {
    let node = facts.node(index);
    let one = node.attrs.number("availability").value().or(node.attrs.number("sla").value())?;
    if node.is_managed() || node.kind == Kind::External {
        return Some(one);
    }
    let needed = node.attrs.number("needs").value().unwrap_or(1.0) as u64;
    Some(at_least(needed, node.instances, one))
}

/// That at least `needed` of `count` are up, each with the same probability and independently: the upper tail of the
/// binomial distribution, term by term.
fn at_least(needed: u64, count: u64, one: f64) -> f64 {
    if needed <= 1 || count > 10_000 {
        return 1.0 - (1.0 - one).powi(count.min(10_000) as i32);
    }
    let mut term = (1.0 - one).powi(count as i32);
    let mut below = 0.0;
    for up in 0..needed.min(count + 1) {
        below += term;
        term *= (count - up) as f64 / (up + 1) as f64 * one / (1.0 - one);
    }
    (1.0 - below).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::{RULE, at_least, percent};
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |nodes: &str, flow: &str, expected: &[&str]| {
            expect(&RULE, &format!("client u\nlb l managed\nservice a x2\n{nodes}\nflow f {flow}"), expected);
        };
        expect("external e sla=99.9%", "availability=99.99% { u -> l -> a -> e }", &["wrong e"]);
        expect(
            "database d availability=99.9%\nexternal e sla=99.9%",
            "availability=99.9% { u -> a -> d\na -> e }",
            &["wrong d"],
        );
        expect("external e sla=99.9%", "availability=99.9% { u -> l -> a -> e }", &[]);
        expect("external e sla=99.9%", "availability=99.99% { u -> l -> a -> e optional }", &[]);
        // Two of them, of which one is enough.
        expect("database d x2 availability=99.9%", "availability=99.99% { u -> l -> a -> d }", &[]);
        expect(
            "database d x2 availability=99.9% needs=2",
            "availability=99.9% { u -> l -> a -> d }",
            &["wrong d"],
        );
        // A vendor's figure is that of the whole, however many it runs.
        expect(
            "database d x2 managed availability=99.9%",
            "availability=99.99% { u -> l -> a -> d }",
            &["wrong d"],
        );
        // A place is one of the things that are needed in a row, once; a zone, for what stands in no other.
        let in_region =
            |share: &str| format!("region r zones=3 availability={share} {{ service s x2; postgres d x2 }}");
        expect(&in_region("99.9%"), "availability=99.95% { u -> l -> s -> d }", &["wrong r"]);
        expect(&in_region("99.99%"), "availability=99.99% { u -> l -> s -> d }", &[]);
        expect(
            "zone z availability=99% { postgres d x2 }",
            "availability=99.9% { u -> l -> a -> d }",
            &["wrong z"],
        );
        expect(
            "region r { zone z availability=99% { service s x2 } }",
            "availability=99.9% { u -> l -> a }",
            &[],
        );
        // Nothing promised, or nothing stated.
        expect("external e sla=90%", "{ u -> l -> a -> e }", &[]);
        expect("external e", "availability=99.99% { u -> l -> a -> e }", &[]);
    }

    /// The tail by counting every combination of instances that are up.
    #[test]
    fn the_tail_is_what_counting_gives() {
        for (count, needed, one) in
            [(1, 1, 0.9), (3, 2, 0.9), (5, 3, 0.99), (8, 8, 0.95), (6, 1, 0.5), (2, 3, 0.9)]
        {
            let counted: f64 = (0_u32..1 << count)
                .filter(|up| u64::from(up.count_ones()) >= needed)
                .map(|up| one_f(one, up.count_ones()) * one_f(1.0 - one, count - up.count_ones()))
                .sum();
            let tail = at_least(needed, u64::from(count), one);
            assert!((tail - counted).abs() < 1e-12, "{count} {needed} {one}: {tail} and {counted}");
        }
    }

    fn one_f(share: f64, times: u32) -> f64 {
        share.powi(times as i32)
    }

    #[test]
    fn percentages_have_the_digits_that_matter() {
        assert_eq!(percent(0.999), "99.9 %");
        assert_eq!(percent(0.998001), "99.8 %");
        assert_eq!(percent(0.9999), "99.99 %");
        assert_eq!(percent(0.99995), "99.995 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(1.0), "100 %");
    }
}
