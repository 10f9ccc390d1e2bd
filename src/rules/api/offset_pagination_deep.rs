use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::facts::are_parts;
use crate::rules::{Confidence, Facts, Group, Page, Rule};
use crate::units::show_number;

pub static RULE: Rule = Rule {
    id: "offset-pagination-deep",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Api,
    summary: "pages are found by skipping rows: late ones are slow, and new rows shift them",
    question: None,
    reads: &["by", "page", "rate", "rows"],
    page: Page {
        checks: "Reads that say `page=offset`.",
        when: "A hop says `page=offset`, and the table that it reads states a million `rows` or more, or states none and is \
               written (`writes=` that table) by some hop. Silent with `page=cursor`, where the tables read are not named, where it reads `by=` another table of the store \
               and there are ten rows at most for each of its `rows` (the lines of an order: there is no page 500), and, unless a timer, worker or message starts them (such a job turns every page), \
               on flows of 10 requests a second or fewer without an `availability`.",
        why: "To show page 500 the database reads and throws away all rows of the pages before it. And while somebody turns \
              pages new rows come in on top: what was last on one page is first on the next, and what was deleted takes \
              an unseen row along.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table post { key id; index author, id; rows = 50M }\n}\n\
              flow posts { web -> front -> api -> store reads=post by=author page=offset limit=20 }\n",
        good: "client web\nlb front managed\nservice api x2\npostgres store x2 failover=auto {\n  table post { key id; index author, id; rows = 50M }\n}\n\
               flow posts { web -> front -> api -> store reads=post by=author page=cursor limit=20 }\n",
        ignore: "People must be able to jump to a page by its number, and nobody goes beyond the first ones.",
    },
    check,
};

const MANY: f64 = 1e6;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let written = facts.tables_that_flows_write();
    let mut found = Vec::new();
    for step in &facts.design.steps {
        let page = step.attrs.text("page");
        let (Some("offset"), Some(span)) = (page.value(), page.span()) else { continue };
        if facts.flow_of(step).is_some_and(|flow| facts.is_small(flow) && !facts.is_background(flow)) {
            continue;
        }
        let long =
            facts.tables_read(step).into_iter().find(|table| match table.attrs.number("rows").value() {
                Some(rows) => {
                    rows >= MANY
                        && !are_parts(facts.node(facts.holder(step.to)), table, step.attrs.words("by"))
                }
                None => written.contains(&table.span),
            });
        let Some(table) = long else { continue };
        let (caller, store) = (facts.node(step.from).name(), facts.node(step.to).name());
        let shifts = written.contains(&table.span);
        let message = if shifts {
            format!(
                "whoever turns pages of `{}` sees rows twice as new ones come, and late pages read all before them",
                table.id
            )
        } else {
            format!("{store} reads and drops all rows of `{}` before the page that is wanted", table.id)
        };
        let rows = table.attrs.number("rows").value();
        let rows =
            rows.map_or(String::new(), |rows| format!("`{}` has {} rows; ", table.id, show_number(rows)));
        found.push(
            Diagnostic::wrong(message, span, "skips rows")
                .label(table.span, "what is paged")
                .node(facts.id(step.to))
                .hop(facts.id(step.from), facts.id(step.to))
                .flows(facts.flow_of(step).map(|flow| flow.id.clone()))
                .evidence(format!("{rows}page 500 of 50 reads 25,000 to return 50"))
                .consequence(format!(
                    "somebody scrolls back a year, or a crawler follows every page, and {store} spends its time on rows that {caller} never sees"
                ))
                .mend(Mend::step(step, "page=cursor"))
                .fix(format!(
                    "`page=cursor` on `{} -> {}`: each page starts after the last key of the one before",
                    facts.id(step.from),
                    facts.id(step.to)
                )),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |rows: &str, flow: &str, page: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2\npostgres d {{ table t {{ key id; index o; {rows} }} }}\n\
                 flow f {flow} {{ u -> a -> d reads=t by=o {page} }}"
            );
            expect(&RULE, &text, expected);
        };
        case("rows = 5M", "", "page=offset", &["wrong d"]);
        case("rows = 5M", "", "page=cursor", &[]);
        case("rows = 5M", "", "page", &[]);
        case("rows = 5M", "", "", &[]);
        case("rows = 50k", "", "page=offset", &[]);
        case("", "", "page=offset", &[]);
        case("rows = 5M", "rate=1/s", "page=offset", &[]);
        // A few for each; and a job that walks through all of it, be it once a day.
        let lines = |rows: &str| {
            format!(
                "client u\nservice a x2\npostgres d {{ table o {{ key id; rows = 1M }}\ntable l {{ key o, no; rows = {rows} }} }}\n\
                 flow f {{ u -> a -> d reads=l by=o page=offset }}"
            )
        };
        expect(&RULE, &lines("4M"), &[]);
        expect(&RULE, &lines("400M"), &["wrong d"]);
        let walk = "scheduler s\nworker w\npostgres d { table t { key id; rows = 5M } }\n\
                    flow f rate=1/s { s -> w -> d reads=t page=offset }";
        expect(&RULE, walk, &["wrong d"]);
        let grows = "client u\nservice a x2\npostgres d { table t { key id; index o } }\n\
                     flow f { u -> a -> d reads=t by=o page=offset }\nflow g { u -> a -> d writes=t }";
        expect(&RULE, grows, &["wrong d"]);
    }
}
