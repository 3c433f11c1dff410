//! What happens in each script, and what must come of it.

use std::fmt;
use std::time::Duration;

use serde_json::json;

use super::expected::{SpanFacts, TurnFacts};
use super::parts::{Answer, AnswerContent, Piece, ToolCall, ToolOutcome, UserDoes};
use super::script::Script;
use super::tells::{AfterTools, Opening, Tells};
use crate::core::frame::LlmUsage;

/// How long a reply plays; one that is to be cut; how much of it is heard.
const A_REPLY: Duration = Duration::from_millis(200);
const A_LONG_REPLY: Duration = Duration::from_secs(3);
const A_PART: Duration = Duration::from_millis(250);
/// What no script waits for.
const A_LONG_TIME: Duration = Duration::from_secs(4);
/// How long a tool takes.
const A_TOOL: Duration = Duration::from_millis(120);

/// What happens in a script.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) steps: Vec<Step>,
    /// What the model answers, each time that it is asked.
    pub(super) answers: Vec<Answer>,
    /// What plays long; everything else is short.
    pub(super) long: Option<&'static str>,
    /// What the synthesis cannot say, and how it fails.
    pub(super) fails_to_say: Option<(&'static str, &'static str)>,
    /// What must come of it.
    pub(super) turns: Vec<TurnFacts>,
    /// Whether there may be utterances without a text.
    pub(super) noise: Noise,
}

/// Whether there is a voice that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    None,
    Some,
}

/// Something that the user does.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) when: Cue,
    /// Each so long after the step began.
    pub(super) does: Vec<(Duration, UserDoes)>,
}

/// What the user waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cue {
    /// The bot has answered, and is silent again.
    AfterReply,
    /// So much of the answer was heard.
    IntoReply(Duration),
    /// The model was asked, and has not answered.
    WhileAsked,
    /// A service has failed.
    AfterFailure,
    /// Nobody has said anything for a while.
    AfterSilence,
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterReply => "until the model was asked and its answer had been played",
            Self::IntoReply(_) => "until the answer was being played",
            Self::WhileAsked => "until the model was asked",
            Self::AfterFailure => "until a service had failed",
            Self::AfterSilence => "for nothing",
        })
    }
}

impl Plot {
    /// How long `text` plays.
    pub(super) fn length_of(&self, text: &str) -> Duration {
        if self.long.is_some_and(|long| long.contains(text.trim())) { A_LONG_REPLY } else { A_REPLY }
    }

    /// The plot of `script`, and what comes of it in a framework that tells what `tells` says.
    pub(super) fn of(script: Script, tells: Tells) -> Self {
        let plot = Writer::new(tells);
        match script {
            Script::Greeting => plot,
            Script::OneTurn => plot.asks("When are you open?").says("From eight to six."),
            Script::TwoTurns => plot
                .asks("When are you open?")
                .says("From eight to six.")
                .asks("And on Sunday?")
                .says("We are closed on Sunday."),
            Script::OddPieces => plot.asks("What is the number?").says_in_pieces(&[
                "",
                "The num",
                "ber",
                " is",
                " ",
                "1",
                "1",
                "1",
                ", ",
                "ha",
                " ha",
                "",
                " ha, naïve 🦷",
                ".",
            ]),
            Script::CutWhileSpeaking => plot
                .asks("How much is whitening?")
                .cut_short("It is two hundred and forty with a first visit.")
                .asks_into_reply("When are you open?")
                .says("From eight to six."),
            Script::CutWhileAnswering => plot
                .asks("How much is whitening?")
                .cut_while_answering("It is two hundred and forty. ", "That includes a first visit.")
                .asks_into_reply("When are you open?")
                .says("From eight to six."),
            Script::UserGoesOn => plot
                .asks("I would like an appointment.")
                .asked_in_vain("Certainly, when?")
                .goes_on("On Tuesday, please.")
                .says("On Tuesday at nine."),
            Script::Tool => plot
                .asks("Is Tuesday free?")
                .calls(vec![calendar(ToolOutcome::Returns(json!({ "free": ["09:30", "14:00"] })))])
                .says("Half past nine is free."),
            Script::TwoTools => plot
                .asks("Is Tuesday free, and will it rain?")
                .calls(vec![
                    calendar(ToolOutcome::Returns(json!({ "free": ["09:30"] }))),
                    ToolCall {
                        id: "call_weather",
                        name: "check_weather",
                        ..calendar(ToolOutcome::Returns(json!({ "rain": true })))
                    },
                ])
                .says("Half past nine is free, and it will rain."),
            Script::FailingTool => plot
                .asks("Is Tuesday free?")
                .calls(vec![calendar(ToolOutcome::Fails("the calendar is closed"))])
                .says("I cannot see the calendar."),
            Script::FailingModel => plot
                .asks("Is Tuesday free?")
                .fails("the engine is overloaded")
                .asks_again("Are you there?")
                .says("I am back."),
            Script::FailingSynthesis => plot
                .asks("Is Tuesday free?")
                .cannot_be_said("Tuesday is free.", "the voice is hoarse")
                .asks_again("Are you there?")
                .says("I am back."),
            Script::Noise => plot
                .asks("When are you open?")
                .says("From eight to six.")
                .coughs()
                .asks_after_silence("And on Sunday?")
                .says("We are closed on Sunday."),
            Script::Cancel => return plot.asks("How much is whitening?").ends_in_reply(UserDoes::Cancels),
            Script::Dropped => return plot.asks("How much is whitening?").ends_in_reply(UserDoes::DropsTask),
        }
        .hangs_up()
    }
}

