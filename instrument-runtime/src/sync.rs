//! What threads share their data by: std's, and in the models of `tests/models`, which are built with `cfg(loom)`, loom's,
//! which tries out every order in which threads may take turns.

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, atomic};

/// A static of such data. Under loom, each run of a model has its own.
macro_rules! shared {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        static $name: $type = $value;

        #[cfg(loom)]
        loom::lazy_static! {
            $(#[$attribute])*
            static ref $name: $type = $value;
        }
    };
}

pub(crate) use shared;
