//! A rule's page as Markdown, for `docs/rules/` and for those who read findings elsewhere.

use crate::rules::Rule;

/// All that is said of a rule but its name.
pub fn page(rule: &Rule) -> String {
    let page = &rule.page;
    let mut text = format!("{}: {}.\n\n", capital(rule.severity.name()), rule.summary);
    text.push_str(&format!("Confidence {}: {}.\n\n", rule.confidence.name(), rule.confidence.meaning()));
    text.push_str(&format!("{}\n\n**When.** {}\n\n", page.checks, page.when));
    let gives_way = rule.gives_way();
    if !gives_way.is_empty() {
        text.push_str(&format!("**Which rule speaks first.** {gives_way}\n\n"));
    }
    if let Some(question) = &rule.question {
        text.push_str(&format!("**Asked, where it is not said.** {}\n\n", capital(question.text)));
    }
    text.push_str(&format!("**Why.** {}\n\n", page.why));
    if let Some(outage) = &page.outage {
        text.push_str(&format!("**It happened.** [{}]({}): {}.\n\n", outage.name, outage.link, outage.what));
    }
    text.push_str(&format!("Has the flaw:\n\n```arch\n{}```\n\n", page.bad));
    text.push_str(&format!("Mended:\n\n```arch\n{}```\n\n", page.good));
    if let Some(written) = crate::fix::sentence(rule) {
        text.push_str(&format!("**Fixed for you.** {written}\n\n"));
    }
    text.push_str(&format!("**When to allow it.** {}\n\n**How.** {}\n", page.ignore, rule.allowing()));
    text
}

/// A sentence that begins as one; a name between backticks stays as it is.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
