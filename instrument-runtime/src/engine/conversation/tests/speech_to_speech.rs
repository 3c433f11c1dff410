//! Speech-to-speech models.

use super::support::{LLM, OUT, Pipeline, chunk};
use super::tree::assert_tree;
use crate::engine::conversation::FrameSupport;
use crate::engine::frame::{Frame, FunctionCall, Measurement, Role, Transcript};

fn live() -> Pipeline {
    Pipeline::of(FrameSupport::default(), &[(LLM, Role::Llm), (OUT, Role::OutputTransport)])
}

impl Pipeline {
    fn user_asks_live(&mut self, start: u64, text: &str) -> &mut Self {
        self.at(start).voice().user_starts().at(start + 500).silence().user_stops();
        self.at(start + 600).push(LLM, &Frame::Transcription(Transcript::from(text)))
    }

    /// As Gemini Live: time to first byte, synthesis starts, response starts, audio and text.
    fn speaks_live(&mut self, start: u64, reply: &str, text: &str) -> &mut Self {
        self.at(start).measures(LLM, Measurement::TimeToFirstByte(0.05));
        self.push(LLM, &Frame::TtsStarted { context_id: None }).push(LLM, &Frame::LlmResponseStart);
        self.audio(LLM, 500).push(LLM, &Frame::TtsText(chunk(reply, text)));
        self.at(start + 100).bot_starts().spoken(reply, text)
    }
}

#[test]
fn each_response_is_one_span() {
    let mut pipeline = live();
    pipeline
        .at(100)
        .context(LLM)
        .user_asks_live(1_000, "Hello.")
        .speaks_live(1_700, "a", "Hi.")
        .uses_tokens(50);
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).bot_stops();
    pipeline.at(2_450).adds_message("assistant", "Hi.").context(LLM).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2400 completed "Hello." "Hi." after 0.500
          llm 1700..2300 "Hello." "Hi." tokens 50 ttfb 0.050
        "#,
    );
}

#[test]
fn response_does_not_continue_an_interrupted_one() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Tell me.").speaks_live(1_700, "a", "Once upon");
    pipeline.user_asks_live(2_500, "Stop.").speaks_live(3_200, "b", "Okay.").uses_tokens(50);
    pipeline.at(3_500).push(LLM, &Frame::LlmResponseEnd).at(3_800).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 interrupted "Tell me." "Once upon" after 0.500
          llm 1700..2500 "Tell me." "Once upon" ttfb 0.050 interrupted
        turn 2 2500..3800 completed "Stop." "Okay." after 0.500
          llm 3200..3500 "Stop." "Okay." tokens 50 ttfb 0.050
        "#,
    );
}

#[test]
fn second_response_start_changes_nothing() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Hello.").at(1_700).push(LLM, &Frame::LlmResponseStart);
    pipeline.at(1_750).push(LLM, &Frame::LlmResponseStart).audio(LLM, 500);
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..9000 ended "Hello." -
          llm 1700..2300 "Hello." - ttfb 0.050
        "#,
    );
}

#[test]
fn response_of_tool_calls_alone_is_a_span() {
    let mut pipeline = live();
    let call = FunctionCall { name: "weather", tool_call_id: "1", arguments: Some(&"{}") };
    pipeline.user_asks_live(1_000, "Weather?").at(1_700).push(LLM, &Frame::FunctionCallsStarted(&[call]));
    pipeline.uses_tokens(240).at(1_750).push(LLM, &Frame::LlmResponseEnd).calls_tool("weather", "1");
    pipeline.at(1_900).tool_returns("1", "21").speaks_live(2_000, "a", "21 degrees.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_500).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 completed "Weather?" "21 degrees." after 0.800
          llm 1700..1750 "Weather?" - tokens 240
            tool weather 1750..1900 "21"
          llm 2000..2300 "Weather?" "21 degrees." ttfb 0.050
        "#,
    );
}
