//! Settings of all spans: trace layout, span names, semantic conventions and the attribute limit.

use std::fmt;
use std::ops::BitOr;
use std::str::FromStr;

/// Default for [`EmitSettings::attribute_limit`]: the limit of the OpenTelemetry SDK.
const DEFAULT_ATTRIBUTE_LIMIT: usize = 128;

/// Settings for the spans of every conversation in a process.
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
    /// Whether a trace holds one turn or the whole conversation.
    pub layout: TraceLayout,
    /// The naming scheme for spans.
    pub span_names: SpanNaming,
    /// The conventions whose attributes are written.
    pub conventions: Conventions,
    /// Maximum number of attributes on a span, 128 by default. Set it to the provider's `max_attributes_per_span`: the
    /// SDK silently drops attributes beyond its own limit.
    pub attribute_limit: usize,
}

impl EmitSettings {
    /// Sets the trace layout.
    pub const fn layout(mut self, layout: TraceLayout) -> Self {
        self.layout = layout;
        self
    }

    /// Sets the naming scheme for spans.
    pub const fn span_names(mut self, names: SpanNaming) -> Self {
        self.span_names = names;
        self
    }

    /// Sets the conventions whose attributes are written.
    pub const fn conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }
}

impl Default for EmitSettings {
    fn default() -> Self {
        Self {
            layout: TraceLayout::default(),
            span_names: SpanNaming::default(),
            conventions: Conventions::default(),
            attribute_limit: DEFAULT_ATTRIBUTE_LIMIT,
        }
    }
}

/// The scope of one trace: a turn, or the whole conversation.
///
/// ```text
///   PerTurn                            PerConversation
///
///   pipecat.conversation.turn          pipecat.conversation
///   ├── pipecat.stt                    ├── pipecat.conversation.turn
///   ├── pipecat.llm                    │   ├── pipecat.stt
///   └── pipecat.tts                    │   ├── …
///   pipecat.conversation.turn          └── pipecat.conversation.turn
///   ├── …                                  └── …
/// ```
///
/// ```
/// use pipecat_instrument_runtime::emit::{TraceLayout, UnknownNameError};
///
/// assert_eq!("per-conversation".parse::<TraceLayout>()?, TraceLayout::PerConversation);
/// assert_eq!(TraceLayout::default().to_string(), "per-turn");
/// # Ok::<(), UnknownNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TraceLayout {
    /// Each turn is the root of its own trace, exported as soon as the turn ends. The turns of a conversation share
    /// `session.id`, from which backends such as Phoenix and Langfuse build sessions.
    #[default]
    PerTurn,
    /// A conversation span is the root and the turns are its children, as in Pipecat's own tracing. Suits backends
    /// without sessions. The root is exported when the conversation ends. A conversation without turns has no trace.
    PerConversation,
}

const LAYOUTS: NameTable<TraceLayout> = NameTable {
    setting: "layout",
    entries: &[("per-turn", TraceLayout::PerTurn), ("per-conversation", TraceLayout::PerConversation)],
};

impl FromStr for TraceLayout {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        LAYOUTS.find(name)
    }
}

impl fmt::Display for TraceLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LAYOUTS.write(*self, f)
    }
}

/// A naming scheme for spans; see [Span names][names].
///
/// | span | `OpenInference` | `Pipecat` |
/// |---|---|---|
/// | conversation | `pipecat.conversation` | `conversation-<id>` |
/// | turn | `pipecat.conversation.turn` | `turn-<n>` |
/// | service | `pipecat.stt`, `pipecat.llm`, `pipecat.tts` | with its class in lower case: `llm_openaillmservice` |
/// | tool | `pipecat.tool.<name>` | `pipecat.tool.<name>` |
///
/// ```
/// use pipecat_instrument_runtime::emit::{SpanNaming, UnknownNameError};
///
/// assert_eq!("pipecat".parse::<SpanNaming>()?, SpanNaming::Pipecat);
/// assert_eq!(SpanNaming::default().to_string(), "openinference");
/// # Ok::<(), UnknownNameError>(())
/// ```
///
/// [names]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#span-names
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpanNaming {
    /// Names by the kind of span, equal in all conversations: good for grouping and filtering.
    #[default]
    OpenInference,
    /// Names as in Pipecat's own tracing: readable in a backend that lists spans by name alone.
    Pipecat,
}

const NAMINGS: NameTable<SpanNaming> = NameTable {
    setting: "set of span names",
    entries: &[("openinference", SpanNaming::OpenInference), ("pipecat", SpanNaming::Pipecat)],
};

