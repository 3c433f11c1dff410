//! What is written, and how much of it.

use super::{Conventions, Preset, SpanNaming, TraceLayout};

/// How many attributes a span of the OpenTelemetry SDK carries unless its provider was told otherwise.
const SDK_ATTRIBUTE_LIMIT: usize = 128;

/// How spans are written: the same for every conversation of a process.
///
/// ```
/// use pipecat_instrument_runtime::emit::{Conventions, EmitSettings, Preset, SpanNaming, TraceLayout};
///
/// let settings = EmitSettings::default()
///     .layout(TraceLayout::PerConversation)
///     .span_names(SpanNaming::Pipecat)
///     .conventions(Conventions::GEN_AI | Conventions::PIPECAT);
/// assert_eq!(settings, EmitSettings::default().preset(Preset::jaeger()));
/// assert_eq!(settings.attribute_limit, 128);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitSettings {
    /// What is one trace.
    pub layout: TraceLayout,
    /// What spans are called.
    pub span_names: SpanNaming,
    /// The conventions whose attributes are written.
    pub conventions: Conventions,
    /// How many attributes a span carries, 128 by default. It should be the provider's own
    /// `max_attributes_per_span`, as the provider silently drops what comes after that many.
    pub attribute_limit: usize,
}

impl EmitSettings {
    /// The same, with another layout.
    pub const fn layout(mut self, layout: TraceLayout) -> Self {
        self.layout = layout;
        self
    }

    /// The same, with other span names.
    pub const fn span_names(mut self, names: SpanNaming) -> Self {
        self.span_names = names;
        self
    }

    /// The same, told in other words.
    pub const fn conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }

    /// The same, with the layout, the names and the words that suit a backend.
    pub const fn preset(self, preset: Preset) -> Self {
        self.layout(preset.layout).span_names(preset.span_names).conventions(preset.conventions)
    }
}

impl Default for EmitSettings {
    fn default() -> Self {
        Self {
            layout: TraceLayout::default(),
            span_names: SpanNaming::default(),
            conventions: Conventions::default(),
            attribute_limit: SDK_ATTRIBUTE_LIMIT,
        }
    }
}
