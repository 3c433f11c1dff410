//! The rules: turns frames into finished span records, as a pure function of its input.
//!
//! The engine has no clock, id generator, lock or OpenTelemetry. Time comes in as a value with every event, and spans go
//! out as plain data, so a conversation can be replayed from a file or by a fuzzer, a million times faster than it was
//! spoken, with the same result each time.
//!
//! | module | subject |
//! |---|---|
//! | [`frame`] | the neutral, borrowed view of a frame and of the processors it passes between |
//! | [`conversation`] | the state of a conversation: events in, spans out |
//! | [`operation`] | work of a service, as annotated functions report it |
//! | [`record`] | finished spans as plain data |
//! | [`speech`] | intervals of user and bot speech |
//! | [`text`] | streamed chunks, joined to text |
//! | [`time`] | instants and durations as values |

pub mod conversation;
mod dedup;
pub mod frame;
mod measurements;
pub mod operation;
pub mod record;
pub mod speech;
pub mod text;
pub mod time;
