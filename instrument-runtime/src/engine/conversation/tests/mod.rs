//! The rules of `docs/spans.md`, one situation per test: frames in, span trees out, as text.

mod current_spans;
mod frame_support;
mod invariants;
mod late_observers;
mod latency;
mod limits;
mod llm;
mod operations;
mod speech_activity;
mod speech_to_speech;
mod stt;
mod support;
mod tools;
mod tree;
mod tts;
mod turns;
