//! The other ends of a voice agent: a caller on the telephone, and a language model. No framework is named here.

pub(crate) mod caller;
pub(crate) mod hum;
pub(crate) mod loudspeaker;
pub(crate) mod model;
pub(crate) mod model_server;
pub(crate) mod practice;
pub(crate) mod tone;

mod conversation;
