//! What tests are made of, ours and those of adapters. Needs the feature `testing`.

pub mod conformance;
mod invariants;
pub mod synthetic;
pub mod traces;
