//! Whether an adapter tells a trace what happened: scripted conversations through a framework's own pipeline, and the facts
//! that must hold of their spans.
//!
//! The author of an adapter implements [`Framework`] for theirs: it [plays](Framework::play) a conversation in a real
//! pipeline of the framework, whose services ask the [`Harness`] what to do, with the adapter's observer at its side. It
//! says what the framework [`Capabilities`], as the facts follow from that; and which scripts it [cannot](Suite::cannot) play,
//! and why. The suite does the rest:
//!
//! ```no_run
//! use std::error::Error;
//!
//! use pipecat_instrument_runtime::observer::Observer;
//! use pipecat_instrument_runtime::testing::conformance::{Framework, Script, Harness, Suite, Capabilities, Reported};
//!
//! struct MyFramework;
//!
//! impl Framework for MyFramework {
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities { voice: Reported::Yes, ..Capabilities::MINIMAL }
//!     }
//!
//!     fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
//!         // Build the pipeline: its speech-to-text says what `harness.user_action()` was understood to say, its model answers
//!         // with `harness.llm_response()`, its tools return what `harness.tool_call(name)` says, its synthesis makes as much audio
//!         // as `harness.synthesize(text)` says, and its transport tells `harness.on_audio_sent(audio)` what it sends.
//!         // Run it with the observer, until the user hangs up, cancels or drops the task.
//!         # let (_, _) = (harness, observer);
//!         Ok(())
//!     }
//! }
//!
//! // In a #[test]:
//! Suite::new(MyFramework)
//!     .skip(Script::InterruptedResponse, "a reply is synthesized in one piece")
//!     .run()
//!     .assert_passed();
//! ```
//!
//! The user of a script waits for what a user waits for, so that a slow machine makes a slow conversation and not another
//! one; services take as long as the script says, in real time, as the observer's clock is real. All scripts are played at
//! once, on one provider: flowcat takes two seconds for all of them.
//!
//! | file | subject |
//! |---|---|
//! | `script` | the conversations, by name |
//! | `tells` | what a framework tells |
//! | `plot`, `writer` | what happens in each conversation |
//! | `expected`, `spans` | what must come of it |
//! | `harness`, `parts` | what the services and the user do, as they ask |
//! | `suite` | plays them |
//! | `found`, `check`, `report` | exported spans, held against that, and how it is told |

mod check;
mod expected;
mod found;
mod harness;
mod parts;
mod plot;
mod report;
mod script;
mod spans;
mod suite;
mod tells;
#[cfg(test)]
mod tests;
mod writer;

pub use harness::{Harness, POLL_INTERVAL};
pub use parts::{
    LlmResponse, LlmResponseContent, ResponseChunk, ScriptedToolCall, SynthesisResult, ToolDeclaration,
    ToolOutcome, UserAction,
};
pub use report::{FailedCheck, Report};
pub use script::Script;
pub use suite::{Framework, Suite};
pub use tells::{Capabilities, FirstSpeaker, FollowUp, Reported, SpokenTextSource};
