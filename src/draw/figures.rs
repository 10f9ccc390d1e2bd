//! The numbers that cards show: how much of what a node carries is used, and what is worth a line of its own.

use crate::design::{Design, Node};
use crate::numbers::{Figure, NodeNumbers, Reached, of_nodes};
use crate::units::{show_count, show_duration, show_share};

use super::layout::{Detail, Plan};

/// Before a figure that rests on a number of the catalogue.
pub const ABOUT: &str = "≈";

/// How a card is tinted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    /// Index in `STEPS`.
    pub step: usize,
    /// `83 %`, or `≈ 83 %`.
    pub text: String,
}

/// What the tints mean; quarters, and what is more than there is.
pub const STEPS: [&str; 5] =
    ["under 25 % used at the peak", "25 to 50 %", "50 to 75 %", "75 to 100 %", "over 100 %"];

pub fn step(utilisation: f64) -> usize {
    match utilisation {
        share if share < 0.25 => 0,
        share if share < 0.5 => 1,
        share if share < 0.75 => 2,
        share if share <= 1.0 => 3,
        _ => 4,
    }
}

/// What one card shows of the numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub heat: Option<Heat>,
    /// Two short lines at most.
    pub facts: Vec<String>,
    /// How the figures were reached, for the tooltip.
    pub told: Vec<String>,
}

/// Of every node, in the design's order.
pub fn figures(design: &Design, plan: Plan) -> Vec<Figures> {
    let mut all = vec![Figures::default(); design.graph.node_count()];
    if !plan.heat && plan.detail != Detail::High {
        return all;
    }
    if plan.detail == Detail::High {
        for (figures, node) in all.iter_mut().zip(design.graph.node_weights()) {
            figures.facts.extend(stated(node));
        }
    }
    for numbers in of_nodes(design) {
        let figures = &mut all[numbers.index.index()];
        if plan.detail == Detail::High
            && let Some(line) = rates(&numbers)
        {
            figures.facts.insert(0, line);
            let shown = [Some(&numbers.peak), numbers.capacity.as_ref()];
            shown.into_iter().flatten().for_each(|figure| tell(&mut figures.told, figure));
        }
        if plan.heat
            && let Some(Ok(used)) = &numbers.utilisation
        {
            figures.heat = Some(Heat { step: step(used.value), text: shown(used) });
            used_by(&mut figures.told, used);
        }
    }
    all
}

/// `2,310/s, carries ≈ 72,000/s`
fn rates(numbers: &NodeNumbers) -> Option<String> {
    let peak = numbers.peak.as_ref().ok().map(|peak| format!("{} peak", shown(peak)));
    let carries = numbers.capacity.iter().flatten().next().map(|figure| format!("carries {}", shown(figure)));
    let parts: Vec<String> = peak.into_iter().chain(carries).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What the design itself says that decides how a store, cache or queue behaves.
fn stated(node: &Node) -> Option<String> {
    let number = |name| node.attrs.number(name).value();
    let parts: Vec<String> = [
        number("ttl").map(|ttl| format!("ttl {}", show_duration(ttl))),
        number("hit_rate").map(|share| format!("{} hits", show_share(share))),
        number("shards").map(|count| counted(count, "shard")),
        number("partitions").map(|count| counted(count, "partition")),
        number("retention").map(|time| format!("keeps {}", show_duration(time))),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn counted(count: f64, noun: &str) -> String {
    if count == 1.0 { format!("1 {noun}") } else { format!("{} {noun}s", show_count(count)) }
}

fn shown(figure: &Figure) -> String {
    if figure.assumed.is_empty() { figure.shown() } else { format!("{ABOUT} {}", figure.shown()) }
}

fn tell(told: &mut Vec<String>, reached: &Reached) {
    if let Ok(figure) = reached {
        used_by(told, figure);
    }
}

/// The last line of its arithmetic, and what it takes for granted.
fn used_by(told: &mut Vec<String>, figure: &Figure) {
    let assumed = figure.assumed.iter().map(|assumed| {
        let (what, source, instead) = (&assumed.what, &assumed.source, &assumed.instead);
        format!("assumed: {what} (grade {:?}: {source}); {instead} says otherwise", assumed.grade)
    });
    for line in figure.reached.last().cloned().into_iter().chain(assumed) {
        if !told.contains(&line) {
            told.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, figures, step};
    use crate::design::lower;
    use crate::draw::{Detail, Plan};
    use crate::syntax::parse;

    fn of(text: &str, plan: Plan) -> Vec<Figures> {
        figures(&lower(&parse(text).0).0, plan)
    }

    const TEXT: &str = "client a\nservice b x2 capacity=60/s\nredis c ttl=24h hit_rate=90%\nkafka q partitions=32 retention=7d\n\
                        flow f rate=100/s {\na -> b -> c reads\nb ~> q\n}";

    #[test]
    fn a_quarter_is_the_next_step_and_full_is_not_over() {
        assert_eq!([0.0, 0.2499, 0.25, 0.5, 0.75, 1.0, 1.0001].map(step), [0, 0, 1, 2, 3, 3, 4]);
    }

    #[test]
    fn what_is_used_is_what_arrives_of_what_is_carried() {
        let all = of(TEXT, Plan { heat: true, ..Plan::default() });
        // 100/s of 2 x 60/s.
        let heat = all[1].heat.as_ref().unwrap();
        assert_eq!((heat.step, heat.text.as_str()), (3, "83.3 %"));
        assert!(all[0].heat.is_none() && all[1].facts.is_empty());
        // A capacity of the catalogue, so its source is told.
        assert!(all[2].heat.as_ref().unwrap().text.starts_with("≈ "));
        assert!(
            all[2].told.iter().any(|line| line.contains("`capacity=` on `c` says otherwise")),
            "{:?}",
            all[2]
        );
    }

    #[test]
    fn much_detail_is_two_lines() {
        let all = of(TEXT, Plan { detail: Detail::High, ..Plan::default() });
        assert_eq!(all[1].facts, ["100/s peak · carries 120/s"]);
        assert_eq!(all[2].facts[1], "ttl 1 d · 90 % hits");
        assert_eq!(all[3].facts.last().unwrap(), "32 partitions · keeps 7 d");
        assert!(all.iter().all(|figures| figures.heat.is_none() && figures.facts.len() <= 2));
        assert!(of(TEXT, Plan::default()).iter().all(|figures| *figures == Figures::default()));
    }
}
