//! The state of an outbox, behind its lock.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::Arc;

use opentelemetry::{Context, KeyValue};

use crate::emit::annotations::{Annotation, AnnotationEvents, Annotations};
use crate::emit::conversation_span::{ConversationSpan, RecordSummary};
use crate::emit::open_span::{OpenSpan, SpanState, StartedSpan};
use crate::emit::{RemoteParent, TraceLayout};
use crate::engine::record::{Recording, SpanKey, SpanKind, SpanRecord, SpanStart};
use crate::engine::time::Time;
use crate::sync::thread::ThreadId;

/// Maximum number of starts and ends that wait for emission in one conversation: those of some hundred turns. Spans that
/// start beyond it are dropped and counted.
pub(super) const MAX_QUEUED: usize = 1_024;

/// The open spans of a conversation, and the starts and ends that are not emitted yet.
#[derive(Debug)]
pub(super) struct Queue {
    layout: TraceLayout,
    /// In the order of their starts. They are few: the spans under way in one or two turns.
    open: Vec<OpenSpan>,
    starts: VecDeque<SpanKey>,
    ends: VecDeque<QueuedEnd>,
    /// The thread that emits starts.
    starting: Option<ThreadId>,
    /// The thread that emits ends.
    ending: Option<ThreadId>,
    /// The parent and links of root spans that start from now on.
    remote_parent: Arc<RemoteParent>,
    /// The root of all turns, in the layout that has one. Starts with the first turn.
    conversation: Option<Box<ConversationSpan>>,
    /// Annotations added while no turn was open. The next turn receives them.
    pending: Annotations,
    /// Notes and scores of the conversation span, in the layout that has one.
    conversation_events: AnnotationEvents,
    /// Turns that are not exported, and their recording, for the engine.
    recordings: Vec<(SpanKey, Recording)>,
    /// The latest time of any start or end.
    now: Time,
    is_finished: bool,
}

/// The outcome of queueing a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Queued,
    /// [`MAX_QUEUED`] starts and ends wait. The span is skipped.
    Full,
    /// The conversation has ended.
    Finished,
}

/// A start to emit.
#[derive(Debug)]
pub(super) enum NextStart {
    /// That of the conversation span, before its first turn.
    Conversation { remote_parent: Arc<RemoteParent>, at: Time },
    /// That of a span whose parent is in the context `parent`.
    Child { start: SpanStart, parent: Context },
    /// That of a span without a parent in the conversation.
    Root { start: SpanStart, remote_parent: Arc<RemoteParent> },
}

/// An end to emit.
#[derive(Debug)]
pub(super) enum NextEnd {
    /// That of a span.
    Span(Box<EndedSpan>),
    /// That of the conversation span, with its notes and scores.
    Conversation(Box<ConversationSpan>, AnnotationEvents),
    /// None before the queued starts.
    AfterStarts,
}

#[derive(Debug)]
enum QueuedEnd {
    Span(Box<EndedSpan>),
    Conversation,
}

#[derive(Debug)]
pub(super) struct EndedSpan {
    pub(super) open: OpenSpan,
    pub(super) record: SpanRecord,
}

/// What the engine adds.
impl Queue {
    pub(super) fn new(layout: TraceLayout) -> Self {
        Self {
            layout,
            open: Vec::new(),
            starts: VecDeque::new(),
            ends: VecDeque::new(),
            starting: None,
            ending: None,
            remote_parent: Arc::default(),
            conversation: None,
            pending: Annotations::default(),
            conversation_events: AnnotationEvents::default(),
            recordings: Vec::new(),
            now: Time::default(),
            is_finished: false,
        }
    }

    /// Opens a span and queues its start.
    pub(super) fn start(&mut self, start: SpanStart) -> Admission {
        if self.is_finished {
            return Admission::Finished;
        }
        self.now = self.now.max(start.at);
        let annotations =
            if start.kind == SpanKind::Turn { take(&mut self.pending) } else { Annotations::default() };
        if self.starts.len() + self.ends.len() >= MAX_QUEUED {
            self.open.push(OpenSpan { start, state: SpanState::Skipped, annotations });
            return Admission::Full;
        }
        self.starts.push_back(start.key);
        let state = SpanState::Queued(Arc::clone(&self.remote_parent));
        self.open.push(OpenSpan { start, state, annotations });
        Admission::Queued
    }

