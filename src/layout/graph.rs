//! What the engine is given, and what it answers: boxes, groups of boxes and edges, all of known sizes.

/// Width and height in pixels. Anything that is not a number between 0 and a million counts as the nearest that is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Size {
    pub w: f64,
    pub h: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spot {
    pub x: f64,
    pub y: f64,
}

/// Left, top, width and height.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub size: Size,
    /// The group that it stands in.
    pub group: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Of a smaller index than its own; any other counts as none.
    pub parent: Option<usize>,
    /// The room of its title, in its top left corner, kept clear of everything.
    pub head: Size,
}

/// Where an edge begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Node(usize),
    /// At the group's border.
    Group(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub from: End,
    pub to: End,
    pub label: Option<Size>,
}

/// Indices must be within range; that is the caller's to see to. Order decides wherever nothing else does: an edge
/// that stands earlier sets the direction of a cycle, a node that stands earlier stands further left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub groups: Vec<Group>,
    pub edges: Vec<Edge>,
}

/// Where the edges lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    Down,
    Right,
}

/// Clearances in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Between boxes beside each other.
    pub node: f64,
    /// Between boxes above each other, at least.
    pub layer: f64,
    /// Between a box and a line that passes it.
    pub edge_node: f64,
    /// Between two lines.
    pub edge: f64,
    /// Between a line and its label.
    pub label: f64,
    /// Between a group's border and what it holds.
    pub padding: f64,
    /// Between unconnected parts of the drawing.
    pub part: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    pub direction: Direction,
    pub spacing: Spacing,
    /// Width to height that the whole aims at.
    pub shape: f64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Route {
    /// From border to border, bends between; every piece runs along an axis unless the layout is `plain`.
    pub points: Vec<Spot>,
    pub label: Option<Area>,
}

/// Where everything stands, from (0, 0).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub nodes: Vec<Area>,
    pub groups: Vec<Area>,
    pub edges: Vec<Route>,
    pub size: Size,
    /// The graph was too large for the layered method: boxes stand in rows in the order of the file, edges are straight
    /// lines that pass under boxes, and labels stand at their middle.
    pub plain: bool,
}
