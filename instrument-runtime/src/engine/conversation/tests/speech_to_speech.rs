//! Speech-to-speech models.

use super::support::{LLM, OUT, Pipeline, chunk};
use super::tree::assert_tree;
use crate::engine::conversation::FrameSupport;
use crate::engine::frame::{Frame, FunctionCall, Measurement, Role, Transcript};

fn live() -> Pipeline {
    Pipeline::of(FrameSupport::default(), &[(LLM, Role::Llm), (OUT, Role::OutputTransport)])
}

impl Pipeline {
    fn user_speaks(&mut self, start: u64) -> &mut Self {
        self.at(start).voice().user_starts().at(start + 500).silence().user_stops()
    }

    fn transcribes(&mut self, text: &str) -> &mut Self {
        self.push(LLM, &Frame::Transcription(Transcript::from(text)))
    }

    fn user_asks_live(&mut self, start: u64, text: &str) -> &mut Self {
        self.user_speaks(start).at(start + 600).transcribes(text)
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
          llm 1700..1700 "Weather?" - tokens 240
            tool weather 1750..1900 "21"
          llm 1900..2300 "Weather?" "21 degrees." ttfb 0.050
        "#,
    );
}

#[test]
fn all_waiting_transcripts_are_the_input_of_the_next_call() {
    let mut pipeline = live();
    pipeline.user_speaks(1_000).at(1_600).transcribes("I need shoes.").transcribes("Black ones.");
    pipeline.transcribes("Size nine.").speaks_live(1_700, "a", "Here they are.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).bot_stops();
    pipeline.user_asks_live(3_000, "Thanks.").speaks_live(3_700, "b", "Bye.");
    pipeline.at(4_300).push(LLM, &Frame::LlmResponseEnd).at(4_400).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2400 completed "I need shoes. Black ones. Size nine." "Here they are." after 0.500
          llm 1700..2300 "I need shoes. Black ones. Size nine." "Here they are." ttfb 0.050
        turn 2 3000..4400 completed "Thanks." "Bye." after 0.500
          llm 3700..4300 "Thanks." "Bye." ttfb 0.050
        "#,
    );
}

#[test]
fn late_transcript_is_the_input_of_the_call_that_answers_it() {
    // As OpenAI Realtime: the transcript follows the answer, whether or not that still streams.
    let mut pipeline = live();
    pipeline.user_speaks(1_000).speaks_live(1_700, "a", "Hi.").at(1_900).transcribes("Hello.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).bot_stops();
    pipeline.user_speaks(3_000).speaks_live(3_700, "b", "Noon.").at(4_000).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(4_100).transcribes("What time is it?").at(4_400).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2400 completed "Hello." "Hi." after 0.500
          llm 1700..2300 "Hello." "Hi." ttfb 0.050
        turn 2 3000..4400 completed "What time is it?" "Noon." after 0.500
          llm 3700..4000 "What time is it?" "Noon." ttfb 0.050
        "#,
    );
}

#[test]
fn transcript_that_comes_after_a_barge_in_belongs_to_the_interrupted_call() {
    let mut pipeline = live();
    pipeline.user_speaks(1_000).speaks_live(1_700, "a", "Once upon");
    pipeline.at(2_500).voice().user_starts().at(2_600).transcribes("Tell me a story.");
    pipeline.at(3_000).silence().user_stops().speaks_live(3_200, "b", "Okay.");
    pipeline.at(3_300).transcribes("Stop.").at(3_500).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(3_800).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 interrupted "Tell me a story." "Once upon" after 0.500
          llm 1700..2500 "Tell me a story." "Once upon" ttfb 0.050 interrupted
        turn 2 2500..3800 completed "Stop." "Okay." after 0.500
          llm 3200..3500 "Stop." "Okay." ttfb 0.050
        "#,
    );
}

