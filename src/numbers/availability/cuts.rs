//! Minimal cut sets: what has to fail together for a flow to fail, and nothing less would do.

use std::collections::{HashMap, HashSet};

use super::tree::{FaultTree, Gate, Term};

/// Indices of components, rising.
pub type Set = Vec<u32>;

/// Cut sets of no more failures than these are looked for.
pub const LARGEST_ORDER: usize = 4;
/// Sets that a gate keeps; and those of each of two that have to fail together.
const MOST: usize = 10_000;
const MOST_FACTOR: usize = 600;

/// The minimal cut sets of a tree, smallest first and then most probable first.
#[derive(Debug, Clone, Default)]
pub struct Cuts {
    pub sets: Vec<Set>,
    /// No more than this is the probability that one fails which is not among them: larger ones, and those past the count.
    pub left_out: f64,
    /// Every minimal cut set up to `LARGEST_ORDER` is there.
    pub complete: bool,
}

/// How the sets of one gate come to be.
struct Reckoning<'t> {
    tree: &'t FaultTree,
}

/// From the components upwards: what fails one input fails `All`; what fails every input fails `Any`.
pub fn cuts(tree: &FaultTree) -> Cuts {
    let reckoning = Reckoning { tree };
    let mut of: HashMap<Term, Cuts> = HashMap::new();
    for (at, gate) in tree.gates.iter().enumerate() {
        let inputs: Vec<&Cuts> = gate.inputs().iter().map(|input| &of[input]).collect();
        let cuts = match gate {
            Gate::Always => Cuts { complete: true, ..Cuts::default() },
            Gate::Never => reckoning.certain(),
            Gate::Up(component) => reckoning.single(*component),
            Gate::All(_) => reckoning.one_of(&inputs),
            Gate::Any(terms) => reckoning.so_many(terms.len(), &inputs),
            Gate::AtLeast(wanted, terms) => reckoning.so_many(terms.len() + 1 - wanted, &inputs),
        };
        of.insert(at, cuts);
    }
    let mut cuts = of.remove(&tree.top()).expect("the top is a gate");
    reckoning.sort(&mut cuts.sets);
    cuts
}

impl Reckoning<'_> {
    /// It fails whatever happens: the empty set.
    fn certain(&self) -> Cuts {
        Cuts { sets: vec![Vec::new()], left_out: 0.0, complete: true }
    }

    fn single(&self, component: usize) -> Cuts {
        let only = Cuts { sets: vec![vec![component as u32]], left_out: 0.0, complete: true };
        self.one_of(&[&only])
    }

    fn failures(&self, set: &[u32]) -> u64 {
        set.iter().fold(0, |sum: u64, &at| sum.saturating_add(self.tree.components[at as usize].failures))
    }

    fn probability(&self, set: &[u32]) -> f64 {
        set.iter().map(|&at| self.tree.components[at as usize].down).product()
    }

    fn one_of(&self, inputs: &[&Cuts]) -> Cuts {
        let mut cuts = Cuts { complete: true, ..Cuts::default() };
        for input in inputs {
            cuts.sets.extend(input.sets.iter().cloned());
            cuts.left_out += input.left_out;
            cuts.complete &= input.complete;
        }
        self.tidy(&mut cuts, MOST);
        cuts
    }

    /// At least so many of the inputs fail: `rows[j]` is how j of those seen so far do.
    fn so_many(&self, failures: usize, inputs: &[&Cuts]) -> Cuts {
        let none = Cuts { complete: true, ..Cuts::default() };
        let mut rows = vec![none; failures + 1];
        rows[0] = self.certain();
        for (seen, input) in inputs.iter().enumerate() {
            // What cannot become enough with the inputs that are left is not worth having.
            let least = (failures + seen + 1).saturating_sub(inputs.len()).max(1);
            for row in (least..=failures.min(seen + 1)).rev() {
                let with = self.both(&rows[row - 1], input);
                rows[row] = self.one_of(&[&rows[row], &with]);
            }
        }
        rows.pop().expect("there is a last row")
    }

    fn both(&self, one: &Cuts, other: &Cuts) -> Cuts {
        let [one, other] = [one, other].map(|cuts| {
            let mut cuts = cuts.clone();
            if cuts.sets.len() > MOST_FACTOR {
                self.tidy(&mut cuts, MOST_FACTOR);
            }
            cuts
        });
        let mut both = Cuts {
            sets: Vec::new(),
            left_out: one.left_out + other.left_out,
            complete: one.complete && other.complete,
        };
        let mut seen = HashSet::new();
        for left in &one.sets {
            for right in &other.sets {
                let set = union(left, right);
                if set.len() > LARGEST_ORDER {
                    both.left_out += self.probability(&set);
                } else if seen.insert(set.clone()) {
                    both.sets.push(set);
                }
            }
        }
        self.tidy(&mut both, MOST);
        both
    }

    /// Minimal, and no more than so many.
    fn tidy(&self, cuts: &mut Cuts, most: usize) {
        let Cuts { sets, left_out, .. } = cuts;
        sets.retain(|set| {
            let few = self.failures(set) <= LARGEST_ORDER as u64;
            *left_out += if few { 0.0 } else { self.probability(set) };
            few
        });
        minimise(&mut cuts.sets);
        if cuts.sets.len() > most {
            self.sort(&mut cuts.sets);
            cuts.left_out += cuts.sets[most..].iter().map(|set| self.probability(set)).sum::<f64>();
            cuts.sets.truncate(most);
            cuts.complete = false;
        }
        cuts.left_out = cuts.left_out.min(1.0);
    }

    fn sort(&self, sets: &mut Vec<Set>) {
        let mut keyed: Vec<(u64, f64, Set)> = std::mem::take(sets)
            .into_iter()
            .map(|set| (self.failures(&set), self.probability(&set), set))
            .collect();
        keyed.sort_by(|(few, p, one), (many, q, other)| {
            few.cmp(many).then(q.total_cmp(p)).then_with(|| one.cmp(other))
        });
        *sets = keyed.into_iter().map(|(_, _, set)| set).collect();
    }
}

fn union(one: &[u32], other: &[u32]) -> Set {
    let mut set: Set = one.iter().chain(other).copied().collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// Without those that contain another one. They are small, so that all parts of each can be looked up.
fn minimise(sets: &mut Vec<Set>) {
    let all: HashSet<Set> = sets.drain(..).collect();
    let contains_another = |set: &Set| {
        (0..(1_u32 << set.len()) - 1).any(|part| {
            let part: Set = (0..set.len()).filter(|at| part >> at & 1 == 1).map(|at| set[at]).collect();
            all.contains(&part)
        })
    };
    sets.extend(all.iter().filter(|set| !contains_another(set)).cloned());
    sets.sort_unstable();
}
