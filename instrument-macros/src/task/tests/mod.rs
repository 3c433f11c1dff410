//! Expansions, as plain functions over tokens. `UPDATE_EXPECT=1 cargo test -p pipecat-instrument-macros` writes them anew;
//! read what changed.

mod expansion;
mod mistakes;
mod unfinished;

use proc_macro2::TokenStream;

use super::instrument_task;

/// What an annotation makes of an item, as one would format it.
fn expanded(args: TokenStream, item: TokenStream) -> String {
    let expanded = instrument_task(args, item);
    prettyplease::unparse(&syn::parse2(expanded).expect("an expansion is items"))
}
