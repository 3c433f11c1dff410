//! The item survives every mistake.

use quote::quote;

use super::instrument_task;

#[test]
fn the_item_survives_without_the_annotations_inside() {
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
fn whatever_is_annotated_is_still_there() {
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
