//! Names of rustvani's own processors.

use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry, Role};

/// Source of a task's frames.
pub(crate) const TASK_SOURCE: &str = "PipelineTaskSource";
/// End of a task's pipeline.
pub(crate) const TASK_SINK: &str = "PipelineTaskSink";
/// Sends transcripts again, sentence by sentence, in new frames.
pub(crate) const SENTENCE_SEGMENTER: &str = "SentenceSegmenter";

/// rustvani's own services: name, role, and provider as in its billing events.
const SERVICES: [(&str, Role, &str); 11] = [
    ("DeepgramRealtimeStt", Role::Stt, "deepgram"),
    ("DeepgramStt", Role::Stt, "deepgram"),
    ("GnaniStt", Role::Stt, "gnani"),
    ("SarvamRealtimeStt", Role::Stt, "sarvam"),
    ("SarvamStt", Role::Stt, "sarvam"),
    ("SixtyDbStt", Role::Stt, "sixtydb"),
    ("OpenAILLM", Role::Llm, "openai"),
    ("SarvamLLM", Role::Llm, "sarvam"),
    ("DeepgramTts", Role::Tts, "deepgram"),
    ("PiperTts", Role::Tts, "piper"),
    ("SarvamTts", Role::Tts, "sarvam"),
];

/// Processors that are not services. Transports are missing, because users choose their names; the engine infers their role.
const OTHERS: [&str; 12] = [
    "AudioCaptureProcessor",
    "CoordinatorProcessor",
    "Dubbing",
    "LLMAssistantAggregator",
    "LLMUserAggregator",
    "Pipeline",
    "PipelineSink",
    "PipelineSource",
    "Translation",
    "VadProcessor",
    SENTENCE_SEGMENTER,
    TASK_SOURCE,
];

/// Returns rustvani's own processors with their roles and providers.
pub(crate) fn registry() -> ProcessorRegistry {
    let services = SERVICES
        .into_iter()
        .map(|(name, role, provider)| Processor::new(name, name, role).provider(provider));
    let others = OTHERS.into_iter().map(|name| Processor::new(name, name, Role::Other));
    let sink = Processor::new(TASK_SINK, TASK_SINK, Role::Sink);
    services.chain(others).chain([sink]).collect()
}

/// Returns the provider in the billing events of one of rustvani's own services.
pub(crate) fn billing_provider(name: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(service, ..)| *service == name).map(|(_, _, provider)| *provider)
}

#[cfg(test)]
mod tests {
    use pipecat_instrument_runtime::engine::frame::ObservedService;

    use super::{Role, registry};

    #[test]
    fn rustvani_services_have_role_and_provider() {
        let registry = registry();
        for (name, role, provider) in [
            ("SarvamRealtimeStt", Role::Stt, Some("sarvam")),
            ("OpenAILLM", Role::Llm, Some("openai")),
            ("DeepgramTts", Role::Tts, Some("deepgram")),
            ("PipelineTaskSink", Role::Sink, None),
            ("LLMUserAggregator", Role::Other, None),
        ] {
            let processor = registry.get(name).unwrap().view();
            assert_eq!((processor.role, processor.provider), (role, provider), "{name}");
        }
    }

    #[test]
    fn other_names_have_no_role() {
        assert_eq!(registry().find("ChannelInput").role(), Role::Unknown);
    }
}
