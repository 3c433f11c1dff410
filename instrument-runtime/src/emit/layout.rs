//! What is one trace.

use std::fmt;
use std::str::FromStr;

use super::UnknownNameError;
use super::parse_name::NameTable;

/// What is one trace: a turn, or the whole conversation.
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
    /// Each turn is the root of a trace of its own, and is seen as soon as it is over. The turns of a conversation
    /// share `session.id`: what a backend with sessions wants.
    #[default]
    PerTurn,
    /// A span of the conversation is the root, its turns are its children, as in Pipecat's own tracing: for backends
    /// that know only traces. The root is exported when the conversation is over. One that has no turn has no trace.
    PerConversation,
}

const NAMES: NameTable<TraceLayout> = NameTable {
    what: "layout",
    named: &[("per-turn", TraceLayout::PerTurn), ("per-conversation", TraceLayout::PerConversation)],
};

impl FromStr for TraceLayout {
    type Err = UnknownNameError;

    fn from_str(name: &str) -> Result<Self, UnknownNameError> {
        NAMES.find(name)
    }
}

impl fmt::Display for TraceLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NAMES.write(*self, f)
    }
}
