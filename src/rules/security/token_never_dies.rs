use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fix::Mend;
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};
use crate::units::show_duration;

pub static RULE: Rule = Rule {
    id: "token-never-dies",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Security,
    summary: "a stolen token works for days, and nobody can withdraw it",
    question: Some(Question {
        topic: "tokens",
        text: "a phone is stolen: how long does what it was given still work?",
    }),
    reads: &["expires", "refresh", "revocable", "token"],
    page: Page {
        checks: "Nodes of kind `auth` that say which `token` they issue: how long a stolen one works.",
        when: "Wrong: `token=jwt` without `revocable` and with `expires` above one day or `expires=none`; any other \
               token with `expires=none` and `revocable=no`; or `refresh` with `revocable=no`, which renews for ever what \
               expires soon. A question: `token=jwt` with neither `expires` nor `revocable`, or any other token with \
               `expires=none` that says nothing of `revocable`. Left alone: auth nodes that do not say what they issue, tokens that are `revocable`, and \
               those that expire within a day.",
        why: "A signed token is believed by whoever sees it until it expires; the server that made it is not asked. \
              Changing the password, locking the account, dismissing the employee: none of it reaches a token that is \
              already out.",
        outage: None,
        bad: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice notes x2 authz\nauth login x2 token=jwt expires=30d\n\
              postgres store x2 failover=auto backup=1h\n\
              flow read {\n  app -> front -> notes -> login\n  notes -> store reads\n}\n",
        good: "client app\nlb front managed rate_limit=20/s limit_by=ip tls\nservice notes x2 authz\n\
               auth login x2 token=jwt expires=15min refresh revocable\npostgres store x2 failover=auto backup=1h\n\
               flow read {\n  app -> front -> notes -> login\n  notes -> store reads\n}\n",
        ignore: "The token opens only what its holder could have copied on the first day anyway.",
    },
    check,
};

const DAY: f64 = 86_400.0;

fn check(facts: &Facts) -> Vec<Diagnostic> {
    facts.nodes(|kind| kind == Kind::Auth).filter_map(|auth| finding(facts, auth)).collect()
}

fn finding(facts: &Facts, auth: NodeIndex) -> Option<Diagnostic> {
    let node = facts.node(auth);
    let name = node.name();
    let token = node.attrs.text("token").value()?;
    if node.attrs.has("revocable") {
        return None;
    }
    let expires = node.attrs.number("expires");
    let forever = expires.is_no();
    // What is kept on the server can be forgotten there, unless the design says that it cannot.
    let kept = token != "jwt" && node.attrs.get("revocable").is_none();
    let renewed = node.attrs.has("refresh") && node.attrs.get("revocable").is_some();
    let finding = match (expires.value(), expires.span().or(node.attrs.get("token").map(|token| token.span)))
    {
        (None, Some(span)) if forever && !kept => {
            let message = format!("what {name} issues works for ever, and nothing can withdraw it");
            Diagnostic::wrong(message, span, "never expires")
        }
        (Some(seconds), Some(span)) if token == "jwt" && seconds > DAY => {
            let message = format!(
                "a token of {name} that is stolen works for up to {}: nothing can withdraw it",
                show_duration(seconds)
            );
            Diagnostic::wrong(message, span, "and not `revocable`")
        }
        (_, Some(_)) if renewed => {
            let message = format!(
                "whoever steals a refresh token of {name} renews it for ever: nothing can withdraw it"
            );
            Diagnostic::wrong(message, node.attrs.get("revocable")?.span, "cannot be withdrawn")
        }
        (None, Some(span)) if forever => {
            let message =
                format!("what {name} issues works for ever, and nothing says that it can be withdrawn");
            Diagnostic::unstated(message, span, "never expires, and no `revocable`")
                .question(format!("a phone is stolen: who ends its session at {name}, which never expires?"))
        }
        (None, _) if token == "jwt" && !forever => {
            let message = format!("nothing says how long a token of {name} works after it is stolen");
            Diagnostic::unstated(message, node.span, "neither `expires` nor `revocable`")
                .question(format!("a phone is stolen: how long does its token of {name} still work?"))
        }
        _ => return None,
    };
    Some(
        finding
            .node(&node.id)
            .consequence("an account is locked and its password changed, and whoever has the token goes on reading and writing as before")
            .mend(Mend::node(&node.id, "expires=15min refresh revocable"))
            .fix(format!("`expires=15min refresh revocable` on {name}, so that locking an account ends the renewal")),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let expect = |text, expected: &[&str]| expect(&RULE, text, expected);
        expect("auth i token=jwt expires=30d", &["wrong i"]);
        expect("auth i token=jwt expires=none", &["wrong i"]);
        expect("auth i token=jwt expires=30d revocable=no refresh", &["wrong i"]);
        expect("auth i token=session expires=none revocable=no", &["wrong i"]);
        expect("auth i token=jwt", &["unstated i"]);
        // Short, or it can be withdrawn.
        expect("auth i token=jwt expires=15min", &[]);
        expect("auth i token=jwt expires=24h", &[]);
        expect("auth i token=jwt expires=30d revocable", &[]);
        expect("auth i token=jwt revocable", &[]);
        // The server forgets it.
        expect("auth i token=session expires=30d\nauth j token=opaque expires=none revocable", &[]);
        expect("auth i token=opaque expires=none", &["unstated i"]);
        // A short one that is renewed for ever.
        expect("auth i token=jwt expires=15min refresh revocable=no", &["wrong i"]);
        expect("auth i token=jwt expires=15min refresh", &[]);
        expect("auth i token=session", &[]);
        // Nothing is said of tokens.
        expect("auth i\nauth j expires=30d", &[]);
    }
}
