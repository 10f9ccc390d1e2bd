//! The language as people write it: what is read, and what is said of what cannot be.

use spof::syntax::parse;

const WHOLE: &str = include_str!("fixtures/whole.arch");

#[test]
fn the_whole_example_is_read() {
    let (ast, mistakes) = parse(WHOLE);
    assert_eq!(mistakes, []);
    println!("{:?}", item.span.text(WHOLE));
    assert_eq!(ast.items.len(), 35);
}
