//! The oracle: what no drawing may have.

use spof::draw::{Edge, Point, Rect, Scene, Way};

/// Everything against everything.
pub fn faults(scene: &Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let page = Rect { x: 0.0, y: 0.0, w: scene.w, h: scene.h };
    for (at, node) in scene.nodes.iter().enumerate() {
        for other in &scene.nodes[at + 1..] {
            if node.at.overlaps(&other.at) {
                faults.push(format!("{} on {}", node.id, other.id));
            }
        }
        if node.group.is_some_and(|group| !scene.groups[group].at.contains(&node.at)) {
            faults.push(format!("{} outside its group", node.id));
        }
        for (number, group) in scene.groups.iter().enumerate() {
            if group.title_at.overlaps(&node.at) {
                faults.push(format!("{} on the title of {}", node.id, group.id));
            }
            let mut around = std::iter::successors(node.group, |&at| scene.groups[at].parent);
            if group.at.overlaps(&node.at) && !around.any(|at| at == number) {
                faults.push(format!("{} in {}, where it does not belong", node.id, group.id));
            }
        }
    }
    for (at, group) in scene.groups.iter().enumerate() {
        if !group.at.contains(&group.title_at) {
            faults.push(format!("the title of {} outside it", group.id));
        }
        if group.parent.is_some_and(|parent| !scene.groups[parent].at.contains(&group.at)) {
            faults.push(format!("{} outside its parent", group.id));
        }
        for (number, other) in scene.groups.iter().enumerate().skip(at + 1) {
            if group.title_at.overlaps(&other.at) && other.parent == Some(at) {
                faults.push(format!("{} on the title of {}", other.id, group.id));
            }
            let mut around = std::iter::successors(Some(number), |&at| scene.groups[at].parent);
            if group.at.overlaps(&other.at) && !around.any(|around| around == at) {
                faults.push(format!("{} across {}", group.id, other.id));
            }
        }
    }
    if scene.way == Way::Layered {
        faults.extend(lines_and_labels(scene));
    }
    for edge in &scene.edges {
        let ends = [(&edge.from, edge.points.first()), (&edge.to, edge.points.last())];
        for (id, point) in ends {
            let node = scene.nodes.iter().find(|node| node.id == *id).expect("an edge ends at nodes");
            if !point.is_some_and(|point| on_border(point, &node.at)) {
                faults.push(format!("{} -> {} does not end at {id}", edge.from, edge.to));
            }
        }
        for point in &edge.points {
            if !page.contains(&Rect { x: point.x, y: point.y, w: 0.0, h: 0.0 }) {
                faults.push(format!("{} -> {} leaves the page", edge.from, edge.to));
            }
        }
    }
    let boxes = (scene.nodes.iter().map(|node| node.at))
        .chain(scene.groups.iter().map(|group| group.at))
        .chain(scene.edges.iter().filter_map(|edge| edge.label.as_ref()).map(|label| label.at));
    let furniture: Vec<Rect> = (scene.notes.iter().map(|note| note.at))
        .chain(scene.legend.iter().map(|entry| entry.at))
        .chain([scene.title_at])
        .collect();
    for rect in boxes {
        if !page.contains(&rect) {
            faults.push(format!("{rect:?} leaves the page"));
        }
        if furniture.iter().any(|other| other.overlaps(&rect)) {
            faults.push(format!("{rect:?} under notes, legend or title"));
        }
    }
    for (at, rect) in furniture.iter().enumerate() {
        if !page.contains(rect) || furniture[at + 1..].iter().any(|other| other.overlaps(rect)) {
            faults.push(format!("{rect:?} collides beside the diagram"));
        }
    }
    faults
}

/// What only the layered way promises.
fn lines_and_labels(scene: &Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let pieces = |edge: &Edge| -> Vec<Rect> {
        let piece = |pair: &[Point]| Rect {
            x: pair[0].x.min(pair[1].x),
            y: pair[0].y.min(pair[1].y),
            w: (pair[0].x - pair[1].x).abs(),
            h: (pair[0].y - pair[1].y).abs(),
        };
        edge.points.windows(2).map(piece).collect()
    };
    let labels: Vec<(usize, Rect)> = (scene.edges.iter().enumerate())
        .filter_map(|(at, edge)| edge.label.as_ref().map(|label| (at, label.at)))
        .collect();
    for (at, edge) in scene.edges.iter().enumerate() {
        for line in pieces(edge) {
            let through = scene.nodes.iter().filter(|node| line.overlaps(&node.at));
            faults.extend(through.map(|node| format!("{} -> {} through {}", edge.from, edge.to, node.id)));
            let titled = scene.groups.iter().filter(|group| line.overlaps(&group.title_at));
            faults.extend(
                titled.map(|group| format!("{} -> {} through the title of {}", edge.from, edge.to, group.id)),
            );
            let cut = labels.iter().filter(|(own, label)| *own != at && line.overlaps(label));
            faults.extend(
                cut.map(|(own, _)| format!("{} -> {} through the label of line {own}", edge.from, edge.to)),
            );
        }
    }
    for (place, (_, label)) in labels.iter().enumerate() {
        let others = labels[place + 1..].iter().map(|(_, other)| other);
        let boxes =
            scene.nodes.iter().map(|node| &node.at).chain(scene.groups.iter().map(|group| &group.title_at));
        faults.extend(
            boxes
                .chain(others)
                .filter(|other| other.overlaps(label))
                .map(|other| format!("{label:?} on {other:?}")),
        );
    }
    faults
}

fn on_border(point: &Point, rect: &Rect) -> bool {
    let across = point.x >= rect.x && point.x <= rect.right();
    let down = point.y >= rect.y && point.y <= rect.bottom();
    across
        && down
        && (point.x == rect.x || point.x == rect.right() || point.y == rect.y || point.y == rect.bottom())
}
