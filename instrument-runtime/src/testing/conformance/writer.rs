//! Writes a plot step by step, with what must come of each.

use std::time::Duration;

use super::expected::{SpanFacts, TurnFacts};
use super::parts::{LlmResponse, LlmResponseContent, ResponseChunk, ScriptedToolCall, UserAction};
use super::plot::{Cue, Noise, Plot, Step};
use super::tells::{Capabilities, FirstSpeaker, FollowUp};
use crate::engine::frame::LlmUsage;

/// How much is heard of a reply that is cut.
const A_PART: Duration = Duration::from_millis(250);
/// What no script waits for.
const A_LONG_TIME: Duration = Duration::from_secs(4);

/// Writes a plot, with what must come of each step.
pub(super) struct Writer {
    tells: Capabilities,
    plot: Plot,
    /// What the user said last.
    asked: Option<&'static str>,
}

impl Writer {
    pub(super) fn new(tells: Capabilities) -> Self {
        let plot = Plot {
            steps: Vec::new(),
            answers: Vec::new(),
            long: None,
            fails_to_say: None,
            turns: Vec::new(),
            noise: Noise::None,
        };
        let writer = Self { tells, plot, asked: None };
        match tells.first_speaker {
            FirstSpeaker::User => writer,
            FirstSpeaker::Bot => {
                let mut greeting = writer;
                greeting.plot.turns.push(TurnFacts::of_the_bot());
                greeting.says("Hello, how can I help?")
            }
        }
    }

    // What the user does.

    pub(super) fn asks(self, text: &'static str) -> Self {
        let when = if self.plot.answers.is_empty() { Cue::AfterSilence } else { Cue::AfterReply };
        self.begins_a_turn(when, text)
    }

    pub(super) fn asks_after_silence(self, text: &'static str) -> Self {
        self.begins_a_turn(Cue::AfterSilence, text)
    }

    pub(super) fn asks_into_reply(self, text: &'static str) -> Self {
        self.begins_a_turn(Cue::IntoReply(A_PART), text)
    }

    fn begins_a_turn(mut self, when: Cue, text: &'static str) -> Self {
        self.plot.turns.push(TurnFacts::of_the_user(self.tells));
        self.speaks(when, text)
    }

    pub(super) fn goes_on(self, text: &'static str) -> Self {
        self.speaks(Cue::WhileAsked, text)
    }

    pub(super) fn asks_again(self, text: &'static str) -> Self {
        self.speaks(Cue::AfterFailure, text)
    }

    fn speaks(mut self, when: Cue, text: &'static str) -> Self {
        let millis = Duration::from_millis;
        let first_word = text.split(' ').next().unwrap_or(text);
        self.plot.steps.push(Step {
            when,
            does: vec![
                (millis(0), UserAction::StartSpeaking),
                (millis(40), UserAction::InterimTranscript(first_word.to_owned())),
                (millis(80), UserAction::StopSpeaking),
                (millis(120), UserAction::FinalTranscript(text.to_owned())),
            ],
        });
        self.asked = Some(text);
        let tells = self.tells;
        self.turn().hears(text, tells);
        self
    }

    pub(super) fn coughs(mut self) -> Self {
        self.plot.noise = Noise::Some;
        self.plot.steps.push(Step {
            when: Cue::AfterReply,
            does: vec![
                (Duration::ZERO, UserAction::StartSpeaking),
                (Duration::from_millis(80), UserAction::StopSpeaking),
            ],
        });
        self
    }

    pub(super) fn hangs_up(mut self) -> Plot {
        self.leaves(Cue::AfterReply, UserAction::HangUp);
        self.plot
    }

    fn leaves(&mut self, when: Cue, how: UserAction) {
        self.plot.steps.push(Step { when, does: vec![(Duration::ZERO, how)] });
    }

    // What the services do.

    pub(super) fn says(self, text: &'static str) -> Self {
        let tts = SpanFacts::tts(self.tells, text);
        self.answers(&[text], text).heard(text, tts)
    }