impl FromStr for SpanNaming {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        NAMINGS.find(name)
    }
}

impl fmt::Display for SpanNaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NAMINGS.write(*self, f)
    }
}

/// A set of semantic conventions. A span carries the attributes of each convention in the set.
///
/// Every set contains `OpenInference`; the other conventions add to it.
///
/// ```
/// use pipecat_instrument_runtime::emit::{Conventions, UnknownNameError};
///
/// let both = Conventions::OPENINFERENCE | Conventions::GEN_AI;
/// assert_eq!(both, Conventions::default());
/// assert!(both.contains(Conventions::GEN_AI));
/// assert!(Conventions::GEN_AI.contains(Conventions::OPENINFERENCE));
///
/// let named: Conventions = "pipecat,langfuse".parse()?;
/// assert_eq!(named, Conventions::PIPECAT | Conventions::LANGFUSE);
/// assert_eq!(named.to_string(), "openinference,pipecat,langfuse");
/// # Ok::<(), UnknownNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conventions(u8);

impl Conventions {
    /// `OpenInference`, which Phoenix and Arize read. It has no bit of its own, so every set contains it.
    pub const OPENINFERENCE: Self = Self(0);
    /// OpenTelemetry's conventions for generative AI (`gen_ai.*`).
    pub const GEN_AI: Self = Self(1);
    /// The attributes of Pipecat's own tracing, for dashboards built on `metrics.ttfb` or `turn.number`.
    pub const PIPECAT: Self = Self(1 << 1);
    /// The attributes from which Langfuse builds sessions, trace names and chats. An LLM span's `input.value` then holds
    /// all messages as JSON instead of the user's last message.
    pub const LANGFUSE: Self = Self(1 << 2);
    /// The attributes of `OpenObserve`'s guide to Pipecat (`pipecat.service`, `pipecat.prompt_tokens`, …).
    pub const OPENOBSERVE: Self = Self(1 << 3);

    /// Returns whether this set contains every convention of `other`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the union of both sets. Equals `|`, and also works in constants.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const CONVENTIONS: NameTable<Conventions> = NameTable {
    setting: "convention",
    entries: &[
        ("openinference", Conventions::OPENINFERENCE),
        ("gen_ai", Conventions::GEN_AI),
        ("pipecat", Conventions::PIPECAT),
        ("langfuse", Conventions::LANGFUSE),
        ("openobserve", Conventions::OPENOBSERVE),
    ],
};

impl Default for Conventions {
    fn default() -> Self {
        Self::OPENINFERENCE | Self::GEN_AI
    }
}

impl BitOr for Conventions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

/// Parses names separated by commas.
impl FromStr for Conventions {
    type Err = UnknownNameError;

    fn from_str(names: &str) -> Result<Self, UnknownNameError> {
        names.split(',').try_fold(Self::OPENINFERENCE, |set, name| Ok(set | CONVENTIONS.find(name.trim())?))
    }
}

/// Writes the names, separated by commas.
impl fmt::Display for Conventions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contained = CONVENTIONS.entries.iter().filter(|(_, convention)| self.contains(*convention));
        f.write_str(&contained.map(|(name, _)| *name).collect::<Vec<_>>().join(","))
    }
}

/// Error: unknown name of a setting. The message lists the valid ones.
///
/// ```
/// use pipecat_instrument_runtime::emit::TraceLayout;
///
/// let error = "per-call".parse::<TraceLayout>().unwrap_err();
/// assert_eq!(error.to_string(), "no layout is called `per-call`: choose from per-turn, per-conversation");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {setting} is called `{name}`: choose from {valid}")]
pub struct UnknownNameError {
    setting: &'static str,
    name: String,
    valid: String,
}

/// The names of a setting's values, as command lines and configuration files write them.
pub(super) struct NameTable<T: 'static> {
    /// The setting's name in error messages.
    pub(super) setting: &'static str,
    pub(super) entries: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq> NameTable<T> {
    /// Returns the value called `name`.
    pub(super) fn find(&self, name: &str) -> Result<T, UnknownNameError> {
        let entry = self.entries.iter().find(|(candidate, _)| *candidate == name);
        entry.map(|(_, value)| *value).ok_or_else(|| UnknownNameError {
            setting: self.setting,
            name: name.to_owned(),
            valid: self.entries.iter().map(|(valid, _)| *valid).collect::<Vec<_>>().join(", "),
        })
    }

    /// Writes the name of `value`.
    fn write(&self, value: T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.entries.iter().find(|(_, candidate)| *candidate == value);
        f.write_str(entry.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests;
