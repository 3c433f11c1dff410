//! The user's wait for the bot: its stages, their owners, and repeats.

use super::support::{LLM, OUT, Pipeline, STT, TTS, USER, chunk};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{Frame, Role};
use crate::engine::record::{Initiator, LatencySource, SpanDetails, StageTime, TurnRecord};

impl Pipeline {
    fn turns(&self) -> impl Iterator<Item = &TurnRecord> {
        self.spans.ended.iter().filter_map(|record| match &record.details {
            SpanDetails::Turn(turn) => Some(turn),
            _ => None,
        })
    }

    /// Returns the stages of each turn's latency, in milliseconds, with their owners.
    fn stages(&self) -> Vec<String> {
        let draw = |StageTime { stage, seconds, owner }: &StageTime| {
            let owner = owner.as_ref().map_or(String::new(), |owner| format!(" ({owner})"));
            format!("{} {:.0}{owner}", stage.as_str(), seconds * 1_000.0)
        };
        let latencies = self.turns().filter_map(|turn| turn.latency.as_ref());
        let drawn = latencies.map(|latency| {
            let stages: Vec<String> = latency.stages.iter().map(draw).collect();
            format!("{:.0}: {}", latency.seconds * 1_000.0, stages.join(", "))
        });
        drawn.collect()
    }

    /// Returns how often the user spoke again in each turn, and the wait since the first words in milliseconds.
    fn repeats(&self) -> Vec<Option<(u32, Option<u32>)>> {
        let millis = |seconds: f64| format!("{:.0}", seconds * 1_000.0).parse().unwrap();
        let repeats = self.turns().map(|turn| turn.repeats);
        repeats
            .map(|repeats| repeats.map(|repeats| (repeats.count, repeats.wait_seconds.map(millis))))
            .collect()
    }

    fn initiators(&self) -> Vec<Initiator> {
        self.turns().map(|turn| turn.initiator).collect()
    }

    /// Gives text to synthesis now; its audio and the bot's first sound come 200 and 250 ms later.
    fn speaks(&mut self, now: u64, reply: &str, text: &str) -> &mut Self {
        self.at(now).push(TTS, &Frame::AggregatedText(chunk(reply, text)));
        self.push(TTS, &Frame::TtsStarted { context_id: None }).at(now + 200).audio(TTS, 500);
        self.push(TTS, &Frame::TtsStopped { context_id: None })
            .at(now + 250)
            .bot_starts()
            .spoken(reply, text);
        self.at(now + 750).bot_stops()
    }
}

#[test]
fn each_stage_names_what_was_waited_for() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Weather?").at(1_700).asks("Weather?");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart).calls_tool("weather", "1").calls_tool("time", "2");
    pipeline
        .push(LLM, &Frame::LlmResponseEnd)
        .at(2_000)
        .tool_returns("2", "12")
        .at(2_300)
        .tool_returns("1", "21");
    pipeline.context(LLM).at(2_600).answers("21.").speaks(2_650, "a", "21.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["1600: endpointing 200 (VAD stop_secs), transcription 100 (Stt), \
          turn_detection 100 (user turn strategies), llm 400 (Llm), tools 500 (weather), \
          aggregation 50 (text_aggregation_mode), tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn wait_without_voice_detection_has_no_endpointing() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).push(STT, &Frame::UserStartedSpeaking).at(1_500).hears("Hello.");
    pipeline.at(1_600).push(STT, &Frame::UserStoppedSpeaking).at(1_650).asks("Hello.");
    pipeline.at(1_900).answers("Hi.").speaks(1_900, "a", "Hi.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["550: endpointing 0, transcription 0 (Stt), turn_detection 50 (Stt), llm 250 (Llm), \
          aggregation 0 (text_aggregation_mode), tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
    assert_eq!(pipeline.latencies()[0].source, LatencySource::UserStopped);
}

