//! The keys that Langfuse reads.

use super::key_info::{ANSWERS, EVERY_SPAN, KeyInfo, ROOTS, ValueKind};
use crate::emit::Conventions;

keys! { LANGFUSE;
    /// The session that a trace belongs to: the conversation's id.
    LANGFUSE_SESSION_ID = "langfuse.session.id" => Text, EVERY_SPAN, "as `session.id`";
    /// What a trace is called: as its root, of which the first spans that arrive know nothing.
    LANGFUSE_TRACE_NAME = "langfuse.trace.name" => Text, EVERY_SPAN, "the name of the trace's root";
    /// What a trace can be found by: `pipecat`, and why its turn ended. On the root.
    LANGFUSE_TRACE_TAGS = "langfuse.trace.tags" => Texts, ROOTS, "as `conversation.end_reason`";
    /// How long it took to the first piece of the answer. (Langfuse's own key for it is a time, and must not be
    /// written: `OpenObserve` takes it for seconds.)
    LANGFUSE_MS_TO_FIRST_CHUNK = "ai.response.msToFirstChunk" => Milliseconds, ANSWERS, "as `service.ttfb_seconds`";
}
