//! Headers, as environment variables hold them: `name=value,name=value`, with values percent-encoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::SetupError;
use super::secret::Secret;

/// Reads headers. A message about them says which one is wrong, and nothing of its value.
pub(super) fn parse(setting: &str, text: &str) -> Result<Vec<(String, Secret)>, SetupError> {
    let entries = text.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
    entries.map(|(index, entry)| header(setting, index + 1, entry)).collect()
}

/// A header that was given as name and value.
pub(super) fn checked(setting: &str, name: &str, value: &str) -> Result<(String, Secret), SetupError> {
    let wrong = |problem: String| SetupError::Unreadable { setting: setting.to_owned(), problem };
    let lower = name.trim().to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if lower.is_empty() || !lower.bytes().all(is_token) {
        return Err(wrong("has a header whose name is none: use letters, digits and hyphens".to_owned()));
    }
    if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
        return Err(wrong(format!(
            "has a value for `{lower}` that no request can carry: it must be printable ASCII; check for a line end \
             that was copied with it"
        )));
    }
    Ok((lower, Secret::new(value)))
}

fn header(setting: &str, number: usize, entry: &str) -> Result<(String, Secret), SetupError> {
    let wrong = |problem: String| SetupError::Unreadable { setting: setting.to_owned(), problem };
    let Some((name, value)) = entry.split_once('=') else {
        return Err(wrong(format!(
            "has an entry (number {number}) without `=`: write name=value, with commas between headers, and %2C for a comma \
             in a value"
        )));
    };
    let Ok(value) = percent_decode_str(value.trim()).decode_utf8() else {
        return Err(wrong(format!(
            "has a value (number {number}) whose percent-encoding is no text: write %25 for a percent sign"
        )));
    };
    checked(setting, name, &value)
}

/// `over` on top of `under`: a name of both has the value of `over`.
pub(super) fn merged(under: Vec<(String, Secret)>, over: Vec<(String, Secret)>) -> Vec<(String, Secret)> {
    let mut merged: Vec<(String, Secret)> =
        under.into_iter().filter(|(name, _)| !over.iter().any(|(other, _)| other == name)).collect();
    merged.extend(over);
    merged
}

/// `text` without anything in it that a header keeps secret.
pub(super) fn scrubbed(text: &str, headers: &[(String, Secret)]) -> String {
    let mut scrubbed = text.to_owned();
    for (_, secret) in headers {
        for part in parts(secret.expose()).iter().filter(|part| part.len() > 3) {
            scrubbed = scrubbed.replace(part.as_str(), "…");
        }
    }
    scrubbed
}

/// What of a value may be echoed: `Bearer KEY` is not as a whole, but the key may be; so may the two that `Basic` holds.
fn parts(value: &str) -> Vec<String> {
    let mut parts: Vec<String> = value.split(' ').map(str::to_owned).collect();
    if let Some(pair) = value.strip_prefix("Basic ").and_then(|encoded| STANDARD.decode(encoded).ok()) {
        parts.extend(String::from_utf8_lossy(&pair).split(':').map(str::to_owned));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{merged, parse, scrubbed};
    use crate::export::secret::Secret;

    fn read(text: &str) -> Vec<(String, String)> {
        let headers = parse("OTEL_EXPORTER_OTLP_HEADERS", text).unwrap();
        headers.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn values_are_percent_decoded_and_only_the_first_equals_sign_divides() {
        assert_eq!(
            read("Authorization=Basic%20cGs6c2s=, x-team = voice%2Cdesk ,"),
            [pair("authorization", "Basic cGs6c2s="), pair("x-team", "voice,desk")]
        );
    }

    #[test]
    fn a_space_that_is_not_encoded_is_taken_as_it_is() {
        assert_eq!(read("Authorization=Basic cGs6c2s="), [pair("authorization", "Basic cGs6c2s=")]);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, says) in [
            ("Authorization Bearer hush", "(number 1) without `=`"),
            ("a=1,b=hush%FF", "(number 2) whose percent-encoding"),
            ("a b=hush", "whose name is none"),
            ("a=hush%0A", "for `a` that no request can carry"),
        ] {
            let message = parse("OTEL_EXPORTER_OTLP_HEADERS", text).unwrap_err().to_string();
            assert!(message.starts_with("OTEL_EXPORTER_OTLP_HEADERS has "), "{message}");
            assert!(message.contains(says) && !message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn the_upper_headers_win() {
        let headers = |list: &[(&str, &str)]| -> Vec<_> {
            list.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
        };
        let all = merged(headers(&[("a", "1"), ("b", "2")]), headers(&[("b", "3"), ("c", "4")]));
        let all: Vec<(&str, &str)> =
            all.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(all, [("a", "1"), ("b", "3"), ("c", "4")]);
    }

    #[test]
    fn what_a_server_echoes_is_scrubbed() {
        let headers = parse("h", "authorization=Bearer%20hush-hush").unwrap();
        assert_eq!(scrubbed("invalid key hush-hush", &headers), "invalid key …");
        let headers = parse("h", "authorization=Basic%20dXNlcjpodXNoLWh1c2g=").unwrap();
        assert_eq!(scrubbed("no user has hush-hush", &headers), "no … has …");
    }
}
