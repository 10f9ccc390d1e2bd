//! Boolean terms over components, shared where they are the same: when things work. Read the other way round it is the
//! fault tree.

use std::collections::{HashMap, HashSet};

use super::component::{Component, What};

/// Index of a gate in its tree; what a gate is made of stands before it.
pub type Term = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Gate {
    Always,
    Never,
    /// Index in `components`: it is up.
    Up(usize),
    /// All of them.
    All(Vec<Term>),
    /// One of them.
    Any(Vec<Term>),
    /// At least so many of them.
    AtLeast(usize, Vec<Term>),
}

impl Gate {
    pub fn inputs(&self) -> &[Term] {
        match self {
            Gate::Always | Gate::Never | Gate::Up(_) => &[],
            Gate::All(terms) | Gate::Any(terms) | Gate::AtLeast(_, terms) => terms,
        }
    }
}

/// The terms of a whole design, while they are built.
#[derive(Debug, Default)]
pub struct Terms {
    pub gates: Vec<Gate>,
    pub components: Vec<Component>,
    known: HashMap<Gate, Term>,
    component_of: HashMap<What, usize>,
    keeps_certain: bool,
}

impl Terms {
    /// Where what never fails is a component all the same, or is none.
    pub fn new(keeps_certain: bool) -> Terms {
        Terms { keeps_certain, ..Terms::default() }
    }

    fn gate(&mut self, gate: Gate) -> Term {
        if let Some(&term) = self.known.get(&gate) {
            return term;
        }
        self.gates.push(gate.clone());
        self.known.insert(gate, self.gates.len() - 1);
        self.gates.len() - 1
    }

    pub fn always(&mut self) -> Term {
        self.gate(Gate::Always)
    }

    pub fn never(&mut self) -> Term {
        self.gate(Gate::Never)
    }

    /// A component is up. One that never fails is none.
    pub fn up(&mut self, component: Component) -> Term {
        if component.down <= 0.0 && !self.keeps_certain {
            return self.always();
        }
        let next = self.components.len();
        let index = *self.component_of.entry(component.what.clone()).or_insert(next);
        if index == next {
            self.components.push(component);
        }
        self.gate(Gate::Up(index))
    }

    pub fn all(&mut self, terms: Vec<Term>) -> Term {
        let terms = self.without(terms, Gate::Always);
        if terms.iter().any(|&term| self.gates[term] == Gate::Never) {
            return self.never();
        }
        match terms.as_slice() {
            [] => self.always(),
            [only] => *only,
            _ => self.gate(Gate::All(terms)),
        }
    }

    pub fn any(&mut self, terms: Vec<Term>) -> Term {
        let terms = self.without(terms, Gate::Never);
        if terms.iter().any(|&term| self.gates[term] == Gate::Always) {
            return self.always();
        }
        match terms.as_slice() {
            [] => self.never(),
            [only] => *only,
            _ => self.gate(Gate::Any(terms)),
        }
    }

    pub fn at_least(&mut self, wanted: usize, mut terms: Vec<Term>) -> Term {
        terms.retain(|&term| self.gates[term] != Gate::Never);
        let before = terms.len();
        terms.retain(|&term| self.gates[term] != Gate::Always);
        let wanted = wanted.saturating_sub(before - terms.len());
        match wanted {
            0 => self.always(),
            1 => self.any(terms),
            _ if wanted > terms.len() => self.never(),
            _ if wanted == terms.len() => self.all(terms),
            _ => self.gate(Gate::AtLeast(wanted, terms)),
        }
    }

    /// Each term once, without those that change nothing.
    fn without(&self, terms: Vec<Term>, neutral: Gate) -> Vec<Term> {
        let mut seen = HashSet::new();
        terms.into_iter().filter(|&term| self.gates[term] != neutral && seen.insert(term)).collect()
    }

    /// What one term is made of, and nothing else.
    pub fn tree(&self, top: Term) -> FaultTree {
        FaultTree::new(self, top)
    }
}

/// When one flow is served: the last gate. The components stand in the order in which they are decided.
#[derive(Debug)]
pub struct FaultTree {
    pub gates: Vec<Gate>,
    pub components: Vec<Component>,
}

