//! A page with drawings in it, opened in Chromium, and what its script found.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use spof::draw::Rect;

const MEASURE: &str = include_str!("measure.js");

/// A drawing to be measured.
#[derive(Clone)]
pub struct Drawing {
    pub name: String,
    pub svg: String,
    /// Classes of texts, and the room that each such text was given, in the order of the file.
    pub boxes: Vec<(&'static str, Rect)>,
    /// Whether it is set in a wider font than the one it asks for. Then shapes that are drawn and the page have to hold their
    /// texts, and no text lies on another.
    pub wider: bool,
}

/// What one browser says of all drawings that it was given.
pub struct Found {
    pub texts: u64,
    /// `examples/…: covered: …`
    pub faults: Vec<String>,
}

pub fn installed() -> bool {
    let found =
        Command::new("chromium").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("chromium is not installed: skipped");
    }
    found
}

/// Opens a page that holds the drawings, and those of `alone` as documents of their own.
pub fn open(drawings: &[Drawing], alone: &[Drawing], dark: bool) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, html(folder.path(), drawings, alone)).unwrap();
    let output = Command::new("timeout")
        .args([
            "300",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
        ])
        .args(["--disable-dev-shm-usage", "--allow-file-access-from-files", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 }))
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let found: Value = found.and_then(|(found, _)| serde_json::from_str(found).ok()).unwrap_or_else(|| {
        let end: String = text.chars().rev().take(2_000).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("{}: {}\n{end}", output.status, String::from_utf8_lossy(&output.stderr))
    });
    assert_eq!((&found["dark"], &found["font"]), (&json!(dark), &json!(true)));
    let all = found["drawings"].as_array().unwrap();
    assert_eq!(all.len(), drawings.len() + alone.len());
    let faults = all.iter().flat_map(|drawing| {
        let name = drawing["name"].as_str().unwrap();
        let faults = drawing["faults"].as_array().unwrap().iter();
        faults.map(move |fault| format!("{name}: {}", fault.as_str().unwrap()))
    });
    Found { texts: found["texts"].as_u64().unwrap(), faults: faults.collect() }
}

/// The font is the one that drawings are measured with, whatever the machine has.
fn html(folder: &Path, drawings: &[Drawing], alone: &[Drawing]) -> String {
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/draw/fonts");
    let face = |file: &str, weight: u32| {
        let url = format!("file://{}", fonts.join(file).display());
        format!("@font-face{{font-family:'Liberation Sans';font-weight:{weight};src:url('{url}')}}")
    };
    let frames = alone.iter().enumerate().map(|(at, drawing)| {
        let file = format!("{at}.svg");
        std::fs::write(folder.join(&file), &drawing.svg).unwrap();
        format!("<iframe title=\"{}\" src=\"{file}\"></iframe>\n", drawing.name)
    });
    let list: Vec<Value> = drawings
        .iter()
        .map(|drawing| {
            let boxes: Vec<Value> =
                drawing.boxes.iter().map(|(class, at)| json!([class, at.x, at.y, at.w, at.h])).collect();
            json!({"name": drawing.name, "svg": drawing.svg, "boxes": boxes, "wider": drawing.wider})
        })
        .collect();
    let data = Value::from(list).to_string().replace('<', "\\u003c");
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><style>{}{}</style></head><body>\n\
         <p style=\"font-family:'Liberation Sans'\">a <b>b</b></p>\n{}\
         <pre id=\"found\"></pre>\n<script type=\"application/json\" id=\"drawings\">{data}</script>\n\
         <script>{MEASURE}</script></body></html>\n",
        face("LiberationSans-Regular.ttf", 400),
        face("LiberationSans-Bold.ttf", 700),
        frames.collect::<String>(),
    )
}
