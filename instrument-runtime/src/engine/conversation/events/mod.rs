//! What each group of frames does to a conversation, one file a group.

mod bot;
mod contexts;
mod errors;
mod lifecycle;
mod llm;
mod metrics;
mod operations;
mod speech_to_speech;
mod tools;
mod tts;
mod user;

pub(super) use bot::{Playback, SpokenText};
pub(super) use contexts::LastContext;
pub(super) use speech_to_speech::EarlyTtfb;
pub(super) use tts::Given;
pub(super) use user::{Heard, Voice};
