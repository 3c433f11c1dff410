//! What is hidden leaves nowhere, and what is not hidden is still there.
//!
//! | file | subject |
//! |---|---|
//! | `rows` | each option by itself: the attributes that remain, written down by hand |
//! | `everything` | every combination of options, on records whose every text is known |
//! | `conversation` | the same on a conversation, in its spans and in its frame log |
//! | `layout` | the span of a whole conversation |
//! | `recordings` | what was said in recorded conversations |

mod conversation;
mod directory;
mod everything;
mod export;
mod layout;
mod options;
mod recordings;
mod rows;
mod secrets;

/// Of a test, or of what helps it.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
