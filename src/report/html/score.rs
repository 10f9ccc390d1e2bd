//! The score: points, a bar for each dimension, levels, what to do next, and each criterion.

use super::writer::Writer;
use super::{bar, section, table};
use crate::report::score::{name, points, waits_for, worth};
use crate::rubric::{Level, Met, Score};

/// Things to do next; more is a list nobody follows.
const NEXT: usize = 5;

pub fn score(page: &mut Writer, score: &Score) {
    section(page, "score", "Score", |page| {
        let scale = score.scale.name();
        page.element("p", &[("class", "lead")], |page| {
            page.leaf("strong", &[], &format!("{} of {}", points(score.points, score.of), score.of.round()));
            page.text(&format!(" for {} at {scale}, {} weights", score.problem, score.weights.name()));
        });
        dimensions(page, score);
        levels(page, score);
        next(page, score);
        criteria(page, score);
    });
}

fn dimensions(page: &mut Writer, score: &Score) {
    table(
        page,
        "words bars",
        "Points by dimension",
        &["Dimension", "Points", "", "What holds it back"],
        4,
        |page| {
            for one in &score.dimensions {
                let share = if one.of > 0.0 { one.points / one.of } else { 1.0 };
                page.element("tr", &[], |page| {
                    page.leaf("th", &[("scope", "row")], name(one.id));
                    let of = format!("{}/{}", points(one.points, one.of), one.of.round());
                    page.leaf("td", &[("class", "number")], &of);
                    page.element("td", &[], |page| bar(page, share, "full"));
                    page.said("td", &[], one.why.as_deref().unwrap_or_default());
                });
            }
        },
    );
}

fn levels(page: &mut Writer, score: &Score) {
    page.leaf("h3", &[], "Levels");
    page.element("ol", &[("class", "levels")], |page| {
        for readout in &score.levels {
            let (class, sign) = if readout.reached { ("yes", "reached") } else { ("no", "not reached") };
            page.element("li", &[("class", class)], |page| {
                page.leaf("strong", &[], readout.level.name());
                page.text(&format!(" {sign}"));
                let waits = waits_for(score, &readout.open);
                if !waits.is_empty() {
                    page.leaf("small", &[], &waits);
                }
            });
        }
    });
}

fn next(page: &mut Writer, score: &Score) {
    if score.next.is_empty() {
        return;
    }
    page.leaf("h3", &[], "Next, in this order");
    page.element("ol", &[("class", "next")], |page| {
        for gain in score.next.iter().take(NEXT) {
            page.element("li", &[], |page| {
                page.prose(&gain.fix);
                page.text(" ");
                page.leaf("small", &[], &worth(gain));
            });
        }
    });
}

fn criteria(page: &mut Writer, score: &Score) {
    page.element("details", &[], |page| {
        page.leaf("summary", &[], &format!("All {} criteria", score.criteria.len()));
        table(page, "words", "Criteria", &["Criterion", "Points", "Met", "Why"], 4, |page| {
            for one in &score.criteria {
                page.element("tr", &[], |page| {
                    page.leaf("th", &[("scope", "row")], &one.id);
                    let of = format!("{:.1}/{:.1}", one.points, one.of);
                    page.leaf("td", &[("class", "number")], &of);
                    page.element("td", &[], |page| {
                        page.text(met(one.met));
                        if let Some(level) = one.gates.filter(|_| one.met != Met::Yes) {
                            page.leaf("small", &[], &shuts(level));
                        }
                    });
                    page.said("td", &[], &one.why);
                });
            }
        });
    });
}

fn met(met: Met) -> &'static str {
    match met {
        Met::Yes => "yes",
        Met::No => "no",
        Met::Partly => "partly",
        Met::Unstated => "not said",
        Met::NotEvaluated => "wants a number",
    }
}

fn shuts(level: Level) -> String {
    format!(" a must for {}", level.name())
}
