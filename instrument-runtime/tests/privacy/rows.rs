//! Each option alone: the remaining content of each kind of span, written by hand.

use pipecat_instrument_runtime::emit::Conventions;
use pipecat_instrument_runtime::engine::record::SpanDetails;
use pipecat_instrument_runtime::privacy::TraceConfig;

use crate::TestResult;
use crate::export::{exported, lines, record};
use crate::options::{Hidden, hiding};
use crate::samples::{llm, llm_that_calls, llm_with_an_instruction, stt, tool, tts, turn};

/// Prefixes of the keys that contain content.
const CONTENT: [&str; 11] = [
    "input.",
    "output.",
    "audio.transcript",
    "llm.input_messages",
    "llm.output_messages",
    "llm.messages_count",
    "llm.tools",
    "llm.invocation_parameters",
    "tool.",
    "gen_ai.tool.call.",
    "gen_ai.request.",
];

/// Returns the content of a span with `details`.
fn content(details: SpanDetails, config: TraceConfig) -> TestResult<String> {
    let conventions = Conventions::OPENINFERENCE | Conventions::GEN_AI;
    let spans = exported(vec![record(details)], conventions, config)?;
    lines(spans.first().ok_or("no span")?, &CONTENT)
}

/// The content of `llm()` outside its messages.
const AROUND_THE_MESSAGES: [&str; 4] = [
    "gen_ai.request.temperature = 0.5\ninput.value = What time is it?\n",
    "llm.invocation_parameters = {\"temperature\":0.5}\nllm.messages_count = 3\n",
    "llm.tools.0.tool.json_schema = {\"name\":\"clock\"}\noutput.value = One moment.\n",
    "",
];

const INPUT_MESSAGES: &str = "\
llm.input_messages.0.message.content = Be brief.
llm.input_messages.0.message.role = system
llm.input_messages.1.message.content = Hello.
llm.input_messages.1.message.role = assistant
llm.input_messages.2.message.contents.0.message_content.text = What time is it?
llm.input_messages.2.message.contents.0.message_content.type = text
llm.input_messages.2.message.contents.1.message_content.image.image.url = data:image/png;base64,AAAA
llm.input_messages.2.message.contents.1.message_content.type = image
llm.input_messages.2.message.role = user
";

const OUTPUT_MESSAGES: &str = "\
llm.output_messages.0.message.content = One moment.
llm.output_messages.0.message.role = assistant
llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments = {\"zone\":\"UTC\"}
llm.output_messages.0.message.tool_calls.0.tool_call.function.name = clock
llm.output_messages.0.message.tool_calls.0.tool_call.id = call_1
";

/// Returns the content of `llm()` with these messages, lines sorted by key.
fn llm_with(input_messages: &str, output_messages: &str) -> String {
    let all = AROUND_THE_MESSAGES.concat() + input_messages + output_messages;
    let mut lines: Vec<&str> = all.lines().collect();
    lines.sort_unstable();
    lines.join("\n") + "\n"
}

#[test]
fn no_option() -> TestResult<()> {
    let config = || hiding(&[]);
    assert_eq!(content(turn(), config())?, "input.value = What time is it?\noutput.value = It is noon.\n");
    assert_eq!(content(llm(), config())?, llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES));
    Ok(())
}

