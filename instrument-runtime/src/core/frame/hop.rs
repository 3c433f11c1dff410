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
/// use pipecat_instrument_runtime::core::frame::{
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
