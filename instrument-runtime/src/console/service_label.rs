//! What services are called where there is little room.

/// A service's class without the words that are plain from what it does, and which one of its class, where there are
/// several: `OpenAI` for the `llm` `OpenAILLMService`, `OpenAI#1` for the second.
///
/// ```
/// use pipecat_instrument_runtime::console::service_label;
///
/// assert_eq!(service_label("OpenAILLMService", None, "llm"), "OpenAI");
/// assert_eq!(service_label("OpenAILLMService", Some("OpenAILLMService#1"), "llm"), "OpenAI#1");
/// ```
pub fn service_label(class: &str, name: Option<&str>, service_type: &str) -> String {
    let stem = class.strip_suffix("Service").unwrap_or(class);
    let stem = stem.strip_suffix(&service_type.to_uppercase()).unwrap_or(stem);
    let instance = name.and_then(|name| name.strip_prefix(class));
    let further = instance.filter(|number| *number != "#0").unwrap_or_default();
    format!("{}{further}", if stem.is_empty() { class } else { stem })
}
