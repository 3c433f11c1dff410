//! The settings, decided: what may leave of a text.

use std::borrow::Cow;
use std::sync::Arc;

use super::content::Place;
use super::cut::cut;
use super::hidden::Decisions;
use super::hook::Hook;
use super::{ContentKind, REDACTED, TraceConfig};
use crate::engine::frame::Json;
use crate::json::RawJson;

/// How long a `data:` URL may be unless told otherwise: what `OpenInference` says.
const BASE64_IMAGE_MAX_LENGTH: usize = 32_000;

/// What may leave, once and for all conversations of a process. Cheap to clone.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Frame, Transcript};
/// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
///
/// let privacy = Privacy::new(TraceConfig::default().hide_inputs(true));
/// privacy.with_redacted_frame(&Frame::Transcription(Transcript::from("My PIN is 1234")), |frame| {
///     assert!(matches!(frame, Frame::Transcription(Transcript { text: "__REDACTED__", .. })));
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy(Arc<Rules>);

/// What may leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) hidden: Decisions,
    pub(super) hook: Option<Hook>,
    base64_image_max_length: usize,
    max_value_length: Option<usize>,
    /// Nothing is looked at but pictures: the usual case.
    pub(super) looks_at_pictures_only: bool,
}

impl Privacy {
    /// What `config` says, with the defaults for what it leaves open.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// assert_eq!(Privacy::new(TraceConfig::default()), Privacy::default());
    /// ```
    pub fn new(config: TraceConfig) -> Self {
        let TraceConfig { decisions, base64_image_max_length, max_value_length, hook } = config;
        Self(Arc::new(Rules {
            hidden: decisions,
            looks_at_pictures_only: !decisions.hide_any() && hook.is_none() && max_value_length.is_none(),
            hook,
            base64_image_max_length: base64_image_max_length.unwrap_or(BASE64_IMAGE_MAX_LENGTH),
            max_value_length,
        }))
    }

    /// What the environment says now.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// assert_eq!(Privacy::from_env(), Privacy::new(TraceConfig::from_env()));
    /// ```
    pub fn from_env() -> Self {
        Self::new(TraceConfig::from_env())
    }

    /// How many characters a value may have.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// assert_eq!(Privacy::default().max_value_length(), None);
    /// ```
    pub fn max_value_length(&self) -> Option<usize> {
        self.0.max_value_length
    }

    /// `value`, cut if it is too long.
    ///
    /// ```
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let privacy = Privacy::new(TraceConfig::default().max_value_length(16));
    /// assert_eq!(privacy.truncate("a very long sentence"), "a ver… [15 more]");
    /// ```
    pub fn truncate<'text>(&self, value: &'text str) -> Cow<'text, str> {
        self.0.cut(value)
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self::new(TraceConfig::default())
    }
}

impl Rules {
    /// What may leave of a text, however long it is. What says nothing hides nothing.
    pub(super) fn text<'text>(&self, kind: ContentKind, place: Place, text: &'text str) -> Cow<'text, str> {
        if text.trim().is_empty() {
            Cow::Borrowed(text)
        } else if self.hidden.hide_content(kind, place) {
            Cow::Borrowed(REDACTED)
        } else {
            self.hook.as_ref().map_or(Cow::Borrowed(text), |hook| hook.ask(kind, text))
        }
    }

    /// The same of JSON. What the hook makes of it is JSON, too.
    pub(super) fn json<'text>(&self, kind: ContentKind, place: Place, json: &'text str) -> Cow<'text, str> {
        let text = self.text(kind, place, json);
        if text == json || text == REDACTED { text } else { Cow::Owned(RawJson(&text).to_text()) }
    }

    /// What may leave of a picture.
    pub(super) fn picture<'text>(&self, url: &'text str) -> Cow<'text, str> {
        let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        let most = self.base64_image_max_length.min(self.max_value_length.unwrap_or(usize::MAX));
        // There are never more characters than bytes.
        if is_data && url.len() > most && url.chars().count() > most {
            return Cow::Borrowed(REDACTED);
        }
        self.text(ContentKind::ImageUrl, Place::InputMessage, url)
    }

    pub(super) fn cut<'text>(&self, text: &'text str) -> Cow<'text, str> {
        self.max_value_length.map_or(Cow::Borrowed(text), |most| cut(text, most))
    }
}
