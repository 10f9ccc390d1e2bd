//! How long a node takes for one request: its work, and the wait before it.

use petgraph::graph::NodeIndex;

use super::erlang::probability_of_waiting;
use super::law::{Law, WIDEST};
use super::{Assume, Spread};
use crate::catalog::{Grade, Kind};
use crate::design::{Design, Node};
use crate::numbers::capacity::has_one_primary;
use crate::numbers::figure::{Assumed, Missing, Reached};
use crate::numbers::node::peak;
use crate::units::{show_duration, show_number, show_rate, show_share};

/// What one request costs at a node.
#[derive(Debug, Clone, Default)]
pub struct Server {
    pub work: Option<Law>,
    /// None also where nobody ever waits.
    pub wait: Option<Law>,
    /// What it counts too little for, as the reader would add it.
    pub wants: Vec<String>,
    /// Gets more than it carries, or states what no law has: no time can be said at all.
    pub hopeless: bool,
    /// How the work and the wait were reached, a line each.
    pub lines: Vec<String>,
    pub assumed: Option<Assumed>,
    /// The work has no stated spread.
    pub is_unspread: bool,
}

/// The queue before one instance.
struct Queue {
    /// Requests that it works on at once: whole.
    servers: f64,
    /// Requests a second of all of them together.
    carries: f64,
    instances: f64,
    how: String,
    assumed: Option<Assumed>,
}

pub fn server(design: &Design, index: NodeIndex, assume: Assume) -> Server {
    let node = &design.graph[index];
    let mut server = Server::default();
    let name = node.name();
    let stated = node.attrs.number("latency").value().filter(|mean| mean.is_finite() && *mean >= 0.0);
    if node.kind == Kind::Client || (node.kind == Kind::Dns && stated.is_none()) {
        return server;
    }
    match stated {
        None => server.wants.push(format!("`latency` of {name}")),
        Some(mean) => work(node, mean, assume, &mut server),
    }
    match queue(node, stated, assume) {
        Ok(Some(queue)) => wait(design, index, &queue, &mut server),
        Ok(None) => {}
        Err(want) => server.wants.extend(Some(want).filter(|_| stated.is_some())),
    }
    server
}

fn work(node: &Node, mean: f64, assume: Assume, server: &mut Server) {
    let (name, mean_shown) = (node.name(), show_duration(mean));
    let p99 = node.attrs.number("latency_p99").value();
    if mean <= 0.0 {
        return;
    }
    let Some(p99) = p99 else {
        server.is_unspread = true;
        let law = match assume.spread {
            Spread::Exponential => Law::Exponential { share: 1.0, mean },
            Spread::Times(ratio) => Law::through(mean, ratio * mean).unwrap_or(Law::Constant(mean)),
        };
        server.lines.push(format!(
            "{name} works {mean_shown}, 99 of 100 times less than {}",
            show_duration(law.p99())
        ));
        server.work = Some(law);
        return;
    };
    match Law::through(mean, p99) {
        Some(law) => {
            server.lines.push(format!(
                "{name} works {mean_shown}, 99 of 100 times less than {}, as stated",
                show_duration(p99)
            ));
            server.work = Some(law);
        }
        None => {
            server.hopeless = true;
            server.wants.push(format!(
                "a `latency_p99` of {name} between its mean, {mean_shown}, and {} times that: {} fits no log-normal law",
                show_number(WIDEST),
                show_duration(p99)
            ));
        }
    }
}

