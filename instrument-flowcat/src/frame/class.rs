//! The class names of frames that say nothing about a trace.

use flowcat_core::Frame as Flowcat;
use flowcat_core::processor::frame::ServiceKind;

/// Pipecat's class name for a frame that the core has no kind for; for a frame of somebody's own, its name.
pub(super) fn class_of(frame: &Flowcat) -> &'static str {
    match frame {
        Flowcat::InputText(_) => "InputTextRawFrame",
        Flowcat::InputDtmf(_) => "InputDTMFFrame",
        Flowcat::UserSpeaking => "UserSpeakingFrame",
        Flowcat::BotSpeaking => "BotSpeakingFrame",
        Flowcat::SttMute(_) => "STTMuteFrame",
        Flowcat::TransportMessage { urgent: true, .. } => "OutputTransportMessageUrgentFrame",
        Flowcat::TransportMessage { .. } => "OutputTransportMessageFrame",
        Flowcat::ClientConnected => "ClientConnectedFrame",
        Flowcat::BotConnected => "BotConnectedFrame",
        Flowcat::Text(_) => "TextFrame",
        Flowcat::LlmRun => "LLMRunFrame",
        Flowcat::OutputDtmf(_) => "OutputDTMFFrame",
        Flowcat::UpdateSettings { target, .. } => settings_class(*target),
        Flowcat::SpeechControlParams { .. } => "SpeechControlParamsFrame",
        Flowcat::Heartbeat { .. } => "HeartbeatFrame",
        Flowcat::OutputTransportReady => "OutputTransportReadyFrame",
        Flowcat::FilterEnable(_) => "FilterEnableFrame",
        Flowcat::MixerEnable(_) => "MixerEnableFrame",
        Flowcat::Custom(frame) => frame.name(),
        known => known.name(),
    }
}

fn settings_class(target: ServiceKind) -> &'static str {
    match target {
        ServiceKind::Stt => "STTUpdateSettingsFrame",
        ServiceKind::Tts => "TTSUpdateSettingsFrame",
        ServiceKind::Llm => "LLMUpdateSettingsFrame",
        ServiceKind::Filter => "FilterUpdateSettingsFrame",
        ServiceKind::Mixer => "MixerUpdateSettingsFrame",
        ServiceKind::All => "ServiceUpdateSettingsFrame",
    }
}
