//! What the compiler says of mistakes: one mistake a file, beside what it is answered with.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the answers anew; read what changed.

#[test]
fn mistakes_are_answered_with_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
