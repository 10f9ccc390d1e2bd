//! What is written, where, and what becomes of a file when that fails.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::common::CLEAN;
use crate::common::program::{SPOF, command, fed, folder, ran, spof};
use crate::{MISTAKEN, UNFORMATTED, names};

#[test]
fn draw_writes_where_it_is_told() {
    let folder = folder(&[("a.arch", CLEAN), ("bad.arch", MISTAKEN), ("a.svg.arch", CLEAN)]);
    let dir = folder.path();
    assert_eq!(spof(dir, &["draw", "a.arch"]).status, 0);
    let drawn = fs::read_to_string(dir.join("a.svg")).unwrap();
    assert!(drawn.starts_with("<svg"));
    assert_eq!(spof(dir, &["draw", "a.arch", "-o", "-"]).out, drawn);
    assert_eq!(fed(dir, &["draw", "-"], CLEAN.as_bytes()).out, drawn);
    let scene = spof(dir, &["draw", "a.arch", "--format", "json"]).out;
    assert!(serde_json::from_str::<Value>(&scene).unwrap()["nodes"].is_array());
    // Drawn as far as it could be read.
    let ran = spof(dir, &["draw", "bad.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("did you mean `ttl`?") && ran.out.is_empty(), "{}", ran.err);
    assert!(dir.join("bad.svg").exists());
    for (name, start) in [("a.png", &b"\x89PNG"[..]), ("a.PDF", b"%PDF")] {
        let ran = spof(dir, &["draw", "a.arch", "-o", name, "--findings"]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{name}");
        assert!(fs::read(dir.join(name)).unwrap().starts_with(start), "{name}");
    }
    let ran = spof(dir, &["draw", "a.arch", "-o", "a.png", "--scale", "0"]);
    assert!(ran.status == 2 && ran.err.contains("from 0.1 to 10"), "{}", ran.err);
    for name in ["a.gif", "a", "a.arch"] {
        let ran = spof(dir, &["draw", "a.arch", "-o", name]);
        assert_eq!(ran.status, 2, "{name}");
        assert!(ran.err.contains(".svg") && ran.out.is_empty(), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), CLEAN);
}

#[test]
fn what_cannot_be_written_is_said_with_its_name() {
    let folder = folder(&[("a.arch", CLEAN)]);
    fs::create_dir(folder.path().join("dir.svg")).unwrap();
    for (target, reason) in [("no/such/a.svg", "cannot write `no/such/a.svg`"), ("dir.svg", "is a directory")]
    {
        let ran = spof(folder.path(), &["draw", "a.arch", "-o", target]);
        assert_eq!(ran.status, 2, "{target}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains(reason), "{}", ran.err);
        assert!(!ran.err.contains(".tmp"), "{}", ran.err);
    }
    assert_eq!(names(&folder), ["a.arch", "dir.svg"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let folder = folder(&[("a.arch", CLEAN)]);
    let ran = spof(folder.path(), &["draw", "a.arch", "-o", "/dev/full"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot write `/dev/full`: No space left"), "{}", ran.err);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), &["check", "a.arch"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

/// A design whose drawing is larger than the few blocks that a shell's `ulimit -f` leaves.
#[cfg(unix)]
fn large_design() -> String {
    let nodes: String = (0..200).map(|at| format!("service n{at} \"a service with a name\" x2\n")).collect();
    format!("client web\n{nodes}web -> n0\n")
}

#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_old_file_whole() {
    for (trap, dies) in [("trap '' XFSZ; ", false), ("", true)] {
        let folder = folder(&[("a.arch", &large_design()), ("a.svg", "old")]);
        let script = format!("{trap}ulimit -c 0; ulimit -f 4; exec \"$0\" draw a.arch");
        let output =
            Command::new("sh").args(["-c", &script, SPOF]).current_dir(folder.path()).output().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a.svg")).unwrap(), "old");
        if dies {
            // The system stopped it in the middle of its write.
            assert_eq!(output.status.code(), None);
        } else {
            let ran = ran(output);
            assert_eq!(ran.status, 2);
            assert!(ran.err.contains("cannot write `a.svg`: File too large"), "{}", ran.err);
            assert_eq!(names(&folder), ["a.arch", "a.svg"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.arch", UNFORMATTED)]);
    let (file, link) = (folder.path().join("a.arch"), folder.path().join("link.arch"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a.arch", &link).unwrap();
    assert_eq!(spof(folder.path(), &["fmt", "link.arch"]).status, 0);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_ne!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
    // Write-protected, and so left alone.
    fs::write(&file, UNFORMATTED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    let ran = spof(folder.path(), &["fmt", "a.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot write `a.arch`"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), UNFORMATTED);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    let folder = folder(&[("a.arch", CLEAN)]);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(spof(folder.path(), &["draw", "a.arch", "-o", "pipe"]).status, 0);
    assert!(reader.join().unwrap().starts_with("<svg"));
    assert!(!fs::metadata(&pipe).unwrap().is_file());
}

#[test]
fn fmt_rewrites_checks_and_refuses() {
    let folder =
        folder(&[("a.arch", UNFORMATTED), ("bad.arch", "client web\nservice api x2 {{\n"), ("e.arch", "")]);
    let dir = folder.path();
    let ran = spof(dir, &["fmt", "--check", "a.arch"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, "a.arch\n"));
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), UNFORMATTED);
    let formatted = fed(dir, &["fmt", "-"], UNFORMATTED.as_bytes()).out;
    assert_eq!(spof(dir, &["fmt", "a.arch", "e.arch"]).status, 0);
    assert_eq!(fs::read_to_string(dir.join("a.arch")).unwrap(), formatted);
    assert_eq!(spof(dir, &["fmt", "--check", "a.arch"]).status, 0);
    let before = fs::read_to_string(dir.join("bad.arch")).unwrap();
    let ran = spof(dir, &["fmt", "bad.arch", "a.arch"]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.is_empty() && ran.err.contains("--> bad.arch:2:"), "{}", ran.err);
    assert_eq!(fs::read_to_string(dir.join("bad.arch")).unwrap(), before);
    // What it means is not its business: an unknown name can be formatted.
    assert_eq!(fed(dir, &["fmt", "-"], MISTAKEN.as_bytes()).status, 0);
}

#[test]
fn new_never_overwrites() {
    let folder = folder(&[("url-shortener.md", "mine")]);
    let dir = folder.path();
    let ran = spof(dir, &["new", "url-shortener"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("`url-shortener.md` is there already"), "{}", ran.err);
    assert_eq!(names(&folder), ["url-shortener.md"]);
    assert_eq!(fs::read_to_string(dir.join("url-shortener.md")).unwrap(), "mine");
    assert_eq!(spof(dir, &["new", "--example", "play"]).status, 0);
    assert_eq!(spof(dir, &["new", "--example", "play"]).status, 2);
}

#[test]
fn every_attempt_starts_without_mistakes_and_in_canonical_form() {
    let folder = folder(&[]);
    let dir = folder.path();
    for problem in spof::rubric::Packs::built_in().iter().map(|pack| &pack.problem) {
        for scale in ["small", "large"] {
            let sub = format!("{}-{scale}", problem.id);
            assert_eq!(spof(dir, &["new", &problem.id, &sub, "--at", scale]).status, 0);
            let design = PathBuf::from(&sub).join(format!("{}.arch", problem.id));
            let design = design.to_str().unwrap();
            let ran = spof(dir, &["check", design, "--fail-on", "never"]);
            assert_eq!(ran.status, 0, "{}", ran.out);
            assert!(ran.out.contains("Score  0 / 100"), "{}", ran.out);
            assert_eq!(spof(dir, &["fmt", "--check", design]).status, 0, "{design}");
            let statement = fs::read_to_string(dir.join(&sub).join(format!("{}.md", problem.id))).unwrap();
            assert!(!statement.contains("A good answer"), "the statement gives answers away");
        }
        assert!(spof(dir, &["problems", &problem.id]).out.contains(&problem.title));
    }
    assert_eq!(spof(dir, &["new", "--example"]).status, 0);
    assert_eq!(spof(dir, &["fmt", "--check", "example.arch"]).status, 0);
    assert_eq!(spof(dir, &["check", "example.arch"]).status, 1);
}
