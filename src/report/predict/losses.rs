//! What each loss does to the others.

use super::{listed, names};
use crate::catalog::Kind;
use crate::design::Design;
use crate::predict::{Aftermath, Becomes, FlowAfter, Loss, Losses, NodeAfter, Outcome, TIGHT};
use crate::report::{Style, Wrap};
use crate::units::{show_number, show_rate, show_share};

/// Losses, nodes of one loss and names in a list, unless all are asked for.
const LOSSES: usize = 8;
const NODES: usize = 4;
const NAMES: usize = 6;

pub fn section(design: &Design, losses: &Losses, style: Style) -> Option<String> {
    let most = |few: usize| if style.all { usize::MAX - 1 } else { few };
    // Losses of one kind after which the same is said are said once.
    let mut groups: Vec<(Vec<&Loss>, Vec<String>, u8)> = Vec::new();
    for after in &losses.matter {
        let said = body(design, after, most(NODES), most(NAMES));
        // A cache that is gone and one that is empty leave the same to the rest.
        let is_said =
            |of: &&Loss| matches!((of, &after.loss), (Loss::Empty(one), Loss::Node(other)) if one == other);
        if groups.iter().any(|(of, text, _)| *text == said && of.iter().any(is_said)) {
            continue;
        }
        let same = groups.iter_mut().find(|(of, text, _)| {
            *text == said && std::mem::discriminant(of[0]) == std::mem::discriminant(&after.loss)
        });
        match same {
            Some((of, ..)) => of.push(&after.loss),
            None => groups.push((vec![&after.loss], said, rank(after))),
        }
    }
    groups.sort_by_key(|(.., rank)| *rank);
    let wrap = Wrap { width: style.width, first: 2, hang: 4 };
    let inner = Wrap { first: 4, hang: 6, ..wrap };
    let mut lines = Vec::new();
    for (of, text, _) in groups.iter().take(most(LOSSES)) {
        lines.push(wrap.block(&subject(design, of, most(NAMES))));
        lines.extend(text.iter().map(|line| inner.block(line)));
    }
    let hidden = groups.len().saturating_sub(most(LOSSES));
    if hidden > 0 {
        lines.push(format!("  and {hidden} more that do less (--all)"));
    }
    let mut say = |text: String| lines.push(wrap.block(&text));
    if !losses.harmless.is_empty() {
        let what = quiet(design, &losses.harmless, most(NAMES));
        say(format!("{what}: everything is served, and nothing passes {}", show_share(TIGHT)));
    }
    if !losses.served.is_empty() {
        let what = quiet(design, &losses.served, most(NAMES));
        say(format!("{what}: everything is served; how busy that keeps the rest is not known"));
    }
    if losses.left_out > 0 {
        say(format!("{} more losses were not looked at: the design is too large", losses.left_out));
    }
    let heading = style.paint().bold("What a loss does to the rest, at the peak");
    (!lines.is_empty()).then(|| format!("{heading}\n{}", lines.join("\n")))
}

fn rank(after: &Aftermath) -> u8 {
    let some = |becomes: Becomes| after.nodes.iter().any(|node| node.becomes == becomes);
    match () {
        () if some(Becomes::Overloaded) => 0,
        () if some(Becomes::Tight) => 1,
        () if some(Becomes::Uncertain) => 2,
        () => 3,
    }
}

/// "without zone `east/a` or `east/b`", "`hot` is empty"
pub fn subject(design: &Design, of: &[&Loss], most: usize) -> String {
    let ids: Vec<&String> = of.iter().map(|loss| id(loss)).collect();
    let any = {
        let mut named: Vec<String> = ids.iter().take(most.max(1)).map(|id| format!("`{id}`")).collect();
        if ids.len() > named.len() {
            named.push(format!("{} more", ids.len() - named.len()));
        }
        listed(&named, "or")
    };
    match of[0] {
        Loss::Empty(_) => {
            let is_cdn = |id: &String| design.node(id).is_some_and(|at| design.graph[at].kind == Kind::Cdn);
            let purged = ids.iter().filter(|id| is_cdn(id)).count();
            let after = match purged {
                0 => "a restart",
                some if some == ids.len() => "a purge",
                _ => "a purge or a restart",
            };
            format!("with {any} empty, as after {after}")
        }
        Loss::Instance(_) => format!("without one instance of {any}"),
        Loss::Node(_) => format!("without {any}"),
        Loss::Zone(_) => format!("without zone {any}"),
        Loss::Region(_) => format!("without region {any}"),
        Loss::Group(_) => format!("without group {any}"),
        Loss::Fate(_) => format!("when fate {any} strikes"),
    }
}

fn id(loss: &Loss) -> &String {
    match loss {
        Loss::Empty(of)
        | Loss::Instance(of)
        | Loss::Node(of)
        | Loss::Zone(of)
        | Loss::Region(of)
        | Loss::Group(of)
        | Loss::Fate(of) => of,
    }
}

/// All of one kind together.
fn quiet(design: &Design, losses: &[Loss], most: usize) -> String {
    let mut kinds: Vec<Vec<&Loss>> = Vec::new();
    for loss in losses {
        let same = kinds.iter_mut().find(|of| std::mem::discriminant(of[0]) == std::mem::discriminant(loss));
        match same {
            Some(of) => of.push(loss),
            None => kinds.push(vec![loss]),
        }
    }
    let said: Vec<String> = kinds.iter().map(|of| subject(design, of, most)).collect();
    said.join("; ")
}

