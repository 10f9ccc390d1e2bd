//! The action of GitHub, as its runner runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::program::{SPOF, folder, ran};
use crate::common::{CLEAN, FRAGILE};
use crate::{MISTAKEN, names};

/// The lines of each `run` of an action, which a shell reads.
fn scripts(action: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = action.lines().collect();
    let runs = lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("run:"));
    runs.map(|(at, run)| {
        let inner =
            lines[at + 1..].iter().take_while(|line| line.trim().is_empty() || indent(line) > indent(run));
        std::iter::once(run).chain(inner).map(|line| format!("{line}\n")).collect()
    })
    .collect()
}

#[test]
fn what_comes_from_outside_is_no_part_of_a_script_of_the_action() {
    let action = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    let scripts = scripts(&action);
    assert_eq!(scripts.len(), 3, "{scripts:#?}");
    for script in scripts {
        assert!(!script.contains("${{"), "{script}");
    }
}

#[test]
#[cfg(unix)]
fn the_action_annotates_draws_and_obeys_no_name() {
    let odd = "$(touch pwned) `touch pwned`;touch pwned.arch";
    let folder = folder(&[
        ("shop.arch", FRAGILE),
        (odd, CLEAN),
        ("-o.arch", CLEAN),
        ("two words.arch", MISTAKEN),
        ("other.txt", ""),
    ]);
    let path = format!(
        "{}:{}",
        Path::new(SPOF).parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let action = |files: &str, sarif: &str| {
        let _ = fs::remove_file(folder.path().join("outputs"));
        let mut command = Command::new("bash");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/action")).current_dir(folder.path());
        command.env("PATH", &path).env("FILES", files).env("FAIL_ON", "error").env("SARIF", sarif);
        command.env("PAGES", "https://example.org/spof/blob/v1/docs/rules");
        command.env("OUT", folder.path().join("out")).env("GITHUB_OUTPUT", folder.path().join("outputs"));
        let ran = ran(command.stdin(Stdio::null()).output().expect("it runs"));
        let outputs = fs::read_to_string(folder.path().join("outputs")).unwrap();
        (ran, outputs.lines().map(str::to_string).collect::<Vec<_>>())
    };

    let (ran, outputs) = action("*.arch\n", "spof.sarif");
    assert_eq!(
        (ran.status, &outputs[..]),
        (0, &["status=2", "drawn=true", "sarif=spof.sarif"].map(String::from)[..])
    );
    assert!(ran.out.contains("::error file=shop.arch,line=4"), "{}", ran.out);
    assert!(ran.out.contains("::error file=two words.arch,line=2"), "{}", ran.out);
    assert!(!folder.path().join("pwned").exists(), "a name was run");
    let log: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("spof.sarif")).unwrap()).unwrap();
    assert_eq!(log["runs"][0]["artifacts"].as_array().unwrap().len(), 4);
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    let page = format!("https://example.org/spof/blob/v1/docs/rules/{}.md", rule["id"].as_str().unwrap());
    assert_eq!(rule["helpUri"], page.as_str());
    let drawn = names(folder.path().join("out"));
    assert_eq!(drawn.len(), 8, "{drawn:?}");
    for name in &drawn {
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{name}");
    }

    let (ran, outputs) = action("shop.arch\nnothing*.arch\n", "");
    assert_eq!((ran.status, &outputs[0][..], &outputs[2][..]), (0, "status=1", "sarif="));
    let (ran, outputs) = action("docs/**/*.arch", "");
    assert_eq!((ran.status, &outputs[0][..], &outputs[1][..]), (0, "status=2", "drawn=false"));
    assert!(ran.out.starts_with("::error::no file fits"), "{}", ran.out);
}
