//! Texts of a backend, made safe to print.

use crate::export::headers::Headers;

/// Maximum length of a text, in characters.
const MAX_CHARS: usize = 200;

/// Returns a text of a backend as [one line](to_one_line) of limited length, without secrets that the backend echoed.
pub(super) fn sanitize(text: &str, headers: &Headers) -> String {
    truncate(&headers.redact(&to_one_line(text)))
}

/// Returns a text as one line that cannot steer a terminal. A server chooses a part of many texts, such as the names in its
/// certificate.
pub(super) fn to_one_line(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !changes_direction(*c)).collect();
    let words = visible.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn truncate(text: &str) -> String {
    text.chars().take(MAX_CHARS).collect()
}

/// Returns whether a character is invisible and changes the order or the extent of those around it.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::sanitize;
    use crate::export::headers::Headers;

    #[test]
    fn control_characters_end_words_and_directions_are_removed() {
        let headers = Headers::default();
        assert_eq!(sanitize("\u{1b}]0;pwned\u{7}\nFAKE\tLINE\r", &headers), "]0;pwned FAKE LINE");
        assert_eq!(sanitize("the end \u{202e}", &headers), "the end");
        assert_eq!(sanitize("\u{9b}2Jdone\u{202e}fdp.exe", &headers), "2Jdonefdp.exe");
    }

    #[test]
    fn a_text_is_truncated_after_its_secrets_are_redacted() {
        let headers = Headers::parse("the headers", "authorization=Bearer%20hush-hush").unwrap();
        assert_eq!(sanitize("no hush-\u{200b}hush here", &headers), "no … here");
        assert_eq!(sanitize(&"é".repeat(300), &headers).chars().count(), 200);
    }
}
