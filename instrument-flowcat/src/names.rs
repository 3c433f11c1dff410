//! Names of flowcat's own processors.

use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry, Role};

/// Adapter of any speech-to-text service.
pub(crate) const STT: &str = "Stt";
/// Adapter of any language model.
pub(crate) const LLM: &str = "Llm";
/// Adapter of any text-to-speech service.
pub(crate) const TTS: &str = "Tts";
/// Speech-to-speech model.
pub(crate) const REALTIME: &str = "RealtimeService";
/// Source of the transport's frames.
pub(crate) const TRANSPORT_INPUT: &str = "TransportInput";
/// Forwards tool calls from the model to the brain, and their results back.
pub(crate) const TOOL_BRIDGE: &str = "CascadedToolBridge";
/// Runs tool calls.
pub(crate) const BRAIN: &str = "Brain";
/// End of a pipeline.
pub(crate) const SINK: &str = "Sink";

/// Processors that are not services.
///
/// They include the output transports. With their own role, text that passes them would count as spoken, but flowcat's
/// forward text at once, while earlier audio is still playing.
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

/// Private frame with a tool call for the brain.
pub(crate) const MODEL_TOOL_CALL: &str = "ModelToolCall";
/// Private frame with the result of a tool call.
pub(crate) const TOOL_RESULT: &str = "ToolResult";
/// User id of the bot's transcripts in a speech-to-speech pipeline.
pub(crate) const BOT_USER: &str = "bot";

/// Returns flowcat's own processors with their roles.
pub(crate) fn registry() -> ProcessorRegistry {
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
    use super::{Role, registry};

    #[test]
    fn only_flowcat_names_have_a_role() {
        let registry = registry();
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
            assert_eq!(registry.find(name).role(), role, "{name}");
        }
    }
}
