//! What else ends with growth, where the design states it: connections, the partitions of a topic, disks.

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::growth::Reaches;
use crate::catalog::Kind;
use crate::design::connected::online;
use crate::design::{Arrow, Design, Node};
use crate::numbers::Numbers;
use crate::units::{show_count, show_duration, show_rate, show_size};

const DAY: f64 = 86_400.0;

/// A disk that is full so long after it was empty, at today's rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Fills {
    pub store: String,
    /// Seconds; None where what expires keeps it from ever filling.
    pub after_s: Option<f64>,
    /// The arithmetic, ending in the time or in what lies there in the end.
    pub by: String,
}

/// Whoever is connected at once finds a place until the only connection server that states how many it holds is full.
pub fn connections(design: &Design) -> Option<Reaches> {
    let holds =
        |node: &&Node| node.kind == Kind::Socket && node.attrs.number("connections").value().is_some();
    let mut sockets = design.graph.node_weights().filter(holds);
    let (Some(node), None) = (sockets.next(), sockets.next()) else { return None };
    let online = online(design).filter(|given| given.value.value > 0.0)?;
    let each = node.attrs.number("connections").value()?;
    let instances = node.most_instances()? as f64;
    let all = instances * each;
    let factor = all / online.value.value;
    (factor.is_finite() && factor > 0.0).then(|| Reaches {
        node: node.id.clone(),
        factor,
        at_most: false,
        by: format!(
            "{} connections (`{}`) of {} x {}",
            show_count(online.value.value),
            online.name,
            show_count(instances),
            show_count(each)
        ),
        reached: Vec::new(),
        assumed: Vec::new(),
    })
}

/// No more consumers of a group work than there are partitions, each as fast as one is.
pub fn partitions(design: &Design, numbers: &Numbers) -> Vec<Reaches> {
    let mut all = Vec::new();
    for at in design.graph.node_indices() {
        let broker = &design.graph[at];
        let Some(partitions) = broker.attrs.number("partitions").value().filter(|_| broker.kind.is_broker())
        else {
            continue;
        };
        for consumer in consumers(design, at) {
            all.extend(busiest(design, numbers, broker, partitions, consumer));
        }
    }
    all
}

fn busiest(
    design: &Design,
    numbers: &Numbers,
    broker: &Node,
    partitions: f64,
    consumer: NodeIndex,
) -> Option<Reaches> {
    let node = &design.graph[consumer];
    let figures = numbers.node(consumer)?;
    let peak = figures.peak.as_ref().ok()?.value;
    let capacity = figures.capacity.as_ref()?.as_ref().ok()?;
    let each = capacity.value / node.most_instances()?.max(1) as f64;
    let factor = partitions * each / peak;
    (factor.is_finite() && factor > 0.0).then(|| Reaches {
        node: broker.id.clone(),
        factor,
        at_most: false,
        by: format!(
            "{} of {}, all that its {} partitions keep busy of {}: {} x {}",
            show_rate(peak),
            show_rate(partitions * each),
            show_count(partitions),
            node.name(),
            show_count(partitions),
            show_rate(each)
        ),
        reached: Vec::new(),
        assumed: capacity.assumed.clone(),
    })
}

/// Those that it hands to, and those that poll it, in the order of the file.
fn consumers(design: &Design, broker: NodeIndex) -> Vec<NodeIndex> {
    let handed = design
        .graph
        .edges_directed(broker, Direction::Outgoing)
        .filter(|edge| edge.weight().arrow == Arrow::Handoff)
        .map(|edge| edge.target());
    let polls = design.steps_to(broker).filter(|step| step.attrs.has("reads")).map(|step| step.from);
    let mut all: Vec<NodeIndex> = handed.chain(polls).collect();
    all.retain(|&node| design.graph[node].kind.is_app());
    all.sort_unstable();
    all.dedup();
    all
}

/// When the disks of each store that states them are full. Rows that expire stop adding to it after their `ttl`.
pub fn disks(design: &Design, numbers: &Numbers) -> Vec<Fills> {
    let stores = design.graph.node_indices().filter(|&at| design.graph[at].kind.is_store());
    stores.filter_map(|at| disk(design, numbers, at)).collect()
}