#[test]
fn words_after_an_unheard_answer_are_the_input_of_the_next_one() {
    // The user speaks again before the bot is audible: the same turn, but another call.
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Hello.").at(1_700).push(LLM, &Frame::LlmResponseStart);
    pipeline.user_asks_live(2_000, "Are you there?").speaks_live(2_700, "a", "Yes.");
    pipeline.at(3_000).push(LLM, &Frame::LlmResponseEnd).at(3_200).bot_stops().at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains(r#"llm 2700..3000 "Are you there?" "Yes." ttfb 0.050"#), "{tree}");
    assert!(tree.contains(r#""Hello." - interrupted"#), "{tree}");
}

#[test]
fn ttfb_counts_before_the_kind_of_the_model_is_known() {
    let mut pipeline = live();
    pipeline.at(100).context(LLM).speaks_live(400, "a", "Welcome.");
    pipeline.at(900).push(LLM, &Frame::LlmResponseEnd).at(1_000).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1000 completed - "Welcome."
          llm 400..900 - "Welcome." ttfb 0.050
        "#,
    );
}

#[test]
fn tool_call_ends_a_call_that_speaks_and_its_result_begins_the_next() {
    // As Gemini Live: neither the tool call nor the answer to its result is bracketed.
    let mut pipeline = live();
    let call = FunctionCall { name: "weather", tool_call_id: "1", arguments: Some(&"{}") };
    pipeline.user_asks_live(1_000, "Weather?").speaks_live(1_700, "a", "One moment.");
    pipeline.at(2_000).push(LLM, &Frame::FunctionCallsStarted(&[call])).calls_tool("weather", "1");
    pipeline.at(2_200).tool_returns("1", "21").at(2_400).measures(LLM, Measurement::TimeToFirstByte(0.2));
    pipeline.audio(LLM, 500).push(LLM, &Frame::TtsText(chunk("a", "21 degrees.")));
    pipeline.at(2_450).spoken("a", "21 degrees.").at(2_900).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(3_000).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 completed "Weather?" "One moment. 21 degrees." after 0.500
          llm 1700..2000 "Weather?" "One moment." ttfb 0.050
            tool weather 2000..2200 "21"
          llm 2200..2900 "Weather?" "21 degrees." ttfb 0.200
        "#,
    );
}

#[test]
fn failed_response_without_start_is_a_call() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Hello.").speaks_live(1_700, "a", "Hi.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).bot_stops();
    pipeline.user_speaks(3_000).at(3_700).measures(LLM, Measurement::Processing(0.2));
    pipeline
        .push(LLM, &Frame::LlmResponseEnd)
        .fails(LLM, "Response failed")
        .at(3_800)
        .transcribes("Break it.");
    // The timer of the dead request stops at the next user start.
    pipeline.at(5_000).voice().user_starts().measures(LLM, Measurement::TimeToFirstByte(1.5));
    pipeline.at(5_500).silence().user_stops().at(5_600).transcribes("Still there?");
    pipeline.speaks_live(5_700, "b", "Yes.").at(6_000).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(6_200).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2400 completed "Hello." "Hi." after 0.500
          llm 1700..2300 "Hello." "Hi." ttfb 0.050
        turn 2 3000..6200 completed "Break it. Still there?" "Yes." after 0.500
          llm 3500..3700 "Break it." - error _OTHER: Response failed
          llm 5700..6000 "Still there?" "Yes." ttfb 0.050
        "#,
    );
    let processing: Vec<_> = pipeline.llm_records().map(|llm| llm.times.processing).collect();
    assert_eq!(processing, [None, Some(0.2), None]);
}

#[test]
fn error_without_a_request_is_not_a_call() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Hello.").speaks_live(1_700, "a", "Hi.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).fails(LLM, "Connection lost");
    pipeline.at(2_500).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 completed "Hello." "Hi." after 0.500 event: Connection lost
          llm 1700..2300 "Hello." "Hi." ttfb 0.050
        "#,
    );
}

