//! A provider of one's own: where spans go if nothing else was set up.
//!
//! | file | subject |
//! |---|---|
//! | [`tree`] | finished spans as trees, to be read by people |
//! | `console` | an exporter that prints each turn's tree as it ends |

mod console;
#[cfg(test)]
mod scene;
pub mod tree;

pub use console::ConsoleExporter;
