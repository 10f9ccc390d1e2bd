//! Availability against what was not made with it: every state of small random designs, closed forms, and another tool.

mod common;
// Each test uses some of them.
#[allow(dead_code)]
mod random_designs;
mod walk;

use std::collections::BTreeSet;
use std::process::Command;

use common::design;
use proptest::prelude::*;
use random_designs::{Random, random_design, with_standbys};
use spof::design::Design;
use spof::numbers::availability::{
    Availability, Budget, Diagram, Down, FaultTree, Model, Places, cuts, fault_tree, importance, of_flows,
    open_psa, study,
};
use walk::Walk;

fn availability(design: &Design, places: Places) -> Availability {
    of_flows(design, places).remove(0).expect("the first flow has a hop")
}

/// Of the first flow, with what is stated.
fn up(text: &str) -> f64 {
    match availability(&design(text), Places::AsStated).down {
        Down::Exact(down) => 1.0 - down,
        Down::Between { .. } => panic!("not exact: {text}"),
    }
}

fn near(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-12, "{one} is not {other}");
}

/// Cut sets as sets of names.
fn named(design: &Design, tree: &FaultTree, sets: &[Vec<u32>]) -> BTreeSet<BTreeSet<String>> {
    let name = |at: &u32| tree.components[*at as usize].what.name(design);
    sets.iter().map(|set| set.iter().map(name).collect()).collect()
}

#[test]
fn random_designs_are_what_every_state_of_them_says() {
    let many = std::env::var("SPOF_DESIGNS").ok().and_then(|many| many.parse().ok()).unwrap_or(2000);
    let mut random = Random::new(1);
    let mut orders = [0_usize; 5];
    let (mut shared, mut copied) = (0, 0);
    for number in 0..many {
        // Now and then as large as can still be gone through.
        let most = if number % 250 == 249 { 16 } else { 9 };
        let text = random_design(&mut random, most);
        let text = with_standbys(&mut random, &text);
        let design = design(&text);
        copied += usize::from(!spof::design::standby::standbys(&design).is_empty());
        let walk = Walk::new(&design, &design.flows[0]);
        assert!(walk.components.len() <= 16, "{}", walk.components.len());
        let (down, minimal) = walk.every_state(4);
        let found = availability(&design, Places::AsStated);
        let Down::Exact(exact) = found.down else { panic!("not exact:\n{text}") };
        assert!((exact - down).abs() < 1e-12, "{exact} is not {down}:\n{text}");
        assert!(found.cuts.complete);
        assert_eq!(named(&design, &found.tree, &found.cuts.sets), minimal, "in:\n{text}");
        minimal.iter().for_each(|set| orders[set.len().min(4)] += 1);
        shared += usize::from(minimal.iter().flatten().any(|name| name.starts_with("zone")));
    }
    assert!(copied > many / 50, "only {copied} of them have a copy that takes over");
    println!("{many} designs; cut sets of 0 to 4 members: {orders:?}; {shared} designs stop with a zone");
    assert!(orders[1..].iter().all(|&seen| seen > many / 20), "too much alike: {orders:?}");
    assert!(shared > many / 20, "only {shared} of them stop with a zone");
}

/// What the rules say that a flow needs, it is not served without. They look for no way after an error, and at shares
/// without regard to the order of lines.
#[test]
fn what_a_flow_needs_stops_it() {
    let mut random = Random::new(2);
    for _ in 0..4000 {
        let text = random_design(&mut random, 12);
        if text.contains("on=error") || text.contains("share=") {
            continue;
        }
        let design = design(&text);
        let tree = fault_tree(&mut Model::new(&design, Places::AsStated, None), &design.flows[0]);
        let diagram = Diagram::of(&tree, &mut Budget::WHOLE.clone()).unwrap();
        for node in spof::design::needs::needs(&design, &design.flows[0]) {
            let down =
                diagram.down_with(|at| f64::from(u8::from(tree.components[at].what.node() == Some(node))));
            assert!(down > 1.0 - 1e-12, "served without {}:\n{text}", design.graph[node].id);
        }
    }
}

const SERIAL: &str = "client u\nservice a availability=99.9%\nservice b availability=99.9%\n\
    service c availability=99.9%\nservice d availability=99.9%\nservice e availability=99.9%\n\
    flow f { u -> a -> b -> c -> d -> e }";