fn calendar(outcome: ToolOutcome) -> ToolCall {
    ToolCall {
        id: "call_calendar",
        name: "check_calendar",
        arguments: json!({ "day": "Tuesday" }),
        takes: A_TOOL,
        outcome,
    }
}

/// Writes a plot, with what must come of each step.
struct Writer {
    tells: Tells,
    plot: Plot,
    /// What the user said last.
    asked: Option<&'static str>,
}

impl Writer {
    fn new(tells: Tells) -> Self {
        let plot = Plot {
            steps: Vec::new(),
            answers: Vec::new(),
            long: None,
            fails_to_say: None,
            turns: Vec::new(),
            noise: Noise::None,
        };
        let writer = Self { tells, plot, asked: None };
        match tells.opening {
            Opening::User => writer,
            Opening::Bot => {
                let mut greeting = writer;
                greeting.plot.turns.push(TurnFacts::of_the_bot());
                greeting.says("Hello, how can I help?")
            }
        }
    }

    // What the user does.

    fn asks(self, text: &'static str) -> Self {
        let when = if self.plot.answers.is_empty() { Cue::AfterSilence } else { Cue::AfterReply };
        self.begins_a_turn(when, text)
    }

    fn asks_after_silence(self, text: &'static str) -> Self {
        self.begins_a_turn(Cue::AfterSilence, text)
    }

    fn asks_into_reply(self, text: &'static str) -> Self {
        self.begins_a_turn(Cue::IntoReply(A_PART), text)
    }

    fn begins_a_turn(mut self, when: Cue, text: &'static str) -> Self {
        self.plot.turns.push(TurnFacts::of_the_user(self.tells));
        self.speaks(when, text)
    }

    fn goes_on(self, text: &'static str) -> Self {
        self.speaks(Cue::WhileAsked, text)
    }

    fn asks_again(self, text: &'static str) -> Self {
        self.speaks(Cue::AfterFailure, text)
    }

    fn speaks(mut self, when: Cue, text: &'static str) -> Self {
        let millis = Duration::from_millis;
        let first_word = text.split(' ').next().unwrap_or(text);
        self.plot.steps.push(Step {
            when,
            does: vec![
                (millis(0), UserDoes::StartsSpeaking),
                (millis(40), UserDoes::IsGuessed(first_word.to_owned())),
                (millis(80), UserDoes::StopsSpeaking),
                (millis(120), UserDoes::IsUnderstood(text.to_owned())),
            ],
        });
        self.asked = Some(text);
        let tells = self.tells;
        self.turn().hears(text, tells);
        self
    }

