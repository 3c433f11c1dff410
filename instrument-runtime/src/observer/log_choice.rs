//! Where the frame log of one conversation goes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Where the frame log of one conversation goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FrameLogTarget {
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
/// use pipecat_instrument_runtime::observer::{FrameLogTarget, ToFrameLogTarget};
///
/// assert_eq!("call.jsonl".to_choice(), FrameLogTarget::Path("call.jsonl".into()));
/// assert_eq!(false.to_choice(), FrameLogTarget::Off);
/// assert_eq!(None::<String>.to_choice(), FrameLogTarget::AsTheProgram);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say where a frame log goes",
    label = "neither a path nor a `bool`",
    note = "give a path as `\"logs/{{conversation_id}}.jsonl\"` (a `&str`, `String`, `&Path` or `PathBuf`), `false` for no \
            log, or an `Option` of one"
)]
pub trait ToFrameLogTarget {
    /// Where it goes.
    fn to_choice(&self) -> FrameLogTarget;
}

impl ToFrameLogTarget for FrameLogTarget {
    fn to_choice(&self) -> FrameLogTarget {
        self.clone()
    }
}

impl ToFrameLogTarget for bool {
    fn to_choice(&self) -> FrameLogTarget {
        if *self { FrameLogTarget::AsTheProgram } else { FrameLogTarget::Off }
    }
}

impl<T: ToFrameLogTarget> ToFrameLogTarget for Option<T> {
    fn to_choice(&self) -> FrameLogTarget {
        self.as_ref().map_or(FrameLogTarget::AsTheProgram, T::to_choice)
    }
}

impl<T: ToFrameLogTarget + ?Sized> ToFrameLogTarget for &T {
    fn to_choice(&self) -> FrameLogTarget {
        (**self).to_choice()
    }
}

macro_rules! paths {
    ($($path:ty),*) => {$(
        impl ToFrameLogTarget for $path {
            fn to_choice(&self) -> FrameLogTarget {
                FrameLogTarget::Path(AsRef::<Path>::as_ref(self).to_owned())
            }
        }
    )*};
}

paths!(str, String, Path, PathBuf);

impl ToFrameLogTarget for Cow<'_, str> {
    fn to_choice(&self) -> FrameLogTarget {
        (**self).to_choice()
    }
}
