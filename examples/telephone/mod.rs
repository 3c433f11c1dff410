//! The other ends of a voice agent: a caller on the telephone, and a language model. No framework is named here.

pub(crate) mod caller;
pub(crate) mod conversation;
pub(crate) mod model_server;
pub(crate) mod tone;