    /// Queues the end of an open span.
    pub(super) fn end(&mut self, record: SpanRecord) {
        self.now = self.now.max(record.end);
        let Some(index) = self.open.iter().position(|open| open.start.key == record.key) else { return };
        let open = self.open.remove(index);
        if !matches!(open.state, SpanState::Skipped) {
            self.ends.push_back(QueuedEnd::Span(Box::new(EndedSpan { open, record })));
        }
    }

    /// Ends all open spans and the conversation, unless it has ended. Returns the number of notes and scores that are in no
    /// span.
    pub(super) fn finish(&mut self) -> usize {
        if self.is_finished {
            return 0;
        }
        while let Some(open) = self.open.last() {
            let record = open.unfinished_record(self.now);
            self.end(record);
        }
        self.is_finished = true;
        self.ends.push_back(QueuedEnd::Conversation);
        let unwritten = take(&mut self.pending).event_count();
        if self.conversation.is_some() { 0 } else { unwritten }
    }
}

/// What the application adds.
impl Queue {
    /// Sets an attribute of the turn `turn`; if that is not open, of the next turn.
    pub(super) fn set_attribute(&mut self, turn: Option<SpanKey>, attribute: KeyValue, limit: usize) {
        let open = self.open.iter_mut().find(|open| Some(open.start.key) == turn);
        open.map_or(&mut self.pending, |open| &mut open.annotations).set_attribute(attribute, limit);
    }

    /// Adds `annotation` to the newest open turn; if none is open, to the next turn. Also adds it to the conversation
    /// span, in the layout that has one.
    pub(super) fn annotate(&mut self, at: Time, annotation: Annotation) {
        if self.layout == TraceLayout::PerConversation {
            self.conversation_events.add(at, annotation.clone());
        }
        let open = self.open.iter_mut().rev().find(|open| open.is_turn());
        open.map_or(&mut self.pending, |open| &mut open.annotations).add_event(at, annotation);
    }

    pub(super) fn remote_parent(&self) -> &RemoteParent {
        &self.remote_parent
    }

    /// Returns the parent and links of root spans that start from now on.
    pub(super) fn remote_parent_mut(&mut self) -> &mut RemoteParent {
        Arc::make_mut(&mut self.remote_parent)
    }
}

/// Spans, as far as they are emitted.
impl Queue {
    /// Returns the span `key`, unless its end is emitted.
    pub(super) fn span(&self, key: SpanKey) -> Option<&OpenSpan> {
        let ended = self.ends.iter().filter_map(QueuedEnd::span);
        self.open.iter().chain(ended).find(|open| open.start.key == key)
    }

    /// Returns the context in which turns start: that of the remote parent, or of the conversation span in the layout that
    /// has one, where it is `None` before the first turn.
    pub(super) fn conversation_context(&self) -> Option<&Context> {
        match self.layout {
            TraceLayout::PerTurn => Some(self.remote_parent.parent()),
            TraceLayout::PerConversation => self.conversation.as_deref().map(ConversationSpan::context),
        }
    }

    /// Takes the recordings of turns that are not exported.
    pub(super) fn take_recordings(&mut self) -> Vec<(SpanKey, Recording)> {
        take(&mut self.recordings)
    }

    pub(super) fn has_recordings(&self) -> bool {
        !self.recordings.is_empty()
    }

    /// Returns whether nothing waits for emission.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty() && self.ends.is_empty()
    }

    /// Returns whether everything is emitted, and no thread emits.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty() && self.starting.is_none() && self.ending.is_none()
    }

    /// Returns whether `thread` emits starts.
    pub(super) fn is_starting(&self, thread: ThreadId) -> bool {
        self.starting == Some(thread)
    }

    /// Returns whether `thread` emits starts or ends.
    pub(super) fn is_emitting(&self, thread: ThreadId) -> bool {
        self.is_starting(thread) || self.ending == Some(thread)
    }
}

/// Starts.
impl Queue {
    /// Gives the emission of starts to `thread`. Returns `false` if a thread has it.
    pub(super) fn claim_starts(&mut self, thread: ThreadId) -> bool {
        let is_free = self.starting.is_none();
        self.starting.get_or_insert(thread);
        is_free
    }