    pub(super) fn says_in_pieces(self, pieces: &[&'static str]) -> Self {
        let whole = pieces.concat();
        let tts = SpanFacts::tts_of_any_text(self.tells);
        let mut told = self.answers(pieces, whole.trim());
        told.turn().ends("completed");
        told.turn().spans(tts);
        told
    }

    pub(super) fn cut_short(mut self, text: &'static str) -> Self {
        self.plot.long = Some(text);
        let tts = SpanFacts::cut_tts(self.tells, text);
        let mut cut = self.answers(&[text], text);
        cut.turn().is_interrupted();
        cut.turn().spans(tts);
        cut
    }

    pub(super) fn cut_while_answering(mut self, said: &'static str, unsaid: &'static str) -> Self {
        self.plot.long = Some(said);
        let usage = self.usage();
        let pieces = vec![
            ResponseChunk { delay: Duration::ZERO, text: said },
            ResponseChunk { delay: A_LONG_TIME, text: unsaid },
        ];
        self.plot.answers.push(LlmResponse { content: LlmResponseContent::Text(pieces), usage });
        let llm = SpanFacts::cut_llm(self.tells, self.asked, Some(said.trim()));
        let tts = SpanFacts::cut_tts(self.tells, said.trim());
        self.turn().is_interrupted();
        self.turn().spans(llm);
        self.turn().spans(tts);
        self
    }

    /// The model is asked, and the user goes on before it answers.
    pub(super) fn asked_in_vain(mut self, text: &'static str) -> Self {
        let usage = self.usage();
        let pieces = vec![ResponseChunk { delay: A_LONG_TIME, text }];
        self.plot.answers.push(LlmResponse { content: LlmResponseContent::Text(pieces), usage });
        let llm = SpanFacts::cut_llm(self.tells, self.asked, None);
        self.turn().spans(llm);
        self
    }

    pub(super) fn calls(mut self, calls: Vec<ScriptedToolCall>) -> Self {
        let usage = self.usage();
        let llm = SpanFacts::calling_llm(self.tells, self.asked, &calls, &usage);
        let turn = self.turn();
        let place = turn.spans(llm);
        for call in &calls {
            turn.spans(SpanFacts::tool(call, place));
        }
        let again = match self.tells.follow_up {
            FollowUp::AfterAllTools => 0,
            FollowUp::AfterEachTool => calls.len() - 1,
        };
        self.plot.answers.push(LlmResponse { content: LlmResponseContent::ToolCalls(calls), usage });
        // Asked too early, it waits for the rest.
        for _ in 0..again {
            self = self.answers(&[], "");
        }
        self
    }

    pub(super) fn fails(mut self, message: &'static str) -> Self {
        let content = LlmResponseContent::Failure(message);
        self.plot.answers.push(LlmResponse { content, usage: LlmUsage::default() });
        let llm = SpanFacts::failed_llm(self.asked, message);
        self.turn().spans(llm);
        self
    }

    pub(super) fn cannot_be_said(mut self, text: &'static str, message: &'static str) -> Self {
        self.plot.fails_to_say = Some((text, message));
        let mut told = self.answers(&[text], text);
        told.turn().spans(SpanFacts::failed_tts(message));
        told
    }

    pub(super) fn ends_in_reply(mut self, how: UserAction) -> Plot {
        const TEXT: &str = "It is two hundred and forty with a first visit.";
        self.plot.long = Some(TEXT);
        let tts = match how {
            UserAction::Cancel => SpanFacts::cut_tts(self.tells, TEXT),
            _ => SpanFacts::tts_of_any_text(self.tells),
        };
        let mut last = self.answers(&[TEXT], TEXT);
        last.turn().ends("cancelled");
        last.turn().spans(tts);
        last.leaves(Cue::IntoReply(A_PART), how);
        last.plot
    }

    fn heard(mut self, text: &'static str, tts: SpanFacts) -> Self {
        let turn = self.turn();
        turn.says(text);
        turn.ends("completed");
        turn.spans(tts);
        self
    }

    /// The model answers with `pieces`, which are `text`.
    fn answers(mut self, pieces: &[&'static str], text: &str) -> Self {
        let usage = self.usage();
        let llm = SpanFacts::llm(self.tells, self.asked, text, &usage);
        self.turn().spans(llm);
        let pieces =
            pieces.iter().map(|text| ResponseChunk { delay: Duration::from_millis(2), text }).collect();
        self.plot.answers.push(LlmResponse { content: LlmResponseContent::Text(pieces), usage });
        self
    }

    /// Of each invocation, another one.
    fn usage(&self) -> LlmUsage {
        let nth = self.plot.answers.len() as u64;
        let (prompt, completion) = (100 + nth, 10 + nth);
        LlmUsage { prompt, completion, total: prompt + completion, ..LlmUsage::default() }
    }

    fn turn(&mut self) -> &mut TurnFacts {
        if self.plot.turns.is_empty() {
            self.plot.turns.push(TurnFacts::of_the_bot());
        }
        let last = self.plot.turns.len() - 1;
        &mut self.plot.turns[last]
    }
}
