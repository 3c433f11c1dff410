//! What each group of frames does to a conversation, one file a group.

mod bot;
mod errors;
mod lifecycle;
mod llm;
mod metrics;
mod tools;
mod tts;
mod user;

pub(super) use bot::{Playback, SpokenText};
pub(super) use llm::LastContext;
pub(super) use tts::Given;
pub(super) use user::{Heard, Voice};
