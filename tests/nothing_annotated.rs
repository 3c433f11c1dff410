//! The warning in a program without annotated types, which needs a test program of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry::trace::noop::NoopTracerProvider;
use pipecat_instrument::PipecatInstrumentor;
use support::warnings::Warnings;

#[test]
fn a_program_without_annotations_warns_once_with_the_remedy() {
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        for _ in 0..2 {
            PipecatInstrumentor::instrument(NoopTracerProvider::new()).unwrap();
            PipecatInstrumentor::uninstrument();
        }
    });

    assert_eq!(PipecatInstrumentor::annotated_types().count(), 0);
    let warnings = warnings.messages();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("#[pipecat_instrument::instrument_task]"), "{warnings:?}");
}
