//! What is drawn of a design, with the room that its texts were given.

use spof::design::Design;
use spof::draw::sequence::{Said, Sequence, sequence, sequence_svg};
use spof::draw::{Detail, Marks, Plan, Rect, Scene, Theme, drawn, svg_themed};
use spof::numbers::availability::Places;
use spof::numbers::numbers;
use spof::plot::{downtime, draw_downtime, draw_growth, draw_stacks, growth, latency};
use spof::rules::check;

use crate::chromium::Drawing;

const THEME: Theme = Theme::Auto;

fn drawing(name: String, svg: String, boxes: Vec<(&'static str, Rect)>) -> Drawing {
    Drawing { name, svg, boxes, wider: false }
}

/// Room of the texts that have no shape of their own, and of those that share one.
fn boxes_of(scene: &Scene) -> Vec<(&'static str, Rect)> {
    let line = |at: usize| Rect {
        x: scene.title_at.x,
        y: scene.title_at.y + at as f64 * 28.0,
        w: scene.title_at.w,
        h: 28.0,
    };
    let mut boxes: Vec<(&str, Rect)> = (0..scene.title.len()).map(|at| ("t", line(at))).collect();
    boxes.extend(scene.groups.iter().map(|frame| ("ft", frame.title_at)));
    boxes.extend(scene.edges.iter().filter_map(|edge| edge.label.as_ref()).map(|label| ("l", label.at)));
    // The text of an entry, which stands after its sign.
    boxes.extend(scene.legend.iter().map(|entry| {
        let at = entry.at;
        ("d", Rect { x: at.x + 36.0, w: at.w - 36.0, ..at })
    }));
    boxes
}

pub fn diagram(name: &str, design: &Design, plan: Plan, findings: bool) -> Drawing {
    let scene = drawn(design, plan);
    let marks = findings.then(|| Marks::new(&check(design, jiff::civil::date(2026, 1, 1)).findings));
    drawing(name.to_string(), svg_themed(&scene, marks.as_ref(), THEME), boxes_of(&scene))
}

fn boxes_of_sequence(page: &Sequence) -> Vec<(&'static str, Rect)> {
    let mut boxes = Vec::new();
    let mut add = |class: &'static str, said: &Said| boxes.push((class, said.at));
    page.title.iter().for_each(|line| add("t", line));
    page.subtitle.iter().for_each(|line| add("s", line));
    for frame in &page.frames {
        add("word", &frame.word);
        add("wait", &frame.condition);
    }
    for arrow in &page.arrows {
        arrow.label.iter().for_each(|line| add("say", line));
        arrow.note.iter().for_each(|line| add("wait", line));
    }
    boxes
}

/// Every flow as it happens.
pub fn sequences(name: &str, design: &Design) -> Vec<Drawing> {
    let of = |flow: &spof::design::Flow| {
        let page = sequence(design, flow);
        let name = format!("{name}, sequence of {}", flow.id);
        drawing(name, sequence_svg(&page, THEME), boxes_of_sequence(&page))
    };
    design.flows.iter().map(of).collect()
}

pub fn plots(name: &str, design: &Design) -> Vec<Drawing> {
    let numbers = numbers(design);
    let all = [
        ("growth", draw_growth(&growth(design, &numbers), THEME)),
        ("latency", draw_stacks(&latency(design, &numbers, None), THEME)),
        ("availability", draw_downtime(downtime(design, &numbers, Places::AsStated, None).as_ref(), THEME)),
    ];
    all.map(|(of, svg)| drawing(format!("{name}, {of}"), svg, Vec::new())).into()
}

/// The diagram in all its ways.
pub fn ways(name: &str, design: &Design) -> Vec<Drawing> {
    let plan = Plan::default();
    let mut all = vec![
        diagram(name, design, plan, false),
        diagram(&format!("{name}, findings"), design, Plan { heat: true, ..plan }, true),
        diagram(
            &format!("{name}, high, heat"),
            design,
            Plan { detail: Detail::High, heat: true, ..plan },
            false,
        ),
        diagram(&format!("{name}, low"), design, Plan { detail: Detail::Low, ..plan }, true),
    ];
    for (at, flow) in design.flows.iter().enumerate() {
        let name = format!("{name}, flow {}", flow.id);
        all.push(diagram(&name, design, Plan { flow: Some(at), only: at % 2 == 1, ..plan }, at % 3 == 2));
    }
    all
}
