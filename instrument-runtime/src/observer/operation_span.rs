//! The span of an operation: in a turn of a conversation, or outside any.
//!
//! ```text
//!   begin(spec)
//!     ├─ in an active conversation           ──▶ InConversation: the engine merges it with what frames report
//!     ├─ in one not started, or closed       ──▶ Standalone:     a span with the conversation's id
//!     └─ in none                             ──▶ Standalone:     a root, or a child of the current span
//! ```
//!
//! The conversation's lock is held only while the engine registers the operation, and never while code of the program
//! runs: the annotation's expressions are evaluated before and after. An operation does not keep its conversation
//! alive.

use std::sync::{Arc, Weak};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::clock::Clock;
use super::observed_conversation::{LockedConversation, ObservedConversation};
use super::tracing_context::CurrentConversation;
use super::{ObserverProvider, TracingContext};
use crate::emit::Emitter;
use crate::engine::content::RequestLimits;
use crate::engine::operation::{
    Operation, OperationInfo, OperationKey, OperationStart, Outcome, ServiceKind, ServiceName,
    StartedOperation,
};
use crate::engine::record::{Recording, SpanKey, SpanSink, SpanStart, TurnNumber};
use crate::engine::time::Time;

/// The key of the only span of a standalone operation's emitter.
const STANDALONE: SpanKey = SpanKey(1);

/// An operation in progress, and its span.
#[derive(Debug)]
pub(crate) struct OperationSpan {
    scope: OperationScope,
    context: Context,
    clock: Clock,
    recording: Recording,
    request_limits: RequestLimits,
}

#[derive(Debug)]
enum OperationScope {
    InConversation { conversation: Weak<ObservedConversation>, key: OperationKey },
    Standalone(Box<StandaloneOperation>),
}

/// An operation outside any turn.
#[derive(Debug)]
struct StandaloneOperation {
    emitter: Emitter,
    operation: Operation,
}

/// The kind and the service of an operation, and its conversation.
pub(crate) struct OperationSpec<'a> {
    /// The conversation in the annotation; if `None`, that of the current context.
    pub(crate) conversation: Option<TracingContext>,
    pub(crate) kind: ServiceKind,
    pub(crate) service: ServiceName<'a>,
}

impl OperationSpan {
    /// Begins an operation. Calls `provider` for one outside any conversation. Returns `None` if the operation is not
    /// observed.
    pub(crate) fn begin(
        spec: OperationSpec<'_>,
        provider: impl FnOnce() -> Option<Arc<ObserverProvider>>,
    ) -> Option<Self> {
        let context = Context::current();
        if context.is_telemetry_suppressed() {
            return None;
        }
        let current = context.get::<CurrentConversation>();
        let conversation = spec.conversation.or_else(|| Some(current?.conversation.clone()));
        let outer = current.filter(|current| {
            conversation.as_ref().is_some_and(|conversation| current.conversation.is_of_same(conversation))
        });
        let start = OperationStart {
            kind: spec.kind,
            service: spec.service,
            parent: outer
                .and_then(|current| current.operation)
                .and_then(|(kind, span)| (kind == spec.kind).then_some(span)),
        };
        let conversation = conversation.as_ref();
        conversation.and_then(|conversation| begin_in_conversation(conversation, &start, &context)).or_else(
            || {
                let id = conversation.map(TracingContext::shared_id).unwrap_or_default();
                let emitter = provider()?.standalone_emitter(id, &context);
                begin_standalone(emitter, &start, &context, Clock::start())
            },
        )
    }