#[test]
fn five_serial_services_of_three_nines() {
    near(up(SERIAL), 0.999_f64.powi(5));
    assert_eq!(format!("{:.2}", up(SERIAL) * 100.0), "99.50");
    near(1.0 - availability(&design(SERIAL), Places::AsStated).naive, 1.0 - 0.999_f64.powi(5));
}

#[test]
fn closed_forms() {
    let p: f64 = 0.9;
    let q = 1.0 - p;
    let of = |nodes: &str, hops: &str| up(&format!("client u\n{nodes}\nflow f {{ {hops} }}"));
    let two_of_three = p.powi(3) + 3.0 * p * p * q;
    near(of("service s x3 needs=2 availability=90%", "u -> s"), two_of_three);
    near(of("etcd s x3 availability=90%", "u -> s"), two_of_three);
    near(of("cassandra s x3 replication=quorum availability=90%", "u -> s"), two_of_three);
    near(of("cassandra s x6 copies=3 quorum=2 availability=90%", "u -> s"), two_of_three.powi(2));
    near(of("service s x2 availability=90%", "u -> s"), 1.0 - q * q);
    near(of("postgres s x2 failover=auto availability=90%", "u -> s"), 1.0 - q * q);
    near(of("postgres s x2 failover=manual availability=90%", "u -> s"), p);
    near(of("postgres s x2 availability=90%", "u -> s"), p);
    near(of("mysql s x4 shards=2 failover=auto availability=90%", "u -> s"), (1.0 - q * q).powi(2));
    // A copy that is drawn takes over where something says so.
    let copy = |first: &str, copy: &str| {
        let nodes =
            format!("postgres s {first} availability=90%\npostgres t replica_of=s {copy} availability=90%");
        of(&nodes, "u -> s")
    };
    near(copy("failover=auto", ""), 1.0 - q * q);
    near(copy("", "failover=auto"), 1.0 - q * q);
    near(copy("failover=manual", "failover=auto"), p);
    near(copy("", ""), p);
    near(of("external s sla=90%", "u -> s"), p);
    near(of("service s needs=2 availability=90%", "u -> s"), 0.0);
    near(of("service s availability=100%", "u -> s"), 1.0);
    // A bridge that is no bridge: both ways need the zone.
    near(of("zone z availability=80% {\nservice s x2 availability=90% }", "u -> s"), 0.8 * (1.0 - q * q));
    // Ways: after an error, by shares, instead of it; and what is not waited for.
    let ab = "service a availability=90%\nservice b availability=90%\nqueue k availability=90%";
    near(of(ab, "u -> a\nu -> b on=error"), 1.0 - q * q);
    near(of(ab, "u -> a share=50%\nu -> b share=50%"), 1.0 - q * q);
    near(of(ab, "u -> a\nu -> b share=5%"), p);
    near(of(ab, "u -> a fallback=b"), 1.0 - q * q);
    near(of(ab, "u -> a fallback=stale"), 1.0);
    near(of(ab, "u -> a -> b optional"), p);
    near(of(ab, "u -> a ~> k ~> b"), p * p);
    for relay in ["outbox", "cdc"] {
        near(of(&format!("service a {relay} availability=90%\nqueue k availability=90%"), "u -> a ~> k"), p);
    }
    near(up(&format!("client u\n{ab}\na ..> b needs\nflow f {{ u -> a }}")), p * p);
    near(up(&format!("client u\n{ab}\na ..> b needs cached=1h\nflow f {{ u -> a }}")), p);
    let cached = "service a availability=90%\ncache c availability=90%\ndatabase d availability=90%";
    near(of(cached, "u -> a -> c\na -> d on=miss"), p * p);
    near(of(cached, "u -> a -> c -> d on=miss"), p * p * p);
}