    fn coughs(mut self) -> Self {
        self.plot.noise = Noise::Some;
        self.plot.steps.push(Step {
            when: Cue::AfterReply,
            does: vec![
                (Duration::ZERO, UserDoes::StartsSpeaking),
                (Duration::from_millis(80), UserDoes::StopsSpeaking),
            ],
        });
        self
    }

    fn hangs_up(mut self) -> Plot {
        self.leaves(Cue::AfterReply, UserDoes::HangsUp);
        self.plot
    }

    fn leaves(&mut self, when: Cue, how: UserDoes) {
        self.plot.steps.push(Step { when, does: vec![(Duration::ZERO, how)] });
    }

    // What the services do.

    fn says(self, text: &'static str) -> Self {
        let tts = SpanFacts::tts(self.tells, text);
        self.answers(&[text], text).heard(text, tts)
    }

    fn says_in_pieces(self, pieces: &[&'static str]) -> Self {
        let whole = pieces.concat();
        let tts = SpanFacts::tts_of_any_text(self.tells);
        let mut told = self.answers(pieces, whole.trim());
        told.turn().ends("completed");
        told.turn().spans(tts);
        told
    }

    fn cut_short(mut self, text: &'static str) -> Self {
        self.plot.long = Some(text);
        let tts = SpanFacts::cut_tts(self.tells, text);
        let mut cut = self.answers(&[text], text);
        cut.turn().is_interrupted();
        cut.turn().spans(tts);
        cut
    }

    fn cut_while_answering(mut self, said: &'static str, unsaid: &'static str) -> Self {
        self.plot.long = Some(said);
        let usage = self.usage();
        let pieces =
            vec![Piece { after: Duration::ZERO, text: said }, Piece { after: A_LONG_TIME, text: unsaid }];
        self.plot.answers.push(Answer { content: AnswerContent::Text(pieces), usage });
        let llm = SpanFacts::cut_llm(self.tells, self.asked, Some(said.trim()));
        let tts = SpanFacts::cut_tts(self.tells, said.trim());
        self.turn().is_interrupted();
        self.turn().spans(llm);
        self.turn().spans(tts);
        self
    }

    /// The model is asked, and the user goes on before it answers.
    fn asked_in_vain(mut self, text: &'static str) -> Self {
        let usage = self.usage();
        let pieces = vec![Piece { after: A_LONG_TIME, text }];
        self.plot.answers.push(Answer { content: AnswerContent::Text(pieces), usage });
        let llm = SpanFacts::cut_llm(self.tells, self.asked, None);
        self.turn().spans(llm);
        self
    }

    fn calls(mut self, calls: Vec<ToolCall>) -> Self {
        let usage = self.usage();
        let llm = SpanFacts::calling_llm(self.tells, self.asked, &calls, &usage);
        let turn = self.turn();
        let place = turn.spans(llm);
        for call in &calls {
            turn.spans(SpanFacts::tool(call, place));
        }
        let again = match self.tells.after_tools {
            AfterTools::Once => 0,
            AfterTools::EachTime => calls.len() - 1,
        };
        self.plot.answers.push(Answer { content: AnswerContent::Tools(calls), usage });
        // Asked too early, it waits for the rest.
        for _ in 0..again {
            self = self.answers(&[], "");
        }
        self
    }

    fn fails(mut self, message: &'static str) -> Self {
        let content = AnswerContent::Failure(message);
        self.plot.answers.push(Answer { content, usage: LlmUsage::default() });
        let llm = SpanFacts::failed_llm(self.asked, message);
        self.turn().spans(llm);
        self
    }

    fn cannot_be_said(mut self, text: &'static str, message: &'static str) -> Self {
        self.plot.fails_to_say = Some((text, message));
        let mut told = self.answers(&[text], text);
        told.turn().spans(SpanFacts::failed_tts(message));
        told
    }

    fn ends_in_reply(mut self, how: UserDoes) -> Plot {
        const TEXT: &str = "It is two hundred and forty with a first visit.";
        self.plot.long = Some(TEXT);
        let tts = match how {
            UserDoes::Cancels => SpanFacts::cut_tts(self.tells, TEXT),
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
        let pieces = pieces.iter().map(|text| Piece { after: Duration::from_millis(2), text }).collect();
        self.plot.answers.push(Answer { content: AnswerContent::Text(pieces), usage });
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
