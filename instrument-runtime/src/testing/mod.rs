//! Support for tests, of this project and of adapters. Needs the feature `testing`.

pub mod conformance;
pub mod exported_invariants;
pub mod synthetic;
