//! How long flows are up, and what stops them.

use serde_json::{Value, json};

use super::{Style, Wrap};
use crate::design::{Design, GroupKind};
use crate::numbers::Numbers;
use crate::numbers::availability::{
    Assumption, Availability, Down, LARGEST_ORDER, Places, Study, What, in_words,
};
use crate::units::{percent, show_duration, show_number};

/// Cut sets of a flow, and names of what was assumed, unless all are asked for.
pub const CUTS: usize = 5;
const NAMES: usize = 6;
/// The most important nodes and places of a flow.
const IMPORTANT: usize = 5;

pub const YEAR: f64 = 365.0 * 86_400.0;

/// Available, naive, down a year.
pub fn cells(availability: Option<&Availability>) -> [String; 3] {
    let Some(of) = availability else { return Default::default() };
    let (no_less, no_more) = if of.down.is_exact() { ("", "") } else { ("≥ ", "≤ ") };
    [
        format!("{no_less}{}", up(of.down.most())),
        up(1.0 - of.naive),
        format!("{no_more}{}", a_year(of.down.most())),
    ]
}

/// The share of time that is left, to two digits of what is lacking; never quite all where something can fail.
pub fn up(down: f64) -> String {
    if down <= 0.0 || down >= 0.1 {
        return percent(1.0 - down);
    }
    // From here on a share is not told apart from all of the time.
    let digits = (-down.log10()).ceil() as usize - 1;
    if digits > 8 {
        return "> 99.9999999 %".to_string();
    }
    let shown = format!("{:.digits$}", (1.0 - down) * 100.0);
    let short = percent(1.0 - down);
    let is_all = short
        .trim_end_matches(" %")
        .parse()
        .is_ok_and(|short: f64| (1.0 - short / 100.0 - down).abs() < 1e-9 * down);
    if is_all { short } else { format!("{shown} %") }
}

/// How long that is in a year.
pub fn a_year(down: f64) -> String {
    match down * YEAR {
        none if none <= 0.0 => "0".to_string(),
        little if little < 1e-3 => "under 1 ms".to_string(),
        time => show_duration(time),
    }
}

/// Under each flow, the smallest sets of failures that stop it.
pub fn what_stops(design: &Design, numbers: &Numbers, style: Style) -> Option<String> {
    let paint = style.paint();
    let width = numbers.flows.iter().map(|flow| super::wrap::columns(&flow.id)).max()?;
    let mut lines = Vec::new();
    let mut hidden = false;
    for flow in &numbers.flows {
        let Some(of) = &flow.availability else { continue };
        let said = in_words(design, &of.tree, &of.cuts);
        let most = if style.all { said.len() } else { CUTS };
        for (at, (words, _)) in said.iter().take(most).enumerate() {
            let name = if at == 0 { flow.id.as_str() } else { "" };
            let gap = " ".repeat(width - super::wrap::columns(name));
            let wrap = Wrap { width: style.width, first: width + 4, hang: width + 6 };
            lines.push(wrap.block(words).replacen(&" ".repeat(width + 4), &format!("  {name}{gap}  "), 1));
        }
        if said.len() > most {
            hidden = true;
            lines.push(format!("{}and {} more", " ".repeat(width + 4), said.len() - most));
        }
    }
    let head = if hidden { "Stopped by (--all shows the rest)" } else { "Stopped by" };
    (!lines.is_empty()).then(|| format!("{}\n{}", paint.bold(head), lines.join("\n")))
}

/// "an instance is up 99.977 % of the time, ...: `front`, `store`; `availability=` says otherwise"
pub fn assumed(assumption: &Assumption, style: Style) -> String {
    let text = format!("{}; {} says otherwise", taken(assumption, style), assumption.instead);
    Wrap { width: style.width, first: 2, hang: 4 }.block(&text)
}

fn taken(assumption: &Assumption, style: Style) -> String {
    let most = if style.all { assumption.of.len() } else { NAMES };
    let mut names: Vec<String> = assumption.of.iter().take(most).map(|id| format!("`{id}`")).collect();
    if assumption.of.len() > most {
        names.push(format!("{} more", assumption.of.len() - most));
    }
    format!("{}: {}", assumption.what, names.join(", "))
}

