//! What suits a backend.

use std::str::FromStr;

use super::parse_name::NameTable;
use super::{Conventions, SpanNaming, TraceLayout, UnknownNameError};

/// What suits a backend: layout, names and conventions together. Each can be set to another afterwards.
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
    /// What is one trace.
    pub layout: TraceLayout,
    /// What spans are called.
    pub span_names: SpanNaming,
    /// The words that spans are told in.
    pub conventions: Conventions,
}

impl Preset {
    /// For Phoenix. It reads `OpenInference` and nothing else, so that the room that others would take goes to
    /// messages. It puts the traces of one `session.id` into a session and shows of each its root's input and output,
    /// which turns have and conversations have not.
    pub const fn phoenix() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::OpenInference,
            conventions: Conventions::OPENINFERENCE,
        }
    }

    /// For Arize AX, whose sessions and words are Phoenix's.
    pub const fn arize() -> Self {
        Self::phoenix()
    }

    /// For Langfuse. Its sessions are made of traces with an input and an output, which turns are. Names are as in its
    /// guide to Pipecat: its lists show them, and not the service behind them. `GenAI` is left out, as Langfuse would
    /// list tokens of the cache twice, once by each convention.
    pub const fn langfuse() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::Pipecat,
            conventions: Conventions::LANGFUSE,
        }
    }

    /// For `OpenObserve`: each turn a root, and on language models the keys that its guide to Pipecat tells to filter
    /// by. What it shows of models in general it reads from `GenAI`.
    pub const fn openobserve() -> Self {
        Self {
            layout: TraceLayout::PerTurn,
            span_names: SpanNaming::OpenInference,
            conventions: Conventions::GEN_AI.with(Conventions::OPENOBSERVE),
        }
    }

    /// For Jaeger, or any other that knows traces but no sessions: a conversation is one trace. Names and words are as
    /// in Pipecat's own demo, for Jaeger's timeline shows the name of a span and not its service.
    pub const fn jaeger() -> Self {
        Self {
            layout: TraceLayout::PerConversation,
            span_names: SpanNaming::Pipecat,
            conventions: Conventions::GEN_AI.with(Conventions::PIPECAT),
        }
    }
}

const NAMES: NameTable<Preset> = NameTable {
    what: "preset",
    named: &[
        ("phoenix", Preset::phoenix()),
        ("arize", Preset::arize()),
        ("langfuse", Preset::langfuse()),
        ("openobserve", Preset::openobserve()),
        ("jaeger", Preset::jaeger()),
    ],
};

/// By the backend's name.
impl FromStr for Preset {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        NAMES.find(name)
    }
}
