//! The state of an outbox, behind its lock.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::Arc;

use opentelemetry::Context;

use crate::emit::RemoteParent;
use crate::emit::annotations::{AnnotationEvents, Annotations};
use crate::emit::conversation_span::ConversationSpan;
use crate::emit::open_span::{OpenSpan, SpanState, StartedSpan};
use crate::engine::record::{Recording, SpanKey, SpanRecord, SpanStart};
use crate::engine::time::Time;
use crate::sync::thread::ThreadId;

/// The open spans of a conversation, and the starts and ends that are not emitted yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// In the order of their starts. They are few: the spans under way in one or two turns.
    pub(super) open: Vec<OpenSpan>,
    pub(super) starts: VecDeque<SpanKey>,
    pub(super) ends: VecDeque<QueuedEnd>,
    /// The thread that emits starts.
    pub(super) starting: Option<ThreadId>,
    /// The thread that emits ends.
    pub(super) ending: Option<ThreadId>,
    /// The parent and links of root spans that start from now on.
    pub(super) remote_parent: Arc<RemoteParent>,
    /// The root of all turns, in the layout that has one. Starts with the first turn.
    pub(super) conversation: Option<Box<ConversationSpan>>,
    /// Annotations added while no turn was open. The next turn receives them.
    pub(super) pending: Annotations,
    /// Notes and scores of the conversation span, in the layout that has one.
    pub(super) conversation_events: AnnotationEvents,
    /// Turns that are not exported, and their recording, for the engine.
    pub(super) recordings: Vec<(SpanKey, Recording)>,
    /// The latest time of any start or end.
    pub(super) now: Time,
    pub(super) is_finished: bool,
}

/// The end of a span that is not emitted yet.
#[derive(Debug)]
pub(super) enum QueuedEnd {
    Span(Box<EndedSpan>),
    /// The end of the conversation, and of its span in the layout that has one.
    Conversation,
}

#[derive(Debug)]
pub(super) struct EndedSpan {
    pub(super) open: OpenSpan,
    pub(super) record: SpanRecord,
}

/// A start to emit.
#[derive(Debug)]
pub(super) struct NextStart {
    pub(super) start: SpanStart,
    pub(super) parent: ParentSpan,
}

#[derive(Debug)]
pub(super) enum ParentSpan {
    /// A span of the conversation.
    Own(Context),
    /// The conversation's remote parent. A conversation span may lie between.
    Remote(Arc<RemoteParent>),
}

impl Queue {
    /// Returns whether everything is emitted.
    pub(super) fn is_idle(&self) -> bool {
        self.starts.is_empty() && self.ends.is_empty() && self.starting.is_none() && self.ending.is_none()
    }

    /// Returns the number of starts and ends that are not emitted.
    pub(super) fn len(&self) -> usize {
        self.starts.len() + self.ends.len()
    }

    /// Returns the span `key`, unless its end is emitted.
    pub(super) fn span(&self, key: SpanKey) -> Option<&OpenSpan> {
        let ended = || self.ends.iter().filter_map(QueuedEnd::span);
        self.open
            .iter()
            .find(|open| open.start.key == key)
            .or_else(|| ended().find(|open| open.start.key == key))
    }

    fn span_mut(&mut self, key: SpanKey) -> Option<&mut OpenSpan> {
        let ended = self.ends.iter_mut().filter_map(QueuedEnd::span_mut);
        self.open.iter_mut().chain(ended).find(|open| open.start.key == key)
    }

    /// Takes the next start to emit. Skips spans whose parent has no span or was dropped by the sampler.
    pub(super) fn next_start(&mut self) -> Option<NextStart> {
        while let Some(key) = self.starts.pop_front() {
            let Some(span) = self.span(key) else { continue };
            let SpanState::Queued(remote) = &span.state else { continue };
            let parent = match span.start.parent.and_then(|parent| self.span(parent)) {
                None => ParentSpan::Remote(Arc::clone(remote)),
                Some(parent) => match parent.started() {
                    Some(started) if started.recording != Recording::No => {
                        ParentSpan::Own(started.context.clone())
                    }
                    _ => {
                        self.set_state(key, SpanState::Skipped);
                        continue;
                    }
                },
            };
            return Some(NextStart { start: span.start.clone(), parent });
        }
        None
    }

    /// Records the outcome of a start; `None` if it panicked.
    pub(super) fn on_started(&mut self, key: SpanKey, started: Option<StartedSpan>) {
        let recording = started.as_ref().map_or(Recording::No, |started| started.recording);
        let is_turn = self.set_state(key, started.map_or(SpanState::Skipped, SpanState::Started));
        if is_turn && recording != Recording::Yes {
            self.recordings.push((key, recording));
        }
    }

    /// Returns whether the span is a turn.
    fn set_state(&mut self, key: SpanKey, state: SpanState) -> bool {
        self.span_mut(key).is_some_and(|span| {
            span.state = state;
            span.is_turn()
        })
    }

    /// Moves a span from the open ones to the ends.
    pub(super) fn end(&mut self, record: SpanRecord) {
        self.now = self.now.max(record.end);
        let Some(index) = self.open.iter().position(|open| open.start.key == record.key) else { return };
        let open = self.open.remove(index);
        if !matches!(open.state, SpanState::Skipped) {
            self.ends.push_back(QueuedEnd::Span(Box::new(EndedSpan { open, record })));
        }
    }

    /// Ends all open spans and the conversation. Returns the number of notes and scores that are in no span.
    pub(super) fn finish(&mut self) -> usize {
        while let Some(open) = self.open.last() {
            let record = open.unfinished_record(self.now);
            self.end(record);
        }
        self.is_finished = true;
        self.ends.push_back(QueuedEnd::Conversation);
        take(&mut self.pending).event_count()
    }

    /// Releases the memory of what is emitted: a conversation may stay silent for long.
    pub(super) fn shrink(&mut self) {
        if self.ends.is_empty() {
            self.ends = VecDeque::new();
        }
    }
}

impl QueuedEnd {
    fn span(&self) -> Option<&OpenSpan> {
        match self {
            Self::Span(ended) => Some(&ended.open),
            Self::Conversation => None,
        }
    }

    fn span_mut(&mut self) -> Option<&mut OpenSpan> {
        match self {
            Self::Span(ended) => Some(&mut ended.open),
            Self::Conversation => None,
        }
    }
}