/// How the availability of a flow comes to be, what it hangs on, and what would help.
pub fn why(design: &Design, of: &Availability, study: &Study, places: Places, style: Style) -> String {
    let paint = style.paint();
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let mut lines = vec![format!("available: {}", paint.bold(&cells(Some(of))[0]))];
    let inner = Wrap { first: 4, hang: 6, ..wrap };
    let mut say = |text: &str| match text.strip_prefix("  ") {
        Some(text) => lines.push(inner.block(text)),
        None => lines.push(wrap.block(text)),
    };
    match of.down {
        Down::Exact(down) => say(&format!(
            "exact, over {} that fail by themselves: down {} a year",
            counted(of.tree.components.len(), "thing"),
            a_year(down)
        )),
        Down::Between { least, most, left_out } => say(&format!(
            "too large for an exact figure: down between {} and {} a year, from the sets of up to {LARGEST_ORDER} failures; \
             larger ones and those past the count are at most {} of that",
            a_year(least),
            a_year(most),
            a_year(left_out)
        )),
    }
    say(&format!(
        "naive: {}, the product over the nodes that it needs, as if there were one of each",
        up(1.0 - of.naive)
    ));
    if let Some(note) = standing_still(design, places) {
        say(note);
    }
    let said = in_words(design, &of.tree, &of.cuts);
    if !said.is_empty() {
        say("stopped by, with the time a year that it takes");
    }
    let most = if style.all { said.len() } else { 2 * CUTS };
    for (words, probability) in said.iter().take(most) {
        say(&format!("  {words}: {}", a_year(*probability)));
    }
    if said.len() > most {
        say(&format!("  and {} more (--all)", said.len() - most));
    }
    if !study.importance.is_empty() {
        say("what its downtime hangs on: gone if it never failed; how much more it is down while this is");
    }
    for one in study.importance.iter().take(IMPORTANT) {
        let name = match &one.of {
            What::Zone(id) => format!("zone `{id}`"),
            What::Region(id) => format!("region `{id}`"),
            What::Group(id) => format!("group `{id}`"),
            What::Fate(id) => format!("fate `{id}`"),
            node => node.node().map_or_else(String::new, |node| design.graph[node].name()),
        };
        say(&format!("  {name}: {} %; {}", show_number(one.gone * 100.0), show_number(one.birnbaum)));
    }
    if study.best.is_none() && of.down.is_exact() && of.down.most() > 0.0 {
        say(
            "no single change that was tried takes a tenth off: an instance more, failover, a spread over zones, `optional`",
        );
    }
    if let Some(best) = &study.best {
        say(&format!(
            "what helps most: {}; then {}, down {} a year",
            best.change.in_words(design),
            up(best.down),
            a_year(best.down)
        ));
    }
    for assumption in &of.assumed {
        let text = format!(
            "assumed: {} (grade {:?}: {}); {} says otherwise",
            taken(assumption, style),
            assumption.grade,
            assumption.source,
            assumption.instead
        );
        lines.push(paint.dim(&wrap.block(&text)));
    }
    lines.join("\n")
}

fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// A share where it is exact; else null, and what it lies between.
pub fn into_json(of: Option<&Availability>, object: &mut Value) {
    let Some(of) = of else { return };
    match of.down {
        Down::Exact(down) => object["availability"] = json!(1.0 - down),
        Down::Between { least, most, .. } => {
            object["availability"] = Value::Null;
            object["availability_at_least"] = json!(1.0 - most);
            object["availability_at_most"] = json!(1.0 - least);
            object["missing"]["availability"] =
                json!(["a smaller design: this one is too large for an exact figure"]);
        }
    }
    object["naive_availability"] = json!(of.naive);
}

/// That places do not fail, where there are any.
pub fn standing_still(design: &Design, places: Places) -> Option<&'static str> {
    let shared = design.graph.node_weights().any(|node| node.attrs.has("fate") || !node.zones.is_empty());
    let region = design.groups.iter().any(|group| group.kind == GroupKind::Region);
    (places == Places::AsStated && (shared || region))
        .then_some("zones, regions and fates never fail where no `availability=` of theirs is stated; --assume lets them")
}
