//! What every drawing must keep, on random designs and on those that mean harm.

#[path = "../common/mod.rs"]
mod common;

mod drawn;
mod faults;
mod harm;
mod shown;

use spof::design::{Design, lower};
use spof::draw::{Scene, layout};
use spof::syntax::parse;

const SHORTENER: &str = r#"
design "URL shortener" solves url-shortener at large
client browser
cdn edge ttl=60s
region us-east zones=3 {
  lb       front  "L7 load balancer" x2
  service  links  "Link service" x6
  redis    hot    "Hot links" x3
  group data "Data" trust=private {
    postgres store  "Links" x3
  }
  kafka    clicks x3
  worker   counter x4
}
monitor watch
note on store "Links never change."
flow redirect "GET /{code}" {
  browser -> edge
  edge -> front on=miss -> links -> hot reads
  links -> store reads on=miss protocol=tcp
  links ~> clicks ~> counter
  browser <-> edge
}
watch ..> store observes
"#;

fn design(text: &str) -> Design {
    lower(&parse(text).0).0
}

fn scene(text: &str) -> Scene {
    layout(&design(text))
}

fn parsed(svg: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}:\n{svg}"))
}

/// Each text of the picture, in the order it is read.
fn texts(drawn: &str) -> Vec<String> {
    let document = parsed(drawn);
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_string)).collect()
}

fn elements(drawn: &str, class: &str) -> usize {
    let document = parsed(drawn);
    document
        .descendants()
        .filter(|node| node.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class)))
        .count()
}
