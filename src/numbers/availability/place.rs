//! Where instances stand: the zones, regions, groups and shared fates that they fall with.

use petgraph::graph::NodeIndex;

use super::assumption::{self, Repair};
use super::component::{Component, What};
use super::model::{Change, Model};
use super::tree::Term;
use crate::design::{Group, GroupKind};

/// Whether zones, regions and fates of which nothing is stated may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Places {
    /// Only those whose availability is stated.
    #[default]
    AsStated,
    /// The others as often as the defaults say.
    Assumed,
    /// All of them, and every instance, however certain to be up: to ask what a loss does, not how often it happens.
    Certain,
}

/// What has to be up around an instance for it to be up.
pub struct Standing {
    /// One for each zone that the node stands in, in their order; a single one where it names none.
    pub zones: Vec<Term>,
    /// What all of its instances stand in.
    pub everywhere: Vec<Term>,
    pub region: Option<String>,
}

/// Groups may nest as deep as a file likes; nobody stands in more of them than this.
const DEEPEST: usize = 64;

impl Model<'_> {
    pub fn standing(&mut self, node: NodeIndex) -> Standing {
        let design = self.design;
        let around: Vec<&Group> = design.groups_around(node).take(DEEPEST).collect();
        let own_region =
            around.iter().find(|group| group.kind == GroupKind::Region).map(|group| group.id.clone());
        let mut everywhere = Vec::new();
        for fate in design.graph[node].attrs.words("fate") {
            let stated = self.stated(fate, |_| true);
            everywhere.push(self.place(What::Fate(fate.clone()), stated));
        }
        for group in around.iter().filter(|group| group.kind == GroupKind::Group) {
            if let stated @ Some(_) = group.attrs.number("availability").value() {
                everywhere.push(self.place(What::Group(group.id.clone()), stated));
            }
        }
        let zones = self.zones_of(node);
        let mut standing = Vec::new();
        for zone in &zones {
            let (region, name) = match zone.rsplit_once('/') {
                Some((region, name)) => (Some(region), name),
                None => (None, zone.as_str()),
            };
            let stated = self.stated(name, |kind| kind == GroupKind::Zone);
            let zone = self.place(What::Zone(zone.clone()), stated);
            let region = self.region(region);
            standing.push(self.terms.all(vec![region, zone]));
        }
        if standing.is_empty() {
            standing.push(self.region(own_region.as_deref()));
        }
        let region = own_region.or_else(|| Some(zones.first()?.rsplit_once('/')?.0.to_string()));
        Standing { zones: standing, everywhere, region }
    }

    /// The zones that a node is spread over: its own, or more of its region's where that is tried.
    fn zones_of(&self, node: NodeIndex) -> Vec<String> {
        let own = &self.design.graph[node].zones;
        if self.change != Some(Change::Spread(node)) {
            return own.clone();
        }
        spread(self.design, node).unwrap_or_else(|| own.clone())
    }

    fn region(&mut self, id: Option<&str>) -> Term {
        let Some(id) = id else { return self.terms.always() };
        let stated = self.stated(id, |kind| kind == GroupKind::Region);
        self.place(What::Region(id.to_string()), stated)
    }

    /// The availability of a group by its id.
    fn stated(&self, id: &str, is: impl Fn(GroupKind) -> bool) -> Option<f64> {
        let group = self.design.groups.iter().find(|group| group.id == id && is(group.kind))?;
        group.attrs.number("availability").value()
    }

    fn place(&mut self, what: What, stated: Option<f64>) -> Term {
        let (kind, name, repair): (_, _, Repair) = match &what {
            What::Zone(name) => ("zone", name, assumption::ZONE),
            What::Region(name) => ("region", name, assumption::REGION),
            What::Fate(name) => ("fate", name, assumption::ZONE),
            _ => ("group", &String::new(), assumption::ZONE),
        };
        let up = match (stated, self.places) {
            (Some(up), _) => up,
            (None, Places::AsStated) => return self.terms.always(),
            (None, Places::Assumed | Places::Certain) => {
                let assumed = assumption::of_a_place(kind, name, repair);
                self.assume(what.clone(), assumed);
                repair.up()
            }
        };
        let region = match &what {
            What::Zone(id) => id.rsplit_once('/').map(|(region, _)| region.to_string()),
            What::Region(id) => Some(id.clone()),
            _ => None,
        };
        self.terms.up(Component { what, down: 1.0 - up, failures: 1, region })
    }
}

/// All zones of the region around a node, where it stands in fewer and has instances for more.
pub fn spread(design: &crate::design::Design, node: NodeIndex) -> Option<Vec<String>> {
    let region = design.groups_around(node).take(DEEPEST).find(|group| group.kind == GroupKind::Region)?;
    let mut zones: Vec<&String> = design.graph.node_weights().flat_map(|node| &node.zones).collect();
    zones.retain(|zone| zone.rsplit_once('/').is_some_and(|(prefix, _)| prefix == region.id));
    zones.sort_unstable();
    zones.dedup();
    zones.truncate(design.graph[node].instances.min(DEEPEST as u64) as usize);
    let has = design.graph[node].zones.len();
    (!design.graph[node].is_managed() && zones.len() > has).then(|| zones.into_iter().cloned().collect())
}
