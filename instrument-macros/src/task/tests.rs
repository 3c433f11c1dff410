//! Expansions, as plain functions over tokens.

use proc_macro2::TokenStream;
use quote::quote;

use super::instrument_task;

/// Holds two pieces of code against each other by their tokens; what differs is shown.
fn assert_same(expanded: &TokenStream, expected: &TokenStream) {
    let without_spaces = |code: &TokenStream| code.to_string().replace(' ', "");
    assert_eq!(without_spaces(expanded), without_spaces(expected));
}

#[test]
fn a_constructor_that_attaches() {
    let expanded = instrument_task(
        quote!(conversation_id = params.id),
        quote! {
            impl Task {
                /// Documented.
                pub fn new(params: Params) -> Self {
                    Self(params)
                }

                fn id(&self) -> u8 {
                    self.0.id
                }
            }
        },
    );
    assert_same(
        &expanded,
        &quote! {
            impl Task {
                /// Documented.
                pub fn new(params: Params) -> Self {
                    ::pipecat_instrument::__private::v1::begin::<Self>(
                        || ::pipecat_instrument::__private::v1::ObserveOptions::new().conversation_id(&(params.id))
                    )
                    .attach(move || -> Self { Self(params) })
                }

                fn id(&self) -> u8 {
                    self.0.id
                }
            }
            const _: () = {
                ::pipecat_instrument::__private::v1::inventory::submit! {
                    ::pipecat_instrument::__private::v1::AnnotatedType::new("Task", ::core::file!(), ::core::line!())
                }
            };
        },
    );
}

#[test]
fn an_async_constructor() {
    let expanded = instrument_task(
        quote!(crate = our::tracing, name = "caller"),
        quote! {
            async fn connect(url: &str) -> Result<Task, impl Error> {
                dial(url).await
            }
        },
    );
    assert_same(
        &expanded,
        &quote! {
            async fn connect(url: &str) -> Result<Task, impl Error> {
                our::tracing::__private::v1::inventory::submit! {
                    our::tracing::__private::v1::AnnotatedType::new("caller", ::core::file!(), ::core::line!())
                }
                our::tracing::__private::v1::begin::<Task>(|| our::tracing::__private::v1::ObserveOptions::new())
                    .attach_async(async move {
                        if false {
                            return our::tracing::__private::v1::never::<Result<Task, _>>();
                        }
                        { dial(url).await }
                    })
                    .await
            }
        },
    );
}

#[test]
fn an_observer_for_an_argument() {
    let expanded = instrument_task(
        quote!(observers = watchers, via = adapt, crate = t),
        quote! {
            fn build(watchers: Vec<Watcher>) -> Task {
                Task(watchers)
            }
        },
    );
    assert_same(
        &expanded,
        &quote! {
            fn build(watchers: Vec<Watcher>) -> Task {
                t::__private::v1::inventory::submit! {
                    t::__private::v1::AnnotatedType::new("Task", ::core::file!(), ::core::line!())
                }
                let construction = t::__private::v1::begin::<Task>(|| t::__private::v1::ObserveOptions::new());
                let mut watchers = watchers;
                if let ::core::option::Option::Some(observer) = construction.observer() {
                    watchers.push((adapt)(observer));
                }
                construction.run(move || -> Task { Task(watchers) })
            }
        },
    );
}

#[test]
fn expressions_count_where_their_arguments_are() {
    let expanded = instrument_task(
        quote!(conversation_id = id, attributes = tags()),
        quote! {
            impl Task {
                fn named(id: &str) -> Self { Self }
                fn nameless() -> Self { Self }
            }
        },
    )
    .to_string();
    assert_eq!(expanded.matches("conversation_id").count(), 1, "{expanded}");
    assert_eq!(expanded.matches("attributes").count(), 2, "{expanded}");
}

#[test]
fn the_item_survives_every_mistake() {
    let item = quote! {
        impl Task {
            #[instrument_task(skip)]
            const fn new() -> Self { Self }
            fn other() -> u8 { 7 }
        }
    };
    let expanded = instrument_task(quote!(wrong = 1), item).to_string();
    let kept = quote! {
        impl Task {
            const fn new() -> Self { Self }
            fn other() -> u8 { 7 }
        }
    };
    assert!(expanded.starts_with(&kept.to_string()), "{expanded}");
    assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");

    let unfinished = quote!(fn build() -> Task { params. });
    let expanded = instrument_task(quote!(), unfinished.clone()).to_string();
    assert!(expanded.starts_with(&unfinished.to_string()), "{expanded}");
}
