//! The kinds of frame, as attributes name them, and what each can carry: one table.

/// One kind of frame.
pub(super) struct Kind {
    /// Its name in an attribute.
    pub(super) name: &'static str,
    /// The variant of `Frame` and of `FrameKind`.
    pub(super) variant: &'static str,
    /// How the variant holds what it carries.
    pub(super) shape: Shape,
    /// What it can carry; the first may stand without its name.
    pub(super) arguments: &'static [Argument],
}

/// How a variant of `Frame` holds what it carries.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// `Frame::Start`
    Unit,
    /// `Frame::TtsSpeak(value)`
    Value,
    /// `Frame::TtsStarted { context_id }`
    Fields,
    /// `Frame::Transcription(Transcript { text, … })`
    Struct(&'static str),
}

/// Something that a kind of frame can carry: a field of its view.
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) need: Need,
}

/// What an argument is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    OptionalText,
    OptionalTranscript,
    OptionalJson,
    OptionalSeconds,
    Truth,
    Bytes,
    Count,
    /// A value that the view has a copy of.
    Copied,
    /// A value that the view borrows.
    Borrowed,
    /// The same, in an `Option`.
    OptionalBorrowed,
}

impl Takes {
    /// Whether a bare number is one to take, and not a field's position.
    pub(super) const fn number(self) -> bool {
        matches!(self, Self::OptionalSeconds | Self::Bytes | Self::Count)
    }
}

/// What if an argument is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    /// Then the view says nothing of it.
    Optional,
    /// Then it is this number.
    Else(u16),
}

/// The kind called `name`.
pub(super) fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

const fn required(name: &'static str, takes: Takes) -> Argument {
    Argument { name, takes, need: Need::Required }
}

const fn optional(name: &'static str, takes: Takes) -> Argument {
    Argument { name, takes, need: Need::Optional }
}

const fn unit(name: &'static str, variant: &'static str) -> Kind {
    Kind { name, variant, shape: Shape::Unit, arguments: &[] }
}

const fn transcript(name: &'static str, variant: &'static str) -> Kind {
    const ARGUMENTS: &[Argument] = &[
        required("text", Takes::Text),
        optional("user_id", Takes::OptionalText),
        optional("language", Takes::OptionalText),
    ];
    Kind { name, variant, shape: Shape::Struct("Transcript"), arguments: ARGUMENTS }
}

const fn text(name: &'static str, variant: &'static str) -> Kind {
    const ARGUMENTS: &[Argument] = &[
        required("text", Takes::Text),
        optional("context_id", Takes::OptionalText),
        optional("spacing", Takes::Copied),
        optional("chunking", Takes::Copied),
        optional("delivery", Takes::Copied),
    ];
    Kind { name, variant, shape: Shape::Struct("TextChunk"), arguments: ARGUMENTS }
}

const fn synthesis(name: &'static str, variant: &'static str) -> Kind {
    const ARGUMENTS: &[Argument] = &[optional("context_id", Takes::OptionalText)];
    Kind { name, variant, shape: Shape::Fields, arguments: ARGUMENTS }
}

const fn audio(name: &'static str, variant: &'static str) -> Kind {
    const ARGUMENTS: &[Argument] = &[
        required("bytes", Takes::Bytes),
        required("sample_rate", Takes::Count),
        Argument { name: "channels", takes: Takes::Count, need: Need::Else(1) },
    ];
    Kind { name, variant, shape: Shape::Struct("Audio"), arguments: ARGUMENTS }
}

/// All kinds but `ignore` and `other`, in the order in which a message lists them.
pub(super) const KINDS: &[Kind] = &[
    unit("start", "Start"),
    unit("end", "End"),
    unit("stop", "Stop"),
    unit("cancel", "Cancel"),
    Kind {
        name: "error",
        variant: "Error",
        shape: Shape::Struct("ErrorReport"),
        arguments: &[
            required("message", Takes::Text),
            optional("fatal", Takes::Truth),
            optional("exception", Takes::OptionalText),
            optional("processor", Takes::OptionalText),
            optional("category", Takes::OptionalText),
        ],
    },
    unit("interruption", "Interruption"),
    unit("user_started_speaking", "UserStartedSpeaking"),
    unit("user_stopped_speaking", "UserStoppedSpeaking"),
    unit("vad_user_started_speaking", "VadUserStartedSpeaking"),
    Kind {
        name: "vad_user_stopped_speaking",
        variant: "VadUserStoppedSpeaking",
        shape: Shape::Fields,
        arguments: &[
            optional("stop_secs", Takes::OptionalSeconds),
            optional("transcript", Takes::OptionalTranscript),
        ],
    },
    unit("bot_started_speaking", "BotStartedSpeaking"),
    unit("bot_stopped_speaking", "BotStoppedSpeaking"),
    transcript("transcription", "Transcription"),
    transcript("interim_transcription", "InterimTranscription"),
    Kind {
        name: "llm_context",
        variant: "LlmContext",
        shape: Shape::Value,
        arguments: &[optional("context", Takes::OptionalBorrowed)],
    },
    unit("llm_response_start", "LlmResponseStart"),
    text("llm_text", "LlmText"),
    unit("llm_response_end", "LlmResponseEnd"),
    Kind {
        name: "tts_speak",
        variant: "TtsSpeak",
        shape: Shape::Value,
        arguments: &[optional("text", Takes::OptionalText)],
    },
    text("aggregated_text", "AggregatedText"),
    text("tts_text", "TtsText"),
    synthesis("tts_started", "TtsStarted"),
    synthesis("tts_stopped", "TtsStopped"),
    audio("tts_audio", "TtsAudio"),
    audio("output_audio", "OutputAudio"),
    audio("input_audio", "InputAudio"),
    Kind {
        name: "metrics",
        variant: "Metrics",
        shape: Shape::Value,
        arguments: &[required("metrics", Takes::Borrowed)],
    },
    Kind {
        name: "function_calls_started",
        variant: "FunctionCallsStarted",
        shape: Shape::Value,
        arguments: &[required("calls", Takes::Borrowed)],
    },
    Kind {
        name: "function_call_in_progress",
        variant: "FunctionCallInProgress",
        shape: Shape::Struct("FunctionCall"),
        arguments: &[
            required("name", Takes::Text),
            required("tool_call_id", Takes::Text),
            optional("arguments", Takes::OptionalJson),
        ],
    },
    Kind {
        name: "function_call_result",
        variant: "FunctionCallResult",
        shape: Shape::Struct("FunctionCallResult"),
        arguments: &[
            required("name", Takes::Text),
            required("tool_call_id", Takes::Text),
            optional("result", Takes::OptionalJson),
            optional("error", Takes::OptionalText),
        ],
    },
    Kind {
        name: "function_call_cancel",
        variant: "FunctionCallCancel",
        shape: Shape::Fields,
        arguments: &[required("tool_call_id", Takes::Text)],
    },
];
