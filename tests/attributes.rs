//! `docs/attributes.md` is what the keys say of themselves.
//!
//! ```text
//! UPDATE_DOCS=1 cargo test --test attributes    # writes it anew
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::path::PathBuf;

use pipecat_instrument::Conventions;
use pipecat_instrument_runtime::emit::keys::{self, AttributeTarget, KeyInfo};

const INTRODUCTION: &str = "\
# Attributes

Every attribute that is written, by the convention that writes it. A span has the attributes of all the conventions that
are switched on, each where there is something to tell; those of OpenInference are always on.

This page is made from the keys themselves: `UPDATE_DOCS=1 cargo test --test attributes`.

`N` and `M` are numbers from 0, `*` is any name. Frames are called as in Pipecat; \"the processor\" is what the adapter
knows of a service. Additional attributes of the application stand beside these, on every span.
";

const SECTIONS: [(&str, Conventions, &str); 5] = [
    ("OpenInference", Conventions::OPENINFERENCE, "Always written."),
    ("GenAI", Conventions::GEN_AI, "OpenTelemetry's conventions for generative AI. On unless switched off."),
    ("Pipecat", Conventions::PIPECAT, "What Pipecat's own tracing writes. To be switched on."),
    (
        "Langfuse",
        Conventions::LANGFUSE,
        "To be switched on. A language model's `input.value` is then a chat, all messages as JSON.",
    ),
    (
        "OpenObserve",
        Conventions::OPENOBSERVE,
        "To be switched on. A span with an output and no input then has an empty `input.value`, without which \
         OpenObserve drops the output.",
    ),
];

const EVERY_SPAN: [AttributeTarget; 6] = [
    AttributeTarget::Conversation,
    AttributeTarget::Turn,
    AttributeTarget::Stt,
    AttributeTarget::Llm,
    AttributeTarget::Tts,
    AttributeTarget::Tool,
];

#[test]
fn the_page_is_what_the_keys_say() {
    let (path, page) = (path(), page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((ours, theirs)) = page.lines().zip(written.lines()).find(|(ours, theirs)| ours != theirs) {
        panic!("docs/attributes.md says\n{theirs}\nand should say\n{ours}\nUPDATE_DOCS=1 writes it anew");
    }
    assert_eq!(page.lines().count(), written.lines().count(), "UPDATE_DOCS=1 writes docs/attributes.md anew");
}

#[test]
fn every_key_has_its_row() {
    let rows = page().lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, keys::table().count());
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "docs", "attributes.md"].iter().collect()
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, convention, about) in SECTIONS {
        let _ = write!(page, "\n## {title}\n\n{about}\n\n");
        page += "| key | on | type | unit | what it tells | from |\n|---|---|---|---|---|---|\n";
        keys::table().filter(|info| info.convention == convention).for_each(|info| page += &row(info));
    }
    page
}

fn row(info: &KeyInfo) -> String {
    format!(
        "| `{}` | {} | {} | {} | {} | {} |\n",
        info.key,
        targets(info.targets),
        info.value.type_name(),
        info.value.unit().unwrap_or_default(),
        info.about.trim(),
        info.source,
    )
}

fn targets(targets: &[AttributeTarget]) -> String {
    if targets == EVERY_SPAN {
        return "every span".to_owned();
    }
    targets.iter().map(|bearer| name(*bearer)).collect::<Vec<_>>().join(", ")
}

const fn name(bearer: AttributeTarget) -> &'static str {
    match bearer {
        AttributeTarget::Conversation => "conversation",
        AttributeTarget::Turn => "turn",
        AttributeTarget::Stt => "STT",
        AttributeTarget::Llm => "LLM",
        AttributeTarget::Tts => "TTS",
        AttributeTarget::Tool => "tool",
        AttributeTarget::Exception => "event `exception`",
        AttributeTarget::Note => "event `note`",
        AttributeTarget::Evaluation => "event `gen_ai.evaluation.result`",
    }
}
