//! What `spof predict` says, against edits of the text: an instance fewer, a cache that answers nothing, a hop that is
//! gone, rates times k; whole outputs as snapshots.

mod common;
#[allow(dead_code)]
mod random_designs;

use common::design;
use common::program::{self, Ran};
use proptest::prelude::*;
use random_designs::Random;
use serde_json::Value;
use spof::design::lower;
use spof::numbers::availability::Places;
use spof::numbers::of_nodes;
use spof::predict::{Aftermath, Becomes, Loss, Outcome, after, every, predict};
use spof::syntax::parse;

/// What is drawn otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Edit {
    Nothing,
    /// By place in `Shop::nodes`.
    OneFewer(usize),
    Emptied(usize),
    Gone(usize),
    NoZone(usize),
    /// All rates times so much.
    Times(f64),
}

struct Node {
    id: String,
    kind: &'static str,
    instances: usize,
    zones: Vec<usize>,
    /// Answered by a cache, in percent.
    hits: usize,
    capacity: usize,
}

/// From one service: to a cache and past it to a store, or to one node and else to another.
enum Line {
    Cached { service: usize, cache: usize, store: usize, calls: usize },
    Failover { service: usize, first: usize, behind: Option<usize>, second: usize },
}

/// A shop by chance, which can be written with an edit.
struct Shop {
    nodes: Vec<Node>,
    flows: Vec<(f64, usize, Vec<Line>)>,
}

const ZONES: [&str; 3] = ["a", "b", "c"];
const SERVICES: std::ops::Range<usize> = 0..3;
const CACHES: std::ops::Range<usize> = 3..5;
const STORES: std::ops::Range<usize> = 5..8;
const OTHERS: std::ops::Range<usize> = 8..12;

impl Shop {
    /// `spread`: each node with instances in all zones, so that every node outlives one of them.
    fn new(random: &mut Random, spread: bool) -> Shop {
        let kinds = ["service", "cache", "database", "service"];
        let mut nodes = Vec::new();
        for (kind, range) in kinds.into_iter().zip([SERVICES, CACHES, STORES, OTHERS]) {
            for at in range {
                let zones = match random.below(3) {
                    _ if spread => vec![0, 1, 2],
                    0 => vec![0, 1, 2],
                    1 => vec![random.below(3)],
                    _ => vec![1, 2],
                };
                nodes.push(Node {
                    id: format!("n{at}"),
                    kind,
                    instances: if spread { 3 + random.below(6) } else { 1 + random.below(6) },
                    zones,
                    hits: random.below(101),
                    capacity: 50 + random.below(2_000),
                });
            }
        }
        let mut pick = |range: std::ops::Range<usize>| range.start + random.below(range.len());
        let flows = (0..3)
            .map(|_| {
                let service = pick(SERVICES);
                let mut lines = Vec::new();
                // A caller's way out belongs to the line before it: one kind of line for each service and flow.
                if pick(0..2) == 0 {
                    let (cache, store) = (pick(CACHES), pick(STORES));
                    lines.push(Line::Cached { service, cache, store, calls: 1 + pick(0..3) });
                } else {
                    let first = pick(OTHERS);
                    let second = OTHERS.start + (first - OTHERS.start + 1 + pick(0..3)) % OTHERS.len();
                    let behind = Some(pick(STORES)).filter(|_| pick(0..2) == 0);
                    lines.push(Line::Failover { service, first, behind, second });
                }
                (1.0 + pick(0..3_000) as f64, service, lines)
            })
            .collect();
        Shop { nodes, flows }
    }

