//! What tests are made of, ours and those of adapters. Needs the feature `testing`.

pub mod conformance;
mod invariants;
pub mod made_up;
pub mod traces;
