//! What the compiler says of mistakes: one mistake a file, beside what it is answered with. And what needs a crate of its
//! own to compile, which is run.
//!
//! `TRYBUILD=overwrite cargo test -p pipecat-instrument-macros --test ui` writes the answers anew; read what changed.

#[test]
fn mistakes_are_answered_with_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
