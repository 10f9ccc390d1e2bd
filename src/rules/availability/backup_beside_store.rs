use crate::design::GroupKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Rule};

pub static RULE: Rule = Rule {
    id: "backup-beside-store",
    severity: Severity::Warning,
    confidence: Confidence::High,
    grave: false,
    group: Group::Availability,
    summary: "the backup is kept where the data is, and is lost with it",
    question: None,
    reads: &["backup_region"],
    page: Page {
        checks: "Where backups are kept, against where the store stands.",
        when: "`backup_region` names the region that the store stands in. Silent where nothing is said of the place.",
        why: "A backup is for the day on which the place is gone: a fire, a lock-out from the account, a mistake that \
              empties it. Beside the data it goes the same way.",
        outage: None,
        bad: "client web\nlb front managed\nservice api x2\nregion eu zones=3 {\n  postgres store x2 failover=auto backup=1h backup_region=eu\n}\n\
              flow order { web -> front -> api -> store writes }\n",
        good: "client web\nlb front managed\nservice api x2\nregion eu zones=3 {\n  postgres store x2 failover=auto backup=1h backup_region=us\n}\n\
               flow order { web -> front -> api -> store writes }\n",
        ignore: "The law keeps the data in one region, and another account there holds the backup.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for store in facts.nodes(|kind| kind.is_durable()) {
        let node = facts.node(store);
        let Some(setting) = node.attrs.get("backup_region") else { continue };
        let Some(place) = node.attrs.text("backup_region").value() else { continue };
        let home = facts.design.groups_around(store).find(|group| group.kind == GroupKind::Region);
        let Some(home) = home.filter(|home| home.id == place) else { continue };
        let name = node.name();
        found.push(
            Diagnostic::wrong(
                format!("{name} and its backups are lost together: both are in `{}`", home.id),
                setting.span,
                "the same region",
            )
            .label(home.span, "it stands here")
            .node(&node.id)
            .flows(facts.flows_needing(store).map(|flow| flow.id.clone()))
            .evidence(format!("region of {name}: `{}`; region of its backups: `{place}`", home.id))
            .consequence(format!("`{}` burns, or somebody with its keys empties it, and there is nothing to restore {name} from", home.id))
            .fix(format!("`backup_region=` another region (or another account) on {name}")),
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
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("region eu { postgres d backup_region=eu }", &["wrong d"]);
        expect("region eu zones=3 { group g { mysql d x2 backup=1h backup_region=eu } }", &["wrong d"]);
        expect("region eu { postgres d backup_region=us }", &[]);
        expect("region eu { postgres d backup=1h }", &[]);
        expect("postgres d backup_region=eu", &[]);
    }
}
