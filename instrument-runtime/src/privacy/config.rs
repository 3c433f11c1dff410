//! [`TraceConfig`]: the settings that hide content, given by code or by environment variables.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::ContentKind;
use super::redaction_hook::RedactionHook;

/// Defines each hide option once: variant, builder method and environment variable.
macro_rules! hide_options {
    ($($(#[doc = $doc:literal])+ $option:ident, $method:ident, $variable:literal;)*) => {
        /// Content that one setting hides.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum HideOption {
            $($(#[doc = $doc])+ $option,)*
        }

        impl HideOption {
            /// Every option with its variable, in the order of the variants.
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$option, $variable),)*];
        }

        /// Options that hide content. The [module documentation](crate::privacy) lists everything that each one covers.
        impl TraceConfig {
            $(
                $(#[doc = $doc])+
                pub fn $method(mut self, hide: bool) -> Self {
                    self.hide.0[HideOption::$option as usize] = Some(hide);
                    self
                }
            )*
        }
    };
}

hide_options! {
    /// Redacts span inputs, drops messages and tools of requests, and redacts whatever repeats them.
    Inputs, hide_inputs, "OPENINFERENCE_HIDE_INPUTS";
    /// Redacts span outputs, drops response messages, and redacts whatever repeats them.
    Outputs, hide_outputs, "OPENINFERENCE_HIDE_OUTPUTS";
    /// Drops the messages that are sent to models.
    InputMessages, hide_input_messages, "OPENINFERENCE_HIDE_INPUT_MESSAGES";
    /// Drops the messages that models respond with.
    OutputMessages, hide_output_messages, "OPENINFERENCE_HIDE_OUTPUT_MESSAGES";
    /// Redacts the texts in messages that are sent to models.
    InputText, hide_input_text, "OPENINFERENCE_HIDE_INPUT_TEXT";
    /// Redacts the texts in messages that models respond with.
    OutputText, hide_output_text, "OPENINFERENCE_HIDE_OUTPUT_TEXT";
    /// Drops images from messages.
    InputImages, hide_input_images, "OPENINFERENCE_HIDE_INPUT_IMAGES";
    /// Drops the settings of models.
    LlmInvocationParameters, hide_llm_invocation_parameters, "OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS";
    /// Drops the tools that models may call.
    LlmTools, hide_llm_tools, "OPENINFERENCE_HIDE_LLM_TOOLS";
}

/// `OpenInference` variables for content that is never written here. They are read only to report invalid values.
const VARIABLES_WITHOUT_EFFECT: [&str; 6] = [
    "OPENINFERENCE_HIDE_PROMPTS",
    "OPENINFERENCE_HIDE_CHOICES",
    // Older versions of OpenInference use the singular.
    "OPENINFERENCE_HIDE_EMBEDDING_VECTORS",
    "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS",
    "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT",
    "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS",
];

const BASE64_IMAGE_MAX_LENGTH: &str = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";

/// The hide options that were set, each to `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct HideOptions([Option<bool>; HideOption::ALL.len()]);

impl HideOptions {
    /// Whether `option` is on. Options are off unless set.
    pub(super) fn hides(&self, option: HideOption) -> bool {
        self.0[option as usize] == Some(true)
    }

    /// Whether every option is off.
    pub(super) fn hides_nothing(&self) -> bool {
        !self.0.contains(&Some(true))
    }
}

/// Settings for content that may leave the process in spans and frame logs.
///
/// Options that are not set are read from the environment when the program is instrumented. By default, everything is
/// shown except images of more than 32,000 characters. The [module documentation](crate::privacy) lists what each
/// option hides.
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
    pub(super) hide: HideOptions,
    pub(super) base64_image_max_length: Option<usize>,
    pub(super) max_value_length: Option<usize>,
    pub(super) hook: Option<RedactionHook>,
}

impl TraceConfig {
    /// Reads the settings from the environment. Methods called on the result override them.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::TraceConfig;
    ///
    /// let config = TraceConfig::from_env().hide_outputs(true);
    /// ```
    pub fn from_env() -> Self {
        Self::default().or_env()
    }

