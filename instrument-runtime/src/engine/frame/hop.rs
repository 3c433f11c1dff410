//! Hops: pushes of a frame from one processor to the next.

use super::{Frame, ProcessorRef};

/// The direction in which a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// From the input to the output.
    #[default]
    Downstream,
    /// From the output back to the input.
    Upstream,
}

/// Identifies a frame within its conversation, on every hop.
///
/// Later frames must have higher ids: audio is counted without a lock, and recognizes its later hops by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u64);

/// A frame pushed from one processor to the next. See [Frames].
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
///
/// [Frames]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frames
#[derive(Debug)]
pub struct FramePushed<'a, F: ?Sized = Frame<'a>> {
    /// The processor that pushed the frame.
    pub source: ProcessorRef<'a>,
    /// The processor that receives it.
    pub destination: ProcessorRef<'a>,
    /// The direction.
    pub direction: Direction,
    /// The id of the frame. Without one, every hop counts as a new frame.
    pub id: Option<FrameId>,
    /// The id of the other frame of a broadcast, which travels in the opposite direction.
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

/// A hop without its frame, for adapters that turn one frame into several.
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
    /// The processor that pushes.
    pub source: ProcessorRef<'a>,
    /// The processor that receives.
    pub destination: ProcessorRef<'a>,
    /// The direction.
    pub direction: Direction,
    /// The id of the frame.
    pub id: Option<FrameId>,
    /// The id of the other frame of a broadcast, which travels in the opposite direction.
    pub sibling: Option<FrameId>,
}

impl<'a> Hop<'a> {
    /// Creates the hop of `frame`.
    #[inline]
    pub const fn with_frame<F: ?Sized>(self, frame: &'a F) -> FramePushed<'a, F> {
        let Self { source, destination, direction, id, sibling } = self;
        FramePushed { source, destination, direction, id, sibling, frame }
    }

    /// Returns the hop for a frame that the framework does not send. `id` must be unused.
    #[must_use]
    pub const fn synthetic(self, id: FrameId) -> Self {
        Self { id: Some(id), sibling: None, ..self }
    }
}