/// Instances that are counted instead of named: the same as if each were a component.
#[test]
fn many_instances_are_what_counting_them_gives() {
    for (count, needs, zones) in [(33_u64, 1, 1), (40, 38, 3), (34, 20, 3), (50, 30, 2), (33, 33, 1)] {
        let (z, p) = (0.9_f64, 0.97_f64);
        let text: String = ["a", "b", "c"][..zones]
            .iter()
            .map(|zone| format!("zone {zone} availability=90% {{ }}\n"))
            .collect();
        let at = ["a", "a,b", "a,b,c"][zones - 1];
        let text = format!(
            "client u\n{text}service s x{count} @{at} needs={needs} availability=97%\nflow f {{ u -> s }}"
        );
        let mut expected = 0.0;
        for state in 0..1_usize << zones {
            let standing = (0..count).filter(|at| state >> (at % zones as u64) & 1 == 1).count() as i32;
            let ups = state.count_ones() as i32;
            let weight = z.powi(ups) * (1.0 - z).powi(zones as i32 - ups);
            let mut choose = 1.0;
            for some in 0..=standing {
                if some >= needs {
                    expected += weight * choose * p.powi(some) * (1.0 - p).powi(standing - some);
                }
                choose *= f64::from(standing - some) / f64::from(some + 1);
            }
        }
        near(up(&text), expected);
    }
    for text in ["service s x1000000000 needs=999000000", "mysql s x1000000 shards=250000 failover=auto"] {
        let up = up(&format!("client u\n{text} availability=99.9%\nflow f {{ u -> s }}"));
        assert!((0.0..=1.0).contains(&up), "{text}: {up}");
    }
}

/// The shares of downtime that hang on each part, and the change that buys most.
#[test]
fn importance_and_the_best_change() {
    let text = "client u\nservice a x2 availability=90%\nservice b availability=95%\nflow f { u -> a -> b }";
    let design = design(text);
    let now = availability(&design, Places::AsStated);
    let study = study(&design, &design.flows[0], Places::AsStated, &now);
    let (a, b) = (&study.importance[1], &study.importance[0]);
    let down = 1.0 - 0.99 * 0.95;
    assert_eq!(b.of.name(&design), "b");
    near(b.birnbaum, 0.99);
    near(b.gone, (down - 0.01) / down);
    near(a.gone, (down - 0.05) / down);
    near(a.birnbaum, 2.0 * 0.1 * 0.95);
    let best = study.best.unwrap();
    assert_eq!(best.change.in_words(&design), "one more instance of `b` (x2)");
    near(best.down, 1.0 - 0.99 * 0.9975);
}

