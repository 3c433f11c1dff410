//! Expansions as source text. `UPDATE_EXPECT=1 cargo test -p pipecat-instrument-macros` writes the expected ones; review the
//! changes.

mod expansion;
mod recovery;

use proc_macro2::TokenStream;

use super::instrument_task;

/// Returns the formatted expansion.
fn expanded(args: TokenStream, item: TokenStream) -> String {
    let expanded = instrument_task(args, item);
    prettyplease::unparse(&syn::parse2(expanded).expect("an expansion is items"))
}
