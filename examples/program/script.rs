//! What the caller says.

use std::time::Duration;

use crate::telephone::caller::{Cue, Say};

/// The caller's side of the conversation.
pub(crate) const SCRIPT: &[Say] = &[
    Say { when: Cue::AfterReply, text: "When are you open?" },
    Say { when: Cue::AfterReply, text: "How much is whitening?" },
    Say { when: Cue::IntoReply(Duration::from_secs(2)), text: "Wait, is Tuesday free?" },
    Say { when: Cue::AfterReply, text: "Yes please." },
    Say { when: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
];
