//! What kind of error an `Error` frame tells of.

/// How each kind of `FlowcatError` begins when it is shown, and what it is called. flowcat passes its errors on as
/// text, after the service's `stt: `, `llm: ` or `tts: `.
const KINDS: [(&str, &str); 8] = [
    ("transport error: ", "transport"),
    ("serializer error: ", "serializer"),
    ("realtime LLM error: ", "realtime"),
    ("codec error: ", "codec"),
    ("session error: ", "session"),
    ("network error: ", "network"),
    ("protocol error: ", "protocol"),
    ("json error: ", "json"),
];

/// The kind of error that `message` tells of, if it is one of flowcat's.
pub(crate) fn category(message: &str) -> Option<&'static str> {
    let error = ["stt: ", "llm: ", "tts: "]
        .iter()
        .find_map(|service| message.strip_prefix(service))
        .unwrap_or(message);
    KINDS.iter().find(|(beginning, _)| error.starts_with(beginning)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use flowcat_core::FlowcatError;

    use super::category;

    #[test]
    fn a_kind_is_read_off_the_error_as_flowcat_shows_it() {
        let text = String::from("503");
        for (error, kind) in [
            (FlowcatError::Transport(text.clone()), "transport"),
            (FlowcatError::Serializer(text.clone()), "serializer"),
            (FlowcatError::Realtime(text.clone()), "realtime"),
            (FlowcatError::Codec(text.clone()), "codec"),
            (FlowcatError::Session(text.clone()), "session"),
            (FlowcatError::Network(text.clone()), "network"),
            (FlowcatError::Protocol(text.clone()), "protocol"),
        ] {
            assert_eq!(category(&error.to_string()), Some(kind));
            assert_eq!(category(&format!("llm: {error}")), Some(kind));
        }
    }

    #[test]
    fn any_other_message_is_of_no_kind() {
        assert_eq!(category(&FlowcatError::Other("odd".to_owned()).to_string()), None);
        assert_eq!(category("llm: no answer"), None);
        assert_eq!(category(""), None);
    }
}
