//! The keys of the stages of the user's wait.

use super::openinference::{
    LATENCY_AGGREGATION, LATENCY_ENDPOINTING, LATENCY_LLM, LATENCY_OUTPUT, LATENCY_OWNER_AGGREGATION,
    LATENCY_OWNER_ENDPOINTING, LATENCY_OWNER_LLM, LATENCY_OWNER_OUTPUT, LATENCY_OWNER_TOOLS,
    LATENCY_OWNER_TRANSCRIPTION, LATENCY_OWNER_TTS, LATENCY_OWNER_TURN_DETECTION, LATENCY_PIPELINE,
    LATENCY_TOOLS, LATENCY_TRANSCRIPTION, LATENCY_TTS, LATENCY_TURN_DETECTION,
};
use crate::engine::record::LatencyStage;

/// Returns the key of the duration of `stage`.
///
/// ```
/// use pipecat_instrument_runtime::emit::keys;
/// use pipecat_instrument_runtime::engine::record::LatencyStage;
///
/// assert_eq!(keys::latency(LatencyStage::Llm), "conversation.latency.llm");
/// ```
pub const fn latency(stage: LatencyStage) -> &'static str {
    match stage {
        LatencyStage::Endpointing => LATENCY_ENDPOINTING,
        LatencyStage::Transcription => LATENCY_TRANSCRIPTION,
        LatencyStage::TurnDetection => LATENCY_TURN_DETECTION,
        LatencyStage::Llm => LATENCY_LLM,
        LatencyStage::Tools => LATENCY_TOOLS,
        LatencyStage::Aggregation => LATENCY_AGGREGATION,
        LatencyStage::Tts => LATENCY_TTS,
        LatencyStage::Output => LATENCY_OUTPUT,
        LatencyStage::Pipeline => LATENCY_PIPELINE,
    }
}

/// Returns the key of the service or setting that is responsible for `stage`; `None` if the stage has no owner.
///
/// ```
/// use pipecat_instrument_runtime::emit::keys;
/// use pipecat_instrument_runtime::engine::record::LatencyStage;
///
/// assert_eq!(keys::latency_owner(LatencyStage::Llm), Some("conversation.latency_owner.llm"));
/// assert_eq!(keys::latency_owner(LatencyStage::Pipeline), None);
/// ```
pub const fn latency_owner(stage: LatencyStage) -> Option<&'static str> {
    match stage {
        LatencyStage::Endpointing => Some(LATENCY_OWNER_ENDPOINTING),
        LatencyStage::Transcription => Some(LATENCY_OWNER_TRANSCRIPTION),
        LatencyStage::TurnDetection => Some(LATENCY_OWNER_TURN_DETECTION),
        LatencyStage::Llm => Some(LATENCY_OWNER_LLM),
        LatencyStage::Tools => Some(LATENCY_OWNER_TOOLS),
        LatencyStage::Aggregation => Some(LATENCY_OWNER_AGGREGATION),
        LatencyStage::Tts => Some(LATENCY_OWNER_TTS),
        LatencyStage::Output => Some(LATENCY_OWNER_OUTPUT),
        LatencyStage::Pipeline => None,
    }
}
