//! Tests that hidden content does not appear in any span or log, and that all other content does.
//!
//! | file | subject |
//! |---|---|
//! | `rows` | each option alone: the remaining attributes, written by hand |
//! | `everything` | every combination of options, on records in which each text is a marker |
//! | `conversation` | every combination, on a conversation: its spans and its frame log |
//! | `layout` | the conversation span of the layout `PerConversation` |
//! | `recordings` | texts of recorded conversations |

mod conversation;
mod everything;
mod export;
mod layout;
mod options;
mod recordings;
mod rows;
mod samples;
mod secrets;
mod temp_dir;

/// The result of a test or of a helper.
type TestResult<T> = Result<T, Box<dyn std::error::Error>>;
