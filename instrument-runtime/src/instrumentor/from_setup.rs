//! From a setup to an instrumented program.

use super::{InstrumentError, InstrumentorBuilder, PipecatInstrumentor};
use crate::export::Setup;
use crate::privacy::TraceConfig;

impl Setup {
    /// From now on, every annotated task that is built is observed, and its spans go where this was set up to send them, in
    /// the words of its backend. If it is switched off, nothing is observed, and nothing is wrong with that.
    ///
    /// ```
    /// use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    /// # use pipecat_instrument_runtime::export::{self as setup, Environment};
    ///
    /// # let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().environment(environment).build()?;
    /// setup.instrument()?;
    /// assert!(PipecatInstrumentor::is_instrumented());
    /// # PipecatInstrumentor::uninstrument();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instrument(&self) -> Result<(), InstrumentError> {
        if self.is_on() { self.instrumentor().instrument(self.provider()) } else { Ok(()) }
    }

    /// The same, with further settings. To be finished with `instrument(setup.provider())`.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use pipecat_instrument_runtime::instrumentor::PipecatInstrumentor;
    /// # use pipecat_instrument_runtime::export::{self as setup, Environment};
    ///
    /// # let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console")]);
    /// let setup = setup::builder().environment(environment).build()?;
    /// setup.instrumentor().turn_end_timeout(Duration::from_secs(2)).instrument(setup.provider())?;
    /// # PipecatInstrumentor::uninstrument();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instrumentor(&self) -> InstrumentorBuilder {
        let emit = self.emit_settings();
        let mut builder = PipecatInstrumentor::builder()
            .layout(emit.layout)
            .span_names(emit.span_names)
            .conventions(emit.conventions)
            .attribute_limit(emit.attribute_limit);
        if let Some(length) = self.max_value_length() {
            builder = builder.trace_config(TraceConfig::default().max_value_length(length));
        }
        builder
    }
}
