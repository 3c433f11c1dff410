//! Turns frames into finished span records. The engine is a pure function of its input.
//!
//! The engine has no clock, id generator, lock or OpenTelemetry. Each event carries its time, and spans are plain data.
//! Therefore a replay from a file, or a fuzzer, runs a conversation a million times faster than real time, with the
//! same result each time.
//!
//! | module | subject |
//! |---|---|
//! | [`frame`] | the neutral, borrowed view of a frame and of the processors it passes between |
//! | [`content`] | the kinds of content, and the limits within which it is copied |
//! | [`conversation`] | the state of a conversation: events in, spans out |
//! | [`operation`] | work of a service, as annotated functions report it |
//! | [`record`] | finished spans as plain data |
//! | [`speech`] | intervals of user and bot speech |
//! | [`text`] | streamed chunks, joined to text |
//! | [`time`] | instants and durations as values |
//! | [`truncate`] | texts cut at a length, with a mark |

pub mod content;
pub mod conversation;
mod dedup;
pub mod frame;
mod measurements;
pub mod operation;
pub mod record;
pub mod speech;
pub mod text;
pub mod time;
pub mod truncate;
