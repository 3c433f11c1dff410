//! Each option by itself: what is left of the content of each kind of span, written down by hand.

use std::sync::Arc;

use pipecat_instrument_runtime::core::frame::{
    Content, ImageUrl, Message, Part, Processor, Role, Setting, ToolCall,
};
use pipecat_instrument_runtime::core::record::{
    Body, EndReason, LlmRecord, Request, ServiceTimes, SttRecord, Told, ToolRecord, TtsRecord, TurnNumber,
    TurnRecord,
};
use pipecat_instrument_runtime::emit::Conventions;
use pipecat_instrument_runtime::privacy::{Hide, TraceConfig};

use crate::Outcome;
use crate::export::{exported, lines, record};
use crate::options::Hidden;
use crate::options::hiding;

/// The keys that tell content.
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

/// What a span of `body` tells of content.
fn content(body: Body, config: TraceConfig) -> Outcome<String> {
    let conventions = Conventions::OPENINFERENCE | Conventions::GEN_AI;
    let spans = exported(vec![record(body)], conventions, config)?;
    lines(spans.first().ok_or("no span")?, &CONTENT)
}

fn turn() -> Body {
    Body::Turn(TurnRecord {
        number: TurnNumber(1),
        input: Some("What time is it?".into()),
        output: Some("It is noon.".into()),
        end_reason: EndReason::Completed,
        latency: None,
    })
}

fn stt() -> Body {
    Body::Stt(SttRecord {
        service: Arc::new(Processor::new("Stt#0", "DeepgramSTTService", Role::Stt)),
        measured_model: None,
        times: ServiceTimes::default(),
        transcript: Some("What time is it?".into()),
        as_output: Told::Whole,
        is_final: true,
        language: None,
        audio_seconds: None,
        time_to_last_transcription: None,
    })
}

fn llm() -> Body {
    let service =
        Processor::new("Llm#0", "OpenAILLMService", Role::Llm).setting("temperature", Setting::Float(0.5));
    let picture = vec![
        Part::Text("What time is it?".into()),
        Part::Image(ImageUrl("data:image/png;base64,AAAA".into())),
    ];
    Body::Llm(Box::new(LlmRecord {
        service: Arc::new(service),
        measured_model: None,
        times: ServiceTimes::default(),
        request: Request {
            system: Some(Message::text("system", "Be brief.")),
            newest: vec![
                Message::text("assistant", "Hello."),
                Message { content: Content::Parts(picture), ..Message::text("user", "") },
            ],
            message_count: 3,
            last_user_message: Some("What time is it?".into()),
            tools: vec![r#"{"name":"clock"}"#.into()],
        },
        heard: None,
        text: Some("One moment.".into()),
        tool_calls: vec![clock()],
        as_message: Told::Whole,
        usage: None,
        ttfat: None,
        interrupted: false,
    }))
}

fn clock() -> ToolCall {
    ToolCall { id: "call_1".into(), name: "clock".into(), arguments: r#"{"zone":"UTC"}"#.into() }
}

/// An invocation in which the service's own instruction is the first message.
fn llm_with_an_instruction() -> Body {
    let Body::Llm(llm) = llm() else { return llm() };
    let service = Processor { system_instruction: Some("Be brief.".into()), ..(*llm.service).clone() };
    let request = Request { system: None, message_count: 2, ..llm.request };
    Body::Llm(Box::new(LlmRecord { service: Arc::new(service), request, ..*llm }))
}

/// An invocation that is answered by nothing but a call.
fn llm_that_calls() -> Body {
    let Body::Llm(llm) = llm() else { return llm() };
    Body::Llm(Box::new(LlmRecord { text: None, request: Request::default(), ..*llm }))
}

fn tts() -> Body {
    Body::Tts(TtsRecord {
        service: Arc::new(Processor::new("Tts#0", "CartesiaTTSService", Role::Tts)),
        measured_model: None,
        times: ServiceTimes::default(),
        input: Some("It is noon.".into()),
        output: Some("It is".into()),
        characters: Some(11),
        ttfa: None,
        audio: None,
        played: None,
        interrupted: true,
    })
}

fn tool() -> Body {
    Body::Tool(ToolRecord {
        name: "clock".into(),
        tool_call_id: "call_1".into(),
        arguments: Some(r#"{"zone":"UTC"}"#.into()),
        result: Some(r#""12:00""#.into()),
        error: None,
        cancelled: false,
    })
}

/// What of `llm()` is not in its messages.
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

/// What `llm()` tells, with these messages; lines in the order of their keys.
fn llm_with(input_messages: &str, output_messages: &str) -> String {
    let all = AROUND_THE_MESSAGES.concat() + input_messages + output_messages;
    let mut lines: Vec<&str> = all.lines().collect();
    lines.sort_unstable();
    lines.join("\n") + "\n"
}

#[test]
fn nothing() -> Outcome<()> {
    let config = || hiding(&[]);
    assert_eq!(content(turn(), config())?, "input.value = What time is it?\noutput.value = It is noon.\n");
    assert_eq!(content(llm(), config())?, llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES));
    Ok(())
}

#[test]
fn hide_inputs() -> Outcome<()> {
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
fn hide_outputs() -> Outcome<()> {
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
    // What the model said before is an output, too.
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
fn hide_input_messages_and_hide_output_messages() -> Outcome<()> {
    assert_eq!(content(llm(), hiding(&[Hidden::InputMessages]))?, llm_with("", OUTPUT_MESSAGES));
    // There are as many messages as there were.
    let instructed = llm_with_an_instruction();
    assert_eq!(content(instructed.clone(), hiding(&[]))?, llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES));
    assert_eq!(content(instructed, hiding(&[Hidden::InputMessages]))?, llm_with("", OUTPUT_MESSAGES));
    assert_eq!(content(llm(), hiding(&[Hidden::OutputMessages]))?, llm_with(INPUT_MESSAGES, ""));
    Ok(())
}

#[test]
fn hide_input_text_and_hide_output_text() -> Outcome<()> {
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
fn hide_input_images() -> Outcome<()> {
    let messages: String = INPUT_MESSAGES
        .lines()
        .filter(|line| !line.contains("contents.1"))
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(content(llm(), hiding(&[Hidden::InputImages]))?, llm_with(&messages, OUTPUT_MESSAGES));
    Ok(())
}

#[test]
fn base64_image_max_length() -> Outcome<()> {
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
fn hide_llm_invocation_parameters_and_hide_llm_tools() -> Outcome<()> {
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
fn what_is_never_written_is_accepted() -> Outcome<()> {
    let config = hiding(&[])
        .hide_prompts(Hide::Yes)
        .hide_choices(Hide::Yes)
        .hide_embeddings_vectors(Hide::Yes)
        .hide_embeddings_text(Hide::Yes)
        .hide_retrieval_documents(Hide::Yes);
    assert_eq!(content(llm(), config)?, llm_with(INPUT_MESSAGES, OUTPUT_MESSAGES));
    Ok(())
}

#[test]
fn max_value_length() -> Outcome<()> {
    assert_eq!(
        content(turn(), hiding(&[]).max_value_length(15))?,
        "input.value = What… [12 more]\noutput.value = It is noon.\n"
    );
    // Half a picture is none.
    let pictures = content(llm(), hiding(&[]).max_value_length(25))?;
    assert!(pictures.contains("image.url = __REDACTED__\n"), "{pictures}");
    Ok(())
}