impl FaultTree {
    fn new(terms: &Terms, top: Term) -> FaultTree {
        let reached = reached(terms, top);
        let mut uses: HashMap<Term, usize> = HashMap::new();
        for &term in &reached {
            for &input in terms.gates[term].inputs() {
                *uses.entry(input).or_default() += 1;
            }
        }
        let absorbed = absorbed(terms, &reached, &uses);
        let order = components_in_order(terms, top);
        let local: HashMap<usize, usize> = order.iter().enumerate().map(|(at, &of)| (of, at)).collect();
        let mut gates: Vec<Gate> = Vec::new();
        let mut place: HashMap<Term, Term> = HashMap::new();
        for &term in reached.iter().filter(|term| !absorbed.contains(term)) {
            let spliced = |inputs: &[Term], same: fn(&Gate) -> bool| {
                flat(terms, inputs, |input| same(&terms.gates[input]) && (term == top || uses[&input] == 1))
                    .into_iter()
                    .map(|input| place[&input])
                    .collect()
            };
            let gate = match &terms.gates[term] {
                Gate::Up(component) => Gate::Up(local[component]),
                Gate::All(inputs) => Gate::All(spliced(inputs, |gate| matches!(gate, Gate::All(_)))),
                Gate::Any(inputs) => Gate::Any(spliced(inputs, |gate| matches!(gate, Gate::Any(_)))),
                Gate::AtLeast(wanted, inputs) => {
                    Gate::AtLeast(*wanted, inputs.iter().map(|input| place[input]).collect())
                }
                constant => constant.clone(),
            };
            gates.push(gate);
            place.insert(term, gates.len() - 1);
        }
        let components = order.iter().map(|&at| terms.components[at].clone()).collect();
        FaultTree { gates, components }.pruned()
    }

    /// Without the gates that were taken into others.
    fn pruned(self) -> FaultTree {
        let mut used = vec![false; self.gates.len()];
        if let Some(top) = used.last_mut() {
            *top = true;
        }
        for at in (0..self.gates.len()).rev().filter(|&at| self.gates[at].inputs().len() > 1) {
            if used[at] {
                self.gates[at].inputs().iter().for_each(|&input| used[input] = true);
            }
        }
        let mut place = vec![0; self.gates.len()];
        let mut gates = Vec::new();
        for (at, gate) in self.gates.into_iter().enumerate().filter(|(at, _)| used[*at]) {
            let moved = |terms: Vec<Term>| terms.into_iter().map(|term| place[term]).collect();
            gates.push(match gate {
                Gate::All(terms) => Gate::All(moved(terms)),
                Gate::Any(terms) => Gate::Any(moved(terms)),
                Gate::AtLeast(wanted, terms) => Gate::AtLeast(wanted, moved(terms)),
                leaf => leaf,
            });
            place[at] = gates.len() - 1;
        }
        FaultTree { gates, components: self.components }
    }

    pub fn top(&self) -> Term {
        self.gates.len() - 1
    }
}

/// The terms that a top is made of, inputs before what they are put into.
fn reached(terms: &Terms, top: Term) -> Vec<Term> {
    let mut seen = HashSet::from([top]);
    let mut open = vec![top];
    while let Some(term) = open.pop() {
        open.extend(terms.gates[term].inputs().iter().filter(|&&input| seen.insert(input)));
    }
    let mut reached: Vec<Term> = seen.into_iter().collect();
    // Inputs exist before the gate that takes them.
    reached.sort_unstable();
    reached
}

/// Gates that only one of their own kind takes, which takes what they take instead. To build them as well would cost a long
/// chain its length squared.
fn absorbed(terms: &Terms, reached: &[Term], uses: &HashMap<Term, usize>) -> HashSet<Term> {
    let mut absorbed = HashSet::new();
    for &term in reached {
        for &input in terms.gates[term].inputs().iter().filter(|input| uses[input] == 1) {
            let same = matches!(
                (&terms.gates[term], &terms.gates[input]),
                (Gate::All(_), Gate::All(_)) | (Gate::Any(_), Gate::Any(_))
            );
            if same {
                absorbed.insert(input);
            }
        }
    }
    absorbed
}

/// Inputs with those that `opens` replaced by their own, each once, from left to right.
fn flat(terms: &Terms, inputs: &[Term], opens: impl Fn(Term) -> bool) -> Vec<Term> {
    let mut open: Vec<Term> = inputs.iter().rev().copied().collect();
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    while let Some(term) = open.pop() {
        if !seen.insert(term) {
            continue;
        }
        if opens(term) {
            open.extend(terms.gates[term].inputs().iter().rev());
        } else {
            out.push(term);
        }
    }
    out
}

/// As a walk through the tree meets them, region by region, what things stand in before what stands there: a decision
/// about a zone is then made once, and forgotten when its region is left.
fn components_in_order(terms: &Terms, top: Term) -> Vec<usize> {
    let mut open = vec![top];
    let mut seen = HashSet::new();
    let mut met = Vec::new();
    while let Some(term) = open.pop() {
        if !seen.insert(term) {
            continue;
        }
        if let Gate::Up(component) = terms.gates[term] {
            met.push(component);
        }
        open.extend(terms.gates[term].inputs().iter().rev());
    }
    let mut regions: HashMap<Option<&str>, usize> = HashMap::new();
    for &at in &met {
        let next = regions.len();
        regions.entry(terms.components[at].region.as_deref()).or_insert(next);
    }
    met.sort_by_key(|&at| {
        let component = &terms.components[at];
        let shared = component.what.node().is_none();
        let everywhere = shared && component.region.is_none();
        (!everywhere, regions[&component.region.as_deref()], !shared)
    });
    met
}
