//! What `spof.toml` changes, with its reasons: a report that is shorter for it says so.

use super::{Style, Wrap, clean};
use crate::settings::{RuleSetting, Settings};

/// `1 rule is off in spof.toml: no-trace, because spans are sampled by the mesh`
pub(super) fn lines(settings: &Settings, style: Style) -> Vec<String> {
    let (off, other): (Vec<&RuleSetting>, Vec<&RuleSetting>) =
        settings.rules.iter().partition(|setting| setting.severity.is_none());
    let file = clean(&settings.file);
    let mut lines = Vec::new();
    if !off.is_empty() {
        let are = if off.len() == 1 { "1 rule is".to_string() } else { format!("{} rules are", off.len()) };
        let rules =
            off.iter().map(|setting| format!("{}, because {}", setting.rule, clean(&setting.because)));
        lines.push((format!("{are} off in {file}:"), rules.collect::<Vec<_>>()));
    }
    if !other.is_empty() {
        let have = if other.len() == 1 {
            "1 rule weighs".to_string()
        } else {
            format!("{} rules weigh", other.len())
        };
        let rules = other.iter().map(|setting| {
            format!("{} ({}), because {}", setting.rule, setting.word(), clean(&setting.because))
        });
        lines.push((format!("{have} what {file} says:"), rules.collect()));
    }
    let show = |(head, rules): (String, Vec<String>)| {
        let first = super::wrap::columns(&head) + 1;
        let text = Wrap { width: style.width, first, hang: 2 }.text(&rules.join("; "));
        format!("{} {text}", style.paint().bold(&head))
    };
    lines.into_iter().map(show).collect()
}
