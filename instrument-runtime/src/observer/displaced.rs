//! Finds the observer whose place another one takes.
//!
//! A task keeps its observer where nobody else can look. But to put another one in its place it drops the first, and that
//! shows.

use std::cell::RefCell;

use super::Observer;

thread_local! {
    static LOOKING: RefCell<Option<Look>> = const { RefCell::new(None) };
}

/// What is looked for: the handle of another conversation than `instead`.
struct Look {
    instead: Observer,
    found: Option<Observer>,
}

/// The observer that `attach` dropped, to put `instead` in its place.
pub(crate) fn displaced_by(instead: &Observer, attach: impl FnOnce()) -> Option<Observer> {
    let looking = Look { instead: instead.clone(), found: None };
    // The look of an outer task goes on afterwards.
    let _restored = Restore(LOOKING.replace(Some(looking)));
    attach();
    LOOKING.take().and_then(|look| look.found)
}

/// A handle is dropped.
pub(super) fn notice(dropped: &Observer) {
    // A thread that is going away builds no tasks; and what is dropped while this looks is a handle of its own.
    let _ = LOOKING.try_with(|looking| {
        if let Ok(mut looking) = looking.try_borrow_mut()
            && let Some(look) = &mut *looking
            && look.found.is_none()
            && !dropped.is_of_the_conversation_of(&look.instead)
        {
            look.found = Some(dropped.clone());
        }
    });
}

/// Puts back what was looked for before, even if `attach` panics.
struct Restore(Option<Look>);

impl Drop for Restore {
    fn drop(&mut self) {
        let mine = LOOKING.replace(self.0.take());
        drop(mine);
    }
}