fn disk(design: &Design, numbers: &Numbers, at: NodeIndex) -> Option<Fills> {
    let node = &design.graph[at];
    let room = node.attrs.number("storage").value().filter(|room| *room > 0.0)?;
    let machines = machines(node);
    // Bytes a second on one machine, and for how long they stay.
    let mut streams: Vec<(f64, Option<f64>)> = Vec::new();
    for (table, figures) in node.tables.iter().zip(numbers.tables.iter().filter(|table| table.store == at)) {
        let a_day = figures.growth.as_ref().ok()?.value;
        streams.push((a_day / DAY / machines, table.attrs.number("ttl").value()));
    }
    let rate: f64 = streams.iter().map(|(rate, _)| rate).sum();
    if rate <= 0.0 || !rate.is_finite() {
        return None;
    }
    let a_day = format!("{} a day come to each machine of {}", show_size(rate * DAY), node.name());
    let by = |end: String| format!("{a_day}, whose disk has {}; {end}", show_size(room));
    let fills = match full_after(room, &streams) {
        Ok(after) => Fills {
            store: node.id.clone(),
            after_s: Some(after),
            by: by(format!("full {} after it was empty", show_duration(after))),
        },
        Err(in_the_end) => Fills {
            store: node.id.clone(),
            after_s: None,
            by: by(format!(
                "what expires keeps it at {}, so that it fills at ×{}",
                show_size(in_the_end),
                crate::units::show_number(room / in_the_end)
            )),
        },
    };
    Some(fills)
}

/// The time at which so much is there, or how much there is in the end if that is less: what is there rises in straight
/// lines, which bend where the rows of a table begin to expire.
fn full_after(room: f64, streams: &[(f64, Option<f64>)]) -> Result<f64, f64> {
    let mut bends: Vec<(f64, f64)> =
        streams.iter().filter_map(|(rate, lives)| Some(((*lives)?, *rate))).collect();
    bends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut rate: f64 = streams.iter().map(|(rate, _)| rate).sum();
    let (mut there, mut since) = (0.0, 0.0);
    for (bend, ending) in bends {
        if rate > 0.0 && there + rate * (bend - since) >= room {
            return Ok(since + (room - there) / rate);
        }
        there += rate * (bend - since);
        since = bend;
        rate -= ending;
    }
    let forever: f64 = streams.iter().filter(|(_, lives)| lives.is_none()).map(|(rate, _)| rate).sum();
    if forever > 0.0 { Ok(since + (room - there) / forever) } else { Err(there) }
}

/// Over how many machines the bytes of a table with all of its copies are spread, as `numbers` counts copies.
fn machines(node: &Node) -> f64 {
    let instances = node.instances.max(1) as f64;
    let shards = node.attrs.number("shards").value().filter(|shards| *shards >= 1.0);
    if node.copies().is_some() {
        instances
    } else if let Some(shards) = shards {
        shards
    } else if node.is_managed() {
        1.0
    } else {
        instances
    }
}

#[cfg(test)]
mod tests {
    use super::full_after;

    /// Against what is there at each moment: the sum of rate × the shorter of the time and the life of a row.
    #[test]
    fn a_disk_is_full_when_what_is_there_is_its_size() {
        let streams = [(3.0, Some(10.0)), (1.0, None), (2.0, Some(25.0))];
        let there = |time: f64| -> f64 {
            streams.iter().map(|(rate, lives)| rate * lives.map_or(time, |lives| time.min(lives))).sum()
        };
        for room in [1.0, 30.0, 60.0, 75.0, 105.0, 110.0, 500.0] {
            let after = full_after(room, &streams).expect("one of them never expires");
            assert!((there(after) - room).abs() < 1e-9, "{room}: {after} {}", there(after));
        }
        assert_eq!(full_after(100.0, &[(3.0, Some(10.0))]), Err(30.0));
        assert_eq!(full_after(30.0, &[(3.0, Some(10.0))]), Ok(10.0));
    }
}
