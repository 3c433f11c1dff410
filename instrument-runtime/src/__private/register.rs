//! What an annotation leaves behind, so that the program knows of it.

/// Gathered by the linker: the type or function `$name`, annotated where this stands.
#[doc(hidden)]
#[macro_export]
macro_rules! __pipecat_instrument_v1_register {
    ($name:literal) => {
        $crate::__private::v1::inventory::submit! {
            $crate::__private::v1::AnnotatedType::new($name, ::core::file!(), ::core::line!())
        }
    };
}
