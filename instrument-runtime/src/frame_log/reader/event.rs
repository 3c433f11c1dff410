//! One hop, as a log tells it.

use super::processors::LoggedProcessor;
use crate::engine::frame::{Direction, Frame, FrameId, FramePushed, ObservedFrame};
use crate::engine::time::Time;
use crate::frame_log::payload::Payload;

/// One hop of one frame, as a log tells it.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Direction;
/// use pipecat_instrument_runtime::frame_log::FrameLogReader;
///
/// let log = r#"{"frame_log":1,"writer":"me","wall":0}
/// {"n":0,"wall":5,"dir":"up","src":"Tts","dst":"Llm","frame":"BotStartedSpeakingFrame","id":1,"payload":{}}
/// "#;
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// for event in reader.by_ref().flatten() {
///     let frame = event.frame();
///     let hop = event.hop(&frame);
///     assert_eq!((hop.source.id(), hop.destination.id()), ("Tts", "Llm"));
///     assert_eq!(hop.direction, Direction::Upstream);
/// }
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub struct LoggedEvent {
    pub(super) wall: Time,
    pub(super) source: LoggedProcessor,
    pub(super) destination: LoggedProcessor,
    pub(super) direction: Direction,
    pub(super) id: FrameId,
    pub(super) sibling: Option<FrameId>,
    pub(super) payload: Payload<'static>,
}

impl LoggedEvent {
    /// When it happened.
    pub const fn at(&self) -> Time {
        self.wall
    }

    /// The name of the frame's class, as `BotSpeakingFrame`.
    pub fn class(&self) -> &str {
        self.payload.class()
    }

    /// The frame.
    pub fn frame(&self) -> Frame<'_> {
        self.payload.view()
    }

    /// The hop of `frame`, which is this event's own: it stands outside so that the hop can borrow it.
    pub fn hop<'a>(&'a self, frame: &'a Frame<'a>) -> FramePushed<'a> {
        FramePushed {
            source: (&self.source).into(),
            destination: (&self.destination).into(),
            direction: self.direction,
            id: Some(self.id),
            sibling: self.sibling,
            frame,
        }
    }
}