#[test]
fn places_fail_where_it_is_stated_or_asked_for() {
    let text = "client u\nregion r zones=2 { service s x2 availability=90% }\nflow f { u -> s }";
    near(up(text), 0.99);
    let design = design(text);
    let assumed = availability(&design, Places::Assumed);
    let Down::Exact(down) = assumed.down else { panic!("not exact") };
    let (zone, region) = (17_520.0 / 17_523.0, 43_800.0 / 43_804.0);
    let instance = 1.0 - 0.9 * zone;
    near(1.0 - down, region * (1.0 - instance * instance));
    assert_eq!(assumed.assumed.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Shares stay shares, naive or not; and one instance more of what one is enough of never hurts.
    #[test]
    fn shares_are_shares_and_more_never_hurts(seed in any::<u64>(), more in 0_usize..12) {
        let text = random_design(&mut Random::new(seed), 14);
        let design = design(&text);
        let now = availability(&design, Places::Assumed);
        let Down::Exact(down) = now.down else { return Err(TestCaseError::fail("not exact")) };
        prop_assert!((0.0..=1.0 + 1e-12).contains(&down) && (0.0..=1.0).contains(&now.naive), "{down}:\n{text}");
        let node = petgraph::graph::NodeIndex::new(more % design.graph.node_count());
        let attrs = &design.graph[node].attrs;
        // A majority of four is harder to have than one of three, and another zone may take the work from a better one.
        let counted = ["quorum", "copies", "shards", "replication"].iter().any(|how| attrs.has(how));
        if !counted {
            let change = Some(spof::numbers::availability::Change::OneMore(node));
            let tree = fault_tree(&mut Model::new(&design, Places::Assumed, change), &design.flows[0]);
            let then = Diagram::of(&tree, &mut Budget::WHOLE.clone()).unwrap().down();
            prop_assert!(then <= down + 1e-12, "one more {}: {down} to {then}:\n{text}", design.graph[node].id);
        }
        if let Some(diagram) = Diagram::of(&now.tree, &mut Budget::WHOLE.clone()) {
            for one in importance(&now.tree, &diagram) {
                prop_assert!(one.gone.is_finite() && (0.0..=1.0 + 1e-9).contains(&one.gone));
                prop_assert!(one.birnbaum.is_finite() && one.birnbaum >= -1e-12);
            }
        }
    }
}

/// A thousand things in one flow, in one region or knotted over many, end exactly or with what they lie between.
#[test]
fn a_thousand_components_end() {
    let mut random = Random::new(3);
    for (regions, knotted) in [(1, false), (10, false), (10, true)] {
        let text = random_designs::large(&mut random, 350, regions, knotted);
        let design = design(&text);
        let found = availability(&design, Places::Assumed);
        assert!(found.tree.components.len() >= 1000, "{}", found.tree.components.len());
        match found.down {
            Down::Exact(down) => assert!((0.0..=1.0).contains(&down)),
            Down::Between { least, most, .. } => assert!((0.0..=most).contains(&least) && most <= 1.0),
        }
        println!("{regions} regions, knotted {knotted}: {:?}", found.down);
    }
}

/// Where a design is too large for the exact figure, what it is said to lie between holds it.
#[test]
fn what_it_lies_between_holds_it() {
    let mut random = Random::new(4);
    for _ in 0..300 {
        let design = design(&random_design(&mut random, 14));
        let mut model = Model::new(&design, Places::AsStated, None);
        let tree = fault_tree(&mut model, &design.flows[0]);
        let exact = Diagram::of(&tree, &mut Budget::WHOLE.clone()).unwrap().down();
        let Down::Between { least, most, .. } = spof::numbers::availability::between(&tree, &cuts(&tree))
        else {
            panic!("no bounds");
        };
        assert!(least <= exact + 1e-12 && exact <= most + 1e-12, "{least} {exact} {most}");
    }
}

/// Debian's `scram` on the same trees: its probability, and its minimal cut sets.
#[test]
fn scram_agrees() {
    if Command::new("scram").arg("--version").output().is_err() {
        println!("skipped: `scram` is not installed (apt-get install scram)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(5);
    let mut compared = 0;
    while compared < 150 {
        let text = random_design(&mut random, 16);
        let design = design(&text);
        let found = availability(&design, Places::AsStated);
        let Down::Exact(down) = found.down else { panic!("not exact") };
        if found.tree.components.is_empty() || found.cuts.sets.is_empty() {
            continue;
        }
        let (theirs, products) = scram(folder.path(), &found.tree);
        // It prints six digits.
        assert!((theirs - down).abs() < 1e-5 * down, "{theirs} is not {down}:\n{text}");
        let ours: BTreeSet<BTreeSet<String>> =
            found.cuts.sets.iter().map(|set| set.iter().map(|at| format!("c{at}")).collect()).collect();
        assert_eq!(products, ours, "in:\n{text}");
        compared += 1;
    }
}

/// Its probability of the top, and its products of up to four.
fn scram(folder: &std::path::Path, tree: &FaultTree) -> (f64, BTreeSet<BTreeSet<String>>) {
    let (model, report) = (folder.join("model.xml"), folder.join("report.xml"));
    std::fs::write(&model, open_psa(tree)).unwrap();
    let run = |more: &[&str]| {
        let output = Command::new("scram")
            .args(["--bdd", "--probability", "1"])
            .args(more)
            .arg(&model)
            .arg("-o")
            .arg(&report)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(&report).unwrap()
    };
    let text = run(&[]);
    let xml = roxmltree::Document::parse(&text).unwrap();
    let sum = xml.descendants().find(|node| node.has_tag_name("sum-of-products")).unwrap();
    let probability = sum.attribute("probability").unwrap().parse().unwrap();
    let product = |node: roxmltree::Node| -> BTreeSet<String> {
        node.children()
            .filter(|child| child.has_tag_name("basic-event"))
            .map(|event| event.attribute("name").unwrap().to_string())
            .collect()
    };
    let products = sum
        .children()
        .filter(|node| node.has_tag_name("product"))
        .map(product)
        .filter(|set| set.len() <= 4)
        .collect();
    (probability, products)
}
