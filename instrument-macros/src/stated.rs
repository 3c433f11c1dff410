//! A type as it can be stated inside the function whose signature it stands in.

use syn::visit_mut::VisitMut;
use syn::{Type, parse_quote};

/// The type with what is hidden in it left to inference: `impl Trait` has a name in a signature alone.
pub(crate) fn stated(written: &Type) -> Type {
    struct Inferred;
    impl VisitMut for Inferred {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = parse_quote!(_);
            } else {
                syn::visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let mut stated = written.clone();
    Inferred.visit_type_mut(&mut stated);
    stated
}
