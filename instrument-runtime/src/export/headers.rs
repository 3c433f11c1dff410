//! Request headers and the secrets in them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
#[cfg(feature = "otlp")]
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::SetupError;

/// A credential. `Debug` prints `Secret(…)`; use [`expose`](Self::expose) to read it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// Wraps a value so that it is not printed.
    pub(super) fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the value, for the request that needs it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The headers of every request: valid, lower-case names, each once, with secret values.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers(Vec<(String, Secret)>);

impl Headers {
    /// Parses `name=value,name=value` with percent-encoded values, the format of `OTEL_EXPORTER_OTLP_HEADERS`.
    ///
    /// The error names the position or the name of the wrong header, never its value.
    pub(super) fn parse(setting: &str, text: &str) -> Result<Self, SetupError> {
        let mut headers = Self::default();
        for (index, entry) in text.split(',').map(str::trim).enumerate() {
            if entry.is_empty() {
                continue;
            }
            let number = index + 1;
            let Some((name, value)) = entry.split_once('=') else {
                return Err(SetupError::invalid(
                    setting,
                    format!(
                        "has no `=` in entry number {number}: write name=value, separate headers by commas, and write \
                         %2C for a comma in a value"
                    ),
                ));
            };
            let Ok(value) = percent_decode_str(value.trim()).decode_utf8() else {
                return Err(SetupError::invalid(
                    setting,
                    format!(
                        "has invalid percent-encoding in entry number {number}: write %25 for a percent sign"
                    ),
                ));
            };
            headers.insert(setting, name, &value)?;
        }
        Ok(headers)
    }

    /// Adds a header that users wrote, after checking that a request can carry it.
    pub(super) fn insert(&mut self, setting: &str, name: &str, value: &str) -> Result<(), SetupError> {
        let name = name.trim().to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(SetupError::invalid(
                setting,
                "has a header with an invalid name: use letters, digits and hyphens",
            ));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            return Err(SetupError::invalid(
                setting,
                format!(
                    "has a value for `{name}` that HTTP does not allow: use printable ASCII, and check for a line break \
                     copied along with it"
                ),
            ));
        }
        self.set(&name, value);
        Ok(())
    }

    /// Sets a header with a name known to be valid. A value that HTTP does not allow is left out of the request.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), Secret::new(value)));
    }

    /// Adds `headers`, which replace those of the same name.
    pub(super) fn override_with(&mut self, headers: Self) {
        self.0.retain(|(name, _)| headers.get(name).is_none());
        self.0.extend(headers.0);
    }

    /// Returns the value of a header by its lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// Replaces every secret that a server echoed in `text` by an ellipsis.
    ///
    /// A server may echo a part of a value only: the key of `Bearer KEY`, or the user or the password encoded in
    /// `Basic`.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for (_, secret) in &self.0 {
            let value = secret.expose();
            let mut parts: Vec<String> = value.split(' ').map(str::to_owned).collect();
            if let Some(pair) = value.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok()) {
                parts.extend(String::from_utf8_lossy(&pair).split(':').map(str::to_owned));
            }
            for part in parts.iter().filter(|part| part.len() > 3) {
                redacted = redacted.replace(part.as_str(), "…");
            }
        }
        redacted
    }

    /// Converts the headers for a request, marked as sensitive so that clients do not log them.
    #[cfg(feature = "otlp")]
    pub(super) fn to_header_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, secret) in &self.0 {
            if let (Ok(name), Ok(mut value)) =
                (HeaderName::try_from(name.as_str()), HeaderValue::try_from(secret.expose()))
            {
                value.set_sensitive(true);
                map.insert(name, value);
            }
        }
        map
    }

    /// Returns all headers as `name: value`, secrets included.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Headers;

    fn parse(text: &str) -> Headers {
        Headers::parse("OTEL_EXPORTER_OTLP_HEADERS", text).unwrap()
    }

    #[test]
    fn values_are_percent_decoded_and_split_at_the_first_equals_sign() {
        assert_eq!(
            parse("Authorization=Basic%20cGs6c2s=, x-team = voice%2Cdesk ,").lines(),
            ["authorization: Basic cGs6c2s=", "x-team: voice,desk"]
        );
    }

    #[test]
    fn an_unencoded_space_in_a_value_is_kept() {
        assert_eq!(parse("Authorization=Basic cGs6c2s=").lines(), ["authorization: Basic cGs6c2s="]);
    }

    #[test]
    fn errors_name_the_setting_and_the_problem_without_the_value() {
        for (text, problem) in [
            ("Authorization Bearer hush", "no `=` in entry number 1"),
            ("a=1,b=hush%FF", "percent-encoding in entry number 2"),
            ("a b=hush", "invalid name"),
            ("a=hush%0A", "for `a` that HTTP does not allow"),
        ] {
            let message = Headers::parse("OTEL_EXPORTER_OTLP_HEADERS", text).unwrap_err().to_string();
            assert!(message.starts_with("OTEL_EXPORTER_OTLP_HEADERS has "), "{message}");
            assert!(message.contains(problem) && !message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn overriding_headers_replace_those_of_the_same_name() {
        let mut headers = parse("a=1,b=2");
        headers.override_with(parse("b=3,c=4"));
        assert_eq!(headers.lines(), ["a: 1", "b: 3", "c: 4"]);
    }

    #[test]
    fn secrets_that_a_server_echoes_are_redacted() {
        let headers = parse("authorization=Bearer%20hush-hush");
        assert_eq!(headers.redact("invalid key hush-hush"), "invalid key …");
        let headers = parse("authorization=Basic%20dXNlcjpodXNoLWh1c2g=");
        assert_eq!(headers.redact("no user has hush-hush"), "no … has …");
    }
}
