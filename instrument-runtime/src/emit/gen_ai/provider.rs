//! The names of providers in OpenTelemetry's registry.

use std::borrow::Cow;

use crate::emit::service_attributes::ServiceType;

/// Providers whose name in the registry is another than frameworks give them: what a framework says, in lower case
/// and without punctuation, and what the registry says.
const RENAMED: [(&str, &str); 17] = [
    ("openairealtime", "openai"),
    ("anthropicclaude", "anthropic"),
    ("awsbedrock", "aws.bedrock"),
    ("awsnovasonic", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("azureopenai", "azure.ai.openai"),
    ("azurerealtime", "azure.ai.openai"),
    ("gemini", "gcp.gemini"),
    ("geminilive", "gcp.gemini"),
    ("googlegemini", "gcp.gemini"),
    ("googlevertex", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("grok", "x_ai"),
    ("xai", "x_ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("watsonx", "ibm.watsonx.ai"),
];

/// Clouds that have one service of language models in the registry. What else they offer is not that service:
/// speech of `aws` is not Bedrock's.
const CLOUD_MODELS: [(&str, &str); 3] =
    [("aws", "aws.bedrock"), ("azure", "azure.ai.openai"), ("google", "gcp.gemini")];

/// The registry's name of `provider`; the name itself where it has none.
pub(super) fn registry_name(provider: String, service_type: ServiceType) -> Cow<'static, str> {
    let is_plain = provider.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let plain: Cow<'_, str> = if is_plain {
        Cow::Borrowed(&provider)
    } else {
        provider.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let renamed = RENAMED.iter().find(|(told, _)| *told == plain);
    let cloud = || match service_type {
        ServiceType::Llm => CLOUD_MODELS.iter().find(|(told, _)| *told == plain),
        ServiceType::Stt | ServiceType::Tts => None,
    };
    match renamed.or_else(cloud) {
        Some((_, registered)) => Cow::Borrowed(registered),
        None => Cow::Owned(provider),
    }
}

#[cfg(test)]
mod tests {
    use super::{ServiceType, registry_name};

    #[test]
    fn providers_go_by_their_names_in_the_registry() {
        for (told, registered) in [
            ("openai", "openai"),
            ("anthropic", "anthropic"),
            ("deepseek", "deepseek"),
            ("aws", "aws.bedrock"),
            ("aws_bedrock", "aws.bedrock"),
            ("awsbedrock", "aws.bedrock"),
            ("aws.bedrock", "aws.bedrock"),
            ("azure", "azure.ai.openai"),
            ("google", "gcp.gemini"),
            ("gemini", "gcp.gemini"),
            ("google_vertex", "gcp.vertex_ai"),
            ("grok", "x_ai"),
            ("x.ai", "x_ai"),
            ("mistral", "mistral_ai"),
            ("mistralai", "mistral_ai"),
            ("mockai", "mockai"),
        ] {
            assert_eq!(registry_name(told.to_owned(), ServiceType::Llm), registered, "{told}");
        }
    }

    #[test]
    fn a_clouds_speech_is_not_its_language_models() {
        for cloud in ["aws", "azure", "google"] {
            assert_eq!(registry_name(cloud.to_owned(), ServiceType::Stt), cloud);
            assert_eq!(registry_name(cloud.to_owned(), ServiceType::Tts), cloud);
        }
    }
}