#[test]
fn call_is_interrupted_by_speech_that_its_service_detects_before_its_end() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Tell me.").speaks_live(1_700, "a", "Once upon");
    pipeline
        .at(2_490)
        .push(LLM, &Frame::ProposedUserStartedSpeaking)
        .at(2_493)
        .push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(2_503).user_starts().at(3_000).user_stops().at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains(r#"llm 1700..2493 "Tell me." "Once upon" ttfb 0.050 interrupted"#), "{tree}");
}

#[test]
fn call_that_ended_before_the_user_spoke_is_not_interrupted() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Tell me.").speaks_live(1_700, "a", "Once upon");
    pipeline
        .at(2_400)
        .push(LLM, &Frame::LlmResponseEnd)
        .at(2_410)
        .push(LLM, &Frame::ProposedUserStartedSpeaking);
    pipeline.at(2_420).user_starts().at(3_000).user_stops().at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains("llm 1700..2400 \"Tell me.\" \"Once upon\" ttfb 0.050\n"), "{tree}");
}

#[test]
fn interruption_by_the_model_itself_interrupts_its_call() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Tell me.").speaks_live(1_700, "a", "Once upon");
    pipeline.at(2_400).push(LLM, &Frame::Interruption).at(2_500).bot_stops().at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains("\"Once upon\" ttfb 0.050 interrupted"), "{tree}");
}

#[test]
fn usage_of_an_interrupted_response_stays_with_it() {
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Tell me.").speaks_live(1_700, "a", "Once upon");
    pipeline.at(2_500).voice().user_starts().at(3_000).silence().user_stops().at(3_050).uses_tokens(77);
    pipeline.at(3_060).push(LLM, &Frame::LlmResponseEnd).at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains("\"Once upon\" tokens 77 ttfb 0.050 interrupted"), "{tree}");
}

#[test]
fn reported_ttfb_of_an_earlier_request_is_measured_anew() {
    // As Gemini Live, whose timer runs from the end of the user's speech over the tool call.
    let mut pipeline = live();
    let call = FunctionCall { name: "weather", tool_call_id: "1", arguments: Some(&"{}") };
    pipeline.user_asks_live(1_000, "Weather?").at(1_700).push(LLM, &Frame::FunctionCallsStarted(&[call]));
    pipeline.calls_tool("weather", "1").at(2_000).tool_returns("1", "21");
    pipeline.at(2_200).measures(LLM, Measurement::TimeToFirstByte(0.7));
    pipeline.push(LLM, &Frame::TtsStarted { context_id: None }).push(LLM, &Frame::LlmResponseStart);
    pipeline.audio(LLM, 500).at(2_500).push(LLM, &Frame::LlmResponseEnd).at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains(r#"llm 2000..2500 "Weather?" - ttfb 0.200"#), "{tree}");
}

#[test]
fn response_that_is_cancelled_before_its_start_is_a_call_with_its_tokens() {
    // As OpenAI Realtime, if the user goes on before the model answers.
    let mut pipeline = live();
    pipeline.user_asks_live(1_000, "Hello.").speaks_live(1_700, "a", "Hi.");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseEnd).at(2_400).bot_stops();
    pipeline.user_asks_live(3_000, "I need").at(3_800).push(LLM, &Frame::ProposedUserStartedSpeaking);
    pipeline.at(3_802).uses_tokens(230).push(LLM, &Frame::LlmResponseEnd).at(3_805).user_starts();
    pipeline.at(4_300).user_stops().at(4_400).transcribes("black shoes.").speaks_live(4_500, "b", "Here.");
    pipeline.uses_tokens(100).at(4_800).push(LLM, &Frame::LlmResponseEnd).at(5_000).bot_stops();
    pipeline.at(9_000).ends();
    let tree = pipeline.tree();
    assert!(tree.contains(r#"llm 3500..3802 "I need" - tokens 230 interrupted"#), "{tree}");
    assert!(tree.contains(r#"llm 4500..4800 "black shoes." "Here." tokens 100 ttfb 0.050"#), "{tree}");
}
