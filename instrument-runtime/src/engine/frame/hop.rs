//! One hop of a frame, from one processor to the next.

use super::{Frame, ProcessorRef};

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// From the input to the output.
    #[default]
    Downstream,
    /// From the output back to the input.
    Upstream,
}

/// What tells a frame from every other of its conversation; the same on every hop. A frame made later has a higher one:
/// that is how the hops of audio are told from new audio without a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u64);

/// One hop: a frame pushed from one processor to the next.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{
///     Direction, Frame, FrameId, FramePushed, ProcessorRef,
/// };
///
/// let hop = FramePushed {
///     source: ProcessorRef::named("Vad"),
///     destination: ProcessorRef::named("Stt"),
///     direction: Direction::Downstream,
///     id: Some(FrameId(7)),
///     sibling: None,
///     frame: &Frame::UserStartedSpeaking,
/// };
/// assert_eq!(hop.source.id(), "Vad");
/// ```
#[derive(Debug)]
pub struct FramePushed<'a, F: ?Sized = Frame<'a>> {
    /// Who pushed it.
    pub source: ProcessorRef<'a>,
    /// Who gets it.
    pub destination: ProcessorRef<'a>,
    /// Which way.
    pub direction: Direction,
    /// The frame's id; without one, every hop counts as a frame of its own.
    pub id: Option<FrameId>,
    /// The id of the same frame, broadcast the other way.
    pub sibling: Option<FrameId>,
    /// The frame.
    pub frame: &'a F,
}

impl<F: ?Sized> Clone for FramePushed<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ?Sized> Copy for FramePushed<'_, F> {}

/// One hop, whatever hops: for adapters that make several frames of one.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Direction, Frame, FrameId, Hop, ProcessorRef};
///
/// let hop = Hop {
///     source: ProcessorRef::named("Llm"),
///     destination: ProcessorRef::named("Tts"),
///     direction: Direction::Downstream,
///     id: Some(FrameId(7)),
///     sibling: None,
/// };
/// let end = hop.synthetic(FrameId(8));
/// assert_eq!(end.with_frame(&Frame::LlmResponseEnd).id, Some(FrameId(8)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// Who pushes.
    pub source: ProcessorRef<'a>,
    /// Who gets what is pushed.
    pub destination: ProcessorRef<'a>,
    /// Which way.
    pub direction: Direction,
    /// The frame's id.
    pub id: Option<FrameId>,
    /// The id of the same frame, broadcast the other way.
    pub sibling: Option<FrameId>,
}

impl<'a> Hop<'a> {
    /// The hop of `frame`.
    #[inline]
    pub const fn with_frame<F: ?Sized>(self, frame: &'a F) -> FramePushed<'a, F> {
        let Self { source, destination, direction, id, sibling } = self;
        FramePushed { source, destination, direction, id, sibling, frame }
    }

    /// The same for a frame that the framework does not send, of an id that it has given to no other.
    #[must_use]
    pub const fn synthetic(self, id: FrameId) -> Self {
        Self { id: Some(id), sibling: None, ..self }
    }
}
