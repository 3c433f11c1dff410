//! A service at work, as the code around it tells: what a decorated function announces, knows and finds out.
//!
//! Frames tell of the same work, from outside. Where they do, an operation [completes](Operation::complete) the record
//! that was gathered from them; where they do not, it [becomes](Operation::into_record) a record itself.

use std::sync::Arc;

use super::frame::{LlmUsage, Measurement, Message, Processor, Role, ToolCall};
use super::record::{
    Body, Happening, LlmRecord, Measured, Recording, Request, ServiceTimes, SpanEvent, SpanKey, SpanKind,
    SpanRecord, Status, SttRecord, Told, TtsRecord,
};
use super::time::Time;

mod complete;

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// Speech to text.
    Stt,
    /// A language model.
    Llm,
    /// Text to speech.
    Tts,
}

impl ServiceKind {
    /// The kind of its spans.
    pub const fn span_kind(self) -> SpanKind {
        match self {
            Self::Stt => SpanKind::Stt,
            Self::Llm => SpanKind::Llm,
            Self::Tts => SpanKind::Tts,
        }
    }

    /// What such a processor does in its pipeline.
    pub const fn role(self) -> Role {
        match self {
            Self::Stt => Role::Stt,
            Self::Llm => Role::Llm,
            Self::Tts => Role::Tts,
        }
    }
}

/// Which service is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceName<'a> {
    /// The one of this class or name, and no other.
    Told(&'a str),
    /// Nobody says; the code around it has this name.
    Guessed(&'a str),
}

impl<'a> ServiceName<'a> {
    /// The name.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Told(name) | Self::Guessed(name) => name,
        }
    }
}

/// A service begins to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// What it does.
    pub kind: ServiceKind,
    /// Which one it is.
    pub service: ServiceName<'a>,
    /// The span of the operation of the same kind that this is a part of.
    pub inside: Option<SpanKey>,
}

/// What tells an operation from every other of its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationKey(pub(crate) SpanKey);

/// An operation that has begun in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// What the rest of it is told with.
    pub key: OperationKey,
    /// Its span; `None` if it is not known yet.
    pub span: Option<SpanKey>,
    /// Whether somebody will look at it.
    pub recording: Recording,
}

/// What is known of a service's work beforehand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// Who provides the service.
    pub provider: Option<String>,
    /// The model behind it.
    pub model: Option<String>,
    /// The voice it speaks with.
    pub voice: Option<String>,
    /// The language it hears.
    pub language: Option<String>,
    /// What it was given.
    pub input: Input,
}

/// What a service was given to work on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Input {
    /// Nobody says.
    #[default]
    Untold,
    /// A text: what a user says, what is to be spoken.
    Text(String),
    /// The messages of a chat.
    Chat(Request),
}

/// What came of a service's work.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Whether it was let come to its end.
    pub ending: Ending,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// When the first piece of a stream came.
    pub first: Option<Time>,
    /// What it answered, or heard.
    pub text: Option<String>,
    /// The calls that a model asked for.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost.
    pub usage: Option<Measurement>,
}

/// Whether work was let come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// It was.
    #[default]
    Finished,
    /// Nobody waited for it any longer.
    Dropped,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub message: String,
    /// The error's class, or `_OTHER`.
    pub error_type: String,
}

/// One piece of a service's work, from its start on.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    kind: ServiceKind,
    /// The class of the service.
    class: String,
    start: Time,
    about: About,
    cut_at: Option<Time>,
    end: Option<(Time, Outcome)>,
}

impl Operation {
    /// A service of a class begins to work.
    pub fn begin(kind: ServiceKind, class: impl Into<String>, start: Time) -> Self {
        Self { kind, class: class.into(), start, about: About::default(), cut_at: None, end: None }
    }

    /// What is known of it.
    pub fn tell(&mut self, about: About) {
        self.about = about;
    }

    /// It is over.
    pub fn end(&mut self, now: Time, outcome: Outcome) {
        if outcome.ending == Ending::Dropped {
            self.cut(now);
        }
        self.end = Some((now, outcome));
    }

    /// The user spoke, or a cancel came: what comes of it now is for nobody.
    pub(crate) fn cut(&mut self, now: Time) {
        if self.end.is_none() {
            self.cut_at.get_or_insert(now);
        }
    }

    pub(crate) const fn kind(&self) -> ServiceKind {
        self.kind
    }

    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    pub(crate) const fn start(&self) -> Time {
        self.start
    }

    /// When it was over.
    pub(crate) fn ended(&self) -> Option<Time> {
        self.end.as_ref().map(|(at, _)| *at)
    }

    /// When it was left before its end.
    pub(crate) fn dropped(&self) -> Option<Time> {
        self.end.as_ref().filter(|(_, outcome)| outcome.ending == Ending::Dropped).map(|(at, _)| *at)
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.outcome()?.failure.as_ref()
    }

