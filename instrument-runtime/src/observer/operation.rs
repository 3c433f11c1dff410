//! The span of an operation, wherever it belongs: in a turn of a conversation, or in none.
//!
//! ```text
//!   begin(whose, kind, name)
//!     ├─ in a conversation, which goes on   ──▶ Within: told to its core, which knows what frames tell of it
//!     ├─ in one that has not begun, or over ──▶ Alone:  a span with the conversation's id
//!     └─ in none                            ──▶ Alone:  a root, or a child of the current span
//! ```
//!
//! The conversation's lock is held while the core is told, and never while code of the program runs: what an annotation
//! says is found out before and after. Nothing here keeps a conversation alive.

use std::sync::{Arc, Weak};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use super::clock::Clock;
use super::in_conversation::Current;
use super::inside::Inside;
use super::isolation::{Panicked, isolate};
use super::watch::Watch;
use super::{ObserverProvider, TracingContext};
use crate::emit::Emitter;
use crate::engine::operation::{
    Operation, OperationInfo, OperationKey, OperationStart, Outcome, ServiceKind, ServiceName,
    StartedOperation,
};
use crate::engine::record::{Recording, SpanKey, SpanSink, SpanStart, TurnNumber};
use crate::engine::time::Time;

/// The key of the only span of its emitter.
const ONLY: SpanKey = SpanKey(1);

/// An operation under way, and its span.
#[derive(Debug)]
pub(crate) struct OperationSpan {
    place: Place,
    context: Context,
    clock: Clock,
    recording: Recording,
    attribute_limit: usize,
}

/// Where an operation is told.
#[derive(Debug)]
enum Place {
    Within { watch: Weak<Watch>, key: OperationKey },
    Alone(Box<Alone>),
}

/// An operation of no turn.
#[derive(Debug)]
struct Alone {
    emitter: Emitter,
    operation: Operation,
}

/// Whose operation it is, and what it is.
pub(crate) struct Whose<'a> {
    /// The conversation that the code says it is in; else the current context tells.
    pub(crate) conversation: Option<TracingContext>,
    pub(crate) kind: ServiceKind,
    pub(crate) service: ServiceName<'a>,
}

impl OperationSpan {
    /// An operation begins. `group` is asked for what belongs to no conversation; `None` if nobody observes that.
    pub(crate) fn begin(
        whose: Whose<'_>,
        group: impl FnOnce() -> Option<Arc<ObserverProvider>>,
    ) -> Option<Self> {
        let context = Context::current();
        if context.is_telemetry_suppressed() {
            return None;
        }
        let current = context.get::<Current>();
        let named = whose.conversation.or_else(|| Some(current?.conversation.clone()));
        let outer = current.filter(|current| {
            named.as_ref().is_some_and(|conversation| current.conversation.is_of_same(conversation))
        });
        let announcement = OperationStart {
            kind: whose.kind,
            service: whose.service,
            inside: outer
                .and_then(|current| current.operation)
                .and_then(|(kind, span)| (kind == whose.kind).then_some(span)),
        };
        let conversation = named.as_ref();
        conversation.and_then(|conversation| within(conversation, &announcement, &context)).or_else(|| {
            let id = conversation.map(TracingContext::shared_id).unwrap_or_default();
            let emitter = group()?.outside(id).standalone(&context);
            alone(emitter, &announcement, &context, Clock::start())
        })
    }

    /// The context in which its span is current.
    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    /// Whether somebody will look at it.
    pub(crate) const fn recording(&self) -> Recording {
        self.recording
    }

    /// How many attributes its span carries.
    pub(crate) const fn attribute_limit(&self) -> usize {
        self.attribute_limit
    }

    /// Now, by the clock of its conversation.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// What is known of it.
    pub(crate) fn tell(&mut self, about: OperationInfo) {
        match &mut self.place {
            Place::Alone(alone) => alone.operation.describe(about),
            Place::Within { watch, key } => {
                if let Some(watch) = watch.upgrade() {
                    watch.enter(|inside| inside.conversation.map(|it| it.operation_tells(*key, about)));
                }
            }
        }
    }

    /// It is over.
    pub(crate) fn end(self, outcome: Outcome) {
        let now = self.now();
        match self.place {
            Place::Within { watch, key } => {
                if let Some(watch) = watch.upgrade() {
                    watch.enter(|Inside { conversation, emitter, now }| {
                        conversation.map(|it| it.operation_ends(now, key, outcome, emitter))
                    });
                }
            }
            Place::Alone(alone) => say_of_panic(isolate(|| alone.end(now, outcome))).unwrap_or_default(),
        }
    }
}

impl Alone {
    fn end(mut self, now: Time, outcome: Outcome) {
        self.operation.end(now, outcome);
        self.emitter.end(self.operation.into_record(ONLY, now));
    }
}

/// A span in a conversation; `None` if that is over.
fn within(
    conversation: &TracingContext,
    announcement: &OperationStart<'_>,
    current: &Context,
) -> Option<OperationSpan> {
    let watch = conversation.watch()?;
    let clock = watch.clock();
    let begin = |Inside { conversation: core, emitter, now }: Inside<'_>| {
        let Some(core) = core else { return Some(Err(emitter.standalone(current))) };
        let StartedOperation { key, span, recording } = core.operation_begins(now, announcement, emitter)?;
        let identity = span.and_then(|span| emitter.context(span));
        let context = identity.map_or_else(|| current.clone(), |of| with_span_of(current, &of));
        let operation = span.map(|span| (announcement.kind, span));
        Some(Ok(OperationSpan {
            place: Place::Within { watch: Arc::downgrade(&watch), key },
            context: Current { conversation: conversation.clone(), operation }.put_into(&context),
            clock,
            recording,
            attribute_limit: emitter.attribute_limit(),
        }))
    };
    match watch.enter(begin)?? {
        Ok(span) => Some(span),
        // Before the first frame there is no turn that it could belong to.
        Err(emitter) => alone(emitter, announcement, &Current::of(conversation).put_into(current), clock),
    }
}

/// A span in no turn: a root, or a child of the current span.
fn alone(
    mut emitter: Emitter,
    announcement: &OperationStart<'_>,
    current: &Context,
    clock: Clock,
) -> Option<OperationSpan> {
    let OperationStart { kind, service, .. } = *announcement;
    let start = clock.now();
    let begin = || {
        let (kind, name) = (kind.span_kind(), service.as_str().to_owned());
        let recording =
            emitter.start(SpanStart { key: ONLY, kind, parent: None, at: start, name, turn: TurnNumber(0) });
        let attribute_limit = emitter.attribute_limit();
        let context = emitter.context(ONLY).map(|of| with_span_of(current, &of))?;
        let operation = Operation::new(announcement.kind, service.as_str(), start);
        let place = Place::Alone(Box::new(Alone { emitter, operation }));
        Some(OperationSpan { place, context, clock, recording, attribute_limit })
    };
    say_of_panic(isolate(begin))?
}

/// `context` with the identity of the span of another: it is no span to write to, and keeps none alive.
fn with_span_of(context: &Context, other: &Context) -> Context {
    context.with_remote_span_context(other.span().span_context().clone())
}

/// What a provider or an exporter of the program does wrong is not its pipeline's concern.
fn say_of_panic<T>(done: Result<T, Panicked>) -> Option<T> {
    done.inspect_err(|Panicked(panic)| {
        tracing::error!(panic, "a panic while a span was written: it is lost, the program goes on");
    })
    .ok()
}