#[test]
fn hide_inputs() -> TestResult<()> {
    let config = || hiding(&[Hidden::Inputs]);
    assert_eq!(content(turn(), config())?, "input.value = __REDACTED__\noutput.value = It is noon.\n");
    assert_eq!(
        content(stt(), config())?,
        "\
audio.transcript = __REDACTED__
input.value = __REDACTED__
output.value = __REDACTED__
"
    );
    assert_eq!(
        content(llm(), config())?,
        "\
gen_ai.request.temperature = 0.5
input.value = __REDACTED__
llm.invocation_parameters = {\"temperature\":0.5}
llm.messages_count = 3
llm.output_messages.0.message.content = One moment.
llm.output_messages.0.message.role = assistant
llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments = __REDACTED__
llm.output_messages.0.message.tool_calls.0.tool_call.function.name = clock
llm.output_messages.0.message.tool_calls.0.tool_call.id = call_1
output.value = One moment.
"
    );
    assert_eq!(
        content(llm_that_calls(), config())?,
        "\
gen_ai.request.temperature = 0.5
llm.invocation_parameters = {\"temperature\":0.5}
llm.messages_count = 0
llm.output_messages.0.message.role = assistant
llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments = __REDACTED__
llm.output_messages.0.message.tool_calls.0.tool_call.function.name = clock
llm.output_messages.0.message.tool_calls.0.tool_call.id = call_1
output.mime_type = application/json
output.value = [{\"id\":\"call_1\",\"name\":\"clock\",\"arguments\":\"__REDACTED__\"}]
"
    );
    assert_eq!(content(tts(), config())?, "input.value = __REDACTED__\noutput.value = It is\n");
    assert_eq!(
        content(tool(), config())?,
        "\
gen_ai.tool.call.arguments = __REDACTED__
gen_ai.tool.call.id = call_1
gen_ai.tool.call.result = \"12:00\"
input.value = __REDACTED__
output.mime_type = application/json
output.value = \"12:00\"
tool.name = clock
tool.parameters = __REDACTED__
tool.result = \"12:00\"
"
    );
    Ok(())
}

#[test]
fn hide_outputs() -> TestResult<()> {
    let config = || hiding(&[Hidden::Outputs]);
    assert_eq!(content(turn(), config())?, "input.value = What time is it?\noutput.value = __REDACTED__\n");
    assert_eq!(
        content(stt(), config())?,
        "\
audio.transcript = What time is it?
input.value = What time is it?
output.value = __REDACTED__
"
    );
    // Earlier responses of the model are outputs, too.
    let messages = INPUT_MESSAGES.replace("Hello.", "__REDACTED__");
    assert_eq!(content(llm(), config())?, llm_with(&messages, "").replace("One moment.", "__REDACTED__"));
    assert_eq!(
        content(llm_that_calls(), config())?,
        "\
gen_ai.request.temperature = 0.5
llm.invocation_parameters = {\"temperature\":0.5}
llm.messages_count = 0
output.value = __REDACTED__
"
    );
    assert_eq!(content(tts(), config())?, "input.value = __REDACTED__\noutput.value = __REDACTED__\n");
    assert_eq!(
        content(tool(), config())?,
        "\
gen_ai.tool.call.arguments = {\"zone\":\"UTC\"}
gen_ai.tool.call.id = call_1
gen_ai.tool.call.result = __REDACTED__
input.mime_type = application/json
input.value = {\"zone\":\"UTC\"}
output.value = __REDACTED__
tool.name = clock
tool.parameters = {\"zone\":\"UTC\"}
tool.result = __REDACTED__
"
    );
    Ok(())
}

#[test]
fn hide_input_messages_and_hide_output_messages() -> TestResult<()> {
    assert_eq!(content(llm(), hiding(&[Hidden::InputMessages]))?, llm_with("", OUTPUT_MESSAGES));
    // The count of messages does not change.
    let instructed = llm_with_an_instruction();
    assert_eq!(content(instructed.clone(), hiding(&[]))?, llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES));
    assert_eq!(content(instructed, hiding(&[Hidden::InputMessages]))?, llm_with("", OUTPUT_MESSAGES));
    assert_eq!(content(llm(), hiding(&[Hidden::OutputMessages]))?, llm_with(INPUT_MESSAGES, ""));
    Ok(())
}

#[test]
fn hide_input_text_and_hide_output_text() -> TestResult<()> {
    let input = "\
llm.input_messages.0.message.content = __REDACTED__
llm.input_messages.0.message.role = system
llm.input_messages.1.message.content = __REDACTED__
llm.input_messages.1.message.role = assistant
llm.input_messages.2.message.contents.0.message_content.text = __REDACTED__
llm.input_messages.2.message.contents.0.message_content.type = text
llm.input_messages.2.message.contents.1.message_content.image.image.url = data:image/png;base64,AAAA
llm.input_messages.2.message.contents.1.message_content.type = image
llm.input_messages.2.message.role = user
";
    assert_eq!(content(llm(), hiding(&[Hidden::InputText]))?, llm_with(input, OUTPUT_MESSAGES));
    let output = OUTPUT_MESSAGES.replace("One moment.", "__REDACTED__");
    assert_eq!(content(llm(), hiding(&[Hidden::OutputText]))?, llm_with(INPUT_MESSAGES, &output));
    Ok(())
}

#[test]
fn hide_input_images() -> TestResult<()> {
    let messages: String = INPUT_MESSAGES
        .lines()
        .filter(|line| !line.contains("contents.1"))
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(content(llm(), hiding(&[Hidden::InputImages]))?, llm_with(&messages, OUTPUT_MESSAGES));
    Ok(())
}

#[test]
fn base64_image_max_length() -> TestResult<()> {
    // It has 26 characters.
    assert_eq!(
        content(llm(), hiding(&[]).base64_image_max_length(26))?,
        llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES)
    );
    let messages = INPUT_MESSAGES.replace("data:image/png;base64,AAAA", "__REDACTED__");
    assert_eq!(
        content(llm(), hiding(&[]).base64_image_max_length(25))?,
        llm_with(&messages, OUTPUT_MESSAGES)
    );
    Ok(())
}

#[test]
fn hide_llm_invocation_parameters_and_hide_llm_tools() -> TestResult<()> {
    let whole = llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES);
    let without = |dropped: &[&str]| {
        whole
            .lines()
            .filter(|line| !dropped.iter().any(|prefix| line.starts_with(prefix)))
            .fold(String::new(), |all, line| all + line + "\n")
    };
    assert_eq!(
        content(llm(), hiding(&[Hidden::InvocationParameters]))?,
        without(&["llm.invocation_parameters", "gen_ai.request.temperature"])
    );
    assert_eq!(content(llm(), hiding(&[Hidden::Tools]))?, without(&["llm.tools"]));
    Ok(())
}

#[test]
fn max_value_length() -> TestResult<()> {
    assert_eq!(
        content(turn(), hiding(&[]).max_value_length(15))?,
        "input.value = What… [12 more]\noutput.value = It is noon.\n"
    );
    // A truncated image would be useless.
    let pictures = content(llm(), hiding(&[]).max_value_length(25))?;
    assert!(pictures.contains("image.url = __REDACTED__\n"), "{pictures}");
    Ok(())
}