/// None where there is none to reckon with: what a vendor or somebody else runs waits in its `latency`.
fn queue(node: &Node, latency: Option<f64>, assume: Assume) -> Result<Option<Queue>, String> {
    let name = node.name();
    let capacity = node.attrs.number("capacity").value();
    let at_once = node.attrs.number("concurrency").value().filter(|count| *count > 0.0);
    let theirs = matches!(node.kind, Kind::External | Kind::Function | Kind::Dns) || node.is_managed();
    if theirs && capacity.is_none() && at_once.is_none() {
        return Ok(None);
    }
    let instances =
        if has_one_primary(node) { Some(1.0) } else { node.most_instances().map(|most| most as f64) };
    let Some(instances) = instances.filter(|instances| *instances >= 1.0) else {
        return Err(format!("the most instances of {name}, as in `autoscale=[2, 20]`"));
    };
    let by_little =
        at_once.zip(latency.filter(|latency| *latency > 0.0)).map(|(at_once, latency)| at_once / latency);
    let default = node.tech.filter(|tech| !tech.managed && tech.kind() == node.kind && by_little.is_none());
    let default = default.and_then(|tech| tech.capacity.as_ref());
    let default = default.filter(|default| assume.defaults || default.grade != Grade::C);
    let assumed = default.filter(|_| capacity.is_none()).map(|default| Assumed {
        what: format!("{} for one instance of {name}", show_rate(default.value)),
        grade: default.grade,
        source: default.source.clone(),
        instead: format!("`capacity=` on {name}"),
    });
    let Some(carries) = capacity.or(by_little).or(default.map(|default| default.value)) else {
        return if assume.defaults { Err(format!("`concurrency` of {name}")) } else { Ok(None) };
    };
    let servers = match (at_once, latency) {
        (Some(at_once), _) => at_once.floor().max(1.0),
        (None, Some(latency)) => (carries * latency).floor().max(1.0),
        (None, None) => 1.0,
    };
    let how = match at_once {
        Some(_) => format!("works on {} at once", show_number(servers)),
        None => {
            let latency = latency.unwrap_or(0.0);
            let product = carries * latency;
            let rounded = if product == servers {
                String::new()
            } else {
                format!(", taken as {}", show_number(servers))
            };
            format!(
                "works on {} x {} = {} at once{rounded}",
                show_rate(carries),
                show_duration(latency),
                show_number(product)
            )
        }
    };
    Ok(Some(Queue { servers, carries, instances, how, assumed }))
}

/// Every instance is a queue of its own, and gets an equal part. The wait of M/G/c is that of M/M/c times (1 + cv²) / 2
/// (A. M. Lee and P. A. Longton, 1959); whoever waits does so for an exponential time.
fn wait(design: &Design, index: NodeIndex, queue: &Queue, server: &mut Server) {
    let name = design.graph[index].name();
    let arriving: Reached = peak(design, index);
    let arriving = match arriving {
        Ok(figure) => figure.value,
        Err(Missing { wants, at_least }) => {
            server.wants.extend(wants);
            at_least.unwrap_or(0.0)
        }
    };
    server.assumed.clone_from(&queue.assumed);
    let each = arriving / queue.instances;
    let used = each / queue.carries;
    if used.is_nan() || used >= 1.0 {
        server.hopeless = true;
        let percent = if used.is_finite() { show_share(used) } else { "more than all".to_string() };
        server.wants.push(format!("more `capacity` of {name}: it gets {percent} of what it carries"));
        return;
    }
    let Some(work) = server.work.filter(|_| each > 0.0) else { return };
    let waits = probability_of_waiting(queue.servers, used);
    let spread = (1.0 + work.variability()) / 2.0;
    let mean = spread / (queue.carries - each);
    if waits <= 1e-12 {
        server.lines.push(format!("{name} {}, {} used: nobody waits", queue.how, show_share(used)));
        return;
    }
    let times =
        if (spread - 1.0).abs() < 1e-9 { String::new() } else { format!(" x {}", show_number(spread)) };
    server.lines.push(format!(
        "{name} {}, {} / {} = {} used: {} wait (Erlang C), for 1 / ({} - {}){times} = {}",
        queue.how,
        show_rate(each),
        show_rate(queue.carries),
        show_share(used),
        show_share(waits),
        show_rate(queue.carries),
        show_rate(each),
        show_duration(mean)
    ));
    server.wait = Some(Law::Exponential { share: waits, mean });
}
