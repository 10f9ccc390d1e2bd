//! Designs of any size for measuring, the same on every machine: regions of services with their stores, caches, queues
//! and workers, and flows through them; about two hops for each node.

use std::fmt::Write;

use spof::layout::random::Random;

/// A design of about `nodes` nodes, without mistakes.
pub fn design(nodes: usize, seed: u64) -> String {
    let mut random = Random::new(seed);
    let cells = (nodes / 5).max(1);
    let mut text = String::new();
    writeln!(text, "design \"Generated, {nodes} nodes\"\n").unwrap();
    writeln!(text, "given {{\n  users = 5M  # assumed\n  calls = 20 * users / day\n}}\n").unwrap();
    writeln!(text, "client web \"Browser\"\nlb front managed\n").unwrap();
    for cell in 0..cells {
        if cell % 20 == 0 {
            writeln!(text, "region r{} \"Region {}\" zones=3 {{", cell / 20, cell / 20).unwrap();
        }
        let instances = 2 + random.below(6);
        writeln!(
            text,
            "  service s{cell} \"Service {cell}\" x{instances} stateless auth=jwt rate_limit=100/min"
        )
        .unwrap();
        writeln!(text, "  postgres d{cell} \"Store {cell}\" x3 failover=auto backup=1h {{").unwrap();
        writeln!(text, "    table t{cell} {{ key id; rows = 100 * users; size = 300B }}\n  }}").unwrap();
        writeln!(text, "  redis c{cell} x3 ttl=24h jitter eviction=lru hit_rate=90%").unwrap();
        writeln!(text, "  rabbitmq q{cell} x3").unwrap();
        writeln!(text, "  worker w{cell} x2 idempotent").unwrap();
        if cell % 20 == 19 || cell + 1 == cells {
            writeln!(text, "}}\n").unwrap();
        }
    }
    writeln!(text, "every call timeout=200ms\n").unwrap();
    for cell in 0..cells {
        // Services call only those declared before them, as layers do: no cycles.
        let next = random.below(cell.max(1));
        writeln!(text, "flow f{cell} \"GET /{cell}\" rate=calls p99=200ms {{").unwrap();
        writeln!(text, "  web -> front -> s{cell}").unwrap();
        writeln!(text, "  s{cell} -> c{cell} reads").unwrap();
        writeln!(text, "  s{cell} -> d{cell} reads=t{cell} on=miss").unwrap();
        if next != cell {
            writeln!(text, "  s{cell} -> s{next} share=50% -> d{next} reads=t{next}").unwrap();
        }
        writeln!(text, "  s{cell} ~> q{cell} ~> w{cell} -> d{cell} writes=t{cell}\n}}\n").unwrap();
    }
    text
}
