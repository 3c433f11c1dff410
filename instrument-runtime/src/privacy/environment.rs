//! The settings, as the environment gives them.

use std::sync::Mutex;
use std::sync::PoisonError;

use super::TraceConfig;
use super::hidden::Topic;

/// The variable of the one option that is a number.
const BASE64_IMAGE_MAX_LENGTH: &str = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value:?}, and so counts as not set: {remedy}")]
pub(super) struct Misread {
    variable: &'static str,
    value: String,
    remedy: &'static str,
}

impl Misread {
    pub(super) fn warn(&self) {
        tracing::warn!("{self}");
    }
}

/// Warns, unless the same has been warned of.
pub(super) fn warn_once(misread: &Misread) {
    static WARNED_OF: Mutex<Vec<Misread>> = Mutex::new(Vec::new());
    let mut warned_of = WARNED_OF.lock().unwrap_or_else(PoisonError::into_inner);
    if !warned_of.contains(misread) {
        misread.warn();
        warned_of.push(misread.clone());
    }
}

/// `config`, with what it leaves open as `lookup` has it.
pub(super) fn fill(
    mut config: TraceConfig,
    lookup: impl Fn(&str) -> Option<String>,
    mut misread: impl FnMut(&Misread),
) -> TraceConfig {
    for (topic, variable) in Topic::ALL {
        if config.decisions.of(topic).is_none()
            && let Some(value) = lookup(variable)
        {
            match hide(&value) {
                Some(hide) => config.decisions.set(topic, hide),
                None => misread(&Misread { variable, value, remedy: "set it to true or false" }),
            }
        }
    }
    if config.base64_image_max_length.is_none()
        && let Some(value) = lookup(BASE64_IMAGE_MAX_LENGTH)
    {
        match value.parse() {
            Ok(length) => config.base64_image_max_length = Some(length),
            Err(_) => misread(&Misread {
                variable: BASE64_IMAGE_MAX_LENGTH,
                value,
                remedy: "set it to a number of characters, as 32000",
            }),
        }
    }
    config
}

/// What `true` and `false` mean, in any case, as Python programs write `True`.
fn hide(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
