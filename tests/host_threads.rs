//! A host with an event loop: this process starts no thread for a conversation. A test binary of its own, so that no
//! other test starts one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::time::Duration;

use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{Emission, ObserveOptions, Observer, PipecatInstrumentor, Timer};
use support::{Traced, push};

/// Returns the names of this library's threads.
fn own_threads() -> Vec<String> {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let names = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("pipecat-")).collect()
}

fn greet(observer: &Observer) {
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    let output = Processor::new("Output", "OutputTransport", Role::OutputTransport);
    push(observer, &output, 1, &Frame::Start);
    push(observer, &llm, 2, &Frame::LlmResponseStart);
    push(observer, &llm, 3, &Frame::LlmText(TextChunk::new("Hello")));
    push(observer, &llm, 4, &Frame::LlmResponseEnd);
    push(observer, &output, 5, &Frame::BotStartedSpeaking);
    push(observer, &output, 6, &Frame::BotStoppedSpeaking);
}

#[test]
fn host_with_its_own_timer_needs_no_thread() {
    let traced = Traced::new();
    let options = || ObserveOptions::new().timer(Timer::Host).emission(Emission::Host);
    let observer = PipecatInstrumentor::observe(options()).unwrap();
    greet(&observer);
    while let Some(at) = observer.poll_timeout() {
        observer.handle_timeout(at);
        observer.emit();
    }
    assert_eq!(traced.spans().len(), 2);
    drop(observer);
    assert_eq!(own_threads(), Vec::<String>::new());

    // Shows that a thread would be found.
    let observer = PipecatInstrumentor::observe(ObserveOptions::new()).unwrap();
    greet(&observer);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(own_threads(), ["pipecat-timer"]);
}
