//! Who comes back after a break, how many they are, and over what time.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::catalog::Kind;
use crate::design::connected::{holders, online};
use crate::design::{Design, Setting, Step, Value};
use crate::numbers::figure::{Figure, Missing, Reached, Unit};
use crate::units::{show_count, show_duration, show_number};

/// All instances, or all clients, that start at one node.
#[derive(Debug)]
pub struct Crowd {
    pub node: NodeIndex,
    pub count: Reached,
    /// The count is known: of instances, of connections, of those said to be online. All `users` are only the most there
    /// can be.
    pub counted: bool,
    pub spread: Spread,
    /// They come again when they were not served: so long after they gave up, at the latest. None: nobody says so.
    pub again: Option<f64>,
}

/// Over what time they come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// `reconnect=60s jitter`: each at a random moment of so many seconds.
    Even(f64),
    /// `jitter=no`, `reconnect=no` or no time at all: in one second.
    AtOnce,
    /// A wait, and nothing that tells one from another: in one second, after it.
    SameWait(f64),
    /// Nothing is said: in one second.
    Unstated,
    /// `reconnect jitter` without the time.
    Unmeasured,
}

impl Spread {
    /// Seconds; None where it is spread over a time that is not stated.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Spread::Even(seconds) => Some(seconds),
            Spread::AtOnce | Spread::SameWait(_) | Spread::Unstated => Some(A_SECOND),
            Spread::Unmeasured => None,
        }
    }

    /// The design says it.
    pub fn is_stated(self) -> bool {
        matches!(self, Spread::Even(_) | Spread::AtOnce)
    }

    pub fn in_words(self) -> String {
        match self {
            Spread::Even(seconds) => format!("spread over {}", show_duration(seconds)),
            Spread::AtOnce => "in one second, as nothing spreads them".to_string(),
            Spread::SameWait(wait) => {
                format!("in one second, as all wait {} and no `jitter` is stated", show_duration(wait))
            }
            Spread::Unstated => "in one second, as no `reconnect=` with `jitter` is stated".to_string(),
            Spread::Unmeasured => "over a time that is not stated".to_string(),
        }
    }
}

/// What is not spread comes within this: clocks, networks and schedulers differ by about so much.
const A_SECOND: f64 = 1.0;

/// What is asked of the design for each flow of starters.
pub struct Crowds<'d> {
    design: &'d Design,
    /// The socket that each client is connected to, and the users of all clients of each socket; None: one states none.
    sockets: HashMap<NodeIndex, NodeIndex>,
    users: HashMap<NodeIndex, (usize, Option<f64>)>,
    online: Option<f64>,
}

impl<'d> Crowds<'d> {
    pub fn new(design: &'d Design) -> Crowds<'d> {
        let mut sockets = HashMap::new();
        let mut users: HashMap<NodeIndex, (usize, Option<f64>)> = HashMap::new();
        for (client, _, socket) in holders(design) {
            sockets.insert(client, socket);
            let own = design.graph[client].attrs.number("users").value();
            let all = users.entry(socket).or_insert((0, Some(0.0)));
            *all = (all.0 + 1, all.1.zip(own).map(|(sum, own)| sum + own));
        }
        let online = online(design).map(|given| given.value.value).filter(|count| *count >= 0.0);
        Crowds { design, sockets, users, online }
    }

    /// Those that start at a node and come over these steps.
    pub fn of(&self, node: NodeIndex, steps: &[&Step]) -> Crowd {
        let is_client = self.design.graph[node].kind == Kind::Client;
        let (count, counted) = if is_client { self.clients(node) } else { (self.instances(node), true) };
        let reconnect = self.said(node, steps, "reconnect");
        let jitter = self.said(node, steps, "jitter");
        let wait = reconnect.map(|setting| match setting.value {
            Value::Number(seconds) => Some(seconds),
            Value::None => Some(0.0),
            _ => None,
        });
        let spread = match (wait, jitter.map(|setting| setting.value != Value::None)) {
            (Some(Some(0.0)), _) | (_, Some(false)) => Spread::AtOnce,
            (Some(Some(seconds)), Some(true)) => Spread::Even(seconds),
            (Some(None), Some(true)) => Spread::Unmeasured,
            (Some(Some(seconds)), None) => Spread::SameWait(seconds),
            _ => Spread::Unstated,
        };
        let again = wait.map(|wait| wait.unwrap_or(0.0).max(A_SECOND));
        Crowd { node, count, counted, spread, again }
    }

    fn instances(&self, index: NodeIndex) -> Reached {
        let node = &self.design.graph[index];
        let name = node.name();
        let Some(count) = node.most_instances() else {
            return Err(Missing::of(format!("the most instances of {name}, as in `autoscale=[2, 20]`")));
        };
        let line = format!("{} instances of {name}", show_number(count as f64));
        Ok(Figure::new(count as f64, Unit::Count, line))
    }

    /// The least of the users, the connections that there is room for, and those online; and whether they are counted.
    fn clients(&self, index: NodeIndex) -> (Reached, bool) {
        let node = &self.design.graph[index];
        let name = node.name();
        let users = node.attrs.number("users").value();
        let held = self.sockets.get(&index).map(|&socket| (&self.design.graph[socket], self.users[&socket]));
        // Of several kinds of client, each has its part by the number of its users.
        let part = match (held, users) {
            (Some((_, (1, _))) | None, _) => Some(1.0),
            (Some((_, (_, Some(all)))), Some(own)) if all > 0.0 => Some(own / all),
            _ => None,
        };
        let Some(part) = part else {
            return (Err(Missing::of(format!("`users` of {name} and of what else holds connections"))), true);
        };
        let of = if part < 1.0 {
            format!(" x {}, its part of the users", show_number(part))
        } else {
            String::new()
        };
        let mut known: Vec<(f64, bool, String)> = Vec::new();
        if let Some((socket, _)) = held
            && let (Some(each), Some(instances)) =
                (socket.attrs.number("connections").value(), socket.most_instances())
        {
            let places = each * instances as f64 * part;
            let line = format!(
                "{} x {} connections of {}{of} = {}",
                show_number(instances as f64),
                show_number(each),
                socket.name(),
                show_count(places)
            );
            known.push((places, true, line));
        }
        if let Some(online) = self.online {
            known.push((
                online * part,
                true,
                format!("{} at once, as `given` says{of}", show_count(online * part)),
            ));
        }
        let bounded = !known.is_empty();
        if let Some(users) = users {
            known.push((users, bounded, format!("{} users of {name}", show_count(users))));
        }
        match known.into_iter().reduce(|least, other| if other.0 < least.0 { other } else { least }) {
            Some((count, counted, line)) => (Ok(Figure::new(count, Unit::Count, line)), counted),
            None => (Err(Missing::of(format!("`users` of {name}"))), true),
        }
    }

    /// What the starter says, else the hop over which it comes.
    fn said(&self, node: NodeIndex, steps: &[&'_ Step], name: &str) -> Option<Setting> {
        let own = self.design.graph[node].kind == Kind::Client;
        let own = self.design.graph[node].attrs.get(name).filter(|_| own);
        let of = |step: &&Step| self.design.graph[step.hop].attrs.get(name).or(step.attrs.get(name)).cloned();
        own.cloned().or_else(|| steps.iter().find_map(of))
    }
}
