//! The spans of a conversation while they are being gathered, one file a kind.

pub(crate) mod call;
pub(crate) mod fault;
mod latency;
pub(crate) mod operations;
pub(crate) mod release;
mod request;
pub(crate) mod synthesis;
pub(crate) mod tool;
pub(crate) mod turn;
pub(crate) mod utterance;

pub(crate) use call::{Call, Gathers};
pub(crate) use fault::Fault;
pub(crate) use operations::{Taken, Which};
pub(crate) use release::Facts;
pub(crate) use request::{Place, UserMessage};
pub(crate) use synthesis::{Synthesis, Wanted};
pub(crate) use tool::Tool;
pub(crate) use turn::{Child, Ended, Turn};
pub(crate) use utterance::{Utterance, VoiceStop};
