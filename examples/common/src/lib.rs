//! The parts that both voice agents share: a scripted caller, a small language model server, and the program around
//! the call. Nothing here depends on a voice-agent framework.

pub mod caller;
pub mod dental_office;
pub mod loudspeaker;
pub mod model_server;
pub mod program;
pub mod tone;
pub mod tts_stub;

mod traces;
