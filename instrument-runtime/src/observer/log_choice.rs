//! Where the frame log of one conversation goes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Where the frame log of one conversation goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DebugLogChoice {
    /// Wherever those of the whole program go, if they are written at all.
    #[default]
    AsTheProgram,
    /// Nowhere.
    Off,
    /// To this path, where `{conversation_id}` stands for the conversation.
    Path(PathBuf),
}

/// What can say where a frame log goes: a path, or `false`, or an option of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::{DebugLogChoice, DebugLogDestination};
///
/// assert_eq!("call.jsonl".to_choice(), DebugLogChoice::Path("call.jsonl".into()));
/// assert_eq!(false.to_choice(), DebugLogChoice::Off);
/// assert_eq!(None::<String>.to_choice(), DebugLogChoice::AsTheProgram);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say where a frame log goes",
    label = "neither a path nor a `bool`",
    note = "give a path as `\"logs/{{conversation_id}}.jsonl\"` (a `&str`, `String`, `&Path` or `PathBuf`), `false` for no \
            log, or an `Option` of one"
)]
pub trait DebugLogDestination {
    /// Where it goes.
    fn to_choice(&self) -> DebugLogChoice;
}

impl DebugLogDestination for DebugLogChoice {
    fn to_choice(&self) -> DebugLogChoice {
        self.clone()
    }
}

impl DebugLogDestination for bool {
    fn to_choice(&self) -> DebugLogChoice {
        if *self { DebugLogChoice::AsTheProgram } else { DebugLogChoice::Off }
    }
}

impl<T: DebugLogDestination> DebugLogDestination for Option<T> {
    fn to_choice(&self) -> DebugLogChoice {
        self.as_ref().map_or(DebugLogChoice::AsTheProgram, T::to_choice)
    }
}

impl<T: DebugLogDestination + ?Sized> DebugLogDestination for &T {
    fn to_choice(&self) -> DebugLogChoice {
        (**self).to_choice()
    }
}

macro_rules! paths {
    ($($path:ty),*) => {$(
        impl DebugLogDestination for $path {
            fn to_choice(&self) -> DebugLogChoice {
                DebugLogChoice::Path(AsRef::<Path>::as_ref(self).to_owned())
            }
        }
    )*};
}

paths!(str, String, Path, PathBuf);

impl DebugLogDestination for Cow<'_, str> {
    fn to_choice(&self) -> DebugLogChoice {
        (**self).to_choice()
    }
}
