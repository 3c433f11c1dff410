//! Locks and atomics: those of std, or those of loom in the models of `tests/models`, which are built with `cfg(loom)`.

#[cfg(loom)]
pub(crate) use ::loom::{
    sync::{Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};
#[cfg(not(loom))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};

/// Declares a static of a type from this module. Under loom, each run of a model has its own.
macro_rules! shared {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        static $name: $type = $value;

        #[cfg(loom)]
        ::loom::lazy_static! {
            $(#[$attribute])*
            static ref $name: $type = $value;
        }
    };
}

pub(crate) use shared;
