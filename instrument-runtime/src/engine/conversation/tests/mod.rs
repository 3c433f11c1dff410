//! The rules of SPANS.md part 1, one situation a test: frames in, span trees out, as text.

mod bounds;
mod heard;
mod inside;
mod invariants;
mod less;
mod models;
mod operations;
mod speech;
mod speech_to_speech;
mod support;
mod synthesis;
mod tools;
mod tree;
mod turns;
