//! Everything that has a name has a page, and a way to it.

use std::fs;
use std::process::Command;

use crate::common::program::{folder, spof};
use crate::names;

#[test]
fn everything_that_has_a_name_can_be_explained() {
    let style = spof::report::Style { width: 100, color: false, all: false };
    let page = |name: &str| spof::report::explain::explain(name, style).unwrap_or_else(|_| panic!("{name}"));
    let catalog = spof::catalog::catalog();
    for rule in spof::rules::ALL.iter() {
        let page = page(rule.id);
        assert!(page.contains(rule.severity.name()));
        // Whole, however long it is.
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let (shown, when) = (words(&page), words(rule.page.when));
        assert!(shown.windows(when.len()).any(|part| part == when), "{}:\n{page}", rule.id);
    }
    for kind in &catalog.kinds {
        page(kind.id.name());
    }
    for technology in &catalog.technologies {
        page(&technology.id);
    }
    for attribute in &catalog.attributes {
        page(&attribute.name);
    }
}

#[test]
fn a_name_leads_to_its_page_however_it_is_said() {
    let folder = folder(&[]);
    let explained = |args: &[&str]| {
        let ran = spof(folder.path(), &[&["explain"], args].concat());
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{args:?}");
        ran.out
    };
    // Every concept by its id, its aliases and its words.
    let style = spof::report::Style { width: 100, color: false, all: false };
    for concept in spof::concepts::all() {
        let id = format!("concept:{}", concept.id);
        let page = spof::report::explain::explain(&id, style).unwrap();
        assert!(page.contains(&concept.title) && page.contains("Its answer"), "{page}");
        for alias in &concept.aliases {
            let page = spof::report::explain::explain(alias, style).unwrap();
            assert!(page.contains(&concept.id), "{alias}:\n{page}");
        }
    }
    for problem in spof::rubric::Packs::built_in().iter() {
        assert!(
            spof::report::explain::explain(&problem.problem.id, style)
                .unwrap()
                .contains("Concepts that it needs")
        );
    }
    assert!(explained(&["cursor", "pagination"]).starts_with("pagination  Pagination: cursor or offset"));
    assert!(explained(&["CAP"]).starts_with("cap  CAP theorem"));
    assert!(explained(&["jwts"]).starts_with("jwt  JSON Web Tokens"));
    // A rule's finding says `spof explain ID`: the rule, and then what else is called so.
    let both = explained(&["retry-storm"]);
    assert!(both.starts_with("retry-storm  error") || both.starts_with("retry-storm  warning"), "{both}");
    assert!(both.contains("Also called so\n  spof explain concept:retry-storm  Retry storms"), "{both}");
    // Several with equal right are listed with what they are.
    let several = explained(&["rate", "limit"]);
    assert!(several.starts_with("`rate limit` is 3 things\n"), "{several}");
    for command in ["rule:no-rate-limit", "attribute:rate_limit", "concept:rate-limiting"] {
        assert!(several.contains(&format!("spof explain {command} ")), "{several}");
        assert!(explained(&[command]).len() > several.len());
    }
    let retries = explained(&["retries"]);
    assert!(retries.starts_with("retries  Retries, a concept"), "{retries}");
    assert!(
        retries.contains("spof explain attribute:attempts") && retries.contains("What `retries` of "),
        "{retries}"
    );
    assert!(explained(&["->"]).starts_with("hop  a statement"));
}

#[test]
fn pages_are_found_by_their_words() {
    let folder = folder(&[]);
    let ran = spof(folder.path(), &["explain", "--search", "lost", "messages", "reconnect"]);
    assert_eq!(ran.status, 0);
    assert!(ran.out.starts_with("  spof explain ") && ran.out.contains("ws-lost-message-gap"), "{}", ran.out);
    assert!(ran.out.contains("more; --all shows them"));
    let all = spof(folder.path(), &["explain", "lost messages", "--search", "--all"]);
    assert!(all.status == 0 && all.out.lines().count() > ran.out.lines().count(), "{}", all.err);
    let none = spof(folder.path(), &["explain", "--search", "xyzzy"]);
    assert_eq!((none.status, none.out.as_str()), (2, ""));
    let near = spof(folder.path(), &["explain", "circiut-breaker"]);
    assert!(near.status == 2 && near.err.contains("did you mean `circuit-breaker`?"), "{}", near.err);
}

#[test]
fn completions_name_the_commands() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let ran = spof(folder.path(), &["completions", shell]);
        assert!(ran.status == 0 && ran.out.contains("explain"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = folder(&[]);
    assert_eq!(spof(folder.path(), &["man", "."]).status, 0);
    let names = names(&folder);
    for name in ["spof.1", "spof-check.1", "spof-report.1", "spof-pack-check.1"] {
        assert!(names.iter().any(|known| known == name), "{name} is not in {names:?}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("spof.1")).unwrap(), spof(folder.path(), &["man"]).out);
    if Command::new("mandoc").arg("-V").output().is_err() {
        eprintln!("skipped: there is no mandoc here");
        return;
    }
    for name in names {
        let lint = Command::new("mandoc")
            .args(["-T", "lint", "-W", "error", &name])
            .current_dir(folder.path())
            .output();
        let lint = lint.unwrap();
        assert!(lint.status.success(), "{name}: {}", String::from_utf8_lossy(&lint.stdout));
    }
}
