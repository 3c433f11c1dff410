//! Tool calls: one span each, from in-progress to result or cancellation.
//!
//! ```text
//!                 ┌─┐ intermediate result
//!   in progress   ▼ │     final result (an error or not)
//!  ────────────▶ running ──────────────────────────▶ ended
//!                   ├────────────────────────────────▶ ended, cancelled
//!                   │     the framework cancels it
//!                   └────────────────────────────────▶ unfinished
//!                         its span ends before it does: too many calls, or the turn's spans are written
//! ```
//!
//! The last result counts, whichever way the call ends.
//!
//! See [Tools](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tools).

use crate::engine::frame::{FunctionCall, FunctionCallResult, ToolCall};
use crate::engine::record::{SpanDetails, SpanKey, SpanKind, SpanRecord, ToolRecord, TurnNumber};
use crate::engine::time::Time;
use crate::engine::truncate::{MAX_TEXT_LENGTH, to_bounded};

use super::span::{SpanBase, SpanError, is_open_or_just_closed, take_matching};
use super::turn_scope::TurnScope;
use super::turns::{Activity, ChildSpan, ToolInterval};

/// Upper bound on tool calls in an open turn. Calls are smaller than the spans of services, and a call that is written
/// before its result loses it.
const MAX_CALLS_PER_TURN: usize = 1_024;

/// The tool calls of open turns, oldest first.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls {
    calls: Vec<ToolSpan>,
}

/// One tool call.
#[derive(Debug)]
pub(crate) struct ToolSpan {
    span: SpanBase,
    turn: TurnNumber,
    name: String,
    call_id: String,
    arguments: Option<String>,
    state: ToolState,
    last_result: ToolResult,
}

/// The progress of a tool call.
#[derive(Debug, Clone, Copy)]
enum ToolState {
    Running,
    Returned { at: Time },
    Cancelled { at: Time },
}

/// The last result of a tool call.
#[derive(Debug, Default)]
struct ToolResult {
    json: Option<String>,
    error: Option<String>,
}

impl ToolCalls {
    /// Whether the tool call `id` is running.
    pub(super) fn is_running(&self, id: &str) -> bool {
        self.calls.iter().rfind(|call| call.call_id == id).is_some_and(ToolSpan::is_running)
    }

    /// Handles the start of a tool call. Its parent is the span of the LLM call that asked for it.
    pub(super) fn on_start(
        &mut self,
        call: &FunctionCall<'_>,
        key: SpanKey,
        parent: Option<SpanKey>,
        now: Time,
        scope: &mut TurnScope<'_>,
    ) {
        scope.start(&ChildSpan { key, kind: SpanKind::Tool, parent, at: now, name: call.name });
        self.calls.push(ToolSpan {
            span: SpanBase::new(key, now),
            turn: scope.number(),
            name: call.name.to_owned(),
            call_id: call.tool_call_id.to_owned(),
            arguments: call.arguments.map(|json| json.to_text_within(MAX_TEXT_LENGTH)),
            state: ToolState::Running,
            last_result: ToolResult::default(),
        });
    }

    pub(super) fn on_result(&mut self, now: Time, result: &FunctionCallResult<'_>) {
        let Some(index) = self.calls.iter().rposition(|call| call.call_id == result.tool_call_id) else {
            return;
        };
        let error = error_of(result);
        if error.is_some() && self.calls[index].awaits_error() {
            // Of several running calls of one tool, only the result shows which one an error frame meant.
            let name = self.calls[index].name.clone();
            let is_of_other = |call: &&mut ToolSpan| call.name == name && call.has_just_failed(now);
            if let Some(error) =
                self.calls.iter_mut().rfind(is_of_other).and_then(|call| call.span.pop_error())
            {
                self.calls[index].span.on_error(error);
            }
        }
        self.calls[index].on_result(now, result, error);
    }

    pub(super) fn on_cancel(&mut self, now: Time, id: &str) {
        if let Some(call) = self.by_id(id).filter(|call| call.is_running()) {
            call.state = ToolState::Cancelled { at: now };
        }
    }

    /// Handles an error whose message names a running tool, or one that has just returned an error: it is the same one.
    /// Returns the error if no tool matches.
    pub(super) fn on_error(&mut self, now: Time, message: &str, error: SpanError) -> Option<SpanError> {
        let is_named = |call: &&mut ToolSpan| call.is_running() && call.is_named_in(message);
        if let Some(call) = self.calls.iter_mut().rfind(is_named) {
            call.span.on_error(error);
            return None;
        }
        let is_reported =
            self.calls.iter().any(|call| call.has_just_failed(now) && call.is_named_in(message));
        (!is_reported).then_some(error)
    }

    /// Returns the span of the tool call `id` if it is running in a turn.
    pub(super) fn current(&self, turn: TurnNumber, id: &str) -> Option<SpanKey> {
        self.of_turn(turn).rfind(|call| call.call_id == id && call.is_running()).map(|call| call.span.key())
    }

