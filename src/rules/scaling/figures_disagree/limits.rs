use petgraph::graph::NodeIndex;

use super::{disagreement, ratio};
use crate::catalog::Kind;
use crate::diagnostic::Diagnostic;
use crate::rules::Facts;
use crate::rules::facts::is_before_system;
use crate::units::{show_count, show_rate};

/// What all users together may ask for, against what they do ask for.
pub fn allowed(facts: &Facts, guard: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(guard);
    let setting = node.attrs.get("rate_limit")?;
    let limit = node.attrs.number("rate_limit").value()?;
    let of_many = |who: &String| !matches!(who.as_str(), "user" | "ip");
    if node.kind == Kind::External || node.attrs.words("limit_by").iter().any(of_many) {
        return None;
    }
    let mut clients = Vec::new();
    let mut rate = 0.0;
    let mut lines = Vec::new();
    for step in facts.design.steps_to(guard).filter(|step| step.flow.is_some()) {
        // The first of the flow is the one who asks; whoever calls from inside is nobody's caller.
        let flow = facts.flow_of(step)?;
        let first = facts.design.steps_of(flow).first()?.from;
        if facts.node(first).kind != Kind::Client || !is_before_system(facts.node(step.from).kind) {
            return None;
        }
        clients.push(first);
        let load = step.load.rate?;
        rate += load;
        lines.push(format!("`{}`: {}", flow.id, show_rate(load)));
    }
    clients.sort_unstable();
    clients.dedup();
    let users: f64 = clients
        .iter()
        .map(|&client| facts.node(client).attrs.number("users").value())
        .sum::<Option<f64>>()?;
    let all = users * limit;
    let times = ratio(rate, all).filter(|_| rate > all)?;
    let name = node.name();
    let message = format!(
        "{name} takes {} from each of {} users, {} from all, and flows bring {}",
        show_rate(limit),
        show_count(users),
        show_rate(all),
        show_rate(rate)
    );
    let found = lines
        .into_iter()
        .take(4)
        .fold(disagreement(message, setting, times).node(&node.id), Diagnostic::evidence);
    Some(
        found
            .evidence(format!("{} x {} = {}", show_count(users), show_rate(limit), show_rate(all)))
            .consequence("an ordinary user on an ordinary day is refused, or the rates are not what users do".to_string())
            .fix(format!(
                "a `rate_limit` on {name} well above {}, which is what one user brings; or the `users` or `rate` that was meant",
                show_rate(rate / users)
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn limits_of_all_users_together() {
        let case = |client: &str, limit: &str, expected: &[&str]| {
            let text = format!(
                "client u {client}\nlb l\ngateway g x2 {limit}\nservice a x2\nflow f rate=1k/s {{ u -> l -> g -> a }}"
            );
            expect(&RULE, &text, expected);
        };
        case("users=10k", "rate_limit=1/min", &["wrong g"]);
        case("users=10k", "rate_limit=1/min limit_by=user", &["wrong g"]);
        case("users=10k", "rate_limit=1/min limit_by=tenant", &[]);
        case("users=10k", "rate_limit=10/min", &[]);
        case("", "rate_limit=1/min", &[]);
        case("users=10k", "rate_limit", &[]);
        // Who calls from inside is no user.
        let inside = "client u users=10k\nservice a x2\nservice b x2 rate_limit=1/min\nflow f rate=1k/s { u -> a -> b }";
        expect(&RULE, inside, &[]);
    }
}
