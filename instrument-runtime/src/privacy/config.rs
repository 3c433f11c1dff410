//! The settings, as a program gives them.

use std::borrow::Cow;

use super::ContentKind;
use super::environment::{self, Misread};
use super::hidden::Decisions;
use super::hook::Hook;

/// What may leave a conversation, in spans and in the frame log.
///
/// What is not said here is up to the environment when the program is instrumented, and what the environment does not
/// say, up to the defaults: everything is shown but pictures of more than 32,000 characters. The
/// [module](crate::privacy) says what each option hides.
///
/// ```
/// use std::borrow::Cow;
///
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::instrumentor::{InstrumentError, PipecatInstrumentor};
/// use pipecat_instrument_runtime::privacy::{ContentKind, TraceConfig};
///
/// let config = TraceConfig::default()
///     .hide_input_images(true)
///     .max_value_length(8_000)
///     .redact_with(|kind, text| match kind {
///         ContentKind::ToolResult => Cow::Owned(text.replace("4111", "****")),
///         _ => Cow::Borrowed(text),
///     });
/// PipecatInstrumentor::builder().trace_config(config).instrument(NoopTracerProvider::new())?;
/// # PipecatInstrumentor::uninstrument();
/// # Ok::<(), InstrumentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceConfig {
    pub(super) decisions: Decisions,
    pub(super) base64_image_max_length: Option<usize>,
    pub(super) max_value_length: Option<usize>,
    pub(super) hook: Option<Hook>,
}

impl TraceConfig {
    /// What the environment says now. What is called on it afterwards wins.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{TraceConfig};
    ///
    /// let config = TraceConfig::from_env().hide_outputs(true);
    /// ```
    pub fn from_env() -> Self {
        Self::default().or_env()
    }

    /// The same, with what it leaves open taken from the environment as it is now.
    ///
    /// A value that cannot be read is warned of once, and counts as the default.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{TraceConfig};
    ///
    /// let config = TraceConfig::default().hide_outputs(true);
    /// assert_eq!(config.clone().or_env().or_env(), config.or_env());
    /// ```
    pub fn or_env(self) -> Self {
        let lookup = |variable: &str| Some(std::env::var_os(variable)?.to_string_lossy().into_owned());
        self.or_else(lookup, environment::warn_once)
    }

    /// The same, with what it leaves open taken from `lookup`, which is asked for the value of each variable by its
    /// name: for settings that come from elsewhere than the environment.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{TraceConfig};
    ///
    /// let file = |variable: &str| (variable == "OPENINFERENCE_HIDE_INPUTS").then(|| "true".to_owned());
    /// assert_eq!(TraceConfig::default().or_lookup(file), TraceConfig::default().hide_inputs(true));
    /// ```
    pub fn or_lookup(self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        self.or_else(lookup, Misread::warn)
    }

    pub(super) fn or_else(
        self,
        lookup: impl Fn(&str) -> Option<String>,
        misread: impl FnMut(&Misread),
    ) -> Self {
        environment::fill(self, lookup, misread)
    }

    /// Redact `data:` URLs of pictures that have more characters than `length`: 32,000 unless told otherwise.
    pub fn base64_image_max_length(mut self, length: usize) -> Self {
        self.base64_image_max_length = Some(length);
        self
    }

    /// Cut every text that leaves at `length` characters, with a mark in the last of them that says how many are
    /// missing. Without this, texts are as long as they are.
    ///
    /// JSON that is cut is no JSON any more; a `data:` URL that is too long is redacted instead.
    pub fn max_value_length(mut self, length: usize) -> Self {
        self.max_value_length = Some(length);
        self
    }

    /// Ask `hook` what may leave of each text that the other options show.
    ///
    /// It is asked where a text leaves, while the pipeline waits, and perhaps more than once for the same text: it
    /// should be quick, and must not push frames. Where it panics, the text is redacted. JSON that it makes into
    /// something else becomes a JSON string.
    pub fn redact_with<H>(mut self, hook: H) -> Self
    where
        H: for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync + 'static,
    {
        self.hook = Some(Hook::new(hook));
        self
    }
}
