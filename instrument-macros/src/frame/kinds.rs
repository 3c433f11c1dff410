//! The table of frame kinds, as attributes name them, and of their arguments.

use crate::fields::ValueType;

/// A kind of frame.
pub(super) struct FrameKind {
    /// The name in an attribute.
    pub(super) name: &'static str,
    /// The variant of `Frame`, and of `FrameKind` in the runtime.
    pub(super) variant: &'static str,
    pub(super) shape: Shape,
    /// The first may be written without its name.
    pub(super) arguments: &'static [FrameArgument],
}

/// The shape of a variant of `Frame`.
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

/// An argument of a kind: a field of its view.
pub(super) struct FrameArgument {
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
    pub(super) requirement: Requirement,
}

/// Whether an argument may be missing, and its value then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Requirement {
    Required,
    /// The default of its type.
    Optional,
    DefaultsTo(u16),
    DefaultsToTrue,
}

/// Returns the kind that attributes call `name`.
pub(super) fn find(name: &str) -> Option<&'static FrameKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

const fn required(name: &'static str, value_type: ValueType) -> FrameArgument {
    FrameArgument { name, value_type, requirement: Requirement::Required }
}

const fn optional(name: &'static str, value_type: ValueType) -> FrameArgument {
    FrameArgument { name, value_type, requirement: Requirement::Optional }
}

const fn unit(name: &'static str, variant: &'static str) -> FrameKind {
    FrameKind { name, variant, shape: Shape::Unit, arguments: &[] }
}

const fn transcript(name: &'static str, variant: &'static str) -> FrameKind {
    const ARGUMENTS: &[FrameArgument] = &[
        required("text", ValueType::Text),
        optional("user_id", ValueType::OptionalText),
        optional("language", ValueType::OptionalText),
    ];
    FrameKind { name, variant, shape: Shape::Struct("Transcript"), arguments: ARGUMENTS }
}

const fn text(name: &'static str, variant: &'static str) -> FrameKind {
    const ARGUMENTS: &[FrameArgument] = &[
        required("text", ValueType::Text),
        optional("context_id", ValueType::OptionalText),
        optional("spacing", ValueType::Copied),
        optional("chunking", ValueType::Copied),
        optional("delivery", ValueType::Copied),
    ];
    FrameKind { name, variant, shape: Shape::Struct("TextChunk"), arguments: ARGUMENTS }
}

const fn synthesis(name: &'static str, variant: &'static str) -> FrameKind {
    const ARGUMENTS: &[FrameArgument] = &[optional("context_id", ValueType::OptionalText)];
    FrameKind { name, variant, shape: Shape::Fields, arguments: ARGUMENTS }
}

const fn audio(name: &'static str, variant: &'static str) -> FrameKind {
    const ARGUMENTS: &[FrameArgument] = &[
        required("bytes", ValueType::Bytes),
        required("sample_rate", ValueType::Count),
        FrameArgument {
            name: "channels",
            value_type: ValueType::Count,
            requirement: Requirement::DefaultsTo(1),
        },
    ];
    FrameKind { name, variant, shape: Shape::Struct("Audio"), arguments: ARGUMENTS }
}

/// All kinds but `ignore` and `other`, in the order in which messages list them.
pub(super) const KINDS: &[FrameKind] = &[
    unit("start", "Start"),
    unit("end", "End"),
    unit("stop", "Stop"),
    unit("cancel", "Cancel"),
    FrameKind {
        name: "error",
        variant: "Error",
        shape: Shape::Struct("ErrorReport"),
        arguments: &[
            required("message", ValueType::Text),
            optional("fatal", ValueType::Bool),
            optional("exception", ValueType::OptionalText),
            optional("processor", ValueType::OptionalText),
            optional("category", ValueType::OptionalText),
        ],
    },
    unit("interruption", "Interruption"),
    unit("user_started_speaking", "UserStartedSpeaking"),
    unit("user_stopped_speaking", "UserStoppedSpeaking"),
    unit("proposed_user_started_speaking", "ProposedUserStartedSpeaking"),
    unit("eager_transcription", "EagerTranscription"),
    unit("eager_end_of_turn_cancel", "EagerEndOfTurnCancel"),
    unit("vad_user_started_speaking", "VadUserStartedSpeaking"),
    FrameKind {
        name: "vad_user_stopped_speaking",
        variant: "VadUserStoppedSpeaking",
        shape: Shape::Fields,
        arguments: &[
            optional("stop_secs", ValueType::OptionalSeconds),
            optional("transcript", ValueType::OptionalTranscript),
        ],
    },
    unit("bot_started_speaking", "BotStartedSpeaking"),
    unit("bot_stopped_speaking", "BotStoppedSpeaking"),
    transcript("transcription", "Transcription"),
    transcript("interim_transcription", "InterimTranscription"),
    FrameKind {
        name: "llm_context",
        variant: "LlmContext",
        shape: Shape::Value,
        arguments: &[optional("context", ValueType::OptionalBorrowed)],
    },
    unit("llm_response_start", "LlmResponseStart"),
    text("llm_text", "LlmText"),
    unit("llm_response_end", "LlmResponseEnd"),
    FrameKind {
        name: "tts_speak",
        variant: "TtsSpeak",
        shape: Shape::Value,
        arguments: &[optional("text", ValueType::OptionalText)],
    },
    text("aggregated_text", "AggregatedText"),
    text("tts_text", "TtsText"),
    synthesis("tts_started", "TtsStarted"),
    synthesis("tts_stopped", "TtsStopped"),
    audio("tts_audio", "TtsAudio"),
    audio("output_audio", "OutputAudio"),
    audio("input_audio", "InputAudio"),
    FrameKind {
        name: "metrics",
        variant: "Metrics",
        shape: Shape::Value,
        arguments: &[required("metrics", ValueType::Borrowed)],
    },
    FrameKind {
        name: "function_calls_started",
        variant: "FunctionCallsStarted",
        shape: Shape::Value,
        arguments: &[required("calls", ValueType::Borrowed)],
    },
    FrameKind {
        name: "function_call_in_progress",
        variant: "FunctionCallInProgress",
        shape: Shape::Struct("FunctionCall"),
        arguments: &[
            required("name", ValueType::Text),
            required("tool_call_id", ValueType::Text),
            optional("arguments", ValueType::OptionalJson),
        ],
    },
    FrameKind {
        name: "function_call_result",
        variant: "FunctionCallResult",
        shape: Shape::Struct("FunctionCallResult"),
        arguments: &[
            required("name", ValueType::Text),
            required("tool_call_id", ValueType::Text),
            optional("result", ValueType::OptionalJson),
            optional("error", ValueType::OptionalText),
            FrameArgument {
                name: "is_final",
                value_type: ValueType::Bool,
                requirement: Requirement::DefaultsToTrue,
            },
        ],
    },
    FrameKind {
        name: "function_call_cancel",
        variant: "FunctionCallCancel",
        shape: Shape::Fields,
        arguments: &[required("tool_call_id", ValueType::Text)],
    },
];