    fn text(&self, edit: Edit) -> String {
        let mut text = "client u\n".to_string();
        let id = |at: usize| &self.nodes[at].id;
        text.push_str("region r {\nzone a { }\nzone b { }\nzone c { }\n");
        for (at, node) in self.nodes.iter().enumerate() {
            let in_zone = |zone: usize| {
                let each = |instance: &usize| node.zones[instance % node.zones.len()] == zone;
                (0..node.instances).filter(each).count()
            };
            let mut hits = node.hits as f64;
            let instances = match edit {
                Edit::OneFewer(of) if of == at => {
                    hits *= 1.0 - 1.0 / node.instances as f64;
                    node.instances - 1
                }
                Edit::NoZone(zone) => node.instances - in_zone(zone),
                _ => node.instances,
            };
            if edit == Edit::Emptied(at) {
                hits = 0.0;
            }
            let zones: Vec<&str> = node.zones.iter().map(|zone| ZONES[*zone]).collect();
            let more = match node.kind {
                "cache" => format!("hit_rate={hits}%"),
                "database" => "failover=auto".to_string(),
                _ => String::new(),
            };
            text.push_str(&format!(
                "{} {} x{instances} @{} capacity={}/s {more}\n",
                node.kind,
                node.id,
                zones.join(","),
                node.capacity
            ));
        }
        text.push_str("}\n");
        for (at, (rate, service, lines)) in self.flows.iter().enumerate() {
            let rate = match edit {
                Edit::Times(factor) => rate * factor,
                _ => *rate,
            };
            text.push_str(&format!("flow f{at} rate=1/s peak={rate}/s {{\nu -> {}\n", id(*service)));
            for line in lines {
                match *line {
                    Line::Cached { service, cache, store, calls } => {
                        let gone = edit == Edit::Gone(cache);
                        if !gone {
                            text.push_str(&format!("{} -> {} reads\n", id(service), id(cache)));
                        }
                        let on = if gone { "" } else { " on=miss" };
                        text.push_str(&format!("{} -> {} reads{on} calls={calls}\n", id(service), id(store)));
                    }
                    Line::Failover { service, first, behind, second } => {
                        let dead = edit == Edit::Gone(first);
                        let behind_dead = behind.is_some_and(|behind| edit == Edit::Gone(behind));
                        let mut on = " on=failover";
                        if dead {
                            on = "";
                        } else {
                            text.push_str(&format!("{} -> {}", id(service), id(first)));
                            match behind.filter(|_| !behind_dead) {
                                Some(behind) => text.push_str(&format!(" -> {}\n", id(behind))),
                                None => text.push('\n'),
                            }
                            on = if behind_dead { "" } else { on };
                        }
                        text.push_str(&format!("{} -> {}{on}\n", id(service), id(second)));
                    }
                }
            }
            text.push_str("}\n");
        }
        text
    }

    /// The share of its capacity that each node uses at the peak; None where nothing ever arrives.
    fn used(&self, edit: Edit) -> Vec<Option<f64>> {
        let design = design(&self.text(edit));
        let nodes = of_nodes(&design);
        let used = |node: &Node| {
            let figures = nodes.iter().find(|figures| figures.id == node.id).expect("all are drawn");
            let share = figures.utilisation.as_ref()?;
            Some(share.as_ref().unwrap_or_else(|missing| panic!("{missing:?}")).value)
        };
        self.nodes.iter().map(used).collect()
    }

    /// What the loss says of a node after it: its share, where it is touched.
    fn compare(&self, loss: &Loss, edit: Edit) -> Aftermath {
        let whole = design(&self.text(Edit::Nothing));
        let found = after(&whole, loss);
        let (before, expected) = (self.used(Edit::Nothing), self.used(edit));
        for (at, node) in self.nodes.iter().enumerate() {
            let touched = found.nodes.iter().find(|touched| touched.id == node.id);
            if touched.is_some_and(|touched| touched.becomes == Becomes::Lost) {
                continue;
            }
            let share = match touched {
                Some(touched) => touched.used_after(),
                None => before[at],
            };
            let (share, expected) = (share.unwrap_or(0.0), expected[at].unwrap_or(0.0));
            assert!(
                (share - expected).abs() <= 1e-6 * expected.max(1e-3),
                "{loss:?}: `{}` at {share}, not {expected}\n{}",
                node.id,
                self.text(Edit::Nothing)
            );
        }
        found
    }
}

#[test]
fn a_loss_is_what_the_text_without_it_says() {
    let mut random = Random::new(11);
    let mut seen = [0_usize; 4];
    for _ in 0..60 {
        let shop = Shop::new(&mut random, false);
        for (at, node) in shop.nodes.iter().enumerate() {
            if node.instances >= 2 {
                shop.compare(&Loss::Instance(node.id.clone()), Edit::OneFewer(at));
                seen[0] += 1;
            }
            if node.kind == "cache" {
                shop.compare(&Loss::Empty(node.id.clone()), Edit::Emptied(at));
                seen[1] += 1;
            }
            // Without its service a flow has no line that could be written.
            if !SERVICES.contains(&at) {
                let found = shop.compare(&Loss::Node(node.id.clone()), Edit::Gone(at));
                let stops = found.flows.iter().any(|flow| flow.outcome == Outcome::Stops);
                assert!(node.kind == "database" || !stops, "each of the others has a way past it");
                seen[2] += 1;
            }
        }
        let shop = Shop::new(&mut random, true);
        for (zone, name) in ZONES.iter().enumerate() {
            let found = shop.compare(&Loss::Zone(format!("r/{name}")), Edit::NoZone(zone));
            assert!(found.flows.iter().all(|flow| flow.outcome != Outcome::Stops));
            seen[3] += 1;
        }
    }
    assert!(seen.iter().all(|seen| *seen > 100), "{seen:?}");
}