    pub(super) fn add_activity(&self, turn: TurnNumber, activity: &mut Activity) {
        self.of_turn(turn).for_each(|call| activity.add(call.is_running(), call.ended_at()));
    }

    /// Whether a turn has reached the limit of spans of this kind.
    pub(super) fn is_full(&self, turn: TurnNumber) -> bool {
        self.calls.len() >= MAX_CALLS_PER_TURN && self.of_turn(turn).count() >= MAX_CALLS_PER_TURN
    }

    /// Returns the time of each tool call of a turn.
    pub(super) fn intervals(&self, turn: TurnNumber) -> impl Iterator<Item = ToolInterval> {
        self.of_turn(turn).map(|call| ToolInterval {
            start: call.span.start(),
            end: call.ended_at(),
            name: call.name.clone(),
        })
    }

    /// Removes the tool calls of a turn.
    pub(super) fn take(&mut self, turn: TurnNumber) -> Vec<ToolSpan> {
        take_matching(&mut self.calls, |call| call.turn == turn)
    }

    /// Removes the oldest tool call of a turn that has ended, else the oldest one.
    pub(super) fn take_oldest(&mut self, turn: TurnNumber) -> Option<ToolSpan> {
        let oldest = |matches: fn(&ToolSpan) -> bool| {
            self.calls.iter().position(|call| call.turn == turn && matches(call))
        };
        let index = oldest(|call| !call.is_running()).or_else(|| oldest(|_| true))?;
        Some(self.calls.remove(index))
    }

    fn of_turn(&self, turn: TurnNumber) -> impl DoubleEndedIterator<Item = &ToolSpan> {
        self.calls.iter().filter(move |call| call.turn == turn)
    }

    fn by_id(&mut self, id: &str) -> Option<&mut ToolSpan> {
        self.calls.iter_mut().rfind(|call| call.call_id == id)
    }
}

impl ToolSpan {
    fn is_running(&self) -> bool {
        matches!(self.state, ToolState::Running)
    }

    fn ended_at(&self) -> Option<Time> {
        match self.state {
            ToolState::Running => None,
            ToolState::Returned { at } | ToolState::Cancelled { at } => Some(at),
        }
    }

    /// Whether it is running and no error has been reported.
    fn awaits_error(&self) -> bool {
        self.is_running() && self.span.last_error_at().is_none()
    }

    /// Whether an error has just been reported, and the call is running or ended with it.
    fn has_just_failed(&self, now: Time) -> bool {
        let reported = self.span.last_error_at();
        reported.is_some_and(|at| is_open_or_just_closed(Some(at), now))
    }

    /// Handles a result. The first final one ends the call; it may say only that there are no more results.
    fn on_result(&mut self, now: Time, result: &FunctionCallResult<'_>, error: Option<String>) {
        if !self.is_running() {
            return;
        }
        let json = result.result.map(|json| json.to_text_within(MAX_TEXT_LENGTH));
        if json.is_some() || error.is_some() {
            self.last_result = ToolResult { json, error };
        }
        if result.is_final {
            // An error in an intermediate result has not failed the call. One that a frame has reported is the same.
            if let Some(message) = self.last_result.error.as_ref().filter(|_| self.awaits_error()) {
                self.span.on_error(SpanError::from_message(now, message));
            }
            self.state = ToolState::Returned { at: now };
        }
    }

    /// Whether `message` contains its name as a word.
    fn is_named_in(&self, message: &str) -> bool {
        let is_part_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
        !self.name.is_empty()
            && message.match_indices(&self.name).any(|(at, name)| {
                !message[..at].ends_with(is_part_of_name)
                    && !message[at + name.len()..].starts_with(is_part_of_name)
            })
    }

    pub(super) fn into_record(self, turn_end: Time) -> SpanRecord {
        let end = self.span.end(self.ended_at(), turn_end);
        let (unfinished, cancelled) = (self.is_running(), matches!(self.state, ToolState::Cancelled { .. }));
        let ToolResult { json: result, error } = self.last_result;
        let details = SpanDetails::Tool(ToolRecord {
            name: self.name,
            tool_call_id: self.call_id,
            arguments: self.arguments,
            result,
            error,
            cancelled,
            unfinished,
        });
        self.span.into_record(end, [], details)
    }
}

/// Returns the error in a result.
fn error_of(result: &FunctionCallResult<'_>) -> Option<String> {
    let error = result.error.map(to_bounded);
    let error = error.or_else(|| Some(to_bounded(&result.result?.error_text()?)));
    error.filter(|message| !message.is_empty())
}

/// Copies a call from the response of a language model.
pub(super) fn to_tool_call(call: &FunctionCall<'_>) -> ToolCall {
    ToolCall {
        id: call.tool_call_id.to_owned(),
        name: call.name.to_owned(),
        arguments: call.arguments.map(|json| json.to_text_within(MAX_TEXT_LENGTH)).unwrap_or_default(),
    }
}
