//! Mistakes: an annotated item is never dropped, and a body with syntax errors passes through, as an editor needs it.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::instrument_task;

#[test]
fn wrong_annotation_keeps_the_item_without_inner_annotations() {
    let item = quote! {
        impl Task {
            #[instrument_task(skip)]
            const fn new() -> Self { Self }
            #[inline]
            #[pipecat_instrument::instrument_task]
            fn other() { stop() }
        }
    };
    let expanded = instrument_task(quote!(wrong = 1), item).to_string();
    let kept = quote! {
        impl Task {
            const fn new() -> Self { Self }
            #[inline]
            fn other() { stop() }
        }
    };
    assert!(expanded.starts_with(&kept.to_string()), "{expanded}");
    assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");
}

#[test]
fn wrong_item_is_kept() {
    for item in [
        quote!(
            struct Task;
        ),
        quote!(
            pub trait Build {
                fn build() -> Self;
            }
        ),
        quote!(
            mod tasks {
                pub fn build() -> u8 {
                    7
                }
            }
        ),
        quote!(
            fn build() -> Task;
        ),
        quote!(
            fn main() {}
        ),
        quote!(
            impl Task {
                fn run(&self) {}
            }
        ),
        quote!(
            macro_rules! task {
                () => {};
            }
        ),
    ] {
        let expanded = instrument_task(quote!(), item.clone()).to_string();
        assert!(expanded.starts_with(&item.to_string()), "{expanded}");
        assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
    }
}

/// Returns whether a group in `tokens`, at any depth, is `body`.
fn has_body(tokens: TokenStream, body: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => group.stream().to_string() == body || has_body(group.stream(), body),
        _ => false,
    })
}

#[test]
fn body_with_a_syntax_error_is_kept_and_instrumented() {
    for body in [
        quote!(let x = foo.),
        quote!(let x = foo.bar(); x.),
        quote!(if params. { }),
        quote!(Self { line: , }),
        quote!(match x { Some( ) => , }),
        quote!(let = ;),
        quote!(params.dial(|call| call.)),
        quote!(return Err(),),
    ] {
        let text = body.to_string();
        let sync = quote!(impl Task { fn new(params: Params) -> Self { #body } fn other(&self) { #body } });
        let boxed = quote!(fn build() -> Pin<Box<dyn Future<Output = Task>>> { #body });
        for item in [sync, quote!(async fn build(params: Params) -> Task { #body }), boxed] {
            let expanded = instrument_task(quote!(), item);
            assert!(has_body(expanded.clone(), &text), "{expanded}");
            assert!(!expanded.to_string().contains("compile_error"), "{expanded}");
            assert!(expanded.to_string().contains("begin"), "{expanded}");
        }
    }
}

#[test]
fn item_with_a_syntax_error_in_its_signature_is_kept() {
    let incomplete = quote!(fn build(params: ) -> Task { params.id });
    let expanded = instrument_task(quote!(), incomplete.clone()).to_string();
    assert!(expanded.starts_with(&incomplete.to_string()), "{expanded}");
}
