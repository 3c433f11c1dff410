//! A provider of one's own: where spans go if nothing else was set up.
//!
//! | file | subject |
//! |---|---|
//! | [`tree`] | finished spans as trees, to be read by people |
//! | [`text`] | text as a terminal shows it |
//! | [`units`] | times as people read them |
//! | `console` | an exporter that prints each turn's tree as it ends |

mod console;
#[cfg(test)]
mod scene;
mod service;
pub mod text;
pub mod tree;
pub mod units;

pub use console::ConsoleExporter;
pub use service::service_label;
