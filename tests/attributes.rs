//! `docs/attributes.md` against the declared keys.
//!
//! ```text
//! UPDATE_DOCS=1 cargo test --test attributes    # rewrites the page
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::path::PathBuf;

use pipecat_instrument::Conventions;
use pipecat_instrument_runtime::emit::keys::{self, AttributeTarget, KeyInfo};

const INTRODUCTION: &str = "\
# Attributes

All attributes, grouped by the convention that they belong to. A span carries the attributes of every enabled convention,
as far as there is a value. OpenInference is always enabled. [docs/spans.md](spans.md) explains the values.

This page is generated from the declared keys: `UPDATE_DOCS=1 cargo test --test attributes`.

`N` and `M` stand for numbers from 0, `*` for any name. Frames have the names of Pipecat; \"the processor\" means what the
adapter reports about a service. Spans also carry the additional attributes of the application.
";

const SECTIONS: [(&str, Conventions, &str); 5] = [
    ("OpenInference", Conventions::OPENINFERENCE, "Always enabled."),
    (
        "GenAI",
        Conventions::GEN_AI,
        "OpenTelemetry's semantic conventions for generative AI. Enabled by default.",
    ),
    ("Pipecat", Conventions::PIPECAT, "The attributes of Pipecat's own tracing. Disabled by default."),
    (
        "Langfuse",
        Conventions::LANGFUSE,
        "Disabled by default. If enabled, `input.value` of an LLM span holds all messages as a JSON chat.",
    ),
    (
        "OpenObserve",
        Conventions::OPENOBSERVE,
        "Disabled by default. If enabled, a span with an output but no input gets an empty `input.value`, without which \
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
fn docs_attributes_md_equals_the_declared_keys() {
    let (path, page) = (path(), page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((expected, line)) =
        page.lines().zip(written.lines()).find(|(expected, line)| expected != line)
    {
        panic!("docs/attributes.md says\n{line}\nbut should say\n{expected}\nUPDATE_DOCS=1 rewrites it");
    }
    assert_eq!(page.lines().count(), written.lines().count(), "UPDATE_DOCS=1 rewrites docs/attributes.md");
}

#[test]
fn every_key_has_a_row() {
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
        page += "| key | spans | type | unit | description | source |\n|---|---|---|---|---|---|\n";
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
    targets.iter().map(|target| name(*target)).collect::<Vec<_>>().join(", ")
}

const fn name(target: AttributeTarget) -> &'static str {
    match target {
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
