//! What a rule's page says of its fix: what is written into the very design that it shows.

use super::Applicability;
use crate::rules::{Rule, check_each};

/// Whether it is safe, and what is written: `` `dlq=dead` on `jobs` ``. None where a person has to decide.
pub fn on_page(rule: &Rule) -> Option<(Applicability, String)> {
    let (ast, _) = crate::syntax::parse(rule.page.bad);
    let (design, _) = crate::design::lower(&ast);
    let findings = check_each(&design, jiff::civil::Date::MAX, &Default::default()).findings;
    let mend = findings.iter().filter(|finding| finding.code == rule.id).find_map(|one| one.mends.first())?;
    Some((mend.applicability(), mend.show(rule.page.bad)))
}

/// The same as a sentence: "`spof check --fix` writes `ttl=10min` on `hot`."
pub fn sentence(rule: &Rule) -> Option<String> {
    let (applicability, what) = on_page(rule)?;
    let flags = if applicability == Applicability::Safe { "--fix" } else { "--fix --unsafe" };
    Some(format!("In the first design `spof check {flags}` writes {what}."))
}