fn body(design: &Design, after: &Aftermath, nodes: usize, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pressed: Vec<&NodeAfter> = after.nodes.iter().filter(|node| is_pressed(node)).collect();
    pressed.sort_by(|one, other| used(other).total_cmp(&used(one)));
    lines.extend(pressed.iter().take(nodes).map(|node| pressure(design, node)));
    if pressed.len() > nodes {
        lines.push(format!("and {} more nodes (--all)", pressed.len() - nodes));
    }
    if merges(design, after) && !pressed.is_empty() {
        lines.push(
            "that is the most: who misses the same entry at once waits for a single load of it".to_string(),
        );
    }
    lines.extend(flows(after, most));
    if let Some(then) = &after.then {
        let stops = match then.stops.len() {
            0 => None,
            some if some == after.flows.len() => Some("everything stops".to_string()),
            1 => Some(format!("{} stops", names(then.stops.iter(), most))),
            _ => Some(format!("{} stop", names(then.stops.iter(), most))),
        };
        let further = then.overloaded.iter().take(nodes).map(|node| pressure(design, node));
        let said: Vec<String> = stops.into_iter().chain(further).collect();
        if !said.is_empty() {
            let cannot = names(then.lost.iter(), most);
            lines.push(format!("and then, once {cannot} cannot keep up: {}", said.join("; ")));
        }
    }
    lines
}

fn is_pressed(node: &NodeAfter) -> bool {
    matches!(node.becomes, Becomes::Overloaded | Becomes::Tight | Becomes::Uncertain)
}

fn used(node: &NodeAfter) -> f64 {
    node.used_after().unwrap_or(0.0)
}

/// Many who miss one entry load it once.
fn merges(design: &Design, after: &Aftermath) -> bool {
    let cache = match &after.loss {
        Loss::Empty(of) | Loss::Instance(of) => design.node(of).map(|at| &design.graph[at]),
        _ => None,
    };
    cache.is_some_and(|node| node.attrs.has("stampede") || node.tech.is_some_and(|tech| tech.merges_misses))
}

/// "`store` 8.29 % → 77.4 %: 17.4/s by shorten + 2,310/s by redirect = 2,330/s of 3,000/s"
pub fn pressure(design: &Design, node: &NodeAfter) -> String {
    let least = |at_least: bool| if at_least { "≥ " } else { "" };
    let load = arriving(node);
    let Some(carries) = node.carries_per_s else {
        return format!(
            "`{}` gets {} times its load: {load} instead of {}; nobody says what it carries",
            node.id,
            show_number(node.after.per_s / node.before.per_s),
            show_rate(node.before.per_s)
        );
    };
    let share = |share: Option<f64>, at_least: bool| {
        share.map_or("?".to_string(), |share| format!("{}{}", least(at_least), show_share(share)))
    };
    let (before, after) =
        (share(node.used_before(), node.before.at_least), share(node.used_after(), node.after.at_least));
    let by = node.instances.map_or(String::new(), |(left, all)| format!(", by {left} of {all} instances"));
    let held = node.held_back.as_ref().map_or(String::new(), |held| format!("; {held} turns the rest away"));
    let drawn = design.node(&node.id).map(|at| &design.graph[at]);
    let stated = drawn.is_none_or(|node| {
        let at_work = ["concurrency", "latency"].iter().all(|name| node.attrs.number(name).value().is_some());
        node.attrs.number("capacity").value().is_some() || at_work || node.kind == Kind::External
    });
    let assumed = if stated { "" } else { " (assumed)" };
    format!("`{}` {before} → {after}: {load} of {}{assumed}{by}{held}", node.id, show_rate(carries))
}

/// The sum over its flows, where there are several.
fn arriving(node: &NodeAfter) -> String {
    const PARTS: usize = 3;
    let all = format!("{}{}", if node.after.at_least { "≥ " } else { "" }, show_rate(node.after.per_s));
    let mut parts: Vec<_> = node.brought.iter().collect();
    parts.sort_by(|one, other| other.per_s.total_cmp(&one.per_s));
    if parts.len() < 2 {
        return all;
    }
    let mut said: Vec<String> =
        parts.iter().take(PARTS).map(|part| format!("{} {}", part.flow, show_rate(part.per_s))).collect();
    if parts.len() > PARTS {
        let rest: f64 = parts[PARTS..].iter().map(|part| part.per_s).sum();
        said.push(format!("{} more {}", parts.len() - PARTS, show_rate(rest)));
    }
    format!("{} = {all}", said.join(" + "))
}

/// Who stops; and who goes on, where not everything does or nothing stops.
fn flows(after: &Aftermath, most: usize) -> Option<String> {
    let of = |outcome: Outcome| -> Vec<&String> {
        after.flows.iter().filter(|flow| flow.outcome == outcome).map(|flow: &FlowAfter| &flow.id).collect()
    };
    let [stop, slow, go_on] = [Outcome::Stops, Outcome::Slows, Outcome::GoesOn].map(of);
    let said = |ids: Vec<&String>, one: &str, several: &str| -> Option<String> {
        let verb = if ids.len() == 1 { one } else { several };
        (!ids.is_empty()).then(|| format!("{} {verb}", names(ids.into_iter(), most)))
    };
    if stop.is_empty() {
        return None;
    }
    if slow.is_empty() && go_on.is_empty() {
        return Some("everything stops".to_string());
    }
    let parts =
        [said(stop, "stops", "stop"), said(slow, "slows down", "slow down"), said(go_on, "goes on", "go on")];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}
