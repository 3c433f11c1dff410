//! The heart: from frames to finished span records, as a pure function of its input.
//!
//! Nothing here has a clock, an id generator, a lock or OpenTelemetry: time comes in as a value with every event
//! and spans go out as plain data. So a conversation can be replayed from a file or under a fuzzer, a million times
//! faster than it was spoken, with the same result each time.
//!
//! | module | subject |
//! |---|---|
//! | [`frame`] | the neutral, borrowed view of a frame and of the processors it passes between |
//! | [`conversation`] | all of it together: events in, spans out |
//! | [`operation`] | a service at work, as the code around it tells |
//! | [`record`] | a span as plain data |
//! | [`speech`] | who is to be heard, from when to when |
//! | [`time`] | instants and durations as values |

pub mod conversation;
mod dedup;
pub mod frame;
mod metrics;
pub mod operation;
pub mod record;
pub mod speech;
pub mod text;
pub mod time;
mod turn;
