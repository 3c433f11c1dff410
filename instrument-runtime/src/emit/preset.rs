//! Settings that suit a backend.

use std::str::FromStr;

use super::settings::NameTable;
use super::{Conventions, EmitSettings, SpanNaming, TraceLayout, UnknownNameError};

/// The trace layout, span names and conventions that suit a backend. Later calls can replace each of them.
///
/// | | layout | names | conventions |
/// |---|---|---|---|
/// | [`phoenix`](Self::phoenix), [`arize`](Self::arize) | per turn | `OpenInference` | `OpenInference` |
/// | [`langfuse`](Self::langfuse) | per turn | Pipecat | `OpenInference`, Langfuse |
/// | [`openobserve`](Self::openobserve) | per turn | `OpenInference` | `OpenInference`, `GenAI`, `OpenObserve` |
/// | [`jaeger`](Self::jaeger) | per conversation | Pipecat | `OpenInference`, `GenAI`, Pipecat |
///
/// ```
/// use pipecat_instrument_runtime::emit::{EmitSettings, Preset, TraceLayout, UnknownNameError};
///
/// let settings = EmitSettings::default().preset(Preset::langfuse()).layout(TraceLayout::PerConversation);
/// assert_eq!(settings.conventions, Preset::langfuse().conventions);
/// assert_eq!("langfuse".parse::<Preset>()?, Preset::langfuse());
/// # Ok::<(), UnknownNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Preset {
    /// Whether a trace holds one turn or the whole conversation.
    pub layout: TraceLayout,
    /// The naming scheme for spans.
    pub span_names: SpanNaming,
    /// The conventions whose attributes are written.
    pub conventions: Conventions,
}

impl Preset {
    /// Settings for Phoenix. Phoenix reads `OpenInference` alone, so all other attributes would only take space from
    /// messages. It groups traces by `session.id` and shows the input and output of each root span, which turns have and
    /// conversations do not.
    pub const fn phoenix() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::OpenInference,
            conventions: Conventions::OPENINFERENCE,
        }
    }

    /// Settings for Arize AX, which reads sessions and attributes as Phoenix does.
    pub const fn arize() -> Self {
        Self::phoenix()
    }

    /// Settings for Langfuse. Its sessions consist of traces with an input and an output, as turns have. Span names follow
    /// its guide to Pipecat, as its lists show the name of a span but not the service. `GenAI` is left out: with both
    /// conventions, Langfuse would list cached tokens twice.
    pub const fn langfuse() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::Pipecat,
            conventions: Conventions::LANGFUSE,
        }
    }

    /// Settings for `OpenObserve`: each turn is a root, and LLM spans carry the keys that its guide to Pipecat filters by.
    /// Its LLM views read `GenAI`.
    pub const fn openobserve() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::OpenInference,
            conventions: Conventions::GEN_AI.with(Conventions::OPENOBSERVE),
        }
    }

    /// Settings for Jaeger and other backends without sessions: a conversation is one trace. Names and attributes follow
    /// Pipecat's own demo, as Jaeger's timeline shows the name of a span but not the service.
    pub const fn jaeger() -> Self {
        Self {
            layout: TraceLayout::PerConversation,
            span_names: SpanNaming::Pipecat,
            conventions: Conventions::GEN_AI.with(Conventions::PIPECAT),
        }
    }
}

impl EmitSettings {
    /// Sets the layout, span names and conventions of `preset`.
    pub const fn preset(self, preset: Preset) -> Self {
        self.layout(preset.layout).span_names(preset.span_names).conventions(preset.conventions)
    }
}

const PRESETS: NameTable<Preset> = NameTable {
    setting: "preset",
    entries: &[
        ("phoenix", Preset::phoenix()),
        ("arize", Preset::arize()),
        ("langfuse", Preset::langfuse()),
        ("openobserve", Preset::openobserve()),
        ("jaeger", Preset::jaeger()),
    ],
};

/// Parses the backend's name.
impl FromStr for Preset {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        PRESETS.find(name)
    }
}