#[test]
fn eager_call_waits_for_its_transcript() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_250).asks("Hello.").at(1_450).answers("Hi.");
    pipeline.at(1_500).silence().at(1_600).hears("Hello.").user_stops();
    pipeline.speaks(1_650, "a", "Hi.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["600: endpointing 200 (VAD stop_secs), transcription 100 (Stt), \
          turn_detection 0 (user turn strategies), llm 0 (Llm), aggregation 50 (text_aggregation_mode), \
          tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn repeated_request_on_the_same_words_is_time_of_the_model() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").at(2_300).fails(LLM, "503").context(LLM);
    pipeline.at(2_600).answers("Hi.").speaks(2_650, "a", "Hi.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["1600: endpointing 200 (VAD stop_secs), transcription 100 (Stt), \
          turn_detection 100 (user turn strategies), llm 900 (Llm), aggregation 50 (text_aggregation_mode), \
          tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn late_words_are_a_request_of_their_own() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "To Paris").at(1_700).asks("To Paris").at(1_900).hears("tomorrow.");
    pipeline.at(2_000).asks("To Paris tomorrow.").at(2_300).answers("Fine.").speaks(2_350, "a", "Fine.");
    pipeline.at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["1300: endpointing 200 (VAD stop_secs), transcription 400 (Stt), \
          turn_detection 100 (user turn strategies), llm 300 (Llm), aggregation 50 (text_aggregation_mode), \
          tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn late_transcript_after_the_request_is_not_waited_for() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "To Paris").at(1_700).asks("To Paris").at(1_900).hears("tomorrow.");
    pipeline.at(2_000).answers("Fine.").speaks(2_050, "a", "Fine.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["1000: endpointing 200 (VAD stop_secs), transcription 100 (Stt), \
          turn_detection 100 (user turn strategies), llm 300 (Llm), aggregation 50 (text_aggregation_mode), \
          tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn time_of_the_application_is_time_of_the_pipeline() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_900).push(USER, &Frame::TtsSpeak(Some("One moment.")));
    pipeline.speaks(1_950, "a", "One moment.").at(5_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["900: endpointing 200 (VAD stop_secs), transcription 100 (Stt), tts 200 (Tts), output 50 (Out), \
          pipeline 350"]
    );
}

#[test]
fn speech_to_speech_waits_for_the_first_audio() {
    let mut pipeline =
        Pipeline::of(FrameSupport::default(), &[(LLM, Role::Llm), (OUT, Role::OutputTransport)]);
    pipeline.at(1_000).voice().user_starts().at(1_500).silence().user_stops();
    pipeline.at(1_700).push(LLM, &Frame::LlmResponseStart).calls_tool("weather", "1");
    pipeline.push(LLM, &Frame::LlmResponseEnd).at(2_000).tool_returns("1", "21");
    pipeline.at(2_300).push(LLM, &Frame::LlmResponseStart).at(2_350).audio(LLM, 500).at(2_400).bot_starts();
    pipeline.at(2_900).bot_stops().at(9_000).ends();
    assert_eq!(
        pipeline.stages(),
        [
            "1100: endpointing 200 (VAD stop_secs), llm 550 (Llm), tools 300 (weather), output 50 (Out), pipeline 0"
        ]
    );
}

#[test]
fn late_audio_of_an_interrupted_response_is_no_answer() {
    let mut pipeline =
        Pipeline::of(FrameSupport::default(), &[(LLM, Role::Llm), (OUT, Role::OutputTransport)]);
    pipeline.at(500).push(LLM, &Frame::LlmResponseStart).audio(LLM, 900).at(550).bot_starts();
    pipeline
        .at(1_000)
        .voice()
        .user_starts()
        .bot_stops()
        .at(1_010)
        .audio(LLM, 900)
        .at(1_500)
        .silence()
        .user_stops();
    pipeline.at(1_700).push(LLM, &Frame::LlmResponseStart).at(1_900).audio(LLM, 500).at(1_950).bot_starts();
    pipeline.at(2_400).bot_stops().at(9_000).ends();
    assert_eq!(
        pipeline.stages(),
        ["650: endpointing 200 (VAD stop_secs), llm 400 (Llm), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn repeats_count_from_the_first_words() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Say something.").at(1_700).asks("Say something.").at(1_800).fails(LLM, "529");
    pipeline.user_says(3_000, "Hello?").at(3_700).asks("Hello?").at(3_800).fails(LLM, "529");
    pipeline.user_says(5_000, "Bye.").at(5_700).asks("Bye.").at(5_900).answers("Bye!");
    pipeline.speaks(5_950, "a", "Bye!").at(9_000).ends();
    assert_eq!(pipeline.repeats(), [Some((2, Some(4_900)))]);
    assert_eq!(
        pipeline.stages(),
        ["900: endpointing 200 (VAD stop_secs), transcription 100 (Stt), \
          turn_detection 100 (user turn strategies), llm 200 (Llm), aggregation 50 (text_aggregation_mode), \
          tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn pause_or_late_transcript_is_no_repeat() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_400).silence().at(1_500).hears("To").at(1_600).voice();
    pipeline.at(1_800).silence().at(1_900).hears("Paris").user_stops().at(2_000).asks("To Paris");
    pipeline.at(2_100).hears("tomorrow.").user_starts().user_stops();
    pipeline.bot_replies(2_200, "To Paris tomorrow.", "Fine.").at(9_000).ends();
    assert_eq!(pipeline.repeats(), [None]);
}

#[test]
fn words_while_the_bot_speaks_are_no_repeat() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.").at(1_800).answers("Once.");
    pipeline.synthesizes("a", "Once.").at(1_900).bot_starts().spoken("a", "Once.");
    pipeline.at(2_000).voice().at(2_200).silence().at(2_300).hears("Uh-huh.").at(2_900).bot_stops();
    pipeline.at(9_000).ends();
    assert_eq!(pipeline.repeats(), [None]);
}

#[test]
fn repeat_without_a_reply_has_no_wait() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").user_says(3_000, "Hello?").at(9_000).ends();
    assert_eq!(pipeline.repeats(), [Some((1, None))]);
}

#[test]
fn request_ends_the_words_of_a_user_who_is_not_announced() {
    let inferred = FrameSupport { user_speech: Support::Inferred, ..FrameSupport::default() };
    let roles = [(STT, Role::Stt), (LLM, Role::Llm), (TTS, Role::Tts), (OUT, Role::OutputTransport)];
    let mut pipeline = Pipeline::of(inferred, &roles);
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Hello.").asks("Hello.");
    pipeline.at(3_000).voice().at(3_500).silence().at(3_600).hears("Hello?").asks("Hello?");
    pipeline.at(3_900).answers("Hi.").speaks(3_950, "a", "Hi.").at(9_000).ends();
    assert_eq!(pipeline.repeats(), [Some((1, Some(2_900)))]);
    assert_eq!(
        pipeline.stages(),
        ["900: endpointing 200 (VAD stop_secs), transcription 100 (Stt), turn_detection 0, llm 300 (Llm), \
          aggregation 50 (text_aggregation_mode), tts 200 (Tts), output 50 (Out), pipeline 0"]
    );
}

#[test]
fn initiator_is_who_comes_first() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).context(LLM).at(600).answers("Welcome.").speaks(600, "a", "Welcome.");
    pipeline.user_says(2_000, "Hello.").bot_replies(2_700, "Hello.", "Hi.");
    pipeline.at(9_000).push(USER, &Frame::TtsSpeak(Some("Still there?"))).speaks(9_000, "b", "Still there?");
    pipeline.bot_replies(20_000, "Typed.", "Yes.").at(30_000).ends();
    assert_eq!(pipeline.initiators(), [Initiator::Bot, Initiator::User, Initiator::Bot, Initiator::User]);
}
