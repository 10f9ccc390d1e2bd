use std::collections::{HashMap, HashSet};

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::{Arrow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::facts::Spread;
use crate::rules::{Confidence, Facts, Group, Outage, Page, Rule};

pub static RULE: Rule = Rule {
    id: "recovery-needs-victim",
    severity: Severity::Error,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Availability,
    summary: "what repairs something works only while that something does",
    question: None,
    reads: &["cached", "deploys", "fate", "needs", "out_of_band", "recovers"],
    page: Page {
        checks: "Hops `..> recovers` and `..> deploys`: whether the repairer can work while what it repairs is down.",
        when: "The repairer `..> needs` what it repairs; or depends on it through others, by calls and `needs` that are neither \
               optional nor `cached` nor have a fallback; or can be reached from where requests start only through it; or names a \
               `fate` that it names, or stands in the same `zone` block, in a design whose nodes stand in several zones. Calling what it repairs itself is no flaw: that is how it \
               works on it; but a call to an identity service, a DNS or a load balancer that it repairs counts, unless it is optional, `cached` or has a fallback: by that it gets in, or finds its way. \
               Silent where the hop says `out_of_band`. A warning where the hop only `deploys`.",
        why: "The tool is used every day and works every day, because what it stands on is up. On the one day that it is bought \
              for it cannot be reached, cannot sign anybody in, or cannot find its target.",
        outage: Some(Outage {
            name: "Facebook, 2021",
            what: "configuration changes to the backbone routers took down all of Facebook's properties and its internal tools",
            link: "https://engineering.fb.com/2021/10/05/networking-traffic/outage-details/",
        }),
        bad: "client web\nlb front managed\nservice api x3\ndns names x3\nservice tools x2\n\
              front ..> names needs cached=1h\ntools ..> names recovers\ntools ..> names needs\n\
              flow order { web -> front -> api }\n",
        good: "client web\nlb front managed\nservice api x3\ndns names x3\nservice tools x2\n\
               front ..> names needs cached=1h\ntools ..> names recovers out_of_band\ntools ..> names needs\n\
               flow order { web -> front -> api }\n",
        ignore: "Somebody can do the repair by hand, from a machine that needs none of it, and has practised that.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let needed =
        facts.design.steps.iter().filter(|step| step.attrs.has("needs") && !step.attrs.has("cached"));
    let needs: HashSet<(NodeIndex, NodeIndex)> = needed.map(|step| (step.from, step.to)).collect();
    let mut depend: HashMap<NodeIndex, Spread> = HashMap::new();
    for step in &facts.design.steps {
        let recovers = step.attrs.has("recovers");
        if facts.arrow(step) != Arrow::Control
            || !(recovers || step.attrs.has("deploys"))
            || step.attrs.has("out_of_band")
        {
            continue;
        }
        let depends = depend.entry(step.from).or_insert_with(|| facts.depends_on(step.from));
        if let Some((label, evidence)) = tie(facts, step, depends, &needs) {
            let finding = finding(facts, step, &label).evidence(evidence);
            found.push(if recovers { finding } else { finding.at_most(Severity::Warning) });
        }
    }
    found
}

/// Why the repairer falls with what it repairs: as a label, and as evidence.
fn tie(
    facts: &Facts,
    step: &Step,
    depends: &Spread,
    needs: &HashSet<(NodeIndex, NodeIndex)>,
) -> Option<(String, String)> {
    let (repairer, victim) = (step.from, step.to);
    let names = [facts.node(repairer).name(), facts.node(victim).name()];
    let [who, whom] = &names;
    if needs.contains(&(repairer, victim)) {
        let evidence = format!("{} ..> {} needs", facts.id(repairer), facts.id(victim));
        return Some((format!("{who} needs {whom} itself"), evidence));
    }
    if depends.reaches(victim)
        && let own_call = Some(victim).filter(|_| !is_passed(facts.node(victim).kind))
        && let further = facts.depends_on_without(repairer, own_call)
        && further.reaches(victim)
    {
        let shown = facts.show_way(&further.way_to(victim));
        return Some((format!("{who} depends on {whom}"), format!("{shown}: each depends on the next")));
    }
    if facts.cut_off_by(victim).contains(&repairer) {
        let way = facts.show_way(&facts.way_to(repairer));
        return Some((
            format!("the only way to {who} leads through {whom}"),
            format!("{way} has no way around"),
        ));
    }
    let fate = facts.common_fate(repairer, victim)?;
    Some((format!("both fall with `{fate}`"), format!("{who} and {whom} share `{fate}`")))
}

/// Called to get somewhere else: to sign in, to find a name, to be passed on.
fn is_passed(kind: Kind) -> bool {
    matches!(kind, Kind::Auth | Kind::Dns | Kind::Lb)
}

fn finding(facts: &Facts, step: &Step, label: &str) -> Diagnostic {
    let [repairer, victim] = [facts.node(step.from), facts.node(step.to)];
    let [who, whom] = [repairer.name(), victim.name()];
    let verb = if step.attrs.has("recovers") { "repairs" } else { "brings new versions to" };
    Diagnostic::wrong(format!("{who} {verb} {whom}, and works only while {whom} does"), step.span, label)
        .node(&repairer.id)
        .node(&victim.id)
        .hop(&repairer.id, &victim.id)
        .flows(facts.flows_needing(step.to).map(|flow| flow.id.clone()))
        .consequence(format!(
            "{whom} is down, {who} is what brings it back, and {who} is down for the same reason: what follows is done by hand, by \
             whoever can still get in"
        ))
        .fix(format!(
            "`out_of_band` on `{} ..> {}`, once it works with {whom} switched off; or take away what ties the two together",
            repairer.id, victim.id
        ))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let nodes = "client u\nservice a x2\nservice b x2\nservice t x2\ndns n x2\n";
        let case = |text: &str, expected: &[&str]| expect(&RULE, &format!("{nodes}{text}"), expected);
        case("t ..> n recovers\nt ..> n needs", &["wrong t, n"]);
        case("t ..> n recovers\nt ..> b needs\nb ..> n needs", &["wrong t, n"]);
        case("t ..> n deploys\nt -> b -> n", &["wrong t, n"]);
        // Whoever wants to use it comes through what is broken.
        case("client o\no -> b -> t\nt ..> b recovers", &["wrong t, b"]);
        case("client o\no -> b -> t\no -> t\nt ..> b recovers", &[]);
        expect(&RULE, "service a fate=net\nservice t fate=net\nt ..> a recovers", &["wrong t, a"]);
        let zone = "zone z { service a x2; service t }\nt ..> a recovers\n";
        expect(&RULE, &format!("{zone}zone y {{ service b }}"), &["wrong t, a"]);
        expect(&RULE, zone, &[]);
        expect(&RULE, "region z zones=3 { service a x2; service t }\nt ..> a recovers", &[]);
        case("t ..> n recovers out_of_band\nt ..> n needs", &[]);
        case("t ..> n recovers\nt ..> n needs cached=1d", &[]);
        case("t ..> n recovers\nt -> b optional\nb ..> n needs", &[]);
        // It asks it for names, or signs in there.
        case("t ..> n recovers\nt -> n", &["wrong t, n"]);
        case("t ..> n recovers\nt -> n optional", &[]);
        case("auth i x2\nt ..> i recovers\nt -> i reads", &["wrong t, i"]);
        // To look at what it repairs, it calls it; and a gateway's other services are not asked for.
        case("postgres d x2\nt ..> d recovers\nt -> d reads", &[]);
        case("gateway g x2\nt ..> a recovers\nt -> g -> a, b", &[]);
        // What it repairs needs it, not the other way round; what it watches, it does not repair.
        case("t ..> a recovers\na ..> t needs", &[]);
        case("t ..> a observes\nt ..> a needs", &[]);
    }
}
