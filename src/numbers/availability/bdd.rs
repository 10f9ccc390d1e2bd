//! The exact probability of a fault tree, by a binary decision diagram. The one file that knows the library for them.

use biodivine_lib_bdd::{Bdd, BddNode, BddVariable, BddVariableSet, op_function};

use super::tree::{FaultTree, Gate, Term};

/// What may be spent, in nodes of diagrams that are built: no clock, so that the same design always ends the same way.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub nodes: usize,
}

/// The largest single diagram.
const LARGEST: usize = 400_000;

impl Budget {
    /// About what a second builds.
    pub const WHOLE: Budget = Budget { nodes: 6_000_000 };

    fn spend(&mut self, nodes: usize) -> Option<()> {
        self.nodes = self.nodes.checked_sub(nodes)?;
        Some(())
    }
}

/// When the top of a tree works, decided component by component.
#[derive(Debug)]
pub struct Diagram {
    /// Children before parents; the first two are "down" and "up", the last is the root.
    nodes: Vec<Decision>,
    downs: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Decision {
    component: usize,
    down: usize,
    up: usize,
}

impl Diagram {
    /// None where it would cost more than the budget.
    pub fn of(tree: &FaultTree, budget: &mut Budget) -> Option<Diagram> {
        let count = u16::try_from(tree.components.len()).ok().filter(|&count| count < u16::MAX)?;
        let variables = BddVariableSet::new_anonymous(count);
        let mut built: Vec<Option<Bdd>> = vec![None; tree.gates.len()];
        let mut left = uses(tree);
        for (at, gate) in tree.gates.iter().enumerate() {
            let inputs = |built: &[Option<Bdd>], terms: &[Term]| {
                let mut inputs: Vec<Bdd> =
                    terms.iter().map(|&term| built[term].clone().expect("inputs stand before")).collect();
                inputs.sort_by_key(lowest);
                inputs
            };
            let bdd = match gate {
                Gate::Always => variables.mk_true(),
                Gate::Never => variables.mk_false(),
                Gate::Up(component) => variables.mk_var(BddVariable::from_index(*component)),
                Gate::All(terms) => together(inputs(&built, terms), op_function::and, budget)?,
                Gate::Any(terms) => together(inputs(&built, terms), op_function::or, budget)?,
                Gate::AtLeast(wanted, terms) => at_least(*wanted, inputs(&built, terms), &variables, budget)?,
            };
            built[at] = Some(bdd);
            // What nothing needs any more is let go.
            for &input in gate.inputs() {
                left[input] -= 1;
                if left[input] == 0 {
                    built[input] = None;
                }
            }
        }
        let top = built.pop().flatten()?;
        let nodes = top.to_nodes().iter().map(decision).collect();
        Some(Diagram { nodes, downs: tree.components.iter().map(|component| component.down).collect() })
    }

    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The share of time that it is down. Only sums and products of what is not negative: small shares keep their digits.
    pub fn down(&self) -> f64 {
        self.down_with(|component| self.downs[component])
    }

    /// The same, had its components other shares.
    pub fn down_with(&self, down: impl Fn(usize) -> f64) -> f64 {
        self.values(down).last().copied().unwrap_or(1.0)
    }

    /// For each component: how much more the top is down while it is down than while it is up (Birnbaum's importance).
    pub fn birnbaum(&self) -> Vec<f64> {
        let values = self.values(|component| self.downs[component]);
        let mut importance = vec![0.0; self.downs.len()];
        let mut reach = vec![0.0; self.nodes.len()];
        if let Some(root) = reach.last_mut() {
            *root = 1.0;
        }
        for at in (2..self.nodes.len()).rev() {
            let node = self.nodes[at];
            let down = self.downs[node.component];
            importance[node.component] += reach[at] * (values[node.down] - values[node.up]);
            reach[node.down] += reach[at] * down;
            reach[node.up] += reach[at] * (1.0 - down);
        }
        importance
    }

    fn values(&self, down: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut values = vec![1.0, 0.0];
        values.truncate(self.nodes.len());
        for node in self.nodes.iter().skip(2) {
            let share = down(node.component);
            values.push(share * values[node.down] + (1.0 - share) * values[node.up]);
        }
        values
    }
}

fn decision(node: &BddNode) -> Decision {
    Decision { component: node.var.to_index(), down: node.low_link.to_index(), up: node.high_link.to_index() }
}

/// How often each gate is taken as an input.
fn uses(tree: &FaultTree) -> Vec<usize> {
    let mut uses = vec![0; tree.gates.len()];
    tree.gates.iter().flat_map(Gate::inputs).for_each(|&input| uses[input] += 1);
    uses
}

/// The component that a diagram decides first.
fn lowest(bdd: &Bdd) -> usize {
    if bdd.size() < 3 { 0 } else { bdd.var_of(bdd.root_pointer()).to_index() }
}

type Operation = fn(Option<bool>, Option<bool>) -> Option<bool>;

fn apply(left: &Bdd, right: &Bdd, operation: Operation, budget: &mut Budget) -> Option<Bdd> {
    let made = Bdd::binary_op_with_limit(LARGEST.min(budget.nodes), left, right, operation);
    // What was begun and given up has been paid for as well.
    let cost = made.as_ref().map_or(LARGEST.min(budget.nodes), Bdd::size);
    budget.spend(cost)?;
    made
}

/// Pair by pair, neighbours first, so that no diagram is copied more often than it must.
fn together(mut bdds: Vec<Bdd>, operation: Operation, budget: &mut Budget) -> Option<Bdd> {
    while bdds.len() > 1 {
        bdds = bdds
            .chunks(2)
            .map(|pair| match pair {
                [one, other] => apply(one, other, operation, budget),
                pair => Some(pair[0].clone()),
            })
            .collect::<Option<_>>()?;
    }
    bdds.pop()
}

/// `row[j]`: at least j of those seen so far; each input in turn either counts or does not.
fn at_least(wanted: usize, inputs: Vec<Bdd>, variables: &BddVariableSet, budget: &mut Budget) -> Option<Bdd> {
    let mut row = vec![variables.mk_false(); wanted + 1];
    row[0] = variables.mk_true();
    // Those decided last come first: what is built grows upwards.
    for input in inputs.iter().rev() {
        for most in (1..=wanted).rev() {
            // Monotone: at least j before, or at least j - 1 before and this one.
            let with = apply(&row[most - 1], input, op_function::and, budget)?;
            row[most] = apply(&row[most], &with, op_function::or, budget)?;
        }
    }
    row.pop()
}