    /// Whether anything came of it: words, or an error.
    pub(crate) fn found_something(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.text.is_some() || outcome.failure.is_some())
    }

    /// When the first of what came of it did: of a stream, its first piece.
    pub(crate) fn came(&self) -> Option<Time> {
        let (ended, outcome) = self.end.as_ref()?;
        outcome.first.or((outcome.ending == Ending::Finished).then_some(*ended))
    }

    /// What a model answered.
    pub(crate) fn answer(&self) -> Option<&str> {
        self.outcome()?.text.as_deref()
    }

    /// What synthesis said: all that it was given, if nobody tells better and nothing came in between.
    pub(crate) fn spoken(&self) -> Option<&str> {
        let all_of_it = || self.given().filter(|_| !self.is_cut() && self.failure().is_none());
        self.answer().or_else(all_of_it)
    }

    /// What it was given, as one text.
    pub(crate) fn given(&self) -> Option<&str> {
        match &self.about.input {
            Input::Untold => None,
            Input::Text(text) => Some(text),
            Input::Chat(request) => request.last_user_message.as_deref(),
        }
    }

    pub(crate) const fn is_cut(&self) -> bool {
        self.cut_at.is_some()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.end.as_ref().map(|(_, outcome)| outcome)
    }

    /// A span of its own: what nobody else tells of. It ends at `latest` if it is not over by then.
    pub fn into_record(self, key: SpanKey, latest: Time) -> SpanRecord {
        let end = self.ended().unwrap_or(latest).min(latest).max(self.start);
        let interrupted = self.is_cut();
        let service = Arc::new(self.service());
        let times = ServiceTimes {
            ttfb: self.ttfb(),
            processing: self.end.is_some().then(|| end.seconds_since(self.start)),
        };
        let status = self.failure().map_or(Status::Ok, Status::from);
        let events = self.events();
        let spoken = self.spoken().map(str::to_owned);
        let (about, outcome) = (self.about, self.end.map(|(_, outcome)| outcome).unwrap_or_default());
        let body = match self.kind {
            ServiceKind::Stt => Body::Stt(SttRecord {
                service,
                measured_model: None,
                times,
                is_final: outcome.text.is_some(),
                transcript: outcome.text,
                as_output: Told::Whole,
                language: None,
                audio_seconds: outcome.usage.and_then(audio_seconds),
                time_to_last_transcription: None,
            }),
            ServiceKind::Llm => Body::Llm(Box::new(LlmRecord {
                service,
                measured_model: None,
                times,
                request: about.input.into_request(),
                heard: None,
                text: outcome.text,
                tool_calls: outcome.tool_calls,
                as_message: Told::Whole,
                usage: outcome.usage.and_then(tokens),
                ttfat: None,
                interrupted,
            })),
            ServiceKind::Tts => Body::Tts(TtsRecord {
                service,
                measured_model: None,
                times,
                output: spoken,
                input: about.input.into_text(),
                characters: outcome.usage.and_then(characters),
                ttfa: None,
                audio: None,
                played: None,
                interrupted,
            }),
        };
        SpanRecord { key, start: self.start, end, status, events, user_id: None, body }
    }

    fn service(&self) -> Processor {
        Processor {
            provider: self.about.provider.clone(),
            model: self.about.model.clone(),
            voice: self.about.voice.clone(),
            language: self.about.language.clone(),
            ..Processor::new(self.class.as_str(), self.class.as_str(), self.kind.role())
        }
    }

    /// From its start to the first piece of its stream.
    fn ttfb(&self) -> Option<(f64, Measured)> {
        let first = self.outcome()?.first?;
        Some((first.seconds_since(self.start), Measured::FromFrames))
    }

    fn events(&self) -> Vec<SpanEvent> {
        let outcome = self.outcome();
        let came = match self.kind {
            ServiceKind::Stt => None,
            ServiceKind::Llm => Some(Happening::FirstToken),
            ServiceKind::Tts => Some(Happening::FirstAudio),
        };
        let first = outcome.and_then(|outcome| outcome.first).zip(came);
        let failed = self.ended().zip(self.failure().map(Happening::from));
        let cut = self.cut_at.zip((self.kind != ServiceKind::Stt).then_some(Happening::Interrupted));
        let mut events: Vec<SpanEvent> =
            [first, failed, cut].into_iter().flatten().map(|(at, what)| SpanEvent { at, what }).collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

impl Input {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Untold => None,
            Self::Text(text) => Some(text),
            Self::Chat(request) => request.last_user_message,
        }
    }

    /// A text alone is what a user says.
    fn into_request(self) -> Request {
        match self {
            Self::Untold => Request::default(),
            Self::Chat(request) => request,
            Self::Text(text) => Request {
                newest: vec![Message::text("user", text.as_str())],
                message_count: 1,
                last_user_message: Some(text),
                ..Request::default()
            },
        }
    }
}

impl From<&Failure> for Status {
    fn from(failure: &Failure) -> Self {
        let Failure { message, error_type } = failure.clone();
        Self::Error { message, error_type }
    }
}

impl From<&Failure> for Happening {
    fn from(failure: &Failure) -> Self {
        let Failure { message, error_type } = failure.clone();
        Self::Exception { message, error_type }
    }
}

const fn tokens(measured: Measurement) -> Option<LlmUsage> {
    match measured {
        Measurement::LlmUsage(usage) => Some(usage),
        _ => None,
    }
}

const fn characters(measured: Measurement) -> Option<u64> {
    match measured {
        Measurement::TtsCharacters(characters) => Some(characters),
        _ => None,
    }
}

const fn audio_seconds(measured: Measurement) -> Option<f64> {
    match measured {
        Measurement::SttAudioSeconds(seconds) => Some(seconds),
        _ => None,
    }
}