    /// Fills options that are not set from the environment.
    ///
    /// An invalid value is reported once per process and ignored.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::TraceConfig;
    ///
    /// let config = TraceConfig::default().hide_outputs(true);
    /// assert_eq!(config.clone().or_env().or_env(), config.or_env());
    /// ```
    pub fn or_env(self) -> Self {
        let lookup = |variable: &str| Some(std::env::var_os(variable)?.to_string_lossy().into_owned());
        self.or_else(lookup, InvalidVariable::warn_once)
    }

    /// Fills options that are not set from `lookup`, which returns the value of a variable: for settings from a file or
    /// another source.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::TraceConfig;
    ///
    /// let file = |variable: &str| (variable == "OPENINFERENCE_HIDE_INPUTS").then(|| "true".to_owned());
    /// assert_eq!(TraceConfig::default().or_lookup(file), TraceConfig::default().hide_inputs(true));
    /// ```
    pub fn or_lookup(self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        self.or_else(lookup, InvalidVariable::warn)
    }

    pub(super) fn or_else(
        mut self,
        lookup: impl Fn(&str) -> Option<String>,
        mut on_invalid: impl FnMut(&InvalidVariable),
    ) -> Self {
        let mut read_bool = |variable| {
            let value = lookup(variable)?;
            let hide = parse_bool(&value);
            if hide.is_none() {
                on_invalid(&InvalidVariable { variable, value, remedy: "set it to true or false" });
            }
            hide
        };
        for &(option, variable) in HideOption::ALL {
            let hide = &mut self.hide.0[option as usize];
            if hide.is_none() {
                *hide = read_bool(variable);
            }
        }
        for variable in VARIABLES_WITHOUT_EFFECT {
            read_bool(variable);
        }
        if self.base64_image_max_length.is_none()
            && let Some(value) = lookup(BASE64_IMAGE_MAX_LENGTH)
        {
            self.base64_image_max_length = value.parse().ok();
            if self.base64_image_max_length.is_none() {
                let (variable, remedy) =
                    (BASE64_IMAGE_MAX_LENGTH, "set it to a number of characters, as 32000");
                on_invalid(&InvalidVariable { variable, value, remedy });
            }
        }
        self
    }

    /// Redacts `data:` URLs of images that have more characters than `length`; 32,000 by default.
    pub fn base64_image_max_length(mut self, length: usize) -> Self {
        self.base64_image_max_length = Some(length);
        self
    }

    /// Truncates every text to `length` characters. The last ones give the number of missing characters. By default, texts
    /// have at most [`MAX_TEXT_LENGTH`](crate::engine::truncate::MAX_TEXT_LENGTH).
    ///
    /// Truncated JSON is no longer valid JSON. A `data:` URL that is too long is redacted instead.
    pub fn max_value_length(mut self, length: usize) -> Self {
        self.max_value_length = Some(length);
        self
    }

    /// Passes each text that the other options do not hide through `hook`, which returns the text to write.
    ///
    /// The hook runs when spans are emitted, and in the thread that writes frame logs; perhaps more than once for a text,
    /// so it should be quick. It may use the conversation, but must not push frames. If it panics, the text is redacted,
    /// as is a text that is too long to be passed to it whole. If its result for a JSON text is not valid JSON, it is
    /// written as a JSON string.
    pub fn redact_with<H>(mut self, hook: H) -> Self
    where
        H: for<'text> Fn(ContentKind, &'text str) -> Cow<'text, str> + Send + Sync + 'static,
    {
        self.hook = Some(RedactionHook::new(hook));
        self
    }
}

/// Accepts `true` and `false` in any case, as Python programs write `True`.
fn parse_bool(value: &str) -> Option<bool> {
    value.to_ascii_lowercase().parse().ok()
}

/// An environment variable whose value is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value:?} is invalid and ignored: {remedy}")]
pub(super) struct InvalidVariable {
    variable: &'static str,
    value: String,
    remedy: &'static str,
}

impl InvalidVariable {
    fn warn(&self) {
        tracing::warn!("{self}");
    }

    /// Warns unless an earlier call warned of the same value.
    fn warn_once(&self) {
        static REPORTED: Mutex<Vec<InvalidVariable>> = Mutex::new(Vec::new());
        let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
        if !reported.contains(self) {
            self.warn();
            reported.push(self.clone());
        }
    }
}
