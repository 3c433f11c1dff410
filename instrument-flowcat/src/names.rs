//! The names that flowcat gives its own processors.

use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry, Role};

/// Speech to text, whichever service it wraps.
pub(crate) const STT: &str = "Stt";
/// A language model, whichever service it wraps.
pub(crate) const LLM: &str = "Llm";
/// Text to speech, whichever service it wraps.
pub(crate) const TTS: &str = "Tts";
/// A model that hears and speaks by itself.
pub(crate) const REALTIME: &str = "RealtimeService";
/// Where the transport's frames come in.
pub(crate) const TRANSPORT_INPUT: &str = "TransportInput";
/// Passes a model's tool calls on to the brain, and their results back.
pub(crate) const TOOL_BRIDGE: &str = "CascadedToolBridge";
/// Works off tool calls.
pub(crate) const BRAIN: &str = "Brain";
/// The end of a pipeline.
pub(crate) const SINK: &str = "Sink";

/// Those that are no service.
///
/// The output transports are among them: what passes an output transport counts as spoken, and these pass text on at
/// once, however long the audio before it plays.
pub(crate) const OTHERS: &[&str] = &[
    "AssistantContextAggregator",
    "CascadedKickoff",
    "CascadedTransportOutput",
    "Finalize",
    "ParallelPipeline",
    "PassThrough",
    "Pipeline",
    "Recorder",
    "Source",
    "Transcript",
    "TransportOutput",
    "TurnProcessor",
    "UserContextAggregator",
    "VadProcessor",
    "nested",
    BRAIN,
    TOOL_BRIDGE,
];

/// The private frame by which the brain is asked for a tool.
pub(crate) const MODEL_TOOL_CALL: &str = "ModelToolCall";
/// The private frame by which the brain answers.
pub(crate) const TOOL_RESULT: &str = "ToolResult";
/// The user id of the bot's own words, in speech to speech.
pub(crate) const BOT_USER: &str = "bot";

/// flowcat's own processors, as far as their names tell what they do.
pub(crate) fn directory() -> ProcessorRegistry {
    let services = [
        (STT, Role::Stt),
        (LLM, Role::Llm),
        (TTS, Role::Tts),
        (REALTIME, Role::Llm),
        (TRANSPORT_INPUT, Role::InputTransport),
        (SINK, Role::Sink),
    ];
    let others = OTHERS.iter().map(|name| (*name, Role::Other));
    services.into_iter().chain(others).map(|(name, role)| Processor::new(name, name, role)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Role, directory};

    #[test]
    fn flowcats_own_names_have_a_role_and_others_have_none() {
        let directory = directory();
        for (name, role) in [
            ("Stt", Role::Stt),
            ("Llm", Role::Llm),
            ("Tts", Role::Tts),
            ("RealtimeService", Role::Llm),
            ("Sink", Role::Sink),
            ("Brain", Role::Other),
            ("nested", Role::Other),
            ("MyOwn", Role::Unknown),
        ] {
            assert_eq!(directory.find(name).role(), role, "{name}");
        }
    }
}
