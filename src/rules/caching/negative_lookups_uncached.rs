use crate::catalog::Kind;
use crate::design::{Flow, Step};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{Confidence, Facts, Group, Page, Question, Rule};

pub static RULE: Rule = Rule {
    id: "negative-lookups-uncached",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    grave: false,
    group: Group::Caching,
    summary: "whoever tries codes that do not exist reaches the store with each of them",
    question: Some(Question {
        topic: "codes that do not exist",
        text: "a script tries random ones, each a miss: what keeps them from the store?",
    }),
    reads: &["auth", "by", "generates", "negative", "on", "quota", "rate_limit"],
    page: Page {
        checks: "Lookups of short codes through a cache: what a code that does not exist costs.",
        when: "Some node `generates=code` (short codes are what people guess; ids that are too many to guess are not), a flow that starts at a client asks a cache and, `on=miss`, a store `by=` the single \
               key field of a table, and the cache says nothing of `negative`. A question, and wrong where `negative=no` is stated. Silent where any node on the flow has a \
               `rate_limit`, a `quota` or `auth` (which bound such a script), and with `negative` on the cache. The flow's `rate` does not matter: a script does not keep to it.",
        why: "A cache remembers what exists. A script that tries random codes misses with every one, so that the store gets the \
              whole of its traffic, which nobody planned for, while the cache shows a hit rate that falls for no reason. A limit for each \
              caller ends that, and so does a Bloom filter of all codes; remembering what does not exist (`negative`) helps only where the same \
              codes are tried again, as dead links are.",
        outage: None,
        bad: "client web\nlb front managed\nservice links x2 generates=code scheme=random\nredis hot x2 ttl=1h negative=no failover=auto\ndynamodb store backup=1h { table link { key code } }\n\
              flow follow public { web -> front -> links -> hot reads\n  links -> store reads=link by=code on=miss }\n",
        good: "client web\nlb front managed rate_limit=50/s limit_by=ip\nservice links x2 generates=code scheme=random\nredis hot x2 ttl=1h negative=no failover=auto\ndynamodb store backup=1h { table link { key code } }\n\
               flow follow public { web -> front -> links -> hot reads\n  links -> store reads=link by=code on=miss }\n",
        ignore: "The store carries as much as anybody can send.",
    },
    check,
};

fn check(facts: &Facts) -> Vec<Diagnostic> {
    if !facts.nodes(|_| true).any(|node| facts.node(node).attrs.text("generates").value() == Some("code")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (cache, misses) in facts.misses_by_cache() {
        let node = facts.node(cache);
        if node.attrs.has("negative") {
            continue;
        }
        let open = misses.iter().find(|miss| {
            facts.flow_of(miss.load).is_some_and(|flow| is_open(facts, flow)) && by_code(facts, miss.load)
        });
        let Some(miss) = open else { continue };
        let (name, store) = (node.name(), facts.node(miss.store).name());
        let first = facts.flow_of(miss.load).and_then(|flow| facts.design.steps_of(flow).first());
        let guard = facts.node(first.map_or(miss.load.from, |step| step.to)).name();
        let caller = facts.node(miss.load.from).name();
        let code = miss.load.attrs.words("by").first().map_or("code", String::as_str);
        let message = format!("each `{code}` that does not exist passes {name} and is looked up in {store}");
        let finding = match node.attrs.get("negative") {
            Some(setting) => Diagnostic::wrong(message, setting.span, "what is missing is not remembered"),
            None => Diagnostic::unstated(message, miss.load.span, "taken for each of them").question(format!(
                "a script tries random values of `{code}`, each a miss of {name}: what keeps them from {store}?"
            )),
        };
        found.push(
            finding
                .node(&node.id)
                .hop(facts.id(miss.load.from), facts.id(miss.store))
                .flows(facts.flow_of(miss.load).map(|flow| flow.id.clone()))
                .evidence(format!("{} → {}, and no rate limit on the way", facts.show_way(&facts.way_to(miss.load.from)), facts.id(miss.store)))
                .consequence(format!(
                    "somebody enumerates codes at 10,000 a second, {name} answers none of them, and {store} is slow for everybody"
                ))
                .fix(format!("`rate_limit=50/s limit_by=ip` on {guard}, or a Bloom filter of all codes in {caller} (then `allow` this); and `negative` on {name}, for the few that are asked for again and again")),
        );
    }
    found
}

/// Somebody outside sends as much as he likes.
fn is_open(facts: &Facts, flow: &Flow) -> bool {
    let steps = facts.design.steps_of(flow);
    let guards = |step: &Step| {
        [step.from, step.to].into_iter().any(|node| {
            let attrs = &facts.node(node).attrs;
            ["rate_limit", "quota", "auth"].iter().any(|guard| attrs.has(guard))
        })
    };
    steps.first().is_some_and(|step| facts.node(step.from).kind == Kind::Client) && !steps.iter().any(guards)
}

fn by_code(facts: &Facts, load: &Step) -> bool {
    let fields = load.attrs.words("by");
    fields.len() == 1 && facts.tables_read(load).any(|table| table.keys == fields)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::testing::expect;

    #[test]
    fn cases() {
        let case = |service: &str, cache: &str, flow: &str, load: &str, expected: &[&str]| {
            let text = format!(
                "client u\nservice a x2 {service}\nredis c {cache}\npostgres d {{ table t {{ key k }} }}\n\
                 flow f {flow} {{ u -> a -> c reads\na -> d {load} on=miss }}"
            );
            expect(&RULE, &text, expected);
        };
        let load = "reads=t by=k";
        case("generates=code", "", "", load, &["unstated c"]);
        case("generates=code", "negative=no", "", load, &["wrong c"]);
        case("generates=code", "negative", "", load, &[]);
        case("generates=code rate_limit=10/s", "", "", load, &[]);
        case("generates=code auth=jwt", "", "", load, &[]);
        // A script keeps to no rate.
        case("generates=code", "", "rate=2/s", load, &["unstated c"]);
        case("generates=id", "", "", load, &[]);
        case("generates=code", "", "", "reads", &[]);
    }
}
