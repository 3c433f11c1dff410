//! What the services and the user of a script do.

use std::time::Duration;

use serde_json::Value;

use crate::engine::frame::LlmUsage;

/// What the user does, or who holds the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserAction {
    /// Nothing new.
    None,
    /// Speaks, from now on. If the bot is speaking, it is cut.
    StartSpeaking,
    /// Is silent again.
    StopSpeaking,
    /// Is understood so far: an interim transcript.
    InterimTranscript(String),
    /// Is understood: a final transcript.
    FinalTranscript(String),
    /// Ends the conversation in good order.
    HangUp,
    /// Has the conversation cancelled.
    Cancel,
    /// Has the task dropped, as it runs.
    DropTask,
}

/// What a model does when it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmResponse {
    /// Which it is.
    pub content: LlmResponseContent,
    /// What it takes, for frameworks that tell. Nothing, where it fails.
    pub usage: LlmUsage,
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq)]
pub enum LlmResponseContent {
    /// A text, streamed. No pieces are an answer of nothing.
    Text(Vec<ResponseChunk>),
    /// It asks for tools, in one response.
    ToolCalls(Vec<ScriptedToolCall>),
    /// It fails, with this message.
    Failure(&'static str),
}

/// A piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseChunk {
    /// How long it takes after the one before.
    pub delay: Duration,
    /// The text that it adds, white space and all.
    pub text: &'static str,
}

/// A tool call of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptedToolCall {
    /// Its id.
    pub id: &'static str,
    /// The tool.
    pub name: &'static str,
    /// What it is called with.
    pub arguments: Value,
    /// How long the tool takes.
    pub duration: Duration,
    /// What becomes of it.
    pub outcome: ToolOutcome,
}

/// What becomes of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolOutcome {
    /// It returns this.
    Success(Value),
    /// It fails with this message, as tools of the framework fail.
    Failure(&'static str),
}

/// What a synthesis makes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynthesisResult {
    /// So much audio.
    Audio(Duration),
    /// It fails, with this message.
    Failure(&'static str),
}

/// A tool that models of scripts ask for, as it is declared to them.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolDeclaration {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// What it takes, as a JSON schema.
    pub parameters: Value,
}
