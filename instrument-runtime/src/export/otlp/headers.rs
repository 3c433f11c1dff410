//! What every request carries.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::export::settings::OtlpSettings;

/// The headers of the settings, marked as secrets. Names and values were checked when they were read.
pub(super) fn header_map(settings: &OtlpSettings) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, secret) in &settings.headers {
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(secret.expose()))
        {
            value.set_sensitive(true);
            map.insert(name, value);
        }
    }
    map
}
