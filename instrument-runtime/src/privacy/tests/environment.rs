use crate::privacy::TraceConfig;

/// Fills `code` from `variables`, and returns the warnings.
fn read(code: TraceConfig, variables: &[(&str, &str)]) -> (TraceConfig, Vec<String>) {
    let lookup = |name: &str| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    };
    let mut warnings = Vec::new();
    let config = code.or_else(lookup, |invalid| warnings.push(invalid.to_string()));
    (config, warnings)
}

#[test]
fn each_variable_sets_its_option() {
    let none = TraceConfig::default;
    let options = [
        ("OPENINFERENCE_HIDE_INPUTS", none().hide_inputs(true)),
        ("OPENINFERENCE_HIDE_OUTPUTS", none().hide_outputs(true)),
        ("OPENINFERENCE_HIDE_INPUT_MESSAGES", none().hide_input_messages(true)),
        ("OPENINFERENCE_HIDE_OUTPUT_MESSAGES", none().hide_output_messages(true)),
        ("OPENINFERENCE_HIDE_INPUT_TEXT", none().hide_input_text(true)),
        ("OPENINFERENCE_HIDE_OUTPUT_TEXT", none().hide_output_text(true)),
        ("OPENINFERENCE_HIDE_INPUT_IMAGES", none().hide_input_images(true)),
        ("OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS", none().hide_llm_invocation_parameters(true)),
        ("OPENINFERENCE_HIDE_LLM_TOOLS", none().hide_llm_tools(true)),
    ];
    for (variable, expected) in options {
        assert_ne!(expected, none());
        assert_eq!(read(none(), &[(variable, "true")]), (expected, vec![]), "{variable}");
    }
    let image = read(none(), &[("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "100")]);
    assert_eq!(image, (none().base64_image_max_length(100), vec![]));
}

#[test]
fn true_and_false_are_read_in_any_case() {
    for (value, hide) in [("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false)]
    {
        let read = read(TraceConfig::default(), &[("OPENINFERENCE_HIDE_INPUTS", value)]);
        assert_eq!(read, (TraceConfig::default().hide_inputs(hide), vec![]), "{value}");
    }
}

#[test]
fn an_invalid_value_warns_and_keeps_the_default() {
    for value in ["1", "yes", "on", "", " true", "truee"] {
        let (config, warnings) = read(TraceConfig::default(), &[("OPENINFERENCE_HIDE_OUTPUTS", value)]);
        assert_eq!(config, TraceConfig::default(), "{value}");
        assert_eq!(
            warnings,
            [format!("OPENINFERENCE_HIDE_OUTPUTS={value:?} is invalid and ignored: set it to true or false")]
        );
    }
    for value in ["-1", "32_000", "many"] {
        let variable = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";
        let (config, warnings) = read(TraceConfig::default(), &[(variable, value)]);
        assert_eq!((config, warnings.len()), (TraceConfig::default(), 1), "{value}");
    }
}

#[test]
fn code_wins_over_environment_and_environment_over_default() {
    let code = TraceConfig::default().hide_inputs(false).base64_image_max_length(5);
    let environment = [
        ("OPENINFERENCE_HIDE_INPUTS", "true"),
        ("OPENINFERENCE_HIDE_OUTPUTS", "true"),
        ("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "100"),
    ];
    assert_eq!(read(code.clone(), &environment), (code.clone().hide_outputs(true), vec![]));
    assert_eq!(read(code.clone(), &[]), (code, vec![]));

    let (from_environment, _) = read(TraceConfig::default(), &environment);
    assert_ne!(from_environment.clone().hide_inputs(false), from_environment, "what is called later wins");
}

#[test]
fn a_variable_is_not_read_if_code_sets_its_option() {
    let code = TraceConfig::default().hide_inputs(true);
    assert_eq!(read(code.clone(), &[("OPENINFERENCE_HIDE_INPUTS", "perhaps")]), (code, vec![]));
}

#[test]
fn variables_for_content_never_written_change_nothing() {
    for variable in [
        "OPENINFERENCE_HIDE_PROMPTS",
        "OPENINFERENCE_HIDE_CHOICES",
        "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS",
        "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT",
        "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS",
    ] {
        assert_eq!(read(TraceConfig::default(), &[(variable, "true")]), (TraceConfig::default(), vec![]));
        assert_eq!(read(TraceConfig::default(), &[(variable, "yes")]).1.len(), 1, "{variable}");
    }
}
