//! Expansions of traced functions.

use proc_macro2::TokenStream;
use quote::quote;

use super::{LLM, STT, TTS, traced};

/// Compares code without its spaces.
fn assert_same(expanded: &TokenStream, expected: &TokenStream) {
    let without_spaces = |code: &TokenStream| code.to_string().replace(' ', "");
    assert_eq!(without_spaces(expanded), without_spaces(expected));
}

#[test]
fn async_method() {
    let expanded = traced(
        &LLM,
        quote!(model = self.model, context = self.tracing, input = prompt, output = |reply| &reply.text),
        &quote! {
            /// Documented.
            pub(crate) async fn complete(&self, prompt: &str) -> Result<Reply, Error> {
                ask(prompt).await
            }
        },
    );
    assert_same(
        &expanded,
        &quote! {
            /// Documented.
            pub(crate) async fn complete(&self, prompt: &str) -> Result<Reply, Error> {
                ::pipecat_instrument::__private::v1::traced_llm(
                    "complete",
                    |service| service.of::<Self>().context(&(self.tracing)),
                    |metadata| metadata
                        .model(::pipecat_instrument::__private::v1::OptionalText::optional_text(&(self.model)))
                        .input(&(prompt))
                )
                .start_async(async move {
                    if false {
                        return ::pipecat_instrument::__private::v1::never::<Result<Reply, Error>>();
                    }
                    { ask(prompt).await }
                })
                .wait()
                .await
                .finish(|value, outcome| ::pipecat_instrument::__private::v1::ReturnValue::new(value).record(
                    outcome,
                    |value, outcome| { { let reply = value; outcome.output(&(&reply.text)); } }
                ))
            }
        },
    );
}

#[test]
fn function_that_returns_a_boxed_stream() {
    let expanded = traced(
        &TTS,
        quote!(name = "Voice", usage = |audio: &Audio| audio.paid, crate = our::tracing),
        &quote! {
            unsafe fn say<'a>(text: &'a str) -> BoxStream<'a, Audio> {
                #![allow(unused)]
                speak(text).boxed()
            }
        },
    );
    assert_same(
        &expanded,
        &quote! {
            unsafe fn say<'a>(text: &'a str) -> BoxStream<'a, Audio> {
                #![allow(unused)]
                our::tracing::__private::v1::traced_tts(
                    "say",
                    |service| service.name(our::tracing::__private::v1::OptionalText::optional_text(&("Voice"))),
                    |metadata| metadata
                )
                .start(move || -> BoxStream<'a, Audio> { speak(text).boxed() })
                .boxed(|started| ::std::boxed::Box::pin(started.stream(
                    |value, outcome| our::tracing::__private::v1::ReturnValue::new(value).record(
                        outcome,
                        |value, outcome| { { let audio: &Audio = value; outcome.characters(&(audio.paid)); } }
                    )
                )))
            }
        },
    );
}

#[test]
fn async_function_that_returns_a_result_of_a_stream() {
    let expanded = traced(
        &STT,
        quote!(),
        &quote!(
            async fn listen() -> Result<impl Stream<Item = Words>, Error> {
                connect().await
            }
        ),
    );
    let record_error = quote!(|value, outcome| ::pipecat_instrument::__private::v1::ReturnValue::new(value)
        .record(outcome, |_, _| {}));
    let record_item = quote! {
        |value: &Words, outcome| ::pipecat_instrument::__private::v1::ReturnValue::new(value).record(outcome, |_, _| {})
    };
    assert_same(
        &expanded,
        &quote! {
            async fn listen() -> Result<impl Stream<Item = Words>, Error> {
                ::pipecat_instrument::__private::v1::traced_stt("listen", |service| service, |metadata| metadata)
                    .start_async(async move {
                        if false {
                            return ::pipecat_instrument::__private::v1::never::<Result<_, Error>>();
                        }
                        { connect().await }
                    })
                    .wait()
                    .await
                    .result(#record_error)
                    .map(|started| started.stream(#record_item))
            }
        },
    );
}

#[test]
fn functions_that_return_a_future() {
    let record_value = quote!(|value, outcome| ::pipecat_instrument::__private::v1::ReturnValue::new(value)
        .record(outcome, |_, _| {}));
    let record_opaque_value = quote! {
        |value: &u8, outcome| ::pipecat_instrument::__private::v1::ReturnValue::new(value).record(outcome, |_, _| {})
    };
    let begin = quote! {
        ::pipecat_instrument::__private::v1::traced_llm(
            "complete", |service| service.of::<Self>(), |metadata| metadata
        )
    };
    let expanded = traced(
        &LLM,
        quote!(),
        &quote!(
            fn complete(self) -> BoxFuture<'static, u8> {
                self.ask()
            }
        ),
    );
    assert_same(
        &expanded,
        &quote! {
            fn complete(self) -> BoxFuture<'static, u8> {
                #begin
                    .start(move || -> BoxFuture<'static, u8> { self.ask() })
                    .boxed(|started| ::std::boxed::Box::pin(async move { started.wait().await.finish(#record_value) }))
            }
        },
    );

    let expanded = traced(
        &LLM,
        quote!(),
        &quote!(
            fn complete(self) -> impl Future<Output = u8> {
                self.ask()
            }
        ),
    );
    assert_same(
        &expanded,
        &quote! {
            fn complete(self) -> impl Future<Output = u8> {
                let started = #begin.start(move || -> _ { self.ask() });
                async move { started.wait().await.finish(#record_opaque_value) }
            }
        },
    );
}

#[test]
fn wrong_annotation_keeps_the_item() {
    let item = quote!(
        const fn complete() -> u8 {
            1
        }
    );
    let expanded = traced(&LLM, quote!(voice = "sarah"), &item).to_string();
    assert!(expanded.starts_with(&item.to_string()));
    assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");
}
