//! What tests are made of, ours and those of adapters. Needs the feature `testing`.

pub mod conformance;
pub mod exported_invariants;
mod invariants;
pub mod synthetic;