/// With all rates of the text times k: at which k something is full.
#[test]
fn a_node_breaks_where_more_load_fills_it() {
    let mut random = Random::new(12);
    let mut seen = 0;
    for _ in 0..25 {
        let shop = Shop::new(&mut random, false);
        let growth = predict(&design(&shop.text(Edit::Nothing)), Places::AsStated).growth;
        for reaches in growth.reaches {
            let at = shop.nodes.iter().position(|node| node.id == reaches.node).expect("it is drawn");
            let [just_not, just] = [1.0 - 1e-4, 1.0 + 1e-4].map(|near| reaches.factor * near);
            let used = |factor: f64| shop.used(Edit::Times(factor))[at].expect("it breaks by load");
            assert!(used(just_not) < 1.0 && used(just) > 1.0, "{reaches:?}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

fn of(text: &str, loss: Loss) -> Aftermath {
    after(&design(text), &loss)
}

fn outcomes(after: &Aftermath) -> Vec<(&str, Outcome)> {
    after.flows.iter().map(|flow| (flow.id.as_str(), flow.outcome)).collect()
}

const CACHED: &str = "client u\nservice a x2 capacity=1k/s\nredis c hit_rate=90%\n\
    database d x2 failover=auto capacity=100/s\n\
    flow r rate=500/s { u -> a -> c reads\na -> d reads on=miss }\nflow w rate=10/s { u -> a }\n";

#[test]
fn a_cascade_is_named_and_ends_after_one_round() {
    let after = of(CACHED, Loss::Empty("c".to_string()));
    assert_eq!(outcomes(&after), [("r", Outcome::Slows), ("w", Outcome::GoesOn)]);
    let then = after.then.expect("the store is past its limit");
    assert_eq!((then.lost, then.stops), (vec!["d".to_string()], vec!["r".to_string()]));
    // 500/s of 2 x 100/s.
    let store = after.nodes.iter().find(|node| node.id == "d").expect("it is touched");
    let [before, later] = [store.used_before(), store.used_after()].map(Option::unwrap);
    assert!((before - 0.25).abs() < 1e-12 && (later - 2.5).abs() < 1e-12, "{before} {later}");
}

#[test]
fn what_turns_the_rest_away_does_not_fall() {
    let bounded = CACHED.replace("on=miss", "on=miss bulkhead=20");
    let shedding = "client u\nservice a x2\nservice b\nservice d capacity=50/s shed\n\
                    flow r rate=100/s { u -> a -> b\na -> d on=failover }";
    for (text, loss) in
        [(bounded.as_str(), Loss::Empty("c".to_string())), (shedding, Loss::Node("b".to_string()))]
    {
        let after = of(text, loss);
        assert!(after.then.is_none());
        let store = after.nodes.iter().find(|node| node.id == "d").expect("it is touched");
        assert!(store.becomes == Becomes::Overloaded && store.held_back.is_some(), "{store:?}");
    }
}

#[test]
fn a_standby_costs_nothing_and_a_lone_primary_everything() {
    let text = |failover: &str| {
        format!("client u\nservice a x2\npostgres d x2 {failover}\nflow f rate=2900/s {{ u -> a -> d }}")
    };
    let after = of(&text("failover=auto"), Loss::Instance("d".to_string()));
    assert_eq!((outcomes(&after), after.nodes.len()), (vec![("f", Outcome::GoesOn)], 0));
    let after = of(&text("failover=manual"), Loss::Instance("d".to_string()));
    assert_eq!(outcomes(&after), [("f", Outcome::Stops)]);
}

#[test]
fn what_stands_in_gets_what_failed() {
    let text = "client u\nservice a x2\nservice b capacity=1k/s\nservice c capacity=50/s\n\
                flow f rate=1/s peak=200/s { u -> a -> b fallback=c }\nflow g rate=10/s { u -> c }";
    let after = of(text, Loss::Node("b".to_string()));
    let stands_in = after.nodes.iter().find(|node| node.id == "c").expect("it is touched");
    assert_eq!((stands_in.before.per_s, stands_in.after.per_s), (10.0, 210.0));
    assert_eq!(outcomes(&after), [("f", Outcome::Slows), ("g", Outcome::Slows)]);
}

#[test]
fn one_of_many_is_replaced_or_its_copy_is_warm() {
    let used = |cache: &str| {
        let text = format!(
            "client u\nservice a x2\nredis c {cache} hit_rate=80%\ndatabase d capacity=1k/s\n\
             flow r rate=500/s {{ u -> a -> c reads\na -> d reads on=miss }}"
        );
        let after = of(&text, Loss::Instance("c".to_string()));
        after.nodes.iter().find(|node| node.id == "d").map(|node| node.after.per_s.round())
    };
    // 500/s x (1 - 80 % x 3/4) = 200/s, instead of 100/s.
    assert_eq!(used("x4"), Some(200.0));
    assert_eq!(used("x4 failover=auto"), None);
    assert_eq!(used("x2 shards=2"), Some(300.0));
    assert_eq!(used("x4 shards=2"), None);
    let text = "client u\nservice a x4 capacity=100/s autoscale=[2, 4]\nflow f rate=390/s { u -> a }";
    assert!(of(text, Loss::Instance("a".to_string())).nodes.is_empty());
}

#[test]
fn a_place_that_never_fails_can_be_lost() {
    let text = "region r availability=100% {\nzone z availability=100% { service a x2 availability=100% }\n}\n\
                service b x2 fate=os\nclient u\nflow f rate=1/s { u -> a }\nflow g rate=1/s { u -> b }";
    for (loss, expected) in [
        (Loss::Zone("r/z".to_string()), [Outcome::Stops, Outcome::GoesOn]),
        (Loss::Region("r".to_string()), [Outcome::Stops, Outcome::GoesOn]),
        (Loss::Node("a".to_string()), [Outcome::Stops, Outcome::GoesOn]),
        (Loss::Fate("os".to_string()), [Outcome::GoesOn, Outcome::Stops]),
    ] {
        let after = of(text, loss);
        assert_eq!(outcomes(&after).into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn growth_names_what_it_does_not_know() {
    let growth = predict(
        &design(
            "given { online = 30k }\nclient u\nservice a\nsocket s x2 connections=20k\nexternal e rate_limit=50/s\n\
             kafka k x3 partitions=4\nworker w x2 capacity=10/s\ndynamodb m\n\
             postgres d storage=1TB { table t { key i; size=1KB } }\n\
             flow f rate=10/s { u <-> s\nu -> a -> e\na -> m\na ~> k ~> w -> d writes=t }",
        ),
        Places::AsStated,
    )
    .growth;
    let found: Vec<(&str, f64)> =
        growth.reaches.iter().map(|reaches| (reaches.node.as_str(), reaches.factor)).collect();
    // 40,000 / 30,000; 2 x 10 / 10; 4 x 10 / 10; 50 / 10; 3,000 / 10.
    assert_eq!(found, [("s", 4.0 / 3.0), ("w", 2.0), ("k", 4.0), ("e", 5.0), ("d", 300.0)]);
    assert_eq!(growth.beyond, ["k"]);
    assert_eq!(growth.managed, ["m"]);
    let unknown: Vec<&str> = growth.unknown.iter().map(|unknown| unknown.node.as_str()).collect();
    assert_eq!(unknown, ["a", "s"]);
    // 10 rows of 1 KB a second.
    assert_eq!(growth.fills[0].after_s, Some(1e12 / 1e4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn figures_are_finite_and_in_order(
        numbers in proptest::collection::vec(0.0..1e9_f64, 5),
        counts in proptest::collection::vec(0_u32..1_000_000, 4),
    ) {
        let [rate, hits, capacity, size, share] = numbers[..] else { unreachable!() };
        let [instances, calls, shards, partitions] = counts[..] else { unreachable!() };
        let text = format!(
            "given {{ online = {rate} }}\nclient u\nregion r zones=3 {{\nservice a x{instances} capacity={capacity}/s\n\
             redis c x{instances} shards={shards} hit_rate={}%\nsocket s x{instances} connections={calls}\n\
             kafka k x3 partitions={partitions}\nworker w x{instances} capacity={capacity}/s autoscale=[1, {instances}]\n\
             postgres d x{instances} shards={shards} storage={size}B {{ table t {{ key i; size={size}B; ttl={rate}s }} }}\n\
             service b capacity={capacity}/s\n}}\n\
             flow f rate={rate}/s {{\nu <-> s\nu -> a -> c reads\na -> d reads on=miss calls={calls}\n\
             a -> b share={}%\na -> s on=failover\na ~> k ~> w -> d writes=t }}",
            hits % 100.0, share % 100.0
        );
        let (ast, _) = parse(&text);
        let (design, _) = lower(&ast);
        let prediction = predict(&design, Places::Assumed);
        let factors: Vec<f64> = prediction.growth.reaches.iter().map(|reaches| reaches.factor).collect();
        prop_assert!(factors.iter().all(|factor| factor.is_finite() && *factor >= 0.0), "{text}");
        prop_assert!(factors.is_sorted());
        for fills in &prediction.growth.fills {
            prop_assert!(fills.after_s.is_none_or(|after| after.is_finite() && after >= 0.0), "{fills:?}");
        }
        for loss in every(&design) {
            prop_assert_eq!(Loss::named(&design, &loss.id()), Some(loss.clone()));
            let after = after(&design, &loss);
            for node in &after.nodes {
                let shares = [node.used_before(), node.used_after()];
                prop_assert!(shares.into_iter().flatten().all(|used| used.is_finite() && used >= 0.0), "{text}");
                prop_assert!(node.after.per_s.is_finite() && node.after.per_s >= 0.0);
            }
            let kept = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(serde_json::from_str::<Aftermath>(&kept).unwrap().loss, loss);
        }
    }
}

fn spof(arguments: &[&str]) -> Ran {
    program::spof(env!("CARGO_MANIFEST_DIR"), arguments)
}

/// What is printed, and that it went well.
fn printed(arguments: &[&str]) -> String {
    let ran = spof(arguments);
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.out
}

#[test]
fn whole_outputs() {
    for (name, arguments) in [
        ("reference-kv", vec!["predict", "examples/url-shortener/reference-kv.arch"]),
        ("reference-owner", vec!["predict", "examples/chat-system/reference-owner.arch"]),
        ("first-try", vec!["predict", "examples/url-shortener/first-try.arch"]),
        ("first-try-cold", vec!["predict", "examples/url-shortener/first-try.arch", "--loss", "hot/empty"]),
        ("first-try-json", vec!["predict", "examples/url-shortener/first-try.arch", "--format", "json"]),
    ] {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true,
            snapshot_path => "snapshots/predict" }, {
            insta::assert_snapshot!(name, printed(&arguments));
        });
    }
}

#[test]
fn an_example_is_read_in_a_minute() {
    for file in common::examples() {
        let text = printed(&["predict", &file.to_string_lossy()]);
        // Of many queues and channels, each has something to say.
        assert!(text.lines().count() <= 80, "{}:\n{text}", file.display());
        assert!(!text.contains("NaN") && !text.contains("inf/"), "{text}");
        let json = printed(&["predict", "--format", "json", "--assume", &file.to_string_lossy()]);
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["version"], 1);
    }
}

#[test]
fn a_loss_goes_by_its_name() {
    let file = "examples/url-shortener/reference-kv.arch";
    for loss in ["hot", "hot/empty", "resolve/instance", "east/b", "east"] {
        assert!(printed(&["predict", file, "--loss", loss]).starts_with("with"), "{loss}");
        let json: Value =
            serde_json::from_str(&printed(&["predict", file, "--loss", loss, "--format", "json"])).unwrap();
        assert_eq!(json["id"], loss);
    }
    let unknown = spof(&["predict", file, "--loss", "hot/emty"]);
    assert!(unknown.status == 2 && unknown.err.contains("did you mean `hot/empty`?"), "{}", unknown.err);
}

#[test]
fn a_design_with_mistakes_is_predicted_as_far_as_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.arch");
    std::fs::write(&file, "client u\nservice a x2 capacity=1k/s tll=3\nflow f rate=10/s { u -> a }\n")
        .unwrap();
    let ran = spof(&["predict", file.to_str().unwrap()]);
    assert!(ran.status == 2 && ran.err.contains("tll") && ran.out.contains("×200"), "{:?}", ran.said());
}
