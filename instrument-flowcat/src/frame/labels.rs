//! Class names of untraced frames, and categories of errors.

use flowcat_core::Frame as Flowcat;
use flowcat_core::processor::frame::ServiceKind;

/// Returns Pipecat's class name of an untraced frame; for a custom frame, its name.
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

/// Prefix of each kind of `FlowcatError` as text, and its category. flowcat sends its errors as text, after the prefix
/// `stt: `, `llm: ` or `tts: ` of the service.
const ERROR_CATEGORIES: [(&str, &str); 8] = [
    ("transport error: ", "transport"),
    ("serializer error: ", "serializer"),
    ("realtime LLM error: ", "realtime"),
    ("codec error: ", "codec"),
    ("session error: ", "session"),
    ("network error: ", "network"),
    ("protocol error: ", "protocol"),
    ("json error: ", "json"),
];

/// Returns the category of an error message, if it is one of flowcat's.
pub(super) fn error_category(message: &str) -> Option<&'static str> {
    let error = ["stt: ", "llm: ", "tts: "]
        .iter()
        .find_map(|service| message.strip_prefix(service))
        .unwrap_or(message);
    ERROR_CATEGORIES.iter().find(|(prefix, _)| error.starts_with(prefix)).map(|(_, category)| *category)
}

#[cfg(test)]
mod tests {
    use flowcat_core::FlowcatError;

    use super::error_category;

    #[test]
    fn every_kind_of_flowcat_error_has_a_category() {
        let text = String::from("503");
        for (error, category) in [
            (FlowcatError::Transport(text.clone()), "transport"),
            (FlowcatError::Serializer(text.clone()), "serializer"),
            (FlowcatError::Realtime(text.clone()), "realtime"),
            (FlowcatError::Codec(text.clone()), "codec"),
            (FlowcatError::Session(text.clone()), "session"),
            (FlowcatError::Network(text.clone()), "network"),
            (FlowcatError::Protocol(text.clone()), "protocol"),
        ] {
            assert_eq!(error_category(&error.to_string()), Some(category));
            assert_eq!(error_category(&format!("llm: {error}")), Some(category));
        }
    }

    #[test]
    fn other_messages_have_no_category() {
        assert_eq!(error_category(&FlowcatError::Other("odd".to_owned()).to_string()), None);
        assert_eq!(error_category("llm: no answer"), None);
        assert_eq!(error_category(""), None);
    }
}
