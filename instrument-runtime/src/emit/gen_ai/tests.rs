use super::{put_request, registry_name};
use crate::emit::attributes::Attributes;
use crate::emit::test_records::text;
use crate::engine::frame::Setting;
use crate::engine::operation::ServiceKind;

#[test]
fn settings_with_a_key_and_the_right_type_are_request_parameters() {
    let settings = [
        ("max_completion_tokens", Setting::Int(100)),
        ("top_k", Setting::Int(40)),
        ("temperature", Setting::Float(0.2)),
        ("top_p", Setting::Text("high".into())),
        ("seed", Setting::Float(0.5)),
        ("stop_sequences", Setting::Text("END".into())),
        ("reasoning_effort", Setting::Text("low".into())),
    ]
    .map(|(name, setting)| (name.to_owned(), setting));
    let mut out = Attributes::with_limit(128);
    put_request(&settings, &mut out);
    assert_eq!(
        text(&out.into_vec()),
        "\
gen_ai.request.temperature = 0.2
gen_ai.request.top_k = 40
gen_ai.request.max_tokens = 100
gen_ai.request.stop_sequences = [\"END\"]
"
    );
}

#[test]
fn older_name_of_the_token_limit_wins() {
    let settings = [("max_completion_tokens", 100), ("max_tokens", 50)]
        .map(|(name, n)| (name.to_owned(), Setting::Int(n)));
    let mut out = Attributes::with_limit(128);
    put_request(&settings, &mut out);
    assert_eq!(text(&out.into_vec()), "gen_ai.request.max_tokens = 50\n");
}

#[test]
fn providers_have_their_names_in_the_registry() {
    for (name, registered) in [
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
        assert_eq!(registry_name(name.to_owned(), ServiceKind::Llm), registered, "{name}");
    }
}

#[test]
fn speech_services_keep_the_name_of_their_cloud() {
    for cloud in ["aws", "azure", "google"] {
        assert_eq!(registry_name(cloud.to_owned(), ServiceKind::Stt), cloud);
        assert_eq!(registry_name(cloud.to_owned(), ServiceKind::Tts), cloud);
    }
}