    pub(super) fn release_starts(&mut self) {
        self.starting = None;
    }

    /// Returns the next start to emit. Skips spans whose parent has no span or was dropped by the sampler.
    pub(super) fn next_start(&mut self) -> Option<NextStart> {
        while let Some(&key) = self.starts.front() {
            if let Some(next) = self.next_start_of(key) {
                if !matches!(next, NextStart::Conversation { .. }) {
                    self.starts.pop_front();
                }
                return Some(next);
            }
            self.starts.pop_front();
            self.set_state(key, SpanState::Skipped);
        }
        None
    }

    /// Returns the start of the span `key`, or that of the conversation span before it; `None` if it has no parent to be
    /// below.
    fn next_start_of(&self, key: SpanKey) -> Option<NextStart> {
        let OpenSpan { start, state: SpanState::Queued(remote_parent), .. } = self.span(key)? else {
            return None;
        };
        let remote_parent = Arc::clone(remote_parent);
        if let Some(parent) = start.parent.and_then(|parent| self.span(parent)) {
            let started = parent.started().filter(|started| started.recording != Recording::No)?;
            return Some(NextStart::Child { start: start.clone(), parent: started.context.clone() });
        }
        match (self.layout, &self.conversation) {
            (TraceLayout::PerTurn, _) => Some(NextStart::Root { start: start.clone(), remote_parent }),
            (TraceLayout::PerConversation, Some(conversation)) => {
                Some(NextStart::Child { start: start.clone(), parent: conversation.context().clone() })
            }
            (TraceLayout::PerConversation, None) => {
                Some(NextStart::Conversation { remote_parent, at: start.at })
            }
        }
    }

    /// Records that the conversation span has started. If that panicked, it is `None`, and the turn is skipped.
    pub(super) fn on_conversation_started(&mut self, conversation: Option<ConversationSpan>) {
        match conversation {
            Some(conversation) => self.conversation = Some(Box::new(conversation)),
            None => {
                if let Some(key) = self.starts.pop_front() {
                    self.on_started(key, None);
                }
            }
        }
    }

    /// Records that the span `key` has started. If that panicked, it is `None`, and the span is skipped.
    pub(super) fn on_started(&mut self, key: SpanKey, started: Option<StartedSpan>) {
        let recording = started.as_ref().map_or(Recording::No, |started| started.recording);
        let is_turn = self.span(key).is_some_and(OpenSpan::is_turn);
        self.set_state(key, started.map_or(SpanState::Skipped, SpanState::Started));
        if is_turn && recording != Recording::Yes {
            self.recordings.push((key, recording));
        }
    }

    fn set_state(&mut self, key: SpanKey, state: SpanState) {
        let ended = self.ends.iter_mut().filter_map(QueuedEnd::span_mut);
        if let Some(span) = self.open.iter_mut().chain(ended).find(|open| open.start.key == key) {
            span.state = state;
        }
    }
}

/// Ends.
impl Queue {
    /// Gives the emission of ends to `thread`. Returns `false` if a thread has it.
    pub(super) fn claim_ends(&mut self, thread: ThreadId) -> bool {
        let is_free = self.ending.is_none();
        self.ending.get_or_insert(thread);
        is_free
    }

    pub(super) fn release_ends(&mut self) {
        self.ending = None;
        if self.ends.is_empty() {
            // A conversation may stay silent for long.
            self.ends = VecDeque::new();
        }
    }

    /// Takes the next end to emit. Returns `None` as well while a thread emits starts: it emits the ends after them.
    pub(super) fn next_end(&mut self) -> Option<NextEnd> {
        if self.starting.is_some() {
            return None;
        }
        if !self.starts.is_empty() {
            return Some(NextEnd::AfterStarts);
        }
        match self.ends.pop_front()? {
            QueuedEnd::Span(ended) => Some(NextEnd::Span(ended)),
            QueuedEnd::Conversation => {
                let events = take(&mut self.conversation_events);
                self.conversation.take().map(|conversation| NextEnd::Conversation(conversation, events))
            }
        }
    }

    /// Adds a span whose end is emitted to the conversation span, in the layout that has one.
    pub(super) fn on_ended(&mut self, summary: Option<RecordSummary>) {
        if let (Some(summary), Some(conversation)) = (summary, &mut self.conversation) {
            conversation.on_end(summary);
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
