//! Where this program speaks.

use std::fmt::Display;
use std::io::{self, Write};

/// Says something on standard output, if there is still somebody who reads it.
pub(crate) fn say(something: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{something}");
}
