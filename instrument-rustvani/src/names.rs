//! The names that rustvani gives its own processors.

use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRegistry, Role};

/// Where the frames of a task enter its pipeline.
pub(crate) const TASK_SOURCE: &str = "PipelineTaskSource";
/// The end of a task's pipeline.
pub(crate) const TASK_SINK: &str = "PipelineTaskSink";
/// Says transcripts anew, in sentences, as frames of its own.
pub(crate) const SENTENCE_SEGMENTER: &str = "SentenceSegmenter";

/// The services that come with it: name, role, and the provider as its billing events call it.
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

/// Those that are no service. What transports do shows: their names are the user's, with `Input` and `Output` behind.
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

/// rustvani's own processors, as far as their names tell what they do.
pub(crate) fn directory() -> ProcessorRegistry {
    let services = SERVICES
        .into_iter()
        .map(|(name, role, provider)| Processor::new(name, name, role).provider(provider));
    let others = OTHERS.into_iter().map(|name| Processor::new(name, name, Role::Other));
    let sink = Processor::new(TASK_SINK, TASK_SINK, Role::Sink);
    services.chain(others).chain([sink]).collect()
}

/// The provider of a service that comes with rustvani, as its billing events call it, whatever else was said of it.
pub(crate) fn bills_as(name: &str) -> Option<&'static str> {
    SERVICES.iter().find(|(service, ..)| *service == name).map(|(_, _, provider)| *provider)
}

#[cfg(test)]
mod tests {
    use pipecat_instrument_runtime::engine::frame::ObservedService;

    use super::{Role, directory};

    #[test]
    fn rustvanis_own_services_have_a_role_and_a_provider() {
        let directory = directory();
        for (name, role, provider) in [
            ("SarvamRealtimeStt", Role::Stt, Some("sarvam")),
            ("OpenAILLM", Role::Llm, Some("openai")),
            ("DeepgramTts", Role::Tts, Some("deepgram")),
            ("PipelineTaskSink", Role::Sink, None),
            ("LLMUserAggregator", Role::Other, None),
        ] {
            let processor = directory.get(name).unwrap().view();
            assert_eq!((processor.role, processor.provider), (role, provider), "{name}");
        }
    }

    #[test]
    fn of_any_other_name_its_frames_show_what_it_is() {
        assert_eq!(directory().find("ChannelInput").role(), Role::Unknown);
    }
}