    /// Returns the context in which the span is current.
    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) const fn recording(&self) -> Recording {
        self.recording
    }

    /// Returns the limits within which its input is copied.
    pub(crate) const fn request_limits(&self) -> RequestLimits {
        self.request_limits
    }

    /// Returns the time by the conversation's clock.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Sets the metadata of the operation.
    pub(crate) fn set_metadata(&mut self, info: OperationInfo) {
        match &mut self.scope {
            OperationScope::Standalone(standalone) => standalone.operation.describe(info),
            OperationScope::InConversation { conversation, key } => {
                if let Some(conversation) = conversation.upgrade() {
                    conversation.with_locked(|locked| {
                        locked.conversation.map(|engine| engine.describe_operation(*key, info))
                    });
                }
            }
        }
    }

    /// Ends the operation.
    pub(crate) fn end(self, outcome: Outcome) {
        let now = self.now();
        match self.scope {
            OperationScope::InConversation { conversation, key } => {
                if let Some(conversation) = conversation.upgrade() {
                    conversation.with_locked(|LockedConversation { conversation, mut outbox, now }| {
                        conversation.map(|engine| engine.end_operation(now, key, outcome, &mut outbox))
                    });
                }
            }
            OperationScope::Standalone(standalone) => standalone.end(now, outcome),
        }
    }
}

impl StandaloneOperation {
    fn end(mut self, now: Time, outcome: Outcome) {
        self.operation.end(now, outcome);
        self.emitter.end(self.operation.into_record(STANDALONE, now));
    }
}

/// Begins an operation in a conversation; returns `None` if the conversation is closed.
fn begin_in_conversation(
    tracing: &TracingContext,
    start: &OperationStart<'_>,
    current: &Context,
) -> Option<OperationSpan> {
    let conversation = tracing.conversation()?;
    let clock = conversation.clock();
    let begin =
        |LockedConversation { conversation: engine, mut outbox, now }: LockedConversation<'_>| match engine {
            Some(engine) => Some(Ok(engine.begin_operation(now, start, &mut outbox)?)),
            // Before the first frame, there is no turn for the operation.
            None => Some(Err(outbox.standalone(current))),
        };
    let StartedOperation { key, span, recording } = match conversation.with_locked(begin)?? {
        Ok(started) => started,
        Err(emitter) => {
            let context = CurrentConversation::of(tracing).put_into(current);
            return begin_standalone(emitter, start, &context, clock);
        }
    };
    let outbox = conversation.outbox_with_starts();
    let span_context = span.and_then(|span| outbox.context(span));
    let context = span_context.map_or_else(|| current.clone(), |span| with_identity_of(current, &span));
    let operation = span.map(|span| (start.kind, span));
    Some(OperationSpan {
        scope: OperationScope::InConversation { conversation: Arc::downgrade(&conversation), key },
        context: CurrentConversation { conversation: tracing.clone(), operation }.put_into(&context),
        clock,
        recording: span.map_or(recording, |span| outbox.recording(span)),
        request_limits: outbox.request_limits(),
    })
}

/// Begins an operation outside any turn: its span is a root, or a child of the current span.
fn begin_standalone(
    mut emitter: Emitter,
    start: &OperationStart<'_>,
    current: &Context,
    clock: Clock,
) -> Option<OperationSpan> {
    let OperationStart { kind, service, .. } = *start;
    let at = clock.now();
    let (name, span_kind) = (service.as_str().to_owned(), kind.span_kind());
    let start = SpanStart { key: STANDALONE, kind: span_kind, parent: None, at, name, turn: TurnNumber(0) };
    let recording = emitter.start(start);
    let request_limits = emitter.request_limits();
    let context = emitter.context(STANDALONE).map(|span| with_identity_of(current, &span))?;
    let operation = Operation::new(kind, service.as_str(), at);
    let scope = OperationScope::Standalone(Box::new(StandaloneOperation { emitter, operation }));
    Some(OperationSpan { scope, context, clock, recording, request_limits })
}

/// Returns `context` with the identity of the span that is current in `other`. It neither writes to that span nor keeps it
/// alive.
fn with_identity_of(context: &Context, other: &Context) -> Context {
    context.with_remote_span_context(other.span().span_context().clone())
}
