//! A provider of one's own: where spans go if nothing else was set up.

mod console;
pub mod tree;

pub use console::ConsoleExporter;
