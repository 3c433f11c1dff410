//! The compiler's output for mistakes, one mistake a file, and programs that need a crate of their own to compile, which run.
//!
//! `TRYBUILD=overwrite cargo test -p pipecat-instrument-macros --test ui` writes the `.stderr` files; review the changes.

#[test]
fn mistakes_are_reported_with_a_remedy() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
