//! In which zones a card's node stands, where the frames around it do not say so already.

use petgraph::graph::NodeIndex;

use crate::design::{Design, GroupKind};

use super::text::clean;

/// The zones of a node in a region of several; none where it stands in the frame of one zone.
pub fn zones(design: &Design, node: NodeIndex) -> Vec<String> {
    let around = || design.groups_around(node);
    if around().any(|group| group.kind == GroupKind::Zone) {
        return Vec::new();
    }
    let several = around().any(|group| {
        group.kind == GroupKind::Region
            && group.attrs.number("zones").value().is_some_and(|zones| zones > 1.0)
    });
    let zones = &design.graph[node].zones;
    // The frame around it says which region's they are.
    let own = |zone: &String| clean(zone.rsplit('/').next().unwrap_or(zone));
    if several || zones.len() > 1 { zones.iter().map(own).collect() } else { Vec::new() }
}

/// What fits, one below the other: letters, or how many more there are.
pub fn short(zones: &[String], most: usize) -> Vec<String> {
    // A long name has its place in the tooltip.
    let mark = |zone: &String| if zone.chars().count() <= 2 { zone.clone() } else { "•".to_string() };
    if zones.len() <= most {
        return zones.iter().map(mark).collect();
    }
    let kept = most.saturating_sub(1);
    let more = format!("+{}", zones.len() - kept);
    zones[..kept].iter().map(mark).chain([more]).collect()
}

#[cfg(test)]
mod tests {
    use super::{short, zones};
    use crate::design::lower;
    use crate::syntax::parse;

    #[test]
    fn a_card_says_what_its_frames_do_not() {
        let text = "region r zones=3 {\nservice one\nservice two x2\nservice all x5\nservice said x2 @a,c\n}\n\
                    region s zones=1 {\nservice alone x2\n}\nregion t {\nzone here {\nservice inside x2\n}\n}\nclient out";
        let design = lower(&parse(text).0).0;
        let of = |id: &str| zones(&design, design.node(id).unwrap()).join(" ");
        assert_eq!(["one", "two", "all", "said"].map(of), ["a", "a b", "a b c", "a c"]);
        assert_eq!(["alone", "inside", "out"].map(of), ["", "", ""]);
    }

    #[test]
    fn many_are_counted() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|name| name.to_string()).collect() };
        assert_eq!(short(&names(&["a", "b", "c"]), 3), ["a", "b", "c"]);
        assert_eq!(short(&names(&["a", "b", "c", "d", "e"]), 3), ["a", "b", "+3"]);
        assert_eq!(short(&names(&["us-east-1a"]), 3), ["•"]);
    }
}
