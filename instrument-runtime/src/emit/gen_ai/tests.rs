use super::put_request;
use crate::emit::attributes::Attributes;
use crate::emit::test_records::text;
use crate::engine::frame::Setting;

#[test]
fn settings_that_have_a_key_and_the_right_type_are_parameters_of_the_request() {
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
fn the_older_name_of_the_token_limit_wins() {
    let settings = [("max_completion_tokens", 100), ("max_tokens", 50)]
        .map(|(name, n)| (name.to_owned(), Setting::Int(n)));
    let mut out = Attributes::with_limit(128);
    put_request(&settings, &mut out);
    assert_eq!(text(&out.into_vec()), "gen_ai.request.max_tokens = 50\n");
}
