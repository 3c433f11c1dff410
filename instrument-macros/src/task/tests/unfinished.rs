//! A body that is being written goes through as it is: what an editor sees between two keys, and wants to complete.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::instrument_task;

/// The tokens of `body` in one piece somewhere in `tokens`, at whatever depth.
fn has_body(tokens: TokenStream, body: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => group.stream().to_string() == body || has_body(group.stream(), body),
        _ => false,
    })
}

#[test]
fn a_body_that_is_not_finished_is_kept_and_wrapped_all_the_same() {
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
fn a_signature_that_is_not_finished_keeps_its_item() {
    let unfinished = quote!(fn build(params: ) -> Task { params.id });
    let expanded = instrument_task(quote!(), unfinished.clone()).to_string();
    assert!(expanded.starts_with(&unfinished.to_string()), "{expanded}");
}
