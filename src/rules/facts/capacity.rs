//! What a node can serve, and how far that number can be trusted.

use crate::catalog::Grade;
use crate::design::{Node, Value};

pub struct Capacity {
    pub each: f64,
    pub instances: f64,
    /// How far the number can be trusted; None: it is the design's own.
    pub grade: Option<Grade>,
}

impl Capacity {
    /// None where neither the design nor the catalogue knows it, or where instances are added without a stated end.
    pub fn of(node: &Node) -> Option<Capacity> {
        let instances = match node.attrs.get("autoscale").map(|setting| &setting.value) {
            None | Some(Value::None) => node.instances as f64,
            Some(Value::Range(_, most)) => *most,
            Some(_) => return None,
        };
        if let Some(each) = node.attrs.number("capacity").value() {
            return Some(Capacity { each, instances, grade: None });
        }
        let default =
            node.tech.filter(|tech| !tech.managed && tech.kind() == node.kind)?.capacity.as_ref()?;
        Some(Capacity { each: default.value, instances, grade: Some(default.grade) })
    }
}
